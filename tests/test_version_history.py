"""Real runs through real DVC: what is pushed to a folder and to S3, what a fresh cache pulls, and who is refused."""

import shutil

import pytest
from fixtures_clone import Clone, clone_at
from fixtures_history import version_run
from fixtures_s3 import KEYS, s3_server
from fixtures_versions import drop, people

from unirg_core.audit import record as records
from unirg_core.data import diff, looks, proof, versions
from unirg_core.faults import BadInput
from unirg_core.files import tree_digest


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Clone:
    made = clone_at(tmp_path)
    monkeypatch.setenv("UNIRG_HOME", str(made.home))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return made


@pytest.mark.slow
def test_a_history_of_two_runs(clone, tmp_path):
    folder = tmp_path / "drop"
    first = version_run(clone, str(drop(folder, people(12))))
    second = version_run(clone, str(drop(folder, people(14)[1:])))
    assert second.inputs["previous_dataset"]["run"] == first.id
    shards = [sorted(p.name for p in (run.checkout / "data/studies").iterdir()) for run in (first, second)]
    assert shards == [["00000.parquet"], ["00000.parquet", "00001.parquet"]]
    counts = {"before": 12, "came": 2, "went": 1, "changed": 0, "now": 13}
    names = (first.record["data"]["digest"][:12], first.id, first.branch)
    for one in names:
        assert diff.diff(one, second.id, clone.root)["studies"] == counts
    said = clone.unirg("data", "diff", first.id, second.branch, "--figure", str(tmp_path / "d.png"))
    assert "2 studies came, 1 went, 0 changed; 12 became 13" in said and (tmp_path / "d.png").stat().st_size > 9000
    said = clone.unirg("data", "diff", "main", second.id, code=2)
    assert "(main) holds no dataset" in said
    found = proof.prove(clone.root)
    assert [(len(line["versions"]), line["patients"], line["violations"]) for line in found] == [(2, 14, [])]
    assert "2 versions, 14 patients" in clone.unirg("data", "proof")
    assert [(row["test_set"], row["looks"]) for row in looks.looks(clone.root)] == [("own", 0)]
    assert len(versions.versions(clone.root)) == 2


@pytest.mark.slow
def test_a_history_that_broke_the_rule_is_found_out(clone, tmp_path):
    """Two runs at once go on from the same version and split newcomers differently: the proof sees it."""
    folder = str(drop(tmp_path / "drop", people(12)))
    one = version_run(clone, folder)
    records.change(one.folder, state=records.FAILED)  # as if it were not there when the other was decided on
    version_run(clone, folder, split={"held_out": [], "validation": 0.1, "test": 0.7})
    records.change(one.folder, state=records.COMPLETED)
    said = clone.unirg("data", "proof", code=1)
    assert "2 versions, 12 patients" in said and "was tested on in" in said


@pytest.mark.slow
def test_s3_takes_what_is_new_gives_it_back_and_refuses_wrong_credentials(clone, tmp_path, monkeypatch):
    folder = tmp_path / "drop"
    with s3_server(tmp_path / "store") as store:
        remote = {"push": True, "remote": "s3://unirg/data", "endpoint": store.address}
        first = version_run(clone, str(drop(folder, people(40))), remote=remote)
        whole = store.bytes()
        size = (first.checkout / "data/studies/00000.parquet").stat().st_size
        assert whole > size
        shutil.rmtree(clone.home / "dvc/cache")  # another machine: what the next version carries over is pulled
        second = version_run(clone, str(drop(folder, people(41))), remote=remote)
        assert store.bytes() - whole < size
        carried = [tree_digest(run.checkout / "data/studies/00000.parquet") for run in (first, second)]
        assert carried[0] == carried[1]
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "w" * 40)
        with pytest.raises(BadInput, match=r"\(s3://unirg/data\): it refuses the credentials; set AWS_ACCESS_KEY_ID"):
            version_run(clone, str(drop(folder, people(42))), remote=remote)
        shutil.rmtree(clone.home / "dvc/cache")
        with pytest.raises(BadInput, match="pulled from the DVC remote: it refuses the credentials"):
            version_run(clone, str(drop(folder, people(43))), remote=remote)
    with pytest.raises(BadInput, match="it does not answer; check version"):
        version_run(clone, str(drop(folder, people(44))), remote=remote)
