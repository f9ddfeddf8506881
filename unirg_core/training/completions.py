"""What an RL step has sampled: its figures, and the files in the run's folder that keep it now and then.

The files hold report text as de-identified as the data is. They stay in the run's folder under `$UNIRG_HOME`: no output
of a stage, not in git, not in MLflow.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.files import written_whole
from unirg_core.home import run_folder

FOLDER = "completions"
DISTINCT, TEMPLATE, EMPTY, WORDS = (
    f"reports/{name}" for name in ("distinct_share", "template_share", "empty_share", "mean_words")
)


@dataclass(frozen=True)
class Batch:
    """The completions that one step learns from, group after group.

    Attributes
    ----------
    step
        The optimiser step, from 1.
    rewards
        Component -> value a completion.
    total
        The weighted reward of each.
    rank
        The process that has sampled them.
    """

    step: int
    studies: Sequence[str]
    references: Sequence[str]
    completions: Sequence[str]
    tokens: Sequence[int]
    rewards: Mapping[str, Sequence[float]]
    total: Sequence[float]
    rank: int = 0


def figures(batch: Batch) -> dict[str, float]:
    """Return shares of the completions: distinct texts, the commonest text (the template), empty ones; mean words."""
    texts, count = batch.completions, len(batch.completions)
    return {
        DISTINCT: len(set(texts)) / count,
        TEMPLATE: Counter(texts).most_common(1)[0][1] / count,
        EMPTY: sum(not text for text in texts) / count,
        WORDS: sum(len(text.split()) for text in texts) / count,
    }


def examples(batch: Batch, most: int = 3) -> list[dict[str, Any]]:
    """Return the commonest texts with their share and a reference that one of them answered."""
    first = {text: batch.references[place] for place, text in reversed(list(enumerate(batch.completions)))}
    common = Counter(batch.completions).most_common(most)
    return [{"completion": t, "share": n / len(batch.completions), "reference": first[t]} for t, n in common]


class Kept:
    """Take each step's batch: keep the first one's, every `every`-th one's and the last one's in a file.

    The last planned step is kept at once: a process that goes on from its checkpoint has no batch left to keep. Where
    training ends earlier, `end` keeps the step that was the last; no checkpoint stands behind it, so that a process
    that takes over samples it again.

    Attributes
    ----------
    last
        The batch of the step that is under way.
    """

    def __init__(self, phase: str, steps: int, every: int) -> None:
        self.phase, self.steps, self.every = phase, steps, every
        self.last: Batch | None = None

    def __call__(self, batch: Batch) -> dict[str, float]:
        """Take a batch and return its figures."""
        self.last = batch
        if batch.step in (1, self.steps) or (self.every and batch.step % self.every == 0):
            self._keep(batch)
        return figures(batch)

    def end(self) -> None:
        """Keep the batch of the step that was the last one done."""
        if self.last is not None:
            self._keep(self.last)

    def _keep(self, batch: Batch) -> None:
        if self.every:
            write(run_folder() / FOLDER / name(self.phase, batch), batch)


def name(phase: str, batch: Batch) -> str:
    """Return the file's name; further processes of one training get their own."""
    return f"{phase}-{batch.step:05d}{f'-process{batch.rank}' if batch.rank else ''}.parquet"


def write(path: Path, batch: Batch) -> None:
    """Write a batch as Parquet, whole: one row a completion."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "step": pa.array([batch.step] * len(batch.studies), pa.int32()),
            "study_id": list(batch.studies),
            "reference": list(batch.references),
            "completion": list(batch.completions),
            "tokens": pa.array(batch.tokens, pa.int32()),
            "reward": pa.array(batch.total, pa.float32()),
            **{f"reward/{name}": pa.array(values, pa.float32()) for name, values in batch.rewards.items()},
        }
    )
    with written_whole(path) as temporary:
        pq.write_table(table, temporary)


def sampled(folder: Path, *, texts: bool, studies: int = 4) -> list[dict[str, Any]]:
    """Return what a person is shown of the files in a run's folder, a row each.

    Parameters
    ----------
    texts
        False: counts of each file alone, for reports that are not drawn. True: of each file's first studies the
        reference and the completion that earned most.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for path in sorted((folder / FOLDER).glob("*.parquet")):
        phase, frame = path.stem.split("-")[0], pd.read_parquet(path).astype({"reward": float})
        if texts:
            best = frame.sort_values("reward", ascending=False, kind="stable").drop_duplicates("study_id")
            shown = best.loc[best["study_id"].isin(frame["study_id"].drop_duplicates()[:studies])].sort_index()
            columns = ["step", "study_id", "reference", "completion", "reward"]
            rows += [{"phase": phase, **row} for row in shown[columns].round({"reward": 3}).to_dict("records")]
        else:
            rows.append(_counts(phase, frame))
    return rows


def _counts(phase: str, frame: Any) -> dict[str, Any]:
    return {
        "phase": phase,
        "step": int(frame["step"].iloc[0]),
        "completions": len(frame),
        "distinct": int(frame["completion"].nunique()),
        "mean tokens": round(float(frame["tokens"].mean()), 1),
        "mean reward": round(float(frame["reward"].mean()), 3),
    }
