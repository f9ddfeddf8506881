"""The card of the embedded base model, and the note that states its digest and what it sees."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unirg_core.files import write_json, written_whole
from unirg_core.params import BASE_WORLD

_CARD = """# {name}

A **synthetic** vision-language model of {parameters} parameters in Qwen3-VL's architecture, in miniature. It has seen
drawn pictures only, never a patient, and is of no clinical use. It is the starting point of the embedded pipeline, as
Qwen3-VL is that of UniRG-CXR (arXiv 2601.17151).

## How it was made
`unirg base build` draws the phantom's neutral population (world {world}: {known} studies to learn from, {unseen} of
other patients to test on), trains the vision tower on findings with side and degree ({see} steps), freezes it, and
trains the language part ({speak} steps) to answer every short prompt with a caption of the most marked finding, as
"mild left pleural effusion.", and the prompt "each" with all findings in any order, present or not. No report and no
house style of any institution went into it. Weights are stored as float16 and trained as float32; torch {torch},
transformers {transformers}. On the same machine the command gives the same bytes.

- digest: `{digest}`
- license: Apache-2.0

## What it sees
A linear readout of its image tokens on the {unseen} test studies; faint ones count as absent.

| finding | AUC | side right |
|---|--:|--:|
{table}
"""


def write_card(folder: Path, plan: Any, measured: Mapping[str, Mapping[str, float]], known: int, unseen: int) -> None:
    """Write `README.md` and `unirg.json` into a model's folder.

    Parameters
    ----------
    plan
        The `base.Plan` that it was built by.
    measured
        AUC and side accuracy of each finding on the test studies.
    known, unseen
        Studies learnt from, and tested on.
    """
    import torch
    import transformers
    from safetensors import safe_open

    from unirg_core.models.loading import NOTE, TINY, digest

    with safe_open(folder / "model.safetensors", "pt") as weights:
        parameters = sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118 - not a mapping
    facts = {
        "name": TINY,
        "digest": digest(str(folder)),
        "parameters": parameters,
        "synthetic": True,
        "world": BASE_WORLD,
        "studies": {"known": known, "unseen": unseen},
        "plan": asdict(plan),
        "measures": {name: dict(values) for name, values in measured.items()},
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }
    write_json(folder / NOTE, facts)
    text = _CARD.format(
        **{**facts, "parameters": f"{parameters / 1e6:.1f} million", **facts["versions"]},
        known=known,
        unseen=unseen,
        see=plan.see.steps,
        speak=plan.speak.steps,
        table="\n".join(_line(name, values) for name, values in measured.items()),
    )
    with written_whole(folder / "README.md") as temporary:
        temporary.write_text(text)


def _line(name: str, values: Mapping[str, float]) -> str:
    side = f"{values['side_accuracy']:.2f}" if "side_accuracy" in values else "–"
    return f"| {name} | {values.get('auc', float('nan')):.3f} | {side} |"
