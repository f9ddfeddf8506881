"""`unirg label`: 14 CheXpert-style labels of every report in a file, with side and severity; a stream, so any size.

Columns: `study_id`; each class by its CheXpert name with 1 present, 0 absent, -1 uncertain, blank not mentioned;
`<class> side` (left, right, bilateral) and `<class> severity` (mild, moderate, severe) where the class is present or
uncertain and the report says so.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from unirg_core.scores.labels import Labelled, label
from unirg_core.scoring.reading import STUDY, read_rows
from unirg_core.scoring.texts import Report, reports
from unirg_core.scoring.watching import Watch
from unirg_core.scoring.writing import check_not_read, check_table_name, check_writable, table_writer, told
from unirg_core.study import ABSENT, LABELS, PRESENT, UNCERTAIN

SHOWN = {PRESENT: "present", UNCERTAIN: "uncertain", ABSENT: "absent", None: "not_mentioned"}

_SIDES, _SEVERITIES = [f"{name} side" for name in LABELS], [f"{name} severity" for name in LABELS]
SCHEMA = pa.schema(
    [(STUDY, pa.string())]
    + [(name, pa.int8()) for name in LABELS]
    + [(name, pa.string()) for name in (*_SIDES, *_SEVERITIES)]
)
_BATCH = 2048


def label_file(source: Path, output: Path, column: str | None = None) -> dict[str, Any]:
    """Label the reports of `source` into `output` and return the summary.

    Parameters
    ----------
    source
        ReXrank JSON, JSONL or CSV.
    output
        CSV, JSONL or Parquet by its ending.
    column
        The field that holds the report; by default as references are read (`unirg_core.scoring.texts`).

    Returns
    -------
    dict
        `reports`, `empty` (without any text), `start_seconds` (rules compiled, output opened), `seconds` from the first
        report on, `reports_per_second` in those (reading and writing included), and `classes`: of each class how many
        reports are present, uncertain, absent, not mentioned.

    Raises
    ------
    BadInput
        As `read_rows` and `reports`; also when the output cannot be written, or is the input.
    """
    check_table_name(output)
    check_not_read(output, source)
    check_writable("--output", output)
    counts: Counter[tuple[str, int | None]] = Counter()
    empty, began = 0, time.monotonic()
    label(["The lungs are clear."])  # compiles the rules, which is no report's time
    with told("--output", output), table_writer(output, SCHEMA) as write:
        start, watch = time.monotonic() - began, Watch("label", "reports")
        for batch in _batches(reports(source, read_rows(source), "reference", column)):
            labelled = label([report.written for report in batch])
            write(_batch([report.study_id for report in batch], labelled))
            empty += sum(not report.written for report in batch)
            for one in labelled:
                counts.update(zip(LABELS, one.values, strict=True))
            watch.step(len(batch))
    return {
        "reports": watch.done,
        "empty": empty,
        "start_seconds": round(start, 3),
        "seconds": round(watch.seconds, 3),
        "reports_per_second": round(watch.done / watch.seconds),
        "classes": {name: {word: counts[name, value] for value, word in SHOWN.items()} for name in LABELS},
    }


def _batches(read: Iterator[Report]) -> Iterator[list[Report]]:
    while batch := list(islice(read, _BATCH)):
        yield batch


def _batch(ids: Sequence[str], labelled: Sequence[Labelled]) -> pa.RecordBatch:
    columns: list[Sequence[Any]] = [ids, *zip(*(one.values for one in labelled), strict=True)]
    for words in ([one.sides for one in labelled], [one.severities for one in labelled]):
        columns += [[word or None for word in column] for column in zip(*words, strict=True)]
    return pa.RecordBatch.from_arrays(
        [pa.array(values, kind.type) for values, kind in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
