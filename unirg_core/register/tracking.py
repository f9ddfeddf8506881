"""What a run shows in MLflow: its parameters, datasets, curves, scores and figures."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unirg_core.audit import record as records
from unirg_core.files import written_whole
from unirg_core.home import home
from unirg_core.progress import METRICS
from unirg_core.register import client, served
from unirg_core.runs.run import Run

_MOST_PARAMS, _LONGEST_PARAM = 100, 6000  # MLflow's own limits a batch and a value


def open_run(run: Run) -> str:
    """Return the id of the run's page in MLflow; the first call makes it, with parameters and tags."""
    known = run.record.get("mlflow_run")
    if known:
        return known
    store = client()
    made = store.create_run(_experiment(store), run_name=run.id, tags=_tags(run))
    from mlflow.entities import Param

    flat = [Param(name, text[:_LONGEST_PARAM]) for name, text in _flat(run.record["params"]["resolved"])]
    for start in range(0, len(flat), _MOST_PARAMS):
        store.log_batch(made.info.run_id, params=flat[start : start + _MOST_PARAMS])
    records.change(run.folder, mlflow_run=made.info.run_id)
    return made.info.run_id


def _experiment(store: Any) -> str:
    """Return the id of the project's experiment; two first runs at once both make it, and one of them comes late."""
    from mlflow.exceptions import MlflowException

    name = "unirg"
    if found := store.get_experiment_by_name(name):
        return found.experiment_id
    try:
        return store.create_experiment(name, None if served() else str(home() / "mlflow-artifacts"))
    except MlflowException as fault:
        if fault.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return store.get_experiment_by_name(name).experiment_id


def _tags(run: Run) -> dict[str, str]:
    record = run.record
    return {
        "unirg.run": run.id,
        "unirg.key": record["key"],
        "unirg.commit": record["code"]["commit"],
        "unirg.dirty": str(record["code"]["dirty"]),
        "unirg.trigger": record["trigger"]["kind"],
        "unirg.source": run.params.ingest.kind,
    }


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", json.dumps(value)


class Curves:
    """Hand the lines that stages append to `metrics.jsonl` on to MLflow, in batches, from where the last one ended."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._path = run.folder / METRICS
        self._mark = run.folder / "metrics.mark"

    def flush(self) -> None:
        """Write what has come since the last call."""
        lines, end = self._fresh()
        if not lines:
            return
        from mlflow.entities import Metric

        metrics = [
            Metric(f"{line['stage']}/{name}", value, int(line["time"] * 1000), line["step"])
            for line in lines
            for name, value in line["figures"].items()
        ]
        store, page = client(), open_run(self.run)
        for start in range(0, len(metrics), 1000):
            store.log_batch(page, metrics=metrics[start : start + 1000])
        with written_whole(self._mark) as temporary:
            temporary.write_text(str(end))

    def _fresh(self) -> tuple[list[dict[str, Any]], int]:
        start = int(self._mark.read_text() or 0) if self._mark.exists() else 0  # MLflow keeps a point once
        if not self._path.exists():
            return [], start
        with self._path.open("rb") as stream:
            stream.seek(start)
            block = stream.read()
        whole = block[: block.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], start + len(whole)


def log_figures(run: Run, stage: str) -> None:
    """Write the pictures that a stage has drawn to the run's MLflow page."""
    figures = sorted((run.folder / "figures").glob(f"{stage}_*.png"))
    if figures:
        store, page = client(), open_run(run)
        for path in figures:
            store.log_artifact(page, str(path), "figures")


def log_results(run: Run) -> None:
    """Write the evaluation's figures, the dataset and the run's pictures and files to its MLflow page."""
    from mlflow.entities import Metric

    store, page = client(), open_run(run)
    stamp = _milliseconds()
    metrics = [Metric(name, value, stamp, 0) for name, value in _scores(run.checkout / "reports/evaluation.json")]
    for start in range(0, len(metrics), 1000):
        store.log_batch(page, metrics=metrics[start : start + 1000])
    _log_dataset(store, page, run)
    for path in _shown(run):
        store.log_artifact(page, str(path), "figures" if path.suffix == ".png" else "reports")


def _milliseconds() -> int:
    import time

    return int(time.time() * 1000)


def _scores(path: Path) -> Iterator[tuple[str, float]]:
    """Yield `system/subset/score` and its value for every figure of the evaluation."""
    for row in json.loads(path.read_text())["scores"]:
        if row["value"] is not None:
            yield f"{row['system']}/{row['subset']}/{row['score']}", row["value"]


def _log_dataset(store: Any, page: str, run: Run) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    data = run.record["data"]
    source = json.dumps({"commit": data["commit"], "branch": run.branch, "path": "data"})
    profile = json.dumps({"studies": data["studies"], "patients": data["patients"]})
    dataset = Dataset("studies", data["digest"][:36], "dvc", source, profile=profile)
    store.log_inputs(page, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])


def _shown(run: Run) -> list[Path]:
    """Return the files worth a look: figures, trajectories, verdict and evaluation; never studies or report text."""
    figures = sorted(run.folder.glob("*.png")) + sorted((run.folder / "figures").glob("*.png"))
    reports = [run.checkout / "reports" / name for name in ("evaluation.json", "verdict.json", "sft.json", "rl.json")]
    return [path for path in [*figures, *reports] if path.exists()]


def close_run(run: Run, state: str) -> None:
    """End the run's MLflow page, if it has one."""
    page = run.record.get("mlflow_run")
    if page:
        client().set_terminated(page, "FINISHED" if state == records.COMPLETED else "FAILED")
