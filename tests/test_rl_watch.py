"""What each step tells, by readable names; and the bar that Prefect shows of it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fixtures_training import quick, root_with_sft

from unirg_core.audit import record as records
from unirg_core.files import read_json, read_lines, write_json
from unirg_core.progress import Progress
from unirg_core.rl import rl
from unirg_core.runs.finish import ended
from unirg_core.runs.run import Run

EACH_STEP = {
    "loss",
    "reward",
    "rewards/rouge_l/mean",
    "rewards/rouge_l/std",
    "rewards/rouge_l/zero_spread",
    "entropy",
    "clip_ratio/low_mean",
    "clip_ratio/high_mean",
    "completions/mean_length",
    "reports/truncated_share",
    "reports/zero_spread_share",
    "reports/distinct_share",
    "reports/template_share",
    "tokens_per_second",
    "seconds/step",
    "seconds/rewards",
    "grad_norm",
    "learning_rate",
}
"""What issue and docs promise of every step of RL; `kl` besides where beta is above zero, as in step 2."""


def test_each_step_tells_all_that_is_promised_and_the_report_no_time(
    tmp_path_factory: pytest.TempPathFactory, run: Path
) -> None:
    root = root_with_sft(tmp_path_factory.mktemp("watch"))
    rl(quick(root, {"rl": {"step2": {"reward": {"rouge_l": 1.0}}}}), root)
    lines = read_lines(run / "metrics.jsonl")
    assert [line["step"] for line in lines] == list(range(1, 8))
    for line in lines:
        assert set(line["figures"]) >= EACH_STEP
        assert ("kl" in line["figures"]) == (line["phase"] == "step2")
        assert 0 < line["figures"]["seconds/rewards"] < line["figures"]["seconds/step"]
        assert line["figures"]["reports/zero_spread_share"] == line["figures"]["frac_reward_zero_std"]
    told = (root / "reports" / "rl.json").read_text()
    assert "seconds" not in told and "tokens_per_second" not in told and "reports/" not in told


@pytest.fixture
def failed(tmp_path: Path) -> Run:
    """Return a run that ends, before its record does."""
    run = Run("20260101-000000-abc", tmp_path / "one")
    records.write(run.folder, {"state": "running", "times": {"started": "t"}})
    return run


def test_a_collapse_stands_in_the_record_without_a_word_of_a_report(failed: Run) -> None:
    evidence = {"reason": "entropy", "step": 7, "examples": [{"completion": "secret words"}]}
    write_json(failed.folder / "collapse.json", evidence)
    records.write(failed.folder, ended(failed, records.FAILED, "collapsed: at step 7"))
    assert failed.record["collapse"] == {"reason": "entropy", "step": 7}
    assert failed.record["error"].startswith("collapsed")
    assert "secret" not in (failed.folder / "record.json").read_text()
    assert read_json(failed.folder / "collapse.json")["examples"]


def test_without_a_collapse_the_record_has_no_such_field(failed: Run) -> None:
    records.write(failed.folder, ended(failed, records.COMPLETED))
    assert "collapse" not in failed.record


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        ("[rl] 12/100 steps (12 %)  0.5/s  2:00 left", 12.0),
        ("[rl] 100/100 steps (100 %)", 100.0),
        ("[sft] 12/100 steps (12 %)", None),  # another stage's
        ("[rl] step1: 75 steps of 16 prompts", None),
        ("12/100 steps (12 %)", None),
        ("", None),
    ],
)
def test_the_bar_moves_with_the_lines_of_its_stage(
    line: str, percent: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import live

    made: list[tuple[float, str]] = []
    monkeypatch.setattr(live, "create_progress_artifact", lambda p, key, said: made.append((p, said)) or key)
    live.Bar(SimpleNamespace(id="run-1"), "rl").heard(line)
    assert [p for p, _ in made] == ([] if percent is None else [percent])
    assert all(said.startswith("run run-1: ") and "[rl]" not in said for _, said in made)


@pytest.mark.parametrize(
    ("total", "unit"), [(1, "steps"), (999, "studies"), (1000, "studies"), (2417, "files read"), (1_250_000, "pages")]
)
def test_the_bar_moves_with_what_a_stage_of_any_length_prints(
    total: int, unit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from tasks import live

    made: list[float] = []
    monkeypatch.setattr(live, "create_progress_artifact", lambda p, key, said: made.append(p) or key)
    monkeypatch.setattr(live, "update_progress_artifact", lambda key, p, said: made.append(p))
    progress, bar = Progress("ingest", total, unit), live.Bar(SimpleNamespace(id="run-1"), "ingest")
    progress.step(total // 2)
    progress.step(total - total // 2)
    for line in capsys.readouterr().out.splitlines():
        bar.heard(line)
    assert made == [round(100 * (total // 2) / total, 1), 100.0]


@pytest.mark.parametrize(("kind", "told"), [("phantom", True), ("openi-drawn", False), ("folder", False)])
def test_report_text_reaches_prefect_only_where_it_is_drawn(
    run: Path, monkeypatch: pytest.MonkeyPatch, kind: str, told: bool
) -> None:
    from tasks import live
    from unirg_core.training.completions import Batch, Kept

    Kept("step1", 1, 1)(Batch(1, ["s1"], ["Findings: a reference."], ["a completion"], [2], {}, [0.5]))
    made: list[str] = []
    monkeypatch.setattr(live, "create_table_artifact", lambda rows, key, said: made.append(str(rows)))
    params = SimpleNamespace(ingest=SimpleNamespace(kind=kind))
    live.show_samples(SimpleNamespace(id="run-1", folder=run, params=params), "rl")
    (shown,) = made
    assert ("a completion" in shown, "Findings" in shown, "s1" in shown) == (told,) * 3
    live.show_samples(SimpleNamespace(id="run-1", folder=run, params=params), "sft")
    assert len(made) == 1
