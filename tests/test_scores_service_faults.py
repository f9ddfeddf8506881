"""A service that fails, lies or hangs: the client makes a ScoreFault of it, with address, score and sample."""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fixtures_service import ROOT, saying
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.params import Scores, resolve
from unirg_core.scores import radcliq, weighted
from unirg_core.scores.radcliq import composite, raw_form
from unirg_core.scores.reward import ScoreFault
from unirg_core.scores.service import Service, finite, service_scores
from unirg_core.scores.text import bleu2

DIGEST = "ab" * 32
PARTS = ("radgraph_f1", "bertscore", "sembscore")


def _listing(path: str, digest: str | None = DIGEST, pairs: Any = 4) -> tuple[int, bytes]:
    return 200, json.dumps({"scores": {name: {"digest": digest} for name in PARTS}, "pairs": pairs}).encode()


def _then(answer: bytes, status: int = 200) -> Callable[[str, Any], tuple[int, bytes]]:
    """Say the listing, and `answer` to every score."""
    return lambda path, body: _listing(path) if body is None else (status, answer)


def _values(text: str) -> bytes:
    return f'{{"values": {text}, "digest": "{DIGEST}"}}'.encode()


FAULTS = [
    (_values("[0.5, NaN]"), 200, r"bertscore of http.* gave nan for sample 1"),
    (_values("[Infinity, 0.5]"), 200, r"gave inf for sample 0"),
    (_values("[0.5, null]"), 200, r"gave None for sample 1"),
    (_values("[0.5, true]"), 200, r"gave True for sample 1"),
    (_values('[0.5, "0.5"]'), 200, r"gave '0.5' for sample 1"),
    (_values(f"[{10**400}, 1]"), 200, r"for sample 0"),
    (_values("[0.5]"), 200, r"gave 1 values for 2 samples"),
    (_values("null"), 200, r"gave NoneType for 2 samples"),
    (f'{{"digest": "{DIGEST}"}}'.encode(), 200, r"gave NoneType for 2 samples"),
    (
        b'{"values": [0.5, 0.5], "digest": null}',
        200,
        rf"now scores bertscore with weights None, but began with {DIGEST}",
    ),
    (b"<html>", 200, r"/score \(bertscore\) answered 200 without JSON"),
    (b"[]", 200, r"bertscore of .* failed \(status 200\): no reason given"),
    (
        b'{"error": "out of memory", "sample": 1}',
        500,
        r"bertscore of .* failed at sample 1 \(status 500\): out of memory",
    ),
    (b'{"error": "moved"}', 302, r"\(status 302\): moved"),
]


@pytest.mark.parametrize(("answer", "status", "message"), FAULTS)
def test_no_bad_answer_passes_as_a_number(answer: bytes, status: int, message: str) -> None:
    with saying(_then(answer, status)) as url, pytest.raises(ScoreFault, match=message) as fault:
        Service(url, {"bertscore": DIGEST}, retries=0)["bertscore"](["a", "b"], ["a", "b"])
    assert "\n" not in str(fault.value) and (status != 500 or url in str(fault.value))


def test_a_fault_names_its_sample_over_requests() -> None:
    def say(path: str, body: Any) -> tuple[int, bytes]:
        if body is None:
            return _listing(path)
        bad = [i for i, text in enumerate(body["candidates"]) if text == "bad"]
        return (500, json.dumps({"error": "no", "sample": bad[0]}).encode()) if bad else (200, _values("[1, 1, 1, 1]"))

    with saying(say) as url, pytest.raises(ScoreFault, match="failed at sample 6"):
        Service(url)["bertscore"](["a"] * 6 + ["bad", "a"], ["a"] * 8)  # four pairs a request


# Trap 7: within a reward the same fault stops the training.
def test_a_failing_service_stops_a_reward() -> None:
    with (
        saying(_then(_values("[NaN]"))) as url,
        pytest.raises(ScoreFault, match=r"The score bertscore failed .*gave nan"),
    ):
        weighted({"bertscore": 1.0}, Service(url))(["a"], ["b"])


def test_a_service_that_is_not_ready_is_asked_again() -> None:
    asked = []

    def say(path: str, body: Any) -> tuple[int, bytes]:
        asked.append(path)
        return (503, b"{}") if len(asked) == 1 else _then(_values("[0.25]"))(path, body)

    with saying(say) as url:
        assert Service(url)["bertscore"](["a"], ["b"]) == [0.25]
    assert asked == ["/scores", "/scores", "/score"]


def test_a_service_that_is_down_stays_named() -> None:
    with saying(_listing) as url:
        pass
    said = rf"^The scorer service at {url} cannot be reached, asked for its scores \(NewConnectionError.*; start `unirg"
    with pytest.raises(ScoreFault, match=said):
        dict(Service(url, retries=1))


