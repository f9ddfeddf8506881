"""How often each test set was looked at, and whether it is due for renewal.

A look is one evaluation that ran on a version that holds the set; a result that DVC restores shows nobody anything new,
and a version that validation refused is none: nothing was evaluated on it.
Each look lets a choice lean on the set, so after `version.looks` of them it is due: `docs/data-versions.md` says how
to renew it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.data.versions import Version, lines
from unirg_core.params import load
from unirg_core.runs.pins import may_train
from unirg_core.runs.run import all_runs


def looks(root: Path) -> list[dict[str, Any]]:
    """Return each test set of each line: its size when last seen, its looks, and whether it is due."""
    limit = load(root / "params.yaml").version.looks
    evaluated = [run for run in all_runs() if "test_sets" in run.record.get("data", {})]
    runs = [Version(run.id, root, {}, run) for run in evaluated]
    return [row for line, its in lines(runs).items() for row in _counted(line, [v.run.record for v in its], limit)]


def _counted(line: str, records: Sequence[Mapping[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Count the looks of one line, from the records of its runs, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for record in filter(may_train, records):
        looked = record["stages"].get("evaluate", {}).get("how") == "ran"
        for name, its in record["data"]["test_sets"].items():
            row = found.setdefault(name, {"line": line, "test_set": name, "first": record["run"], "looks": 0})
            row |= {"studies": its["studies"], "patients": its["patients"], "looks": row["looks"] + looked}
    return [{**row, "limit": limit, "due": row["looks"] >= limit} for row in found.values()]


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the counts as a table."""
    if not found:
        return "No version with test sets yet."
    wide = max(len(row["test_set"]) for row in found) + 2
    lines_ = []
    for line in dict.fromkeys(row["line"] for row in found):
        lines_ += [line, f"  {'test set':{wide}}{'studies':>9}{'patients':>10}{'looks':>7}{'limit':>7}  first run"]
        for row in (row for row in found if row["line"] == line):
            due = "  due for renewal" if row["due"] else ""
            counts = f"{row['studies']:>9}{row['patients']:>10}{row['looks']:>7}{row['limit']:>7}"
            lines_.append(f"  {row['test_set']:{wide}}{counts}  {row['first']}{due}")
    return "\n".join(lines_)
