"""Who said yes: the decision that goes into the record beside the digest of what it was based on."""

from collections.abc import Mapping
from typing import Any, Literal

from unirg_core.audit import record as records
from unirg_core.files import file_digest
from unirg_core.runs.run import Run

Decision = Literal["approved", "rejected", "not asked"]


def evidence(run: Run) -> dict[str, str]:
    """Return the digests of what a decision is based on: evaluation and verdict."""
    return {name: file_digest(run.checkout / "reports" / name) for name in ("evaluation.json", "verdict.json")}


def decided(run: Run, decision: Decision, by: str, mode: str, reason: str) -> dict[str, Any]:
    """Note a decision in the record, bound to its evidence, and return it."""
    approval = {
        "decision": decision,
        "by": by,
        "mode": mode,
        "reason": reason,
        "time": records.now(),
        "evidence": evidence(run),
    }
    records.change(run.folder, approval=approval)
    return approval


def without_asking(run: Run, verdict: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the decision where no person is to be asked: the gate did not pass, or the mode is auto; else None."""
    mode = run.params.approve.mode
    if verdict["verdict"] != "passed":
        return decided(run, "not asked", "nobody", mode, f"the gate's verdict is {verdict['verdict']}")
    if mode == "auto":
        return decided(run, "approved", "auto", mode, "approval is automatic for this run; no person looked")
    return None


def told(approval: Mapping[str, Any]) -> str:
    """Say who decided what, on what grounds."""
    by = "" if approval["decision"] == "not asked" else f" by {approval['by']}"
    return f"{approval['decision']}{by}: {approval['reason']}"
