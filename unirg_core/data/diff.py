"""What came, went and changed between two versions: by institution, view, split and label, in words and as a figure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.data.versions import find
from unirg_core.study import LABELS, MANIFEST, PRESENT, UNCERTAIN

Row = Mapping[str, Any]

_COLUMNS = ("study_id", "patient_id", "institution", "view", "split", "labels", "digest")
_KINDS = ("before", "came", "went", "changed", "now")
_OF_A_GROUP = ("before", "came", "went", "changed", "gained", "lost", "now")
_OF_A_LABEL = tuple(kind for kind in _OF_A_GROUP if kind != "changed")
_COLOURS = {
    "came": "tab:green",
    "gained": "yellowgreen",
    "went": "tab:red",
    "lost": "lightcoral",
    "changed": "tab:orange",
}
_TO_THE_LEFT = ("went", "lost")
_LABELS = "labels that are present or uncertain"
_TITLES = {"institution": "institutions", "view": "views", "split": "splits", "label": _LABELS}

_BY: dict[str, Callable[[Row], Sequence[str]]] = {
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
        `studies`: counts of before, came, went, changed (of content), now. `patients`: the same, and those who were
        `merged` into another id or `parted` from one: before + came - went - merged + parted = now. `by`: studies by
        group and name, with `gained` and `lost`, those of both versions that stand there only now, or only before:
        before + came - went + gained - lost = now; a changed study counts where it stands now. `relabelled`: studies
        of both that gained or lost a label. `moved`: patients that changed their split, by from and to.
    """
    one, other = _rows(before), _rows(now)
    both = [(row, other[study]) for study, row in one.items() if study in other]
    kinds = {
        "before": list(one.values()),
        "came": [row for study, row in other.items() if study not in one],
        "went": [row for study, row in one.items() if study not in other],
        "changed": [row for was, row in both if was["digest"] != row["digest"]],
        "now": list(other.values()),
    }
    return {
        "studies": {kind: len(kinds[kind]) for kind in _KINDS},
        "patients": _people(kinds, both),
        "by": {group: _grouped(kinds, both, group) for group in _BY},
        "relabelled": sum(set(_BY["label"](was)) != set(_BY["label"](row)) for was, row in both),
        "moved": _moved(kinds, both),
    }


def _rows(manifest: pa.Table) -> dict[str, Row]:
    return {row["study_id"]: row for row in manifest.select(list(_COLUMNS)).to_pylist()}


def _people(kinds: Mapping[str, Sequence[Row]], both: Sequence[tuple[Row, Row]]) -> dict[str, int]:
    """Count patients; ids that share a study between the versions are one person, so none of them came or went."""
    was, are, touched = ({row["patient_id"] for row in kinds[kind]} for kind in ("before", "now", "changed"))
    persons = _persons((one["patient_id"], other["patient_id"]) for one, other in both)
    fewer = [len(ids & was) - len(ids & are) for ids in persons]
    linked = set().union(*persons)
    return {
        "before": len(was),
        "came": len(are - was - linked),
        "went": len(was - are - linked),
        "merged": sum(count for count in fewer if count > 0),
        "parted": -sum(count for count in fewer if count < 0),
        "changed": len(touched & (was & are | linked)),
        "now": len(are),
    }


def _persons(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return the groups of different ids that pairs (before, now) link."""
    group: dict[str, set[str]] = {}
    for one, other in {pair for pair in pairs if pair[0] != pair[1]}:
        whole = group.get(one, {one}) | group.get(other, {other})
        group.update(dict.fromkeys(whole, whole))
    return list({id(ids): ids for ids in group.values()}.values())


def _grouped(
    kinds: Mapping[str, Sequence[Row]], both: Sequence[tuple[Row, Row]], group: str
) -> dict[str, dict[str, int]]:
    names = _BY[group]
    counts = {kind: Counter(name for row in rows for name in names(row)) for kind, rows in kinds.items()}
    turned = [(set(names(was)), set(names(row))) for was, row in both]
    counts["gained"] = Counter(name for was, is_ in turned for name in is_ - was)
    counts["lost"] = Counter(name for was, is_ in turned for name in was - is_)
    there = sorted({name for counted in counts.values() for name in counted})
    return {name: {kind: counts[kind][name] for kind in _columns(group)} for name in there}


def _columns(group: str) -> tuple[str, ...]:
    """Return what is counted of a group: a changed study has several labels, so `changed` would say nothing there."""
    return _OF_A_LABEL if group == "label" else _OF_A_GROUP


def _moved(kinds: Mapping[str, Sequence[Row]], both: Sequence[tuple[Row, Row]]) -> dict[str, int]:
    """Count patients of the version before, by the split they had and the one they have, under whatever id."""
    was, are = ({row["patient_id"]: row["split"] for row in kinds[kind]} for kind in ("before", "now"))
    same = {(patient, patient) for patient in was.keys() & are.keys()}
    ids = same | {(one["patient_id"], other["patient_id"]) for one, other in both}
    moves = Counter((was[one], are[other]) for one, other in ids if was[one] != are[other])
    return {f"{one} to {other}": count for (one, other), count in sorted(moves.items())}


def learnt_a_test_patient(found: Mapping[str, Any]) -> bool:
    """Tell whether a patient that was tested on before is now trained on or chosen by."""
    return any(move.startswith("test to ") for move in found["moved"])


def in_words(found: Mapping[str, Any]) -> str:
    """Return the comparison as a person reads it."""
    studies, people = found["studies"], found["patients"]
    merges = f", {people['merged']} merged into another" if people["merged"] else ""
    merges += f", {people['parted']} parted from another" if people["parted"] else ""
    lines = [
        f"From {found['versions']['before']} to {found['versions']['now']}: {studies['came']} studies came, "
        f"{studies['went']} went, {studies['changed']} changed; {studies['before']} became {studies['now']}. "
        f"Of those in both, {found['relabelled']} gained or lost a label.",
        f"Patients: {people['came']} came, {people['went']} went{merges}, {people['changed']} with a changed study; "
        f"{people['before']} became {people['now']}.",
    ]
    for group, names in found["by"].items():
        lines += ["", f"{_TITLES[group]:28}" + "".join(f"{kind:>9}" for kind in _columns(group))]
        lines += [f"{name:28}" + "".join(f"{count:>9}" for count in counts.values()) for name, counts in names.items()]
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
    panels[-1].set_xlabel("studies (went, lost: to the left)")
    handles = [panels[0].barh(0, 0, color=colour, label=kind) for kind, colour in _COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(f"{found['versions']['before']} to {found['versions']['now']}", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _panel(axes: Any, group: str, names: Mapping[str, Mapping[str, int]]) -> None:
    ends = {1: [0] * len(names), -1: [0] * len(names)}  # of the bars to the right and to the left
    for kind, colour in _COLOURS.items():
        sign = -1 if kind in _TO_THE_LEFT else 1
        values = [sign * counts.get(kind, 0) for counts in names.values()]
        axes.barh(list(names), values, left=ends[sign], color=colour)
        ends[sign] = [end + value for end, value in zip(ends[sign], values, strict=True)]
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(_TITLES[group], fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.invert_yaxis()
