"""The mapping file of a folder drop: which columns of its table say what."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unirg_core.faults import BadInput
from unirg_core.params import parse_yaml
from unirg_core.params.misfits import misfit

Column = Annotated[str, Field(min_length=1)]

_COLUMNS = ("file", "patient", "study", "date", "offset", "sex", "age", "view", "institution", "scrub")
_TEXTS = ("report", "findings", "impression", "indication", "comparison")


class Mapping(BaseModel):
    """Column names of the drop's table, and what cannot be read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str = Field("metadata.csv", description="CSV or JSONL file in the drop")
    folder: str = Field(".", description="Where the picture files lie, relative to the drop")
    encoding: str = "utf-8"
    file: Column = Field(description="Picture or DICOM file, relative to folder")
    patient: Column
    study: tuple[Column, ...] = Field((), description="Columns that tell a patient's studies apart; none: a row each")
    date: Column | None = Field(None, description="Date of the study")
    date_formats: tuple[str, ...] = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%B %d, %Y")
    offset: Column | None = Field(None, description="Days since any day of the patient's; goes before date")
    sex: Column | None = None
    age: Column | None = Field(None, description="Years, or as DICOM writes them (045Y)")
    view: Column | None = None
    views: dict[str, str] = Field({}, description="What the view column says -> PA, AP, LATERAL or OTHER")
    view_default: str = Field("", pattern="^(PA|AP|)$", description="View of files of which nothing tells it")
    institution: Column | None = None
    institution_name: str = Field("folder", min_length=1, description="Where no column names the institution")
    scrub: tuple[Column, ...] = Field(
        (), description="Names and ids of patient or staff: never kept, scrubbed from texts"
    )
    report: Column | None = Field(None, description="A raw report, whose sections are parsed; or else")
    findings: Column | None = None
    impression: Column | None = None
    indication: Column | None = None
    comparison: Column | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_column(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        single = {name: [values[name]] for name in ("study", "scrub") if isinstance(values.get(name), str)}
        return {**values, **single}

    @model_validator(mode="after")
    def _has_a_report(self) -> "Mapping":
        if bool(self.report) == bool(self.findings or self.impression):
            raise ValueError("name either report (raw text) or findings and impression")
        unknown = sorted(set(self.views.values()) - {"PA", "AP", "LATERAL", "OTHER"})
        if unknown:
            raise ValueError(f"views may say PA, AP, LATERAL or OTHER, not {', '.join(unknown)}")
        return self

    def columns(self) -> dict[str, str]:
        """Return field -> column for every column that is named."""
        named: dict[str, str] = {}
        for field in _COLUMNS + _TEXTS:
            value = getattr(self, field)
            if isinstance(value, tuple):
                named.update({f"{field}.{number}": column for number, column in enumerate(value)})
            elif value:
                named[field] = value
        return named

    def view_of(self, text: str) -> str:
        """Return PA, AP, LATERAL or OTHER for what the view column says; empty where it says nothing."""
        bare = text.strip()
        if not bare:
            return self.view_default
        return self.views.get(bare) or frontal_or_other(bare)

    def day_of(self, text: str) -> int | None:
        """Return a date's days since 1970, or None where no format fits it."""
        for form in self.date_formats:
            try:
                return (datetime.strptime(text.strip(), form).date() - date(1970, 1, 1)).days
            except ValueError:
                continue
        return None


def frontal_or_other(text: str) -> str:
    """Return PA, AP, LATERAL or OTHER for a view as DICOM or a table writes it; empty for nothing."""
    words = set(re.split(r"[^A-Z]+", text.upper())) - {""}
    if not words:
        return ""
    if words >= {"POSTERO", "ANTERIOR"} or words >= {"ANTERO", "POSTERIOR"}:
        return "PA" if "POSTERO" in words else "AP"
    if words & {"L", "LL", "RL", "LAT", "LATERAL", "LLD", "RLD", "LLO", "RLO"}:
        return "LATERAL"
    if "PA" in words or "POSTEROANTERIOR" in words:
        return "PA"
    return "AP" if words & {"AP", "ANTEROPOSTERIOR"} else "OTHER"


def age_of(text: str) -> int | None:
    """Return whole years from `55`, `55.0`, `055Y`, `018M` or `90+`; 90 for 90 and more, None for no age."""
    match = re.fullmatch(r"\s*(\d{1,3})(?:\.\d+)?\s*([YMWDymwd]?)[a-z]*\+?\s*", text)
    if not match:
        return None
    years = int(match[1]) // {"": 1, "Y": 1, "M": 12, "W": 52, "D": 365}[match[2].upper()]
    return min(years, 90) if years <= 130 else None


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    BadInput
        One sentence a wrong field: the file, the field, and the remedy.
    """
    if not path.is_file():
        raise BadInput(f"The mapping {path} does not exist; write one (docs/own-data.md shows how) or give --mapping.")
    return mapping_of(path.read_bytes(), str(path))


def mapping_of(content: bytes, name: str) -> Mapping:
    """Check a mapping file's bytes; `name` says in a fault where it stands."""
    try:
        return Mapping.model_validate(parse_yaml(content.decode(), name))
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not UTF-8; save it as UTF-8.") from None
    except ValidationError as error:
        raise BadInput("\n".join(f"{name}: {_sentence(e)}" for e in error.errors())) from None


def _sentence(error: dict) -> str:
    field = ".".join(str(part) for part in error["loc"]) or "the mapping"
    if error["type"] == "extra_forbidden":
        return f"{field} is no field of a mapping; the fields are {', '.join(Mapping.model_fields)}."
    if error["type"] == "missing":
        return f"{field} is missing; name the column of the table that holds it."
    if error["type"] == "value_error":
        return f"{error['ctx']['error']}."
    return f"{field} = {misfit(error)}."


def check_columns(mapping: Mapping, there: list[str], mapping_path: str, table: str) -> None:
    """Refuse a mapping that names a column which the table has not.

    Raises
    ------
    BadInput
        Naming the mapping file, the field, the column, the table and the columns that exist.
    """
    for field, column in mapping.columns().items():
        if column not in there:
            raise BadInput(
                f"{mapping_path}: {field.split('.')[0]} names the column {column!r}, which {table} does not have; "
                f"its columns are: {', '.join(there)}."
            )
