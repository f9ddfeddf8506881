"""A decision is bound to its evidence; nobody is asked where the gate did not pass."""

import hashlib
import shutil
from pathlib import Path

import pytest

from unirg_core import approve, params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.register.aliases import earned
from unirg_core.runs.run import Run

ROOT = Path(__file__).resolve().parents[1]
SHOWN = {
    "evaluation.json": "reports/evaluation.json",
    "verdict.json": "reports/verdict.json",
    "checkpoints/rl": "checkpoints/rl/model.safetensors",
}


def run_in(folder: Path, mode: str, hours: float = 72.0) -> Run:
    """Return a run that stands before its approval."""
    resolved = params.resolve(ROOT, above={"approve": {"mode": mode, "wait_hours": hours}})
    run = Run("20260101-000000-abc", folder)
    for name in SHOWN.values():
        (run.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (run.checkout / name).write_text(f"{{}} of {name}")
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
    approval = approve.without_asking(run, {"verdict": verdict}, approve.evidence(run))
    assert (approval["decision"], approval["by"], approval["mode"]) == (decision, by, mode)
    assert run.record["approval"] == approval
    assert "no person looked" in approval["reason"] or verdict in approval["reason"]


def test_a_person_is_asked_where_the_gate_passed_and_the_mode_is_ask(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask")
    assert approve.without_asking(run, {"verdict": "passed"}, approve.evidence(run)) is None
    assert "approval" not in run.record


@pytest.mark.parametrize("name", SHOWN)
def test_a_decision_on_what_has_changed_since_is_refused(tmp_path: Path, name: str) -> None:
    run = run_in(tmp_path, "ask")
    shown = approve.evidence(run)
    (run.checkout / SHOWN[name]).write_text("other")
    assert [one for one, digest in approve.evidence(run).items() if shown[one] != digest] == [name]
    for said in (
        lambda: approve.answered(run, shown, "approved", "Dr. A", "no omissions"),
        lambda: approve.unanswered(run, shown),
    ):
        with pytest.raises(BadInput, match=f"^{name} of run {run.id} changed while it waited"):
            said()
    assert "approval" not in run.record


def test_without_the_model_there_is_nothing_to_decide_on(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask")
    shutil.rmtree(run.checkout / "checkpoints")
    with pytest.raises(BadInput, match="rl does not exist"):
        approve.evidence(run)


def test_a_decision_names_the_digests_of_what_it_was_based_on(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask")
    approval = approve.answered(run, approve.evidence(run), "rejected", "Dr. A", "too many omissions")
    assert set(approval["evidence"]) == set(SHOWN)
    assert approval["evidence"]["verdict.json"] == hashlib.sha256(b"{} of reports/verdict.json").hexdigest()
    assert approval["evidence"]["checkpoints/rl"] == tree_digest(run.checkout / "checkpoints/rl")


@pytest.mark.parametrize("decision", ["approved", "rejected", "not approved"])
def test_a_decision_that_an_earlier_attempt_has_noted_holds_until_its_evidence_changes(
    tmp_path: Path, decision: str
) -> None:
    run = run_in(tmp_path, "ask")
    shown = approve.evidence(run)
    first = approve.answered(run, shown, decision, "Dr. A", "as good as the references")
    assert approve.without_asking(run, {"verdict": "passed"}, approve.evidence(run)) == first == run.record["approval"]
    (run.checkout / SHOWN["verdict.json"]).write_text("other")
    assert approve.without_asking(run, {"verdict": "passed"}, approve.evidence(run)) is None


def test_whoever_does_not_answer_has_not_approved(tmp_path: Path) -> None:
    run = run_in(tmp_path, "ask", hours=1.5)
    approval = approve.unanswered(run, approve.evidence(run))
    assert approve.told(approval) == "not approved: nobody answered in 1.5 h"
    assert (approval["by"], approval["mode"]) == ("nobody", "ask")
    registered = {**run.record, "registration": {"name": "line", "version": "4"}}
    said = f"Run {run.id} is not approved: nobody answered in 1.5 h; line version 4 is registered as a candidate."
    assert approve.nobody_answered(registered) == said
    for other in ({}, {"approval": {"decision": "rejected"}}, {"approval": {"decision": "not asked"}}):
        assert approve.nobody_answered(other) is None


@pytest.mark.parametrize(
    ("verdict", "decision", "aliases"),
    [
        ("failed", "approved", []),
        ("failed", "not asked", []),
        ("inconclusive: n too small", "not asked", []),
        ("passed", "rejected", ["candidate"]),
        ("passed", "not approved", ["candidate"]),
        ("passed", "approved", ["candidate", "champion"]),
    ],
)
def test_an_alias_is_earned(verdict: str, decision: str, aliases: list[str]) -> None:
    assert earned({"verdict": verdict}, {"decision": decision}) == aliases


@pytest.mark.parametrize(
    ("decision", "by", "said"),
    [
        ("not asked", "nobody", "not asked: because"),
        ("not approved", "nobody", "not approved: because"),
        ("approved", "auto", "approved by auto: because"),
        ("rejected", "Dr. A", "rejected by Dr. A: because"),
    ],
)
def test_a_decision_is_told_in_a_line(decision: str, by: str, said: str) -> None:
    assert approve.told({"decision": decision, "by": by, "reason": "because"}) == said
