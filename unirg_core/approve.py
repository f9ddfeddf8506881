"""Who said yes: the decision that goes into the record beside the digests of what it was based on."""

from collections.abc import Mapping
from typing import Any, Literal

from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import file_digest, tree_digest
from unirg_core.runs.run import Run

Decision = Literal["approved", "rejected", "not asked", "not approved"]

_NOBODY_S = ("not asked", "not approved")


def evidence(run: Run) -> dict[str, str]:
    """Return the digests of what a decision is based on: evaluation, verdict, and the model itself."""
    reports = {name: file_digest(run.checkout / "reports" / name) for name in ("evaluation.json", "verdict.json")}
    return {**reports, "checkpoints/rl": tree_digest(run.checkout / "checkpoints" / "rl")}


def without_asking(run: Run, verdict: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the decision where nobody is to be asked, else None.

    That is where an earlier attempt at this run has noted one on the same evidence, where the gate did not pass, and
    where the mode is auto.
    """
    known = run.record.get("approval")
    if known and known["evidence"] == shown:
        return known
    mode = run.params.approve.mode
    if verdict["verdict"] != "passed":
        return _decided(run, shown, "not asked", "nobody", f"the gate's verdict is {verdict['verdict']}")
    if mode == "auto":
        return _decided(run, shown, "approved", "auto", "approval is automatic for this run; no person looked")
    return None


def answered(run: Run, shown: Mapping[str, str], decision: Decision, by: str, reason: str) -> dict[str, Any]:
    """Note what a person has answered to what stood there when the wait began, and return it.

    Raises
    ------
    BadInput
        When something else stands there by now.
    """
    now = evidence(run)
    changed = ", ".join(name for name in now if now[name] != shown[name])
    if changed:
        raise BadInput(
            f"{changed} of run {run.id} changed while it waited for approval, so this decision ({decision} by {by}) is "
            "on something else and does not count; the same command makes a run that asks anew."
        )
    return _decided(run, shown, decision, by, reason)


def unanswered(run: Run, shown: Mapping[str, str]) -> dict[str, Any]:
    """Note that nobody has answered in the time that the run was to wait; as `answered`."""
    return answered(run, shown, "not approved", "nobody", f"nobody answered in {run.params.approve.wait_hours:g} h")


def _decided(run: Run, shown: Mapping[str, str], decision: Decision, by: str, reason: str) -> dict[str, Any]:
    approval = {
        "decision": decision,
        "by": by,
        "mode": run.params.approve.mode,
        "reason": reason,
        "time": records.now(),
        "evidence": dict(shown),
    }
    records.change(run.folder, approval=approval)
    return approval


def told(approval: Mapping[str, Any]) -> str:
    """Say who decided what, on what grounds."""
    by = "" if approval["decision"] in _NOBODY_S else f" by {approval['by']}"
    return f"{approval['decision']}{by}: {approval['reason']}"


def nobody_answered(record: Mapping[str, Any]) -> str | None:
    """Say of a registered run that nobody answered for its model in time, else return None."""
    approval = record.get("approval") or {}
    if approval.get("decision") != "not approved":
        return None
    done = record["registration"]
    model = f"{done['name']} version {done['version']}"
    return f"Run {record['run']} is {told(approval)}; {model} is registered as a candidate."
