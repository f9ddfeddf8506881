"""The settings of the scorer service, and weights by local path and SHA-256: nothing unpinned is ever loaded."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unirg_core.clinical.origins import ORIGINS, needed
from unirg_core.faults import BadInput
from unirg_core.files import digest_of, file_digest
from unirg_core.params.misfits import misfit

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256sum of the file")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Closed):
    """The files of one model: their folder, and the SHA-256 of each one that is loaded."""

    folder: Path
    sha256: dict[str, Sha256] = Field(min_length=1, description="File below the folder -> SHA-256")

    @property
    def digest(self) -> str:
        """One SHA-256 over names and digests of all files: what a run pins."""
        return digest_of(self.sha256)


class Settings(_Closed):
    """What one scorer service serves. Relative folders count from the settings file."""

    weights: dict[str, Weights] = Field({}, description="Model -> its files")
    device: Literal["cpu", "cuda"] = "cpu"
    threads: Annotated[int, Field(ge=0, description="CPU threads of torch; 0: all")] = 0
    pairs: Annotated[int, Field(ge=1, le=4096, description="Most pairs of texts in one request")] = 256
    megabytes: Annotated[int, Field(ge=1, le=256, description="Largest request body")] = 8
    texts_at_once: Annotated[
        int, Field(ge=1, le=512, description="Texts in one pass of a model; with 1 a batch cannot move a value at all")
    ] = 1


def read_settings(path: Path) -> Settings:
    """Read and check a settings file; every pinned file must be there, with the pinned digest.

    Raises
    ------
    BadInput
        Naming the file and field; for missing weights, what to get from where under which licence.
    """
    from unirg_core.params import read_yaml

    try:
        settings = Settings.model_validate(read_yaml(path))
    except ValidationError as error:
        raise BadInput("\n".join(f"{path}: {_sentence(wrong)}" for wrong in error.errors())) from None
    unknown = sorted(set(settings.weights) - set(ORIGINS))
    if unknown:
        raise BadInput(f"{path}: weights.{unknown[0]} is no model; there are {', '.join(ORIGINS)}.")
    found = {
        model: weights.model_copy(update={"folder": (path.parent / weights.folder).absolute()})
        for model, weights in settings.weights.items()
    }
    for model, weights in found.items():
        check(model, weights)
    return settings.model_copy(update={"weights": found})


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where} is no setting of the service; take it out."
    if error["type"] == "missing":
        return f"{where} is missing; add it."
    return f"{where} = {misfit(error)}."


def check(model: str, weights: Weights) -> None:
    """Refuse weights that are not whole, not pinned, or not what was pinned.

    Raises
    ------
    BadInput
        In one sentence, with the digest that was found.
    """
    for names in ORIGINS[model].files:
        if not any(name in weights.sha256 for name in names):
            raise BadInput(f"weights.{model}.sha256 pins no {' or '.join(names)}; {needed(model)}")
    for name, pinned in sorted(weights.sha256.items()):
        path = weights.folder / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise BadInput(f"weights.{model}.sha256 names {name}, which is not below {weights.folder}.")
        if not path.is_file():
            raise BadInput(f"{path} is missing; {needed(model)}")
        found = file_digest(path)
        if found != pinned:
            raise BadInput(f"{path} has SHA-256 {found}, but weights.{model}.sha256 pins {pinned}; get the right file.")
        if name.endswith(".index.json"):
            _check_shards(model, path, weights)


def _check_shards(model: str, index: Path, weights: Weights) -> None:
    for shard in sorted(set(json.loads(index.read_bytes())["weight_map"].values())):
        if shard not in weights.sha256:
            raise BadInput(f"{index.name} names {shard}, which weights.{model}.sha256 does not pin; add its SHA-256.")


@contextmanager
def staged(weights: Weights) -> Iterator[Path]:
    """Yield a folder that shows the pinned files and nothing else, so that no loader picks up a neighbour."""
    with TemporaryDirectory(prefix="unirg-weights-") as folder:
        for name in weights.sha256:
            link = Path(folder) / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((weights.folder / name).resolve())
        yield Path(folder)


def digests(settings: Settings) -> dict[str, str]:
    """Return, for each score that the settings give weights for, the digest to pin in `scores.service.scores`."""
    return {score: weights.digest for model, weights in settings.weights.items() for score in ORIGINS[model].scores}
