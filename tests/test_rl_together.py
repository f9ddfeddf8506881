"""Two processes over gloo against one: what can be equal, and is.

SFT: the studies of every step, its loss and gradient. RL: the studies of every step, and, for equal completions, their
rewards, the loss and the gradient of a step. Sampled completions differ, because each process draws from a generator
of its own state; so nothing that follows from them can be equal. Sums are added in another order over two processes:
losses are equal to 1e-5 at the first step; later ones follow from Adam, which magnifies the last digit.
"""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fixtures_together import together
from fixtures_training import LORA, OUTPUTS, QUICK, digests, root_with_sft, training_root, without_outputs

from unirg_core import params
from unirg_core.files import read_json, read_lines

pytestmark = pytest.mark.slow
FORMS = {"full": {}, "lora": LORA}
ONE_STEP = {"rl": {"step2": None, "step1": {"beta": 0.02}}}
BATCH = QUICK["rl"]["step1"]["prompts"] * QUICK["rl"]["step1"]["rollouts"]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("together")
    return {"sft": training_root(folder / "sft"), "rl": root_with_sft(folder / "rl")}


def both(stage: str, root: Path, folder: Path, above: Mapping[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Run a stage in one process, and in two; return of each what its processes told, its report and its segments."""
    found = []
    for count in (1, 2):
        at = folder / str(count)
        at.mkdir()
        without_outputs(root, stage)
        told = together(count, stage, root, at, above, **options)
        segments = [line | {"began": None} for line in read_lines(at / "run" / "segments.jsonl")]
        found.append({"told": told, "report": read_json(root / OUTPUTS[stage][1]), "segments": segments})
    return found


def batches(told: Mapping[str, Any], size: int) -> list[list[str]]:
    """Return the batches that a process has read; a trainer also looks at single examples before it begins."""
    return [read for read in told["read"] if len(read) == size]


def read_by_step(told: list[dict[str, Any]], size: int, steps: int) -> list[list[str]]:
    """Return the studies that each step has read over all processes, sorted."""
    every = [batches(one, size // len(told)) for one in told]
    return [sorted(chain.from_iterable(mine[step] for mine in every)) for step in range(steps)]


def rewarded(told: list[dict[str, Any]], batch: int) -> list[Any]:
    """Return (score, study, text, reward) of each of the first `batch` completions over all processes, sorted."""
    found = []
    for one in told:
        for name in sorted({name for name, *_ in one["rewarded"]}):
            first = next(rest for score, *rest in one["rewarded"] if score == name)
            assert len(first[0]) == batch // len(told)
            found += [(name, *row) for row in zip(*first, strict=True)]
    return sorted(found)


def weights_are_equal(told: list[dict[str, Any]], phases: int) -> bool:
    """Tell whether every process has ended each phase with the same weights, to the bit."""
    assert all(len(one["weights"]) == phases for one in told)
    return len({tuple(one["weights"]) for one in told}) == 1


@pytest.mark.parametrize("form", FORMS)
def test_sft_takes_the_same_way_in_two_processes(roots: dict[str, Path], tmp_path: Path, form: str) -> None:
    alone, two = both("sft", roots["sft"], tmp_path, FORMS[form])
    size, steps = QUICK["sft"]["batch_size"], QUICK["sft"]["steps"]
    assert read_by_step(alone["told"], size, steps) == read_by_step(two["told"], size, steps)
    first, second = (batches(one, size // 2)[0] for one in two["told"])
    assert set(first).isdisjoint(second)
    assert alone["segments"] == two["segments"]
    assert alone["report"]["sft"]["samples"] == two["report"]["sft"]["samples"]
    ways = [found["report"]["sft"]["trajectory"] for found in (alone, two)]
    for figure in ("loss", "grad_norm"):
        assert ways[1][0][figure] == pytest.approx(ways[0][0][figure], rel=1e-5)
    assert [s["loss"] for s in ways[1]] == pytest.approx([s["loss"] for s in ways[0]], rel=1e-3)
    assert ways[1][-1]["loss"] < ways[1][0]["loss"]
    assert weights_are_equal(two["told"], 1)


@pytest.mark.parametrize("form", FORMS)
def test_rl_learns_the_same_from_the_same_completions(roots: dict[str, Path], tmp_path: Path, form: str) -> None:
    above = params.overlay(FORMS[form], ONE_STEP)
    alone, two = both("rl", roots["rl"], tmp_path, above, dictated=True)
    assert rewarded(alone["told"], BATCH) == rewarded(two["told"], BATCH)
    assert alone["segments"] == two["segments"]
    ways = [found["report"]["step1"]["trajectory"] for found in (alone, two)]
    assert abs(ways[0][0]["loss"]) > 1e-4 and ways[0][0]["grad_norm"] > 1e-4  # there is something to be equal
    for figure in ("reward", "reward_std", "loss", "grad_norm", "completions/mean_length"):
        assert ways[1][0][figure] == pytest.approx(ways[0][0][figure], rel=1e-5), figure
    told = [read_lines(tmp_path / name / "run" / "metrics.jsonl")[0]["figures"] for name in ("1", "2")]
    shares = [(one["reports/distinct_share"], one["reports/template_share"]) for one in told]
    assert shares == [(0.5, 0.25), (1.0, 0.25)]  # counted within each process: two groups of the same four, or one
    assert [s["reward"] for s in ways[1]] == pytest.approx([s["reward"] for s in ways[0]], rel=1e-5)
    assert [s["grad_norm"] for s in ways[1]] == pytest.approx([s["grad_norm"] for s in ways[0]], rel=1e-2)
    assert weights_are_equal(two["told"], 1)


@pytest.mark.parametrize("form", FORMS)
def test_rl_that_samples_consumes_the_same_studies(roots: dict[str, Path], tmp_path: Path, form: str) -> None:
    alone, two = both("rl", roots["rl"], tmp_path, FORMS[form])
    steps = QUICK["rl"]["step1"]["steps"]
    assert read_by_step(alone["told"], BATCH, steps) == read_by_step(two["told"], BATCH, steps)
    assert alone["segments"] == two["segments"]
    assert [len(two["report"][phase]["trajectory"]) for phase in ("step1", "step2")] == [4, 3]
    assert abs(two["report"]["step2"]["trajectory"][0]["kl"]) < 1e-9
    asked = [[row[:2] for row in rewarded(found["told"], BATCH)] for found in (alone, two)]
    assert asked[0] == asked[1]  # (score, study) of each completion
    assert weights_are_equal(two["told"], 2)


def test_two_processes_leave_the_same_bytes_each_time(roots: dict[str, Path], tmp_path: Path) -> None:
    found = []
    for time in ("first", "again"):
        (tmp_path / time).mkdir()
        without_outputs(roots["rl"], "rl")
        together(2, "rl", roots["rl"], tmp_path / time, {})
        found.append(digests(roots["rl"], "rl"))
    assert found[0] == found[1]
