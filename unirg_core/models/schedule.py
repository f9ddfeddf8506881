"""Steps and learning rates of one phase of pretraining."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Steps, batch and peak learning rate of one phase; warm-up over a twentieth, then a cosine to zero."""

    steps: int
    batch: int
    rate: float

    def at(self, step: int) -> float:
        """Return the learning rate of a step."""
        warm = max(self.steps // 20, 1)
        return self.rate * min((step + 1) / warm, 0.5 * (1 + math.cos(math.pi * step / self.steps)))
