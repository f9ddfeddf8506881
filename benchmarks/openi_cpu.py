"""The whole way on real language: recipe `openi-cpu` on Open-i's reports with drawn pictures, and what is wished of it.

    python benchmarks/openi_cpu.py DROP [--home HOME]

DROP holds NLMCXR_reports.tgz and, where they are at hand, nlmcxr_dicom_metadata.csv.gz, r2gen_split_ids.json and
gold_labels_dev.csv (docs/openi-cpu.md). Runs in a fresh clone of the committed tree; with --home, a run that is done
there already is only evaluated again. Prints every system on the test ids, RL less SFT with its interval, as the recipe
writes (samples at its temperature) and greedily, and pass or fail of each wish, which is judged as the recipe writes;
writes benchmarks/results/openi-cpu.json. Exit code 0 where all are met, 1 where one is not, 2 where there is nothing to
judge: DROP is no folder, the run did not complete, or there is any other fault.

The wishes, fixed before the test ids were looked at:
1. SFT learns: its micro F1 of findings lies above zero, the constant report's, with its whole interval, and its ROUGE-L
   above the base model's.
2. RL raises the micro F1 of findings over SFT: the interval of the difference lies above zero.
3. No score of a family that is not rewarded is worse than SFT's: no interval of a difference lies below zero.
4. RL repeats itself no more than people do: its share of duplicate reports is at most the references' + 10 points.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from unirg_core.evaluate import predict, scoring  # noqa: E402
from unirg_core.evaluate.summary import summarise, text_figures  # noqa: E402
from unirg_core.faults import BadInput  # noqa: E402
from unirg_core.files import read_json, write_json  # noqa: E402
from unirg_core.models import dataset  # noqa: E402
from unirg_core.params import load  # noqa: E402
from unirg_core.scores import SCORES  # noqa: E402
from unirg_core.scores.truth import finding_counts, macro_f1, micro_f1  # noqa: E402

RESULT = "benchmarks/results/openi-cpu.json"
SPENT = "openi-cpu-seconds.json"
MICRO, MACRO = "truth_micro_f1", "truth_macro_f1"
MORE_DUPLICATES = 0.10
SYSTEMS = ("template", "base", "sft", "rl")


def main(drop: Path, home: Path) -> int:
    """Run the recipe, print its tables, and say by the exit code whether all wishes are met.

    Raises
    ------
    BadInput
        When the drop is no folder, or the run did not complete.
    """
    if not drop.is_dir():
        raise BadInput(f"{drop} is no folder; docs/openi-cpu.md says where the reports are from.")
    folder = _done(home)
    if folder is None:
        _run(drop, home)
        folder = _done(home)
    if folder is None:
        raise BadInput("The run did not complete; its own lines say why.")
    record = read_json(folder / "record.json")
    found = {
        "seconds": read_json(home / SPENT),
        "stages": {stage: told["seconds"] for stage, told in record["stages"].items()},
        "verdict": record["verdict"]["verdict"],
        "sampled": _figures(record["scores"], folder / "checkout"),
        "greedy": _figures(_greedy(folder / "checkout"), folder / "checkout"),
    }
    found["wishes"] = _wishes(found["sampled"])
    write_json(ROOT / RESULT, found)
    print("\n".join(_told(found)))
    return 0 if all(wish["met"] for wish in found["wishes"]) else 1


def _done(home: Path) -> Path | None:
    """Return the folder of the last run that completed."""
    records = [path for path in sorted(home.glob("runs/*/record.json")) if read_json(path)["state"] == "completed"]
    return records[-1].parent if records else None


def _run(drop: Path, home: Path) -> None:
    """Run the recipe in a clone of its own; keep its seconds, by the wall and of computing."""
    command = [sys.executable, "-m", "unirg_core", "retrain", "--recipe", "openi-cpu", "--path", str(drop.absolute())]
    command += ["--set", "ingest.policy=open-i-cc-by-nc-nd"]
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {**os.environ, "UNIRG_HOME": str(home), "PYTHONPATH": str(clone)}
        before, began = _computed(), time.perf_counter()
        subprocess.run(command, cwd=clone, env=environment, check=False)
        spent = {"wall": round(time.perf_counter() - began, 1), "computing": round(_computed() - before, 1)}
    write_json(home / SPENT, spent)


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _greedy(root: Path) -> dict[str, Any]:
    """Evaluate the same models once more, each writing its likeliest words."""
    params = load(root / "params.yaml")
    params = params.model_copy(update={"model": params.model.model_copy(update={"temperature": 0.0})})
    asked, _ = predict.systems(params, root, read_json(root / "inputs.json"))
    rows = predict.studies(params, root)
    texts = predict.predictions(params, root, rows, asked)
    scores = {name: SCORES[name] for name in params.evaluate.scores}
    return summarise(params, scoring.score(rows, texts, scores, scoring.truth_of(root, rows)[0]), texts)


def _figures(evaluation: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return what an evaluation holds of all test ids, beside what the references themselves come to."""
    rows = {(row["system"], row["score"]): row for row in evaluation["scores"] if row["subset"] == "all"}
    against = {r["score"]: r for r in evaluation["differences"] if r["subset"] == "all" and r["against"] == "sft"}
    tested = dataset.rows(root, "test")
    texts = [dataset.reference(row) for row in tested]
    sums = finding_counts(texts, scoring.truth_of(root, tested)[0]).sum(axis=0)
    own = {MICRO: float(micro_f1(sums)), MACRO: float(macro_f1(sums)), **text_figures(texts)}
    roles = evaluation["roles"].items()
    return {
        "studies": len(tested),
        "scores": {f"{system} {score}": _interval(row) for (system, score), row in rows.items()},
        "rl_less_sft": {score: _interval(row) for score, row in against.items()},
        "findings": [r for r in evaluation["findings"] if r["subset"] == "all" and r["system"] in ("sft", "rl")],
        "reports": {row["system"]: row for row in evaluation["reports"] if row["subset"] == "all"},
        "references": own,
        "held_out": [name for name, role in roles if role["held_out"] and not name.startswith("truth")],
    }


