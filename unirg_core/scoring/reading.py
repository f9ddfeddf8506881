"""Read a file of reports row by row: ReXrank JSON (one object per study id), JSONL or CSV (`study_id` and fields).

What a row means - a reference, a candidate, a section - is `texts`' business; here a row is a study id and its fields.
A line that cannot be read refuses the file: a score over the rest would be a score of something else.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput

FORMATS = (".json", ".jsonl", ".csv")
STUDY = "study_id"

_OTHER_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What spreadsheets put between columns where a comma is the decimal mark, and others."""


@dataclass(frozen=True, slots=True)
class Row:
    """One study of a file: its id, and its fields as they stand there."""

    study_id: str
    fields: Mapping[str, Any]


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the studies of a file in its order; CSV and JSONL are read as a stream.

    Raises
    ------
    BadInput
        When the file is missing, empty, of another kind, not UTF-8 or broken, or when a study has no id or comes
        twice; the sentence names the line or the study.
    """
    readers = {".json": _json, ".jsonl": _jsonl, ".csv": _csv}
    if path.suffix.lower() not in readers:
        raise BadInput(f"{path} is no file of reports that can be read; give one that ends in {', '.join(FORMATS)}.")
    seen: set[str] = set()
    try:
        for where, name, fields in readers[path.suffix.lower()](path):
            study_id = _identity(path, where, name)
            if study_id in seen:
                raise BadInput(f"{path}, {where}: study {study_id} stands there twice; keep one report a study.")
            seen.add(study_id)
            yield Row(study_id, fields)
    except (FileNotFoundError, IsADirectoryError):
        raise BadInput(f"{path} is no file; name one that exists.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8{_first_wrong_byte(path)}; save it as UTF-8.") from None
    if not seen:
        raise BadInput(f"{path} holds no study; at least one is needed.")


def _first_wrong_byte(path: Path) -> str:
    """Return where a file stops being UTF-8, in words; a stream's error counts from the block that it was reading."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f" at line {number}, byte {error.start + 1}"
    return ""


def _identity(path: Path, where: str, name: Any) -> str:
    if isinstance(name, str) and name.strip() and not any("\ud800" <= letter <= "\udfff" for letter in name):
        return name.strip()
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    raise BadInput(f"{path}, {where}: {STUDY} is {name!r}; give each study an id of letters and digits.")


def _json(path: Path) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object, but refuse a name that comes twice, of which `json` keeps the last in silence."""
        held = dict(pairs)
        if len(held) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise BadInput(f"{path}: {twice} stands twice in one object; keep one report a study.")
        return held

    text = path.read_text(encoding="utf-8-sig")
    try:
        value = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no JSON ({error}); mend or write it again.") from None
    if not isinstance(value, dict):
        raise BadInput(f"{path} is no ReXrank JSON; its top must be one object, a study id before each study's fields.")
    for name, fields in value.items():
        if not isinstance(fields, dict):
            raise BadInput(f"{path}, study {name}: there stands no object; give its fields, as section_findings.")
        yield f"study {name}", name, fields


def _jsonl(path: Path) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadInput(f"{path}, line {number} is no JSON ({error}); mend or remove it.") from None
            if not isinstance(fields, dict):
                raise BadInput(f"{path}, line {number} is no JSON object; give study_id and text in braces.")
            yield f"line {number}", fields.get(STUDY), fields


def _csv(path: Path) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        _check_mark(path, stream.readline())
        stream.seek(0)
        lines = csv.reader(stream, strict=True)
        try:
            columns = [name.strip() for name in next(lines, [])]
            _check_columns(path, columns)
            for cells in lines:
                if not cells:
                    continue
                if len(cells) != len(columns):
                    raise BadInput(
                        f"{path}, line {lines.line_num} has {len(cells)} cells, the header {len(columns)}; "
                        "quote a text that holds a comma."
                    )
                fields = dict(zip(columns, cells, strict=True))
                yield f"line {lines.line_num}", fields[STUDY], fields
        except csv.Error as error:
            raise BadInput(f"{path}, line {lines.line_num}: this is no whole CSV ({error}); write it again.") from None


def _check_columns(path: Path, columns: list[str]) -> None:
    if not columns:
        raise BadInput(f"{path} has no header; name the columns in line 1, {STUDY} among them.")
    if STUDY not in columns:
        raise BadInput(f"{path} has no column {STUDY}, only {', '.join(columns)}; name it in line 1.")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise BadInput(f"{path} has two columns named {twice[0]!r}; rename one.")


def _check_mark(path: Path, header: str) -> None:
    held = {mark: [name.strip(' "\r\n') for name in header.split(mark)] for mark in (",", *_OTHER_MARKS)}
    mark = next((mark for mark, names in held.items() if STUDY in names and len(names) > 1), ",")
    if mark != ",":
        raise BadInput(f"{path} has {_OTHER_MARKS[mark]} between its columns; save it as CSV with commas.")