def test_a_service_that_hangs_is_left() -> None:
    def say(path: str, body: Any) -> tuple[int, bytes]:
        time.sleep(0.5 if body else 0)
        return _listing(path)

    with saying(say) as url, pytest.raises(ScoreFault, match=r"gave no answer in time, .*timeout 0.1 s.*; raise"):
        Service(url, timeout=0.1, retries=0)["bertscore"](["a"], ["b"])


def test_a_score_that_is_not_served_is_told_with_those_that_are() -> None:
    with saying(_listing) as url:
        service = Service(url)
        with pytest.raises(BadInput) as refused:
            service["ratescore"]
        assert str(refused.value) == f"{url} gives no ratescore; it gives bertscore, radgraph_f1, sembscore."
        assert service.get("ratescore") is None and "ratescore" not in service and "bertscore" in service
        with pytest.raises(BadInput, match="does not serve ratescore; it serves bertscore, radgraph_f1, sembscore"):
            dict(Service(url, {"ratescore": DIGEST}))


@pytest.mark.parametrize("pairs", [0, None, "4"])
def test_something_else_at_the_address_is_no_scorer_service(pairs: Any) -> None:
    with (
        saying(lambda path, body: _listing(path, pairs=pairs)) as url,
        pytest.raises(ScoreFault, match="does not answer as a scorer service; check"),
    ):
        dict(Service(url))


@given(
    st.lists(st.floats() | st.integers(-(2**70), 2**70) | st.none() | st.booleans() | st.text(max_size=3), max_size=6)
)
def test_what_passes_is_finite(values: list[Any]) -> None:
    try:
        passed = finite(values, len(values), "x")
    except ScoreFault:
        assert any(isinstance(v, bool | str | None) or not abs(v) < 1e308 for v in values)
    else:
        assert np.isfinite(passed).all() and passed.tolist() == [float(v) for v in values]


def test_settings_without_a_service_give_no_scores() -> None:
    assert service_scores(Scores()) == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "127.0.0.1:8900"}, "scores.service.url: give an address that starts with http:// or https://"),
        ({"scores": {}}, "scores.service.scores = {} will not do"),
        ({"scores": {"bertscore": "abc"}}, "scores.service.scores.bertscore = abc will not do"),
        ({"timeout": 0}, "scores.service.timeout = 0 will not do"),
        ({"port": 1}, "scores.service.port is not a parameter"),
    ],
)
def test_bad_settings_are_refused_with_their_path(changed: dict, said: str) -> None:
    good = {"url": "http://127.0.0.1:8900", "scores": {"bertscore": DIGEST}}
    assert resolve(ROOT, above={"scores": {"service": good}}).scores.service.scores == {"bertscore": DIGEST}
    with pytest.raises(BadInput) as refused:
        resolve(ROOT, above={"scores": {"service": good | changed}})
    assert said in str(refused.value)


def _settings(url: str, *names: str) -> Scores:
    return Scores.model_validate({"service": {"url": url, "scores": dict.fromkeys(names, DIGEST)}})


def test_radcliq_is_composed_of_what_the_service_gives() -> None:
    told = {"radgraph_f1": 0.3, "bertscore": 0.4, "sembscore": 0.5}

    def say(path: str, body: Any) -> tuple[int, bytes]:
        return _listing(path) if body is None else (200, _values(json.dumps([told[body["score"]]])))

    with saying(say) as url:
        scores = service_scores(_settings(url, *PARTS))
        assert sorted(scores) == sorted([*PARTS, "radcliq"])
        value = scores["radcliq"](["no effusion"], ["effusion"])
        assert np.array_equal(value, radcliq(0.3, 0.4, 0.5, bleu2(["no effusion"], ["effusion"])))
        assert "radcliq" not in service_scores(_settings(url, "bertscore"))


def test_radcliq_over_a_provider_without_a_part_is_refused() -> None:
    with pytest.raises(
        BadInput, match="RadCliQ needs radgraph_f1, bertscore, sembscore, but sembscore is not provided"
    ):
        composite({"radgraph_f1": bleu2, "bertscore": bleu2})


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_radcliq_on_raw_scores_is_radcliq(version: str) -> None:
    constant, weights = raw_form(version)
    x = np.random.default_rng(1).uniform(-1, 1, (100, 4))
    assert np.allclose(radcliq(*x.T, version=version), constant + x @ weights, atol=1e-12)
    if version == "v1":
        assert constant == pytest.approx(2.450143, abs=1e-6)
        assert weights == pytest.approx((-1.245216, -1.650845, -0.994772, 0), abs=1e-6)
