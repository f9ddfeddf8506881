"""Processes that train one model together over gloo, each of which tells what it has read, made and ended with."""

import multiprocessing
import os
import socket
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fixtures_training import quick

from unirg_core.files import digest_of, read_json, write_json

WRITTEN = 7
"""Tokens of the longest completion that `dictated` gives."""


def together(
    count: int, stage: str, root: Path, folder: Path, above: Mapping[str, Any], *, dictated: bool = False
) -> list[dict[str, Any]]:
    """Run a stage in `count` processes at once; return what each tells: `read` and `rewarded` by pass, `weights`.

    Parameters
    ----------
    dictated
        Completions are the same whoever samples them: the n-th of each group is a fixed row of tokens.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trl.trainer.sft_trainer", "trl.trainer.grpo_trainer"])
    values = {**above, "launch": {"processes": count}}
    shared = {
        "UNIRG_HOME": str(folder / "home"),
        "UNIRG_RUN": str(folder / "run"),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
    }
    said = [folder / f"rank{rank}.json" for rank in range(count)]
    children = [
        context.Process(target=_copy, args=(stage, root, values, shared, rank, path, dictated))
        for rank, path in enumerate(said)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(240)
    assert [child.exitcode for child in children] == [0] * count
    return [read_json(path) for path in said]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _copy(
    stage: str, root: Path, values: Mapping[str, Any], shared: Mapping[str, str], rank: int, told: Path, dictated: bool
) -> None:
    os.environ.update(shared)
    if int(shared["WORLD_SIZE"]) > 1:
        os.environ.update({"RANK": str(rank), "LOCAL_RANK": str(rank)})
    else:
        os.environ.pop("WORLD_SIZE")
    seen: dict[str, list[Any]] = {"read": [], "rewarded": [], "weights": []}
    _listen(seen)
    if dictated:
        _dictate()
    getattr(import_module(f"unirg_core.{stage}"), stage)(quick(root, values), root)
    write_json(told, seen)


def _listen(seen: dict[str, list[Any]]) -> None:
    """Note the studies of each batch as they are read, the rewards as they are given, the weights as they are left."""
    from unirg_core.training import data, phase, rewards

    read, scored, whole = data._Reader.__call__, rewards.Component.values, phase._whole

    def reading(self: Any, batch: Mapping[str, Any]) -> Any:
        seen["read"].append([self.studies.rows[place]["study_id"] for place in batch["place"]])
        return read(self, batch)

    def scoring(self: Any, texts: Any, references: Any, studies: Any, **more: Any) -> Any:
        values = scored(self, texts, references, studies, **more)
        seen["rewarded"].append([self.__name__, list(studies), list(texts), values.tolist()])
        return values

    def leaving(trainer: Any, *rest: Any) -> Any:
        weights = trainer.accelerator.unwrap_model(trainer.model_wrapped).state_dict()
        named = {name: value.detach().numpy().tobytes().hex() for name, value in sorted(weights.items())}
        seen["weights"].append(digest_of(named))
        return whole(trainer, *rest)

    data._Reader.__call__, rewards.Component.values, phase._whole = reading, scoring, leaving


def _dictate() -> None:
    """Let the trainer be given completions in the place of sampled ones, of different lengths and words."""
    from trl.trainer.grpo_trainer import GRPOTrainer

    def dictation(self: Any, prompt_ids: Any, images: Any, fields: Any, count: int, **_: Any) -> tuple[Any, None]:
        words = self._tokenizer("There is a mild left pneumothorax. The lungs are clear.")["input_ids"]
        texts = [[*words[n : n + WRITTEN - n % 4], self._tokenizer.eos_token_id] for n in range(count)]
        return [texts[place % count] for place in range(len(prompt_ids))], None

    GRPOTrainer._generate_single_turn = dictation
