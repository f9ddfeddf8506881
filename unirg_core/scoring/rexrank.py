"""The file that the ReXrank board scores: its own JSON, each study with the model's report in `model_prediction`.

The board runs a model's `inference.py <input.json> <output.json> <image folder>` on its input file; the output is that
file again with `model_prediction` added to each study, and its evaluation script reads nothing else but
`section_findings` and `section_impression` beside it. A missing section is written as `None`, a missing indication as
`nan`, as in the board's own files.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.scoring.reading import STUDY
from unirg_core.scoring.texts import PREDICTION, Report, Setting, candidate_text, missing

IMAGE = "key_image_path"


def check(output: Path | None, candidates: Sequence[Path]) -> None:
    """Refuse a submission of more than one system, or one without a .json to write to."""
    if len(candidates) != 1:
        raise BadInput(f"--format rexrank writes one system's file, but {len(candidates)} --candidates are given.")
    if output is None or output.suffix.lower() != ".json":
        raise BadInput("--format rexrank needs --output with a name that ends in .json.")


def submission(source: Path, references: Sequence[Report], written: Sequence[Report], setting: Setting) -> str:
    """Return the board's JSON for one system's reports, of all studies, those without a reference included.

    Raises
    ------
    BadInput
        When the references name no picture, as the board's own file does.
    """
    studies: dict[str, Any] = {}
    for reference, report in zip(references, written, strict=True):
        if missing(reference.fields.get(IMAGE)):
            raise BadInput(
                f"{source}, study {reference.study_id} has no {IMAGE}; give the board's own JSON as --references."
            )
        fields = {name: None if missing(value) else value for name, value in reference.fields.items() if name != STUDY}
        fields["section_findings"] = _section(fields, "section_findings", reference.findings)
        fields["section_impression"] = _section(fields, "section_impression", reference.impression)
        fields["context"] = reference.context or "Indication: nan Comparison: nan"
        studies[reference.study_id] = fields | {PREDICTION: candidate_text(report, setting)}
    return json.dumps(studies, indent=4, allow_nan=False) + "\n"


def _section(fields: dict[str, Any], name: str, text: str) -> str:
    """Return a section as it stood in the file, else as it was read, else the board's word for none."""
    return fields.get(name) or text or "None"
