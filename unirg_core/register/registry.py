"""Registration: every completed run becomes a model version with its verdict."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unirg_core.audit import record as records
from unirg_core.files import tree_digest
from unirg_core.params import Model
from unirg_core.register import client, tracking_uri
from unirg_core.register.aliases import earned, move
from unirg_core.register.tracking import open_run
from unirg_core.runs.run import Run


def register(run: Run, verdict: Mapping[str, Any], approval: Mapping[str, Any]) -> dict[str, Any]:
    """Register the run's RL checkpoint and move the aliases that it has earned.

    Returns
    -------
    dict
        name, version, verdict, checkpoint digest, the alias moves and why one was withheld, as the record keeps them.
    """
    name = run.params.model_name
    digest = tree_digest(run.checkout / "checkpoints" / "rl")
    version = _existing(name, run) or _log(name, run)
    store = client()
    tags = {
        "verdict": verdict["verdict"],
        "checkpoint_digest": digest,
        "unirg.run": run.id,
        "approval": approval["decision"],
        "approved_by": approval["by"],
        "dataset": run.record["data"]["digest"],
    }
    for key, value in tags.items():
        store.set_model_version_tag(name, version, key, str(value))
    registered = {"name": name, "version": version, "verdict": verdict["verdict"], "checkpoint": digest}
    done = move(run, registered, earned(verdict, approval))
    if done["withheld"]:
        store.set_model_version_tag(name, version, "withheld", done["withheld"])
    return done


def _existing(name: str, run: Run) -> str | None:
    """Return the version that a killed attempt of this run has already made."""
    found = client().search_model_versions(f"name = '{name}' and tags.`unirg.run` = '{run.id}'")
    return str(found[0].version) if found else None


def _log(name: str, run: Run) -> str:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    mlflow.set_tracking_uri(tracking_uri())
    mlflow.set_registry_uri(tracking_uri())
    optional = [ColSpec(kind, column, required=False) for column, kind in _context_columns(DataType, run.params.model)]
    signature = ModelSignature(
        Schema([ColSpec(DataType.binary, "image"), *optional]), Schema([ColSpec(DataType.string)])
    )
    params = run.params
    with _quiet(run), mlflow.start_run(run_id=open_run(run)):
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("model_code.py")),
            artifacts={"checkpoint": str(run.checkout / "checkpoints" / "rl")},
            model_config={"model": params.model.model_dump(mode="json"), "image_size": params.ingest.image_size},
            pip_requirements=["unirg-pipeline", *_pins()],
            signature=signature,
            registered_model_name=name,
            tags={"unirg.run": run.id},
            metadata={"record": json.dumps({"run": run.id, "key": run.record["key"]})},
        )
    client().set_model_version_tag(name, str(logged.registered_model_version), "unirg.run", run.id)
    return str(logged.registered_model_version)


@contextlib.contextmanager
def _quiet(run: Run) -> Iterator[None]:
    """Send MLflow's hints and its own announcements to the run's log: the task says what was registered."""
    with (run.folder / "log.txt").open("a") as log, contextlib.redirect_stderr(log):
        yield


def _context_columns(kinds: Any, model: Model) -> list[tuple[str, Any]]:
    """Return the optional columns; those of a prior only where the model was trained to look at one."""
    known = [("indication", kinds.string), ("comparison", kinds.string), ("sex", kinds.string), ("age", kinds.long)]
    prior = [("prior_report", kinds.string), ("prior_image", kinds.binary)]
    return known + prior[: {"none": 0, "report": 1, "image_and_report": 2}[model.prior]]


def _pins() -> list[str]:
    packages = records.environment()["packages"]
    return [f"{name}=={packages[name].split('+')[0]}" for name in ("torch", "transformers", "mlflow", "pydicom")]
