"""Scores that need setting up: what is said where they are not, and whether judge and service answer before a run."""

import json
import re
import shlex
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from fixtures_judge import Server, server
from fixtures_service import ROOT, saying

from unirg_core import families, params
from unirg_core.clinical.origins import ORIGINS
from unirg_core.faults import BadInput
from unirg_core.params import Scores
from unirg_core.runs.launch import Request, request_run, resolve
from unirg_core.runs.run import Trigger
from unirg_core.scores import SCORES, check_names
from unirg_core.scores.configured import asked, check_answers, configured
from unirg_core.scores.setup import SERVED, needed

__all__ = ["server"]  # a fixture is used by its name alone

DIGEST = "ab" * 32
LISTING = json.dumps({"scores": {"bertscore": {"digest": DIGEST}}, "pairs": 4}).encode()
HELD_OUT = "evaluate.scores=[labels_f1,bleu2,rouge_l,well_formed,{}]"


def closed() -> str:
    """Return a loopback address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def judge(url: str, **given: Any) -> Scores:
    return Scores.model_validate(
        {"judge": {"base_url": f"{url}/v1", "model": "m", "timeout": 5, "retries": 0, **given}}
    )


def service(url: str, digest: str = DIGEST) -> Scores:
    return Scores.model_validate({"service": {"url": url, "scores": {"bertscore": digest}, "timeout": 5}})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("judge", "judge needs scores.judge in params.yaml (docs/judge.md)."),
        (
            "semantic",
            "semantic needs scores.semantic in params.yaml, the folder and digest of a model (docs/scores.md).",
        ),
        (
            "bertscore",
            "bertscore needs scores.service in params.yaml, with bertscore in scores.service.scores (docs/mod",
        ),
        (
            "radcliq",
            "radcliq needs scores.service in params.yaml, with bertscore, sembscore and radgraph_f1 (docs/model",
        ),
        ("cider", "cider needs training references to weigh words by: a run has its own, `unirg score` takes --cider-"),
        (
            "truth_micro_f1",
            "truth_micro_f1 needs no naming: evaluate measures it by itself where there is a truth file",
        ),
        ("jugde", "jugde is no score; there are bleu2, "),
    ],
)
def test_a_score_that_is_not_set_up_says_what_it_needs(name: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_names([name], SCORES)
    assert str(refused.value).startswith(said)


def test_every_known_score_is_there_or_says_what_it_needs() -> None:
    assert {name for name in families.FAMILIES if needed(name)} == set(families.FAMILIES) - set(SCORES)
    assert set(SERVED) == {name for origin in ORIGINS.values() for name in origin.scores}


def test_a_service_without_the_score_that_is_named_says_where_to_add_it() -> None:
    with (
        saying(lambda path, body: (200, LISTING)) as url,
        pytest.raises(BadInput, match=r"green in scores\.service\.sc"),
    ):
        check_names(["bertscore", "green"], configured(service(url), used=["bertscore", "green"]))


def test_what_is_not_used_is_not_looked_at() -> None:
    settings = {**judge(closed(), key_variable="NO_SUCH_KEY").model_dump(), "service": service(closed()).service}
    settings["semantic"] = {"folder": "nowhere", "digest": DIGEST}
    every = Scores.model_validate(settings)
    check_answers(every, ["bleu2"])
    assert set(configured(every, used=["bleu2"])) == {*SCORES, "cider"}
    for name in ("judge", "semantic"):
        with pytest.raises(BadInput):
            configured(every, used=[name])
    for name in ("judge", "bertscore", "radcliq"):
        with pytest.raises(BadInput):
            check_answers(every, [name])


def test_a_judge_that_does_not_listen_is_told_in_one_sentence() -> None:
    url = closed()
    with pytest.raises(BadInput) as refused:
        check_answers(judge(url), ["judge"])
    assert str(refused.value) == (f"The judge at {url}/v1 cannot be reached; start it, or check scores.judge.base_url.")


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (401, b"{}", "answered 401; check the key"),
        (500, b"{}", "answered 500; look at the endpoint's own log"),
        (302, b"{}", "answered 302"),
        (200, b"<html>", "answers no JSON object at /models; check scores.judge.base_url"),
        (200, b"[]", "answers no JSON object at /models"),
    ],
)
def test_a_judge_that_answers_otherwise_is_refused(status: int, content: bytes, said: str) -> None:
    with (
        saying(lambda path, body: (status, content)) as url,
        pytest.raises(BadInput, match=f"^The judge at {url}/v1 {said}"),
    ):
        check_answers(judge(url), ["judge"])


def test_a_judge_that_hangs_is_left() -> None:
    def say(path: str, body: Any) -> tuple[int, bytes]:
        time.sleep(0.5)
        return 200, b"{}"

    with saying(say) as url, pytest.raises(BadInput, match="did not answer in time"):
        check_answers(judge(url, timeout=0.1), ["judge"])


@pytest.mark.parametrize("status", [200, 404, 405, 501])
def test_a_judge_is_asked_once_and_told_nothing_of_reports(status: int) -> None:
    asked = []

    def say(path: str, body: Any) -> tuple[int, bytes]:
        asked.append((path, body))
        return status, b'{"object": "list", "data": []}'

    with saying(say) as url:
        check_answers(judge(url), ["judge", "bleu2"])
    assert asked == [("/v1/models", None)]


def test_a_service_that_does_not_listen_is_told_at_once(capfd: pytest.CaptureFixture) -> None:
    url, began = closed(), time.monotonic()
    with pytest.raises(
        BadInput, match=f"^The scorer service at {url} cannot be reached, .*; start `unirg scorer serve`"
    ):
        check_answers(service(url), ["bertscore"])
    assert time.monotonic() - began < 5 and capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LISTING.replace(b"bertscore", b"sembscore"), "does not serve bertscore; it serves sembscore"),
        (LISTING.replace(b"abab", b"cdcd"), "serves bertscore with weights cdcd"),
        (b"{}", "does not answer as a scorer service"),
        (b"<html>", "answered 200 without JSON"),
    ],
)
def test_another_service_than_the_one_pinned_is_refused(content: bytes, said: str) -> None:
    with saying(lambda path, body: (200, content)) as url, pytest.raises(BadInput, match=said):
        check_answers(service(url), ["radcliq"])


def test_a_service_is_asked_for_its_names_alone() -> None:
    asked = []

    def say(path: str, body: Any) -> tuple[int, bytes]:
        asked.append((path, body))
        return 200, LISTING

    with saying(say) as url:
        check_answers(service(url), ["bertscore"])
    assert asked == [("/scores", None)]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("judge", "scores.judge={{base_url: '{}/v1', model: m, retries: 0}}"),
        ("bertscore", "scores.service={{url: '{}', scores: {{bertscore: " + DIGEST + "}}}}"),
    ],
)
def test_a_run_is_refused_before_it_starts_where_they_do_not_answer(
    name: str, setting: str, tmp_path: Path, unirg_home: Path
) -> None:
    url = closed()
    request = Request(recipe="smoke", set=(setting.format(url), HELD_OUT.format(name)))
    with pytest.raises(BadInput, match=f" at {url}.* cannot be reached") as refused:
        request_run(request, ROOT, Trigger("command", "me", "unirg retrain"))
    assert str(refused.value).count(url) == 1 and str(refused.value).count("\n") == 0
    assert not (unirg_home / "runs").exists()
    rewarded = Request(recipe="smoke", set=(setting.format(url), f"rl.step2.reward={{{name}: 1}}"))
    with pytest.raises(BadInput, match="cannot be reached"):
        resolve(rewarded, ROOT, tmp_path)
    looked_at = (setting.format(url), f"rl.validation_scores=[{name}]")
    with pytest.raises(BadInput, match="cannot be reached"):
        resolve(Request(recipe="smoke", set=(*looked_at, "rl.validate_every=5")), ROOT, tmp_path)
    for unused in (looked_at[:1], looked_at):
        assert resolve(Request(recipe="smoke", set=unused), ROOT, tmp_path), "set up, but not used"


@pytest.mark.parametrize(
    ("assignments", "there"),
    [
        ([HELD_OUT.format("judge")], True),
        (["rl.step2.reward={judge: 0, bleu2: 1}"], True),  # RL opens it all the same
        (["rl.validation_scores=[judge]", "rl.validate_every=5"], True),
        (["rl.validation_scores=[judge]"], False),
    ],
)
def test_all_that_rl_and_evaluation_ask_is_named(assignments: list[str], there: bool) -> None:
    names = asked(params.resolve(ROOT, "smoke", params.assignments(assignments)))
    assert ("judge" in names) == there and names == sorted(set(names))


def test_a_run_with_a_judge_that_answers_is_accepted(server: Server, tmp_path: Path) -> None:
    settings = (f"scores.judge={{base_url: '{server.url}', model: tiny}}", HELD_OUT.format("judge"))
    assert "judge" in resolve(Request(recipe="smoke", set=settings), ROOT, tmp_path).evaluate.scores
    assert not server.requests, "no report text leaves"


@pytest.mark.parametrize("rewarded", [False, True])
def test_the_line_that_the_page_gives_is_accepted_as_it_stands(rewarded: bool, server: Server, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "judge.md").read_text()
    line = re.search(r"```sh\n(unirg retrain.*?)```", page, re.DOTALL)[1].replace(
        "http://127.0.0.1:8000/v1", server.url
    )
    words = shlex.split(line.replace("\\\n", " "))
    assert words[:4] == ["unirg", "retrain", "--recipe", "smoke"] and words[4::2] == ["--set"] * len(words[5::2])
    more = shlex.split(re.search(r"`--set ('rl\.step2\.reward=.*?')`", page)[1]) if rewarded else []
    found = resolve(Request(recipe="smoke", set=(*words[5::2], *more)), ROOT, tmp_path)
    assert "judge" in found.evaluate.scores and ("judge" in found.rl.step2.reward) == rewarded


def test_what_concerns_several_sections_is_told_with_one_prefix() -> None:
    with pytest.raises(BadInput) as refused:
        params.resolve(ROOT, "smoke", params.assignments(["evaluate.scores=[labels_f1,judge]"]))
    assert str(refused.value).startswith("recipe smoke with what was set: gate.rules.")
    assert " is not evaluated; name one of labels_f1, judge, truth_micro_f1" in str(refused.value)
