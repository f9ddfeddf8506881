"""The whole way on real language: recipe `openi-cpu` on Open-i's reports with drawn pictures, and what is wished of it.

    python benchmarks/openi_cpu.py [DROP] [--home HOME]

DROP holds NLMCXR_reports.tgz and, where they are at hand, nlmcxr_dicom_metadata.csv.gz, r2gen_split_ids.json and
gold_labels_dev.csv (docs/openi-cpu.md). Runs in a fresh clone of the committed tree; with --home, a run that is done
there already is only printed again. Prints every system on the test ids, RL less SFT with its interval, and pass or
fail of each wish; writes benchmarks/results/openi-cpu.json. Exit code 0 where all are met, 1 where one is not.

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

from unirg_core.evaluate.summary import text_figures  # noqa: E402
from unirg_core.files import read_json, write_json  # noqa: E402
from unirg_core.models import dataset  # noqa: E402

DROP = ROOT / "../shared/data/iu_xray"
RESULT = "benchmarks/results/openi-cpu.json"
MICRO, MACRO, SIDE = "truth_micro_f1", "truth_macro_f1", "truth_side_micro_f1"
MORE_DUPLICATES = 0.10
SYSTEMS = ("template", "base", "sft", "rl")


def main(drop: Path, home: Path) -> int:
    """Run the recipe, print its table, and say by the exit code whether all wishes are met."""
    folder = _done(home)
    spent = None
    if folder is None:
        spent = _run(drop, home)
        folder = _done(home)
    if folder is None:
        raise SystemExit("openi-cpu: the run did not complete; its own lines say why")
    found = _figures(folder, spent)
    if spent:
        write_json(ROOT / RESULT, found)
    print("\n".join(_told(found)))
    return 0 if all(wish["met"] for wish in found["wishes"]) else 1


def _done(home: Path) -> Path | None:
    """Return the folder of the last run that completed."""
    records = [path for path in sorted(home.glob("runs/*/record.json")) if read_json(path)["state"] == "completed"]
    return records[-1].parent if records else None


def _run(drop: Path, home: Path) -> dict[str, float]:
    """Run the recipe in a clone of its own and return its seconds: by the wall, and of computing."""
    command = [sys.executable, "-m", "unirg_core", "retrain", "--recipe", "openi-cpu", "--path", str(drop.absolute())]
    command += ["--set", "ingest.policy=open-i-cc-by-nc-nd"]
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {**os.environ, "UNIRG_HOME": str(home), "PYTHONPATH": str(clone)}
        before, began = _computed(), time.perf_counter()
        subprocess.run(command, cwd=clone, env=environment, check=False)
        return {"wall": round(time.perf_counter() - began, 1), "computing": round(_computed() - before, 1)}


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _figures(folder: Path, spent: Mapping[str, float] | None) -> dict[str, Any]:
    """Return what the record of a run holds of the test ids, and which wishes are met."""
    record = read_json(folder / "record.json")
    scores = record["scores"]
    rows = {(row["system"], row["score"]): row for row in scores["scores"] if row["subset"] == "all"}
    against = {row["score"]: row for row in scores["differences"] if row["subset"] == "all" and row["against"] == "sft"}
    texts = {row["system"]: row for row in scores["reports"] if row["subset"] == "all"}
    tested = dataset.rows(folder / "checkout", "test")
    texts["references"] = text_figures([dataset.reference(row) for row in tested])
    out = [name for name, role in scores["roles"].items() if role["held_out"] and not name.startswith("truth")]
    return {
        "studies": len(tested),
        "seconds": spent,
        "stages": {stage: told["seconds"] for stage, told in record["stages"].items()},
        "scores": {f"{system} {score}": _interval(row) for (system, score), row in rows.items()},
        "rl_less_sft": {score: _interval(row) for score, row in against.items()},
        "findings": [row for row in scores["findings"] if row["subset"] == "all" and row["system"] in ("sft", "rl")],
        "reports": texts,
        "held_out": out,
        "verdict": record["verdict"]["verdict"],
        "wishes": _wishes(rows, against, texts, out),
    }


def _interval(row: Mapping[str, Any]) -> list[float | None]:
    return [row["value"], row["low"], row["high"]]


def _wishes(rows: Mapping, against: Mapping, texts: Mapping, out: list[str]) -> list[dict[str, Any]]:
    learnt = rows["sft", MICRO]["low"] > 0 and rows["sft", "rouge_l"]["value"] > rows["base", "rouge_l"]["value"]
    most = texts["references"]["duplicate_share"] + MORE_DUPLICATES
    return [
        {"wish": "SFT learns", "met": learnt},
        {"wish": "RL raises micro F1 of findings over SFT", "met": against[MICRO]["low"] > 0},
        {"wish": f"held out ({', '.join(out)}): not worse", "met": all(against[name]["high"] >= 0 for name in out)},
        {"wish": f"RL's duplicate share is at most {most:.3f}", "met": texts["rl"]["duplicate_share"] <= most},
    ]


def _told(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{found['studies']} test studies; drawn pictures, real reports; value [95 % interval]"]
    names = list(dict.fromkeys(name.split(" ", 1)[1] for name in found["scores"]))
    lines.append(f"{'':22}" + "".join(f"{system:>24}" for system in SYSTEMS) + f"{'RL less SFT':>28}")
    for name in names:
        cells = [_cell(found["scores"].get(f"{system} {name}")) for system in SYSTEMS]
        lines.append(
            f"{name:22}" + "".join(f"{cell:>24}" for cell in cells) + f"{_cell(found['rl_less_sft'][name], '+'):>28}"
        )
    for system, row in found["reports"].items():
        lines.append(f"{system:22} duplicate share {row['duplicate_share']:.3f}, {row['mean_words']:.1f} words")
    for row in found["findings"]:
        value = "-" if row["value"] is None else f"{row['value']:.2f}"
        lines.append(f"{row['system']:4} {row['finding']:17} F1 {value}  TP {row['tp']} FP {row['fp']} FN {row['fn']}")
    lines += [f"{stage}: {seconds} s" for stage, seconds in found["stages"].items()]
    if found["seconds"]:
        lines.append(
            f"the whole: {found['seconds']['wall']} s by the wall, {found['seconds']['computing']} s computing"
        )
    lines.append(f"gate: {found['verdict']}")
    return lines + [f"{'pass' if wish['met'] else 'FAIL'}  {wish['wish']}" for wish in found["wishes"]]


def _cell(interval: list[float | None] | None, sign: str = "") -> str:
    if interval is None or interval[0] is None:
        return "-"
    value, low, high = interval
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drop", type=Path, nargs="?", default=DROP, help="folder with Open-i's reports")
    parser.add_argument("--home", type=Path, help="where the run's state is kept; default: a temporary folder")
    asked = parser.parse_args()
    if not asked.drop.is_dir():
        sys.exit(f"openi-cpu: {asked.drop} is no folder; docs/openi-cpu.md says where the reports are from")
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(asked.drop, asked.home.absolute() if asked.home else Path(temporary)))
