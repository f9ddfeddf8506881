"""What came, went and changed between two versions: by institution, view, split and label, in words and as a figure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.data.versions import find
from unirg_core.study import LABELS, MANIFEST, PRESENT, UNCERTAIN

_COLUMNS = ("study_id", "patient_id", "institution", "view", "split", "labels", "digest")
_KINDS = ("before", "came", "went", "changed", "now")
_COLOURS = {"came": "tab:green", "went": "tab:red", "changed": "tab:orange"}
_LABELS = "labels that are present or uncertain"
_TITLES = {"institution": "institutions", "view": "views", "split": "splits", "label": _LABELS}

_BY: dict[str, Callable[[Mapping[str, Any]], Sequence[str]]] = {
    "institution": lambda row: [row["institution"]],
    "view": lambda row: [row["view"]],
    "split": lambda row: [row["split"]],
    "label": lambda row: [n for n, value in zip(LABELS, row["labels"], strict=True) if value in (PRESENT, UNCERTAIN)],
}


def diff(before: str, now: str, root: Path) -> dict[str, Any]:
    """Compare two versions, each named by run id, dataset digest, branch or commit.

    Raises
    ------
    BadInput
        When one of them cannot be found or read.
    """
    named = {"before": find(before, root), "now": find(now, root)}
    tables = {side: pq.read_table(version.path(MANIFEST), columns=list(_COLUMNS)) for side, version in named.items()}
    found = compare(tables["before"], tables["now"])
    return {"versions": {side: version.name for side, version in named.items()}, **found}


def compare(before: pa.Table, now: pa.Table) -> dict[str, Any]:
    """Compare two manifests.

    Returns
    -------
    dict
        `studies` and `patients`: counts of before, came, went, changed, now; `by`: the same of studies by group and
        name (a changed study counts where it stands now); `moved`: patients that changed their split, by from and to.
    """
    sides = {"before": _rows(before), "now": _rows(now)}
    kinds: dict[str, list[Mapping[str, Any]]] = {side: list(rows.values()) for side, rows in sides.items()}
    kinds["came"] = [row for study, row in sides["now"].items() if study not in sides["before"]]
    kinds["went"] = [row for study, row in sides["before"].items() if study not in sides["now"]]
    kinds["changed"] = [
        row
        for study, row in sides["now"].items()
        if study in sides["before"] and row["digest"] != sides["before"][study]["digest"]
    ]
    return {
        "studies": {kind: len(kinds[kind]) for kind in _KINDS},
        "patients": _people(sides["before"], sides["now"], kinds["changed"]),
        "by": {group: _grouped(kinds, names) for group, names in _BY.items()},
        "moved": _moved(sides["before"], sides["now"]),
    }


def _rows(manifest: pa.Table) -> dict[str, Mapping[str, Any]]:
    return {row["study_id"]: row for row in manifest.select(list(_COLUMNS)).to_pylist()}


def _people(before: Mapping[str, Any], now: Mapping[str, Any], changed: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    was, are = ({row["patient_id"] for row in rows.values()} for rows in (before, now))
    touched = {row["patient_id"] for row in changed}
    counts = (len(was), len(are - was), len(was - are), len(touched & was & are), len(are))
    return dict(zip(_KINDS, counts, strict=True))


def _grouped(
    kinds: Mapping[str, Sequence[Mapping[str, Any]]], names: Callable[[Mapping[str, Any]], Sequence[str]]
) -> dict[str, dict[str, int]]:
    counted = {kind: Counter(name for row in rows for name in names(row)) for kind, rows in kinds.items()}
    there = sorted({name for counts in counted.values() for name in counts})
    return {name: {kind: counted[kind][name] for kind in _KINDS} for name in there}


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, int]:
    was = {row["patient_id"]: row["split"] for row in before.values()}
    are = {row["patient_id"]: row["split"] for row in now.values()}
    moves = Counter((was[patient], split) for patient, split in are.items() if was.get(patient, split) != split)
    return {f"{one} to {other}": count for (one, other), count in sorted(moves.items())}


def learnt_a_test_patient(found: Mapping[str, Any]) -> bool:
    """Tell whether a patient that was tested on before is now trained on or chosen by."""
    return any(move.startswith("test to ") for move in found["moved"])


def in_words(found: Mapping[str, Any]) -> str:
    """Return the comparison as a person reads it."""
    studies, people = found["studies"], found["patients"]
    lines = [
        f"From {found['versions']['before']} to {found['versions']['now']}: {studies['came']} studies came, "
        f"{studies['went']} went, {studies['changed']} changed; {studies['before']} became {studies['now']}.",
        f"Patients: {people['came']} came, {people['went']} went, {people['changed']} with a changed study; "
        f"{people['before']} became {people['now']}.",
    ]
    for group, names in found["by"].items():
        lines += ["", f"{_TITLES[group]:28}" + "".join(f"{kind:>9}" for kind in _KINDS)]
        lines += [f"{name:28}" + "".join(f"{counts[kind]:>9}" for kind in _KINDS) for name, counts in names.items()]
    moves = ", ".join(f"{count} from {move}" for move, count in found["moved"].items()) or "none"
    return "\n".join([*lines, "", f"Patients who changed their split: {moves}."])


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Draw how many studies came, went and changed in each group."""
    from matplotlib.figure import Figure

    heights = [len(names) + 1 for names in found["by"].values()]
    figure = Figure(figsize=(8, 0.32 * sum(heights) + 1.6), layout="constrained")
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (group, names) in zip(panels, found["by"].items(), strict=True):
        _panel(axes, group, names)
    panels[-1].set_xlabel("studies (went: to the left)")
    handles = [panels[0].barh(0, 0, color=colour, label=kind) for kind, colour in _COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(f"{found['versions']['before']} to {found['versions']['now']}", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _panel(axes: Any, group: str, names: Mapping[str, Mapping[str, int]]) -> None:
    left = dict.fromkeys(names, 0)
    for kind, colour in _COLOURS.items():
        sign = -1 if kind == "went" else 1
        values = [sign * counts[kind] for counts in names.values()]
        axes.barh(list(names), values, left=[0 if sign < 0 else left[name] for name in names], color=colour)
        if sign > 0:
            left = {name: left[name] + value for name, value in zip(names, values, strict=True)}
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(_TITLES[group], fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.invert_yaxis()
