"""The scorer service: a real process on a loopback port, asked by hand and by the client."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from fixtures_service import ROOT, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from unirg_core.clinical.server import Refused, read_request
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES
from unirg_core.scores.reward import ScoreFault
from unirg_core.scores.service import Service

PAIRS = 7
CANDIDATES = ["Small left pleural effusion.", "No effusion.", "", "Lungs are clear. é\x00 ☢"]
REFERENCES = ["Left pleural effusion.", "No pneumothorax.", "Heart is normal.", ""]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "scorer.yaml").write_text(f"pairs: {PAIRS}\nmegabytes: 1\n")
    with serving(folder / "scorer.yaml") as address:
        yield address


def _asking(**changed: object) -> bytes:
    return json.dumps({"score": "bleu2", "candidates": ["a"], "references": ["a"], **changed}).encode()


BAD = [
    (b"", 400, "The body is no JSON."),
    (b"{", 400, "The body is no JSON."),
    (b"\xff\xfe", 400, "The body is no JSON."),
    (b"[" * 100_000, 400, "The body is nested too deep."),
    (b"[]", 422, "The body must be an object of score, candidates, references, and of nothing else."),
    (b'{"score": "bleu2"}', 422, "The body must be an object of score, candidates, references"),
    (_asking(texts=[]), 422, "and of nothing else."),
    (_asking(score=3), 422, "score must be the name of a score."),
    (_asking(score="blue2"), 404, "blue2 is no score; there are bleu2, bleu4"),
    (_asking(score="radgraph_f1"), 404, "the settings give no weights.radgraph; radgraph needs config.json"),
    (_asking(candidates="a"), 422, "candidates must be a list of texts."),
    (_asking(references=None), 422, "references must be a list of texts."),
    (_asking(candidates=["a", 3], references=["a", "b"]), 422, "candidates.1 is no text"),
    (_asking(references=["a", "b"]), 422, "There are 1 candidates but 2 references; give one for each."),
    (_asking(candidates=["a"] * 8, references=["a"] * 8), 413, "8 pairs are too many; send at most 7 in a request."),
    (_asking(candidates=["a" * (1 << 20)]), 413, "The body is larger than 1 MB; send fewer pairs."),
]


@pytest.mark.parametrize(("body", "status", "sentence"), BAD)
def test_a_bad_request_gets_its_status_and_a_sentence(url: str, body: bytes, status: int, sentence: str) -> None:
    answer = requests.post(f"{url}/score", data=body, timeout=30)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/score", 405), ("POST", "/scores", 405), ("GET", "/x", 404)]
)
def test_other_addresses_say_which_there_are(url: str, method: str, path: str, status: int) -> None:
    answer = requests.request(method, url + path, timeout=30)
    assert answer.status_code == status
    assert "there are POST /score, GET /scores and GET /health" in answer.json()["error"]


def test_it_lists_every_score_with_digest_and_versions(url: str) -> None:
    told = requests.get(f"{url}/scores", timeout=30).json()
    assert told["scores"] == {name: {"digest": None} for name in SCORES}
    assert told["pairs"] == PAIRS and told["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_over_http_is_the_score_in_process(url: str, name: str) -> None:
    service = Service(url)
    candidates, references = CANDIDATES * 5, REFERENCES * 5  # 20 pairs: three requests of at most seven
    assert np.array_equal(service[name](candidates, references), SCORES[name](candidates, references))
    assert list(service) == sorted(SCORES) and len(service) == len(SCORES)
    assert service[name]([], []).shape == (0,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=20))
def test_any_text_crosses_the_wire_unchanged_and_in_order(url: str, pairs: list[tuple[str, str]]) -> None:
    candidates, references = [c for c, _ in pairs], [r for _, r in pairs]
    ours = SCORES["rouge_l"](candidates, references)
    assert np.array_equal(Service(url)["rouge_l"](candidates, references), ours)


def test_half_a_surrogate_pair_is_a_text_like_any_other(url: str) -> None:
    assert Service(url)["rouge_l"](["\ud800 effusion"], ["effusion"]) == [1.0]


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["score", "candidates", "references", "x"]), inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    try:
        asked = read_request(body, 2)
    except Refused as refused:
        assert refused.status in (400, 413, 422) and str(refused).endswith((".", "missing."))
    else:
        assert len(asked["candidates"]) == len(asked["references"]) <= 2


def test_pins_hold_the_service_to_what_was_agreed(url: str) -> None:
    assert list(Service(url, {"bleu2": None})) == ["bleu2"]
    with pytest.raises(KeyError):
        Service(url, {"bleu2": None})["rouge_l"]
    with pytest.raises(BadInput, match=r"does not serve bertscore; it serves bleu2, "):
        dict(Service(url, {"bertscore": "0" * 64}))
    with pytest.raises(BadInput, match=r"serves bleu2 with weights None, but scores.service.scores.bleu2 pins 000"):
        dict(Service(url, {"bleu2": "0" * 64}))


def test_the_client_checks_before_it_asks(url: str) -> None:
    with pytest.raises(BadInput, match="There are 1 candidates but 2 references"):
        Service(url)["bleu2"](["a"], ["a", "b"])
    with pytest.raises(BadInput, match="must begin with http"):
        Service("127.0.0.1:8900")
    with pytest.raises(ScoreFault, match=r"failed at sample 8 \(status 422\): candidates.1 is no text"):
        Service(url)["bleu2"](["a"] * 8 + [None], ["a"] * 9)  # type: ignore[list-item]


def _serve(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "unirg_core", "scorer", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("verb", ["serve", "check"])
def test_a_verb_has_help_with_an_example(verb: str) -> None:
    assert f"Example: unirg scorer {verb} " in _serve(verb, "--help").stdout


def test_a_taken_port_and_bad_settings_are_one_sentence_and_exit_code_2(url: str, tmp_path: Path) -> None:
    taken = _serve("serve", "--port", url.rpartition(":")[2])
    assert taken.returncode == 2 and "cannot be served: Address already in use; give another --host" in taken.stderr
    missing = _serve("serve", "--settings", str(tmp_path / "none.yaml"))
    assert missing.returncode == 2 and missing.stderr.strip() == f"unirg: {tmp_path}/none.yaml does not exist."


def test_it_ends_when_told_and_frees_its_port(tmp_path: Path) -> None:
    (tmp_path / "scorer.yaml").write_text("pairs: 2\n")
    with serving(tmp_path / "scorer.yaml") as address:
        pass
    port = int(address.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_it_says_its_address_once_it_listens_and_ends_in_order(host: str, shown: str) -> None:
    command = [sys.executable, "-m", "unirg_core", "scorer", "serve", "--host", host, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        found = re.fullmatch(
            rf"Scores \(bleu2, .*well_formed\) on (http://{re.escape(shown)}:\d+) \(Ctrl-C .*\)\n", line
        )
        assert found, line
        assert requests.get(f"{found[1]}/health", timeout=30).json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "") and process.returncode == 0
