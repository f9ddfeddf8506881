"""Where the judge may be, which key it is sent, which prompt asks, and under which name it is a score."""

import logging
from pathlib import Path

import pytest
from fixtures_judge import Server, fails, server, settings

from unirg_core import params
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES, check_names, weighted
from unirg_core.scores.configured import configured
from unirg_core.scores.judge import Judge, JudgeFault, endpoint, prompt
from unirg_core.scores.reward import ScoreFault

__all__ = ["server"]  # a fixture is used by its name alone

ROOT = Path(__file__).resolve().parents[1]
HERE = "scores.judge={base_url: 'http://127.0.0.1:1/v1', model: m"
KEY = "sk-do-not-write-me"


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("scores.judge={model: m}", "scores.judge.base_url is missing; add it"),
        ("scores.judge={base_url: 'http://h/v1'}", "scores.judge.model is missing"),
        ("scores.judge={base_url: 'h:80', model: m}", "scores.judge.base_url: give an address that starts with http"),
        ("scores.judge={base_url: 'http:///v1', model: m}", "scores.judge.base_url: give an address"),
        ("scores.judge={base_url: 'http://h:99999/v1', model: m}", "scores.judge.base_url: Port out of range"),
        ("scores.judge={base_url: 'http://u:pw@h/v1', model: m}", "an address holds no user, password or query"),
        ("scores.judge={base_url: 'http://h/v1?key=pw', model: m}", "an address holds no user, password or query"),
        (f"{HERE}, key_variable: sk-pw}}", "scores.judge.key_variable: give the name of an environment variable"),
        (f"{HERE}, concurrency: 0}}", "scores.judge.concurrency = 0 will not do"),
        (f"{HERE}, timeout: 0}}", "scores.judge.timeout = 0 will not do"),
        (f"{HERE}, retries: -1}}", "scores.judge.retries = -1 will not do"),
        (f"{HERE}, price_in: -1}}", "scores.judge.price_in = -1 will not do"),
        (f"{HERE}, maximum_calls: 0}}", "scores.judge.maximum_calls = 0 will not do"),
        (f"{HERE}, maximum_cost: 1}}", "scores.judge: maximum_cost needs the prices price_in and price_out"),
        (f"{HERE}, errors: some}}", "scores.judge.errors = some will not do"),
        ("scores.jugde={}", "scores.jugde is not a parameter; perhaps judge is meant"),
    ],
)
def test_a_bad_setting_is_refused_without_repeating_a_secret(assignment: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        params.resolve(ROOT, above=params.assignments([assignment]))
    assert said in str(refused.value)
    assert "pw" not in str(refused.value)


def test_without_the_section_there_is_no_judge() -> None:
    resolved = params.resolve(ROOT)
    assert resolved.scores.judge is None
    assert set(configured(resolved.scores)) == {*SCORES, "cider"}
    with pytest.raises(BadInput, match=r"^judge needs scores\.judge in params\.yaml \(docs/judge\.md\)\.$"):
        check_names(["judge"], configured(resolved.scores))


def test_a_judge_is_a_score_and_a_reward_like_any_other(server: Server) -> None:
    above = params.assignments([f"scores.judge={{base_url: '{server.url}', model: tiny}}"])
    scores = configured(params.resolve(ROOT, above=above).scores)
    assert set(scores) == {*SCORES, "cider", "judge"}
    total, parts = weighted({"judge": 0.5, "labels_f1": 1.0}, scores)(["Edema."] * 16, ["Edema."] * 16)
    assert parts["judge"].tolist() == [1.0] * 16 and total.tolist() == [1.5] * 16
    assert len(server.requests) == 1


def test_a_failing_judge_stops_the_reward(server: Server) -> None:
    server.behaviour = fails(500)
    with pytest.raises(ScoreFault, match=r"The score judge failed at sample 0, text [0-9a-f]{12}: .* answered 500"):
        weighted({"judge": 0.5}, {"judge": Judge(settings(server, retries=0))})(["a"], ["b"])


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.9", True),
        ("fd00::1", True),
        ("8.8.8.8", False),
        ("100.64.0.1", False),  # shared by a provider's customers
        ("2606:4700::1111", False),
        ("::ffff:8.8.8.8", False),
        ("no-such-host.invalid", False),  # cannot be told
        ("", False),
    ],
)
def test_which_hosts_are_local(host: str, local: bool) -> None:
    assert endpoint.is_local(host) is local


@pytest.mark.parametrize("host", ["8.8.8.8", "no-such-host.invalid", "[2606:4700::1111]"])
def test_report_text_does_not_leave_unless_allowed(host: str) -> None:
    given = {"base_url": f"https://{host}/v1", "model": "m"}
    with pytest.raises(BadInput, match=r"not known as loopback or private.*allow_external: true"):
        Judge(params.Judge(**given))
    Judge(params.Judge(**given, allow_external=True))
    with pytest.raises(BadInput, match="only by https"):
        Judge(params.Judge(**{**given, "base_url": f"http://{host}/v1"}, allow_external=True))


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.behaviour = fails(307, location="http://8.8.8.8/v1/chat/completions")
    with pytest.raises(JudgeFault, match="answered 307"):
        Judge(settings(server))(["a"], ["b"])
    assert len(server.requests) == 1


def test_a_local_judge_is_not_reached_through_a_proxy(server: Server, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert Judge(settings(server))(["a"], ["b"]).tolist() == [1.0]


def test_no_other_key_of_the_environment_is_sent(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Judge(settings(server))(["a"], ["b"])
    assert KEY not in str(server.headers)


def test_a_missing_key_is_refused_at_once(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", " ")
    with pytest.raises(BadInput, match="the environment has no JUDGE_KEY; export the key there"):
        Judge(settings(server, key_variable="JUDGE_KEY"))
    assert not server.requests


def test_the_named_key_is_sent_and_written_nowhere(server: Server, monkeypatch, unirg_home: Path, caplog) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)
    given = settings(server, key_variable="JUDGE_KEY", retries=0)
    judge = Judge(given)
    with caplog.at_level(logging.DEBUG):
        judge(["a"], ["b"])
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    server.behaviour = fails(401)
    with pytest.raises(JudgeFault) as fault:
        judge(["c"], ["b"])
    written = b"".join(path.read_bytes() for path in unirg_home.rglob("*") if path.is_file())
    everywhere = f"{fault.value}{judge!r}{vars(judge)}{given}{caplog.text}"
    assert KEY not in everywhere and KEY.encode() not in written


def test_a_changed_prompt_takes_a_new_version() -> None:
    """Whoever changes the prompt, its layout or the answer's schema raises VERSION and writes the new digest here."""
    assert prompt.version() == "1:0fe937ab12d06a4244197af66935c6ee5bd4f02ec63f8cbb839cc919ac61cfae"


def test_the_prompt_names_every_type_and_key() -> None:
    text = prompt.instructions()
    assert all(f"\n{letter}. " in text for letter in "ABCDEF")
    assert text.count("_insignificant\n") == text.count("_significant\n") == 6
