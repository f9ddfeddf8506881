"""Small files of references and candidates, in each format that `unirg score` reads."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FINDINGS = (
    "The heart is enlarged. No pleural effusion.",
    "The lungs are clear. No pneumothorax.",
    "Small left pleural effusion. The heart is normal in size.",
    "Large right pneumothorax.",
    "Mild pulmonary edema with bilateral pleural effusions.",
    "There is consolidation in the left lower lobe.",
)
IMPRESSIONS = ("Cardiomegaly.", "No acute disease.", "Left effusion.", "Pneumothorax.", "Edema.", "Pneumonia.")


def board(count: int = 6) -> dict[str, dict[str, Any]]:
    """Return references as the board's JSON has them, every three studies of one patient."""
    return {
        f"s{place}": {
            "key_image_path": f"s{place}/0.png",
            "image_path": [f"s{place}/0.png"],
            "section_findings": FINDINGS[place % 6],
            "section_impression": IMPRESSIONS[place % 6],
            "patient_id": f"p{place // 3}",
            "context": f"Indication: cough number{place}. Comparison: None.",
        }
        for place in range(count)
    }


def predicted(texts: Mapping[str, str], references: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return a model's file as the board has it: its references with `model_prediction`."""
    held = references or board(len(texts))
    return {name: {**held[name], "model_prediction": text} for name, text in texts.items()}


def written(references: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return each reference as one text, as a perfect model would write it."""
    return {
        name: f"Findings: {fields['section_findings']} Impression: {fields['section_impression']}"
        for name, fields in references.items()
    }


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def write_rows(path: Path, rows: list[Mapping[str, Any]]) -> Path:
    """Write rows as JSONL or CSV, by the path's ending."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
