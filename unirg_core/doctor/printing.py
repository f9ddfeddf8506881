"""A report of the doctor as text."""

from unirg_core.doctor.examine import Report
from unirg_core.training.memory import GIB, Estimate

_MARK = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


def as_text(report: Report) -> str:
    """Return a line for each finding, the parts of each estimate, and the conclusion."""
    width = max(len(found.name) for found in report.findings)
    lines = [f"{_MARK[found.state]} {found.name:{width}}  {found.said}" for found in report.findings]
    for estimate in report.estimates:
        lines += ["", *_parts(estimate)]
    faults = sum(found.state == "fault" for found in report.findings)
    lines += ["", "Nothing stands in the way." if not faults else f"{faults} in the way of a run: see FAULT above."]
    return "\n".join(lines)


def _parts(estimate: Estimate) -> list[str]:
    parts = [
        *((name, size, "all along") for name, size in estimate.kept.items()),
        *((name, size, "before the first step") for name, size in estimate.reading.items()),
        *((name, size, "while it learns") for name, size in estimate.learning.items()),
        *((name, size, "while it writes") for name, size in estimate.generating.items()),
    ]
    rows = [f"  {name:16} {size / GIB:8.2f} GiB  {when}" for name, size, when in parts if size]
    return [f"{estimate.stage}: about {estimate.peak / GIB:.2f} GiB a process at the peak (docs/doctor.md)", *rows]
