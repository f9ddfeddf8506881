"""The judge as a score: what is asked, what is made of the answer, and every kind of bad answer stops the work."""

import asyncio
import json
import traceback

import numpy as np
import pytest
from fixtures_judge import USAGE, Reply, Server, counts, fails, pair_of, says, server, settings, well
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores.clinical import error_count
from unirg_core.scores.judge import ERRORS, Judge, JudgeFault, Judgement, prompt, table
from unirg_core.scores.judge.answer import MOST, Unusable, read_completion, read_counts, schema

__all__ = ["server"]  # a fixture is used by its name alone

CANDIDATES = ["No effusion.", "Right effusion.", "Left effusion.", "Left effusion. Edema."]
REFERENCES = ["Left effusion."] * 4
SECRET_TEXT = "Mr Miller has a left effusion."


def _without(key: str) -> str:
    return json.dumps({name: count for name, count in counts().items() if name != key})


def _with(**other: object) -> str:
    return json.dumps({**counts(), **other})


def test_the_score_is_one_over_the_errors_and_one(server: Server) -> None:
    values = Judge(settings(server))(CANDIDATES, REFERENCES)
    assert values.tolist() == [0.5, 0.5, 1.0, 0.5]
    assert np.array_equal(values, error_count(CANDIDATES, REFERENCES))  # this server counts by the rules


def test_what_is_asked(server: Server) -> None:
    Judge(settings(server))(["Left effusion."], ["No “effusion”."])
    (asked,) = server.requests
    assert asked["path"] == "/v1/chat/completions"
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("tiny", 0, 512)
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert asked["response_format"]["json_schema"]["schema"] == schema()
    assert pair_of(asked) == ("Left effusion.", "No “effusion”.")
    assert asked["messages"][0] == {"role": "system", "content": prompt.instructions()}


def test_the_switch_leaves_insignificant_errors_out(server: Server) -> None:
    server.behaviour = lambda *_: says(json.dumps(counts(1, 0, 0, 1, insignificant=(0, 3))))
    assert Judge(settings(server))(["a"], ["b"]).tolist() == [1 / 6]
    assert Judge(settings(server, errors="significant"))(["a"], ["b"]).tolist() == [1 / 3]
    assert len(server.requests) == 1  # the switch is no other question


def test_the_counts_come_by_type_and_significance(server: Server) -> None:
    server.behaviour = lambda *_: says(json.dumps(counts(1, 2, 3, 4, 5, 6, insignificant=(6, 5, 4, 3, 2, 1))))
    (judged,) = Judge(settings(server)).judgements(["a"], ["b"])
    assert judged == Judgement((1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1))
    assert (judged.count(), judged.count("significant")) == (42, 21)
    summed = table([judged, judged])
    assert list(summed) == [f"{letter} {name}" for letter, name in zip("ABCDEF", ERRORS, strict=True)]
    assert summed["B omitted finding"] == {"significant": 4, "insignificant": 10}


def test_an_empty_batch_asks_nothing(server: Server) -> None:
    assert Judge(settings(server))([], []).shape == (0,)
    assert not server.requests


def test_the_batch_does_not_change_a_pair(server: Server) -> None:
    judge = Judge(settings(server))
    together = judge(CANDIDATES, REFERENCES)
    alone = [judge([c], [r])[0] for c, r in zip(CANDIDATES, REFERENCES, strict=True)]
    assert together.tolist() == alone


def test_it_works_where_a_loop_runs_already(server: Server) -> None:
    async def notebook() -> np.ndarray:
        return Judge(settings(server))(CANDIDATES, REFERENCES)

    assert asyncio.run(notebook()).shape == (4,)


