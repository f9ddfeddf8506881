"""What the language part of the embedded base is taught to say: captions, and answers finding by finding.

A caption names what strikes most, as captions do: to report all that is there is what fine-tuning is for. Captions
alone taught the model to recite findings in one order. Asked for each finding in an order of its own, present or not,
it learns to look at the picture for the finding that it is about to name, and that is what any house's report needs.
Neither is anybody's style.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

EACH = "each"
"""The prompt that asks for every finding, one after the other."""


def texts(studies: Sequence[Any], seed: int) -> list[tuple[str, str]]:
    """Return (prompt, answer) pairs: a caption of each study, then the findings of each in an order of its own."""
    rng = np.random.default_rng(seed)
    captions = [(_prompt(place), caption(study)) for place, study in enumerate(studies)]
    return captions + [(EACH, each(study, rng)) for study in studies]


def _prompt(place: int) -> str:
    """Return the short prompts in turn: a caption answers each of them."""
    from unirg_core.models.prompts import prompt

    return prompt({}, "short", ("both", "findings", "impression")[place % 3])


def caption(study: Any) -> str:
    """Return the most marked finding of a study: "severe left pneumothorax.", or "no abnormality."."""
    from dataclasses import replace

    from unirg_core.ingest.phantom import neutral_caption

    most = sorted(study.findings, key=lambda finding: finding.degree)[-1:]
    return neutral_caption(replace(study, findings=tuple(most)))


def each(study: Any, rng: np.random.Generator) -> str:
    """Return all findings of a study in random order: "no edema. mild left pneumothorax. no cardiomegaly. ..."."""
    from dataclasses import replace

    from unirg_core.ingest.phantom import FINDINGS, neutral_caption

    there = {f.label: neutral_caption(replace(study, findings=(f,))) for f in study.findings}
    order = [FINDINGS[k] for k in rng.permutation(len(FINDINGS))]
    return " ".join(there.get(label, f"no {label.lower()}.") for label in order)
