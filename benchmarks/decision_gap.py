"""What greedy reports leave on the table: F1 of a model's greedy reports against that of thresholds on its own samples.

    python benchmarks/decision_gap.py ARM_FOLDER [--studies 500] [--samples 16]

ARM_FOLDER is a trained arm of `unirg ablate` or of benchmarks/claim.py ($UNIRG_HOME/ablation/world-W/seed-S/ARM). For
each study the share of sampled reports (temperature 1) that state a finding estimates the chance that the model gives
it. Stating all findings from a threshold on is the best that any change of decision alone could give; what lies between
it and the greedy report is what RL can win without seeing better. A threshold is a number of the samples, so that no
two rows decide alike. Labels of the reports are compared, not the truth file: test studies of the held-out and of the
training institutions, and training studies, where the gap tells how much of it RL can learn from. Exit code 2 where the
folder is no trained arm, or a number is below 1.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from unirg_core.faults import BadInput
from unirg_core.models import dataset, generation, load
from unirg_core.models.longitudinal import question
from unirg_core.params import Params
from unirg_core.params import load as load_params
from unirg_core.scores.clinical import positive
from unirg_core.scores.labels import label_one
from unirg_core.study import LABELS

SHARES = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
BATCH = 128


def main(folder: Path, studies: int, samples: int) -> None:
    """Print, for each group of studies, precision, recall and F1 of the greedy reports and of each threshold.

    Raises
    ------
    BadInput
        When the folder is no trained arm, or a number is below 1.
    """
    import torch

    if min(studies, samples) < 1:
        raise BadInput(f"--studies {studies} --samples {samples} will not do; both begin at 1.")
    trained = _trained(folder)
    params = load_params(folder / "params.yaml")
    os.chdir(folder)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, processor = load(params.model, trained)
    model.eval()
    for name, rows in _groups(params, folder, studies):
        true = _stated([dataset.reference(row) for row in rows])
        greedy, counts = _decisions(model, processor, params, folder, rows, samples)
        print(f"{name}, {len(rows)} studies\n  {'greedy':14} {_figures(greedy, true)}")
        for least in _thresholds(samples):
            print(f"  {f'>= {least} of {samples}':14} {_figures(counts >= least, true)}", flush=True)


def _thresholds(samples: int) -> list[int]:
    """Return how many of the samples must state a finding: the whole numbers next to `SHARES`, each once."""
    return sorted({max(1, round(share * samples)) for share in SHARES})


def _trained(folder: Path) -> Path:
    """Return the arm's model: that of RL, or of SFT where RL was not run."""
    for stage in ("rl", "sft"):
        if (found := folder / "checkpoints" / stage).is_dir():
            return found
    raise BadInput(f"{folder} is no trained arm: it holds neither checkpoints/rl nor checkpoints/sft.")


def _groups(params: Params, root: Path, count: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    held_out = set(params.ingest.split.held_out)
    test, training = (sorted(dataset.rows(root, split), key=lambda row: row["study_id"]) for split in ("test", "train"))
    yield "held-out institution", [row for row in test if row["institution"] in held_out][:count]
    yield "test patients of the training institutions", [r for r in test if r["institution"] not in held_out][:count]
    yield "training studies", training[:count]


def _decisions(
    model: Any, processor: Any, params: Params, root: Path, rows: Sequence[dict[str, Any]], samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which labels the greedy reports state, bool [studies, labels], and how many samples do."""
    import torch

    likeliest = generation.greedy(model, processor, params.model.max_new_tokens)
    sampled = generation.greedy(model, processor, params.model.max_new_tokens)
    sampled.do_sample, sampled.top_k = True, 0
    found, counts = [], []
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            asked = [question(root, row, params.model) for row in rows[start : start + BATCH]]
            inputs = generation.encode(processor, [a.pictures for a in asked], [a.prompt for a in asked], params.model)

            def written(config: Any, inputs: Any = inputs) -> np.ndarray:
                tokens = model.generate(**inputs, generation_config=config)[:, inputs["input_ids"].shape[1] :]
                return _stated(processor.tokenizer.batch_decode(tokens, skip_special_tokens=True))

            found.append(written(likeliest))
            counts.append(np.sum([written(sampled) for _ in range(samples)], axis=0))
    return np.concatenate(found), np.concatenate(counts)


def _stated(texts: Sequence[str]) -> np.ndarray:
    """Return which labels each text states, bool [texts, labels]."""
    stated = np.zeros((len(texts), len(LABELS)), dtype=bool)
    for row, text in zip(stated, texts, strict=True):
        row[list(positive(label_one(text.strip())))] = True
    return stated


def _figures(said: np.ndarray, true: np.ndarray) -> str:
    right = int((said & true).sum())
    precision, recall = right / max(1, int(said.sum())), right / max(1, int(true.sum()))
    return f"micro F1 {2 * right / max(1, said.sum() + true.sum()):.3f}  P {precision:.3f}  R {recall:.3f}"


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a trained arm, $UNIRG_HOME/ablation/world-W/seed-S/ARM")
    parser.add_argument("--studies", type=int, default=500, help="at most so many a group; default: %(default)s")
    parser.add_argument("--samples", type=int, default=16, help="sampled reports a study; default: %(default)s")
    given = parser.parse_args()
    end("decision_gap", lambda: main(given.folder.resolve(), given.studies, given.samples))
