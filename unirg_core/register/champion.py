"""The champion of a registered model: the version that the alias `champion` stands at."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unirg_core.faults import BadInput
from unirg_core.files import folder_written_whole, read_json, tree_digest
from unirg_core.home import home
from unirg_core.register import client, store_exists

if TYPE_CHECKING:
    from unirg_core.params import Params

ALIAS = "champion"


def pinned(name: str) -> dict[str, Any] | None:
    """Return version, digest and folder (below UNIRG_HOME) of the champion, its files copied there; None without one.

    `dataset` is what it was trained on: digest and manifest (below UNIRG_HOME), or None where its run's record is gone.

    Raises
    ------
    BadInput
        When the registered files are not those that were registered.
    """
    if not store_exists():
        return None
    version = _version(name)
    if version is None:
        return None
    digest = version.tags["checkpoint_digest"]
    folder = Path("champions") / digest[:20]
    if not (home() / folder).exists():
        _fetch(name, version.version, digest, home() / folder)
    return {
        "name": name,
        "version": str(version.version),
        "digest": digest,
        "path": folder.as_posix(),
        "dataset": _dataset(version.tags.get("unirg.run", "")),
    }


def _dataset(run_id: str) -> dict[str, Any] | None:
    record = home() / "runs" / run_id / "record.json"
    data = read_json(record).get("data") if record.is_file() else None
    return {name: data.get(name) for name in ("digest", "manifest")} if data else None


def _version(name: str) -> Any | None:
    from mlflow.exceptions import MlflowException

    try:
        return client().get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):  # no model, or no such alias
            return None
        raise


def _fetch(name: str, version: str, digest: str, folder: Path) -> None:
    import mlflow

    from unirg_core.register import tracking_uri

    found = mlflow.artifacts.download_artifacts(
        artifact_uri=f"models:/{name}/{version}", tracking_uri=tracking_uri(), registry_uri=tracking_uri()
    )
    checkpoint = Path(found) / "artifacts" / "rl"  # MLflow keeps the name of the folder that was logged
    if tree_digest(checkpoint) != digest:
        raise BadInput(
            f"The files of {name} version {version} are not those that were registered; restore {checkpoint}."
        )
    with folder_written_whole(folder) as temporary:
        shutil.copytree(checkpoint, temporary, dirs_exist_ok=True)


def there(name: str) -> bool:
    """Tell whether a registered model has a champion, without fetching its files."""
    return store_exists() and _version(name) is not None


def absent(name: str) -> str:
    """Return the sentence for whoever asks for a champion that is not there."""
    return (
        f"model.base = champion, but {name} has no champion yet; name a model, as microsoft/UniRG-CXR, or set "
        "register.name to a line that has one."
    )


def as_base(params: "Params") -> "Params":
    """Return parameters whose base model is the champion's folder, where `model.base` asks for the champion.

    Raises
    ------
    BadInput
        When there is no champion yet.
    """
    if params.model.base != ALIAS:
        return params
    found = pinned(params.model_name)
    if found is None:
        raise BadInput(absent(params.model_name))
    model = params.model.model_copy(update={"base": str(home() / found["path"])})
    return params.model_copy(update={"model": model})