@pytest.mark.parametrize(
    ("candidates", "references", "said"),
    [(["a"], [], "1 candidates but 0 references"), ([None], ["a"], "candidate 0 is no text")],
)
def test_what_is_no_pair_is_refused_before_it_is_paid(server: Server, candidates, references, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Judge(settings(server))(candidates, references)
    assert not server.requests


# Bad answers: what the model says, what is said of it, and how often it is asked (2 retries: 3 times; else once).
SAYINGS = [
    ("I found two errors.", "the answer is no JSON", 3),
    (json.dumps(counts())[:-20], "the answer is no JSON", 3),
    (f"```json\n{json.dumps(counts())}\n```", "the answer is no JSON", 3),
    ("", "the answer is empty", 3),
    (None, "the answer is empty", 3),
    ("[]", "the answer: input should be an object", 3),
    ("null", "the answer: input should be an object", 3),
    ("0", "the answer: input should be an object", 3),
    (_without("wrong_severity_significant"), "wrong_severity_significant: field required", 3),
    (_with(total=0), "a key of its own: extra inputs", 3),
    (_with(omitted_finding_significant=-1), "omitted_finding_significant: value error, is no count from 0 to 99", 3),
    (_with(omitted_finding_significant=MOST + 1), "is no count from 0 to 99", 3),
    (_with(omitted_finding_significant=1.5), "omitted_finding_significant: input should be a valid integer", 3),
    (_with(omitted_finding_significant="2"), "should be a valid integer", 3),
    (_with(omitted_finding_significant=True), "should be a valid integer", 3),
    (_with(omitted_finding_significant=None), "should be a valid integer", 3),
]


@pytest.mark.parametrize(("content", "said", "times"), SAYINGS)
def test_a_malformed_answer_is_an_error(server: Server, content: str | None, said: str, times: int) -> None:
    server.behaviour = lambda *_: says(content)
    with pytest.raises(JudgeFault, match=r"The judge tiny gave no usable answer to the pair [0-9a-f]{12}: ") as fault:
        Judge(settings(server))(["a"], ["b"])
    assert said in str(fault.value)
    assert len(server.requests) == times


# Bad responses around the answer.
BODIES = [
    (b"<html>busy</html>", "no chat completion: the answer is no JSON", 3),
    (b"", "no chat completion: the answer is no JSON", 3),
    (b"{}", "no chat completion: choices: field required", 3),
    (b'{"choices": []}', "no chat completion: choices: list should have at least 1 item", 3),
    (b'{"choices": [{}]}', "no chat completion: choices.0.message: field required", 3),
    (says(json.dumps(counts()), usage={"prompt_tokens": -1}).body, "usage.prompt_tokens", 3),
    (says(json.dumps(counts()), finish="length").body, "cut off; raise scores.judge.answer_tokens", 1),
    (says(json.dumps(counts()), finish="content_filter").body, "the model refused to judge this pair", 1),
    (says(None, refusal="I cannot help.").body, "the model refused to judge this pair", 1),
]


@pytest.mark.parametrize(("body", "said", "times"), BODIES)
def test_a_bad_response_is_an_error(server: Server, body: bytes, said: str, times: int) -> None:
    server.behaviour = lambda *_: Reply(body)
    with pytest.raises(JudgeFault) as fault:
        Judge(settings(server))(["a"], ["b"])
    assert said in str(fault.value)
    assert len(server.requests) == times


@pytest.mark.parametrize(
    "bad", [lambda: says("[]"), lambda: says("nonsense"), lambda: Reply(b"{}"), lambda: Reply(well_body(), cut=True)]
)
def test_a_bad_answer_is_asked_again(server: Server, bad) -> None:
    server.behaviour = lambda request, before: well(request, before) if before else bad()
    assert Judge(settings(server, retries=1))(["Right effusion."], ["Left effusion."]).tolist() == [0.5]
    assert len(server.requests) == 2


def well_body() -> bytes:
    """Return the body of a good answer."""
    return says(json.dumps(counts())).body


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_a_passing_fault_is_tried_again(server: Server, status: int) -> None:
    server.behaviour = fails(status, times=2)
    assert Judge(settings(server))(["Right effusion."], ["Left effusion."]).tolist() == [0.5]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "said", "times"),
    [
        (400, "takes a json_schema response format", 1),
        (401, "check the key", 1),
        (403, "check the key", 1),
        (404, "check scores.judge.base_url and scores.judge.model", 1),
        (429, "lower scores.judge.concurrency", 3),
        (500, "look at the endpoint's own log", 3),
    ],
)
def test_a_lasting_fault_stops_the_work(server: Server, status: int, said: str, times: int) -> None:
    server.behaviour = fails(status)
    with pytest.raises(JudgeFault, match=f"answered {status}; ") as fault:
        Judge(settings(server))(["a"], ["b"])
    assert said in str(fault.value)
    assert len(server.requests) == times


def test_a_slow_judge_stops_the_work(server: Server) -> None:
    server.behaviour = lambda request, before: Reply(well_body(), seconds=0.5)
    with pytest.raises(JudgeFault, match="did not answer in time; raise"):
        Judge(settings(server, timeout=0.1, retries=0))(["a"], ["b"])


def test_a_judge_that_is_not_there_stops_the_work(server: Server) -> None:
    gone = settings(server, retries=0).model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(JudgeFault, match="cannot be reached; start it"):
        Judge(gone)(["a"], ["b"])


def test_no_error_repeats_report_text(server: Server) -> None:
    echoes = [
        says(SECRET_TEXT),
        says(_with(**{SECRET_TEXT: 1})),
        Reply(SECRET_TEXT.encode()),
        Reply(json.dumps({"error": {"message": SECRET_TEXT}}).encode(), status=400),
    ]
    for echo in echoes:
        server.behaviour = lambda *_, echo=echo: echo
        with pytest.raises(JudgeFault) as fault:
            Judge(settings(server, retries=0))([SECRET_TEXT], ["b"])
        assert "Miller" not in "".join(traceback.format_exception(fault.value))


@given(st.lists(st.integers(0, MOST), min_size=12, max_size=12))
def test_every_count_is_read_where_it_belongs(given_counts: list[int]) -> None:
    judged = read_counts(json.dumps(dict(zip(schema()["required"], given_counts, strict=True))))
    assert [
        judged.significant[i // 2] if i % 2 == 0 else judged.insignificant[i // 2] for i in range(12)
    ] == given_counts
    assert judged.score() == 1 / (1 + sum(given_counts))


@given(st.text() | st.from_type(dict).map(repr) | st.binary().map(lambda b: b.decode("latin1")))
def test_no_other_text_is_a_count(content: str) -> None:
    with pytest.raises(Unusable):
        read_counts(content)
    with pytest.raises(Unusable):
        read_completion(content.encode())


def test_usage_may_be_missing() -> None:
    assert read_completion(says("{}", usage=None).body).usage is None
    assert read_completion(says("{}").body).usage.prompt_tokens == USAGE["prompt_tokens"]
