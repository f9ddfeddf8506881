"""Which text of a study is compared: the report that its fields hold, in one of the board's two settings.

As the ReXrank board does it (its evaluation script): the reference of `findings+impression` is
`Findings: {findings} Impression: {impression}` with the literal `None` for a missing section, and a model's report
stands in `model_prediction`. In its files a missing section reads `None` and a missing indication `nan`; null, NaN and
an empty cell mean the same here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from unirg_core.faults import BadInput
from unirg_core.models.prompts import compose, split_report
from unirg_core.oneline import one_line
from unirg_core.scoring.reading import Row

Setting = Literal["findings", "findings+impression"]
Role = Literal["reference", "candidate"]
SETTINGS: tuple[Setting, ...] = ("findings", "findings+impression")

PREDICTION = "model_prediction"
BOARD_SECTIONS = ("section_findings", "section_impression")
PLAIN_SECTIONS = ("findings", "impression")
WHOLE = ("text", "report")
PATIENT = ("patient_id", "subject_id")

_MISSING = frozenset(("", "none", "nan", "null"))


@dataclass(frozen=True, slots=True)
class Report:
    """A study's report. `whole` is the text as given, or None where the file gives sections."""

    study_id: str
    patient_id: str
    findings: str
    impression: str
    whole: str | None
    context: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """The report as a model would write it: a missing section is left out."""
        return compose(self.findings, self.impression) if self.whole is None else self.whole


def missing(value: Any) -> bool:
    """Tell whether a field is empty: null, NaN, blank, or the words `None` and `nan` of published tables."""
    return value is None or value != value or (isinstance(value, str) and value.strip().lower() in _MISSING)


def reports(path: Path, rows: Iterable[Row], role: Role, column: str | None = None) -> Iterator[Report]:
    """Yield the report of each row.

    Parameters
    ----------
    path
        Where the rows are from, for the sentences.
    role
        A candidate is read from `model_prediction`, else `findings` and `impression`, else `text` or `report`;
        a reference from `section_findings` and `section_impression`, else as a candidate but never a prediction.
    column
        Read the whole text from this field instead.

    Raises
    ------
    BadInput
        When a row lacks the fields that the first one has, when a candidate file holds references only, or when a
        field holds something else than text.
    """
    names: tuple[str, ...] = ()
    for row in rows:
        names = names or ((column,) if column else _source(path, row, role))
        if not any(name in row.fields for name in names):
            raise BadInput(f"{path}, study {row.study_id} has no {' or '.join(names)}; add it.")
        texts = [_text(path, row, name) for name in names]
        patient = next((str(row.fields[name]) for name in PATIENT if not missing(row.fields.get(name))), "")
        sections, whole = (texts, None) if len(names) > 1 else (split_report(texts[0]), texts[0])
        yield Report(row.study_id, patient, *sections, whole, context_of(row.fields), row.fields)


def _source(path: Path, row: Row, role: Role) -> tuple[str, ...]:
    """Return the fields that hold the report, two for sections."""
    held = row.fields
    if role == "candidate":
        if PREDICTION in held:
            return (PREDICTION,)
        if any(name in held for name in BOARD_SECTIONS):
            raise BadInput(
                f"{path} holds references ({' and '.join(BOARD_SECTIONS)}) but no {PREDICTION}; "
                "give the model's file as candidates."
            )
    orders = (PLAIN_SECTIONS,) if role == "candidate" else (BOARD_SECTIONS, PLAIN_SECTIONS)
    for names in (*orders, *((name,) for name in WHOLE)):
        if any(name in held for name in names):
            return names
    known = [*(name for names in orders for name in names), *WHOLE]
    there = f"only {', '.join(held)}" if held else "and no other field either"
    raise BadInput(
        f"{path}, study {row.study_id} holds no report: of {', '.join(known)} there is none, {there}; rename a field."
    )


def _text(path: Path, row: Row, name: str) -> str:
    value = row.fields.get(name)
    if missing(value):
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{path}, study {row.study_id}: {name} is {value!r}, which is no text; put it in quotes.")
    return one_line(value)


def context_of(fields: Mapping[str, Any]) -> str:
    """Return what a model is told of a study: `context`, or indication and comparison in the board's words."""
    if not missing(fields.get("context")):
        return str(fields["context"])
    if all(missing(fields.get(name)) for name in ("indication", "comparison")):
        return ""
    told = {name: "nan" if missing(fields.get(name)) else fields[name] for name in ("indication", "comparison")}
    return f"Indication: {told['indication']} Comparison: {told['comparison']}"


def reference_text(report: Report, setting: Setting) -> str:
    """Return what candidates are compared with; empty where the reference has nothing in this setting."""
    if setting == "findings" or not (report.findings or report.impression):
        return report.findings
    if report.whole is not None:
        return report.whole
    return f"Findings: {report.findings or None} Impression: {report.impression or None}"


def candidate_text(report: Report, setting: Setting) -> str:
    """Return a report in this setting as it was written; a text without headings is all findings."""
    return report.findings if setting == "findings" else report.written
