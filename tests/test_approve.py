"""A decision is bound to its evidence; nobody is asked where the gate did not pass."""

import hashlib
from pathlib import Path

import pytest

from unirg_core import approve, params
from unirg_core.audit import record as records
from unirg_core.register.aliases import earned
from unirg_core.runs.run import Run

ROOT = Path(__file__).resolve().parents[1]


def run_in(folder: Path, mode: str) -> Run:
    """Return a run that stands before its approval."""
    resolved = params.resolve(ROOT, above={"approve": {"mode": mode}})
    run = Run("20260101-000000-abc", folder)
    (run.checkout / "reports").mkdir(parents=True)
    for name in ("evaluation.json", "verdict.json"):
        (run.checkout / "reports" / name).write_text(f"{{}} of {name}")
    inputs = {"code": None}
    records.write(folder, records.begin(run.id, "k", inputs, resolved.model_dump(mode="json", by_alias=True), {}))
    return run


@pytest.mark.parametrize(
    ("mode", "verdict", "decision", "by"),
    [
        ("auto", "failed", "not asked", "nobody"),
        ("ask", "failed", "not asked", "nobody"),
        ("auto", "inconclusive: n too small", "not asked", "nobody"),
        ("ask", "inconclusive: n too small", "not asked", "nobody"),
        ("auto", "passed", "approved", "auto"),
    ],
)
def test_nobody_is_asked(tmp_path: Path, mode: str, verdict: str, decision: str, by: str) -> None:
    run = run_in(tmp_path, mode)
    approval = approve.without_asking(run, {"verdict": verdict})
    assert (approval["decision"], approval["by"], approval["mode"]) == (decision, by, mode)
    assert run.record["approval"] == approval
    assert "no person looked" in approval["reason"] or verdict in approval["reason"]


def test_a_person_is_asked_where_the_gate_passed_and_the_mode_is_ask(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask")
    assert approve.without_asking(run, {"verdict": "passed"}) is None
    assert "approval" not in run.record


def test_a_decision_names_the_digests_of_what_it_was_based_on(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask")
    approval = approve.decided(run, "rejected", "Dr. A", "ask", "too many omissions")
    seen = hashlib.sha256(b"{} of verdict.json").hexdigest()
    assert approval["evidence"]["verdict.json"] == seen
    (run.checkout / "reports/verdict.json").write_text("other")
    assert approve.evidence(run)["verdict.json"] != seen


@pytest.mark.parametrize(
    ("verdict", "decision", "aliases"),
    [
        ("failed", "approved", []),
        ("failed", "not asked", []),
        ("inconclusive: n too small", "not asked", []),
        ("passed", "rejected", ["candidate"]),
        ("passed", "approved", ["candidate", "champion"]),
    ],
)
def test_an_alias_is_earned(verdict: str, decision: str, aliases: list[str]) -> None:
    assert earned({"verdict": verdict}, {"decision": decision}) == aliases


@pytest.mark.parametrize(
    ("decision", "by", "said"),
    [
        ("not asked", "nobody", "not asked: because"),
        ("approved", "auto", "approved by auto: because"),
        ("rejected", "Dr. A", "rejected by Dr. A: because"),
    ],
)
def test_a_decision_is_told_in_a_line(decision: str, by: str, said: str) -> None:
    assert approve.told({"decision": decision, "by": by, "reason": "because"}) == said