def _interval(row: Mapping[str, Any]) -> list[float | None]:
    return [row["value"], row["low"], row["high"]]


def _wishes(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    scores, less, out = found["scores"], found["rl_less_sft"], found["held_out"]
    most = found["references"]["duplicate_share"] + MORE_DUPLICATES
    learnt = scores[f"sft {MICRO}"][1] > 0 and scores["sft rouge_l"][0] > scores["base rouge_l"][0]
    return [
        {"wish": "SFT learns", "met": learnt},
        {"wish": "RL raises micro F1 of findings over SFT", "met": less[MICRO][1] > 0},
        {"wish": f"held out ({', '.join(out)}): not worse", "met": all(less[name][2] >= 0 for name in out)},
        {
            "wish": f"RL's duplicate share is at most {most:.3f}",
            "met": found["reports"]["rl"]["duplicate_share"] <= most,
        },
    ]


def _told(found: Mapping[str, Any]) -> list[str]:
    spent = found["seconds"]
    lines = [*_table("as the recipe writes, samples", found["sampled"]), ""]
    lines += [*_table("the same models, their likeliest words", found["greedy"]), ""]
    lines += [f"{stage}: {seconds} s" for stage, seconds in found["stages"].items()]
    lines += [f"the whole: {spent['wall']} s by the wall, {spent['computing']} s computing"]
    lines += [f"gate: {found['verdict']}"]
    return lines + [f"{'pass' if wish['met'] else 'FAIL'}  {wish['wish']}" for wish in found["wishes"]]


def _table(title: str, found: Mapping[str, Any]) -> list[str]:
    lines = [f"{title}: {found['studies']} test studies, value [95 % interval]"]
    lines.append(f"{'':20}" + "".join(f"{name:>24}" for name in (*SYSTEMS, "RL less SFT")))
    for name, less in found["rl_less_sft"].items():
        cells = [_cell(found["scores"].get(f"{system} {name}")) for system in SYSTEMS] + [_cell(less, "+")]
        lines.append(f"{name:20}" + "".join(f"{cell:>24}" for cell in cells))
    own = found["references"]
    for system, row in {**found["reports"], "references": own}.items():
        lines.append(f"{system:20} duplicate share {row['duplicate_share']:.3f}, {row['mean_words']:.1f} words")
    lines.append(f"the references themselves: micro F1 {own[MICRO]:.3f}, macro F1 {own[MACRO]:.3f}")
    for row in found["findings"]:
        value = "-" if row["value"] is None else f"{row['value']:.2f}"
        lines.append(f"{row['system']:4} {row['finding']:17} F1 {value}  TP {row['tp']} FP {row['fp']} FN {row['fn']}")
    return lines


def _cell(interval: list[float | None] | None, sign: str = "") -> str:
    if interval is None or interval[0] is None:
        return "-"
    value, low, high = interval
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drop", type=Path, help="folder with Open-i's reports")
    parser.add_argument("--home", type=Path, help="where the run's state is kept; default: a temporary folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        end("openi-cpu", lambda: main(asked.drop, asked.home.absolute() if asked.home else Path(temporary)))
