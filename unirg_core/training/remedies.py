"""What to change where a training stage does not fit: settings that were tried on the estimate, never a guess.

Ways are tried from the smallest change to the largest: micro batch, what writes the rollouts, an adapter, an adapter
that each process holds whole, up to 8 GPUs, a vLLM server on another GPU, up to 32 GPUs. Where none of them does on
this device, a smaller public model and the least memory that would do are looked for in the same way.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from unirg_core.params import Lora, Params
from unirg_core.params.devices import uneven
from unirg_core.training import memory
from unirg_core.training.memory import GIB, Device, Division, Stage
from unirg_core.training.shapes import PUBLIC, Shape, public_shape

Settings = Mapping[str, Any]
"""Name of a parameter, as `--set` takes it -> value."""

_MICRO = (64, 32, 16, 8, 4, 2, 1)
_PROCESSES = (2, 4, 8, 16, 32)
_OF_GPUS = (8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 141, 192, 288)
_OF_MACHINES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""GiB that GPUs and machines have."""

_SPREAD_BY = "eight-gpu-fsdp"
_SERVER = "http://HOST:8000"
_BESIDE_WEIGHTS = 0.05  # of the GPU, for more of vLLM's cache than it starts with


@dataclass(frozen=True)
class Remedy:
    """Settings with which a stage fits.

    Attributes
    ----------
    settings
        Each as `--set` takes it.
    gib
        Free memory that a device needs for it where this one will not do; None: this one does.
    """

    settings: tuple[str, ...]
    gib: int | None = None


def remedies(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> tuple[Remedy, ...]:
    """Return the first change with which a stage fits on this device; else what would do beyond it, if anything."""
    if (found := _first(params, stage, shape, division, device)) is not None:
        return (Remedy(_written(found)),)
    return (
        *_smaller_model(params, stage, shape, division, device),
        *_more_memory(params, stage, shape, division, device),
    )


def said(found: tuple[Remedy, ...], device: Device) -> str:
    """Return remedies as a clause: what to set, or that nothing does on this device and what would."""
    if found and found[0].gib is None and not _named(found[0], "model.base"):
        return _told(found[0])
    several = "number of such GPUs" if device.gpu else "number of processes"
    beyond = ", or ".join(_beyond(one, device.gpu) for one in found) or "take a smaller model.base"
    return f"no micro batch, adapter or {several} would do here: {beyond}"


def _beyond(remedy: Remedy, gpu: bool) -> str:
    if remedy.gib is None:
        return f"take a smaller model, {_told(remedy)}"
    where = "a GPU" if gpu else "a machine"
    return f"take {where} with {remedy.gib} GiB free" + (f" and {_told(remedy)}" if remedy.settings else "")


def _told(remedy: Remedy) -> str:
    """Return the settings as a person reads them, with what they need done before."""
    from unirg_core.training.arguments import VLLM

    notes = []
    if processes := _named(remedy, "launch.processes"):
        notes.append(f"{processes} GPUs" if processes != "1" else "one process")
    if _named(remedy, "rl.generation.url") == _SERVER:
        notes.append("HOST: where a vLLM server runs on another GPU, docs/recipes.md")
    if _named(remedy, "rl.generation.backend") == "vllm" and find_spec("vllm") is None:
        notes.append(f"after pip install '{VLLM}'")
    return f"set {' '.join(remedy.settings)}" + (f" ({'; '.join(notes)})" if notes else "")


def _named(remedy: Remedy, name: str) -> str:
    """Return what a remedy sets a parameter to; empty where it leaves it."""
    return next((one.partition("=")[2] for one in remedy.settings if one.startswith(f"{name}=")), "")


def _written(settings: Settings) -> tuple[str, ...]:
    words = {None: "null", True: "true", False: "false"}
    return tuple(
        f"{name}={words[value] if value is None or isinstance(value, bool) else value}"
        for name, value in settings.items()
    )


def _smaller_model(
    params: Params, stage: Stage, shape: Shape, division: Division, device: Device
) -> tuple[Remedy, ...]:
    """Return the settings with which the largest smaller public model fits on this device."""
    shapes = {base: public_shape(base, params.model.image_size) for base in PUBLIC}
    fewer = {base: one for base, one in shapes.items() if one.parameters < shape.parameters}
    for base in sorted(fewer, key=lambda base: -fewer[base].parameters):
        other = {"model.base": base} | ({"model.revision": None} if params.model.revision else {})
        found = _first(changed(params, other), stage, fewer[base], division, device)
        if found is not None:
            return (Remedy(_written({**other, **found})),)
    return ()


def _more_memory(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> tuple[Remedy, ...]:
    """Return the least memory that such devices have on which the model fits, and the settings for it."""
    for gib in (size for size in (_OF_GPUS if device.gpu else _OF_MACHINES) if size * GIB > device.free):
        found = _first(params, stage, shape, division, Device(gib * GIB, gib * GIB, device.gpu))
        if found is not None:
            return (Remedy(_written(found), gib),)
    return ()


def _first(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> Settings | None:
    """Return the first settings with which a stage fits; empty where it fits as it is."""
    for way in _ways(params, stage, shape, division, device):
        divided = _divided(division, way)
        for micro in (None, *_MICRO):
            settings = dict(way) if micro is None else {**way, f"{stage}.micro_batch": micro}
            wanted = changed(params, settings)
            if micro is not None and not _smaller(params, stage, divided, micro):
                continue
            if uneven(wanted):
                settings[f"{'rl' if stage == 'sft' else 'sft'}.micro_batch"] = 1
                wanted = changed(params, settings)
            if not uneven(wanted) and memory.needed(wanted, stage, shape, divided, device) <= device.free:
                return {name: value for name, value in settings.items() if value != _now(params, name)}
    return None


def _ways(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> Iterator[Settings]:
    """Give the changes beside the micro batch, in the order in which a person would try them."""
    models = list(_models(params, division) if device.gpu else _on_cpu(params, division))
    few, many = ([one for one in models if (one.get("launch.processes", 1) > 8) is large] for large in (False, True))
    server = {"rl.generation.backend": "vllm", "rl.generation.mode": "server", "rl.generation.url": _SERVER}
    for model in few:
        yield from ({**model, **one} for one in _rollouts(params, stage, shape, _divided(division, model), device))
    if stage == "rl" and device.gpu and not params.rl.generation.url:
        yield from ({**model, **server} for model in few)
    for model in many:
        yield from ({**model, **one} for one in _rollouts(params, stage, shape, _divided(division, model), device))


def _models(params: Params, division: Division) -> Iterator[Settings]:
    """Give the changes of how the model learns and stands on its GPUs."""
    yield {}
    adapter = {} if params.model.lora else _adapter(params)
    if adapter and not division.deepspeed:  # DeepSpeed cannot hold one
        yield adapter
    if division.sharded:
        yield {**adapter, "launch.config": None}
    for beside in ({}, adapter) if adapter else ({},):
        for count in _PROCESSES:
            if count > division.processes and not count % params.launch.nodes:
                yield {**_spread(params, division, count, bool(beside)), **beside}
    if adapter or params.model.lora:  # small enough beside the whole model; each process then writes fewer rollouts
        for count in _PROCESSES:
            if count > division.processes and not count % params.launch.nodes:
                yield {**adapter, **_several(params, count), "launch.config": None}


def _on_cpu(params: Params, division: Division) -> Iterator[Settings]:
    """Give the changes on a CPU, where every process holds the whole model and all share the machine's memory."""
    plain = {"launch.config": None} if params.launch.config and division.processes > 1 else {}
    one = {"launch.processes": 1, "launch.nodes": 1} if params.launch.nodes > 1 else {"launch.processes": 1}
    for adapter in ({},) if params.model.lora else ({}, _adapter(params)):
        yield {**plain, **adapter}
        if division.processes > 1:
            yield {**one, **plain, **adapter}


def _adapter(params: Params) -> Settings:
    return {"model.lora.rank": Lora().rank} | ({} if params.model.freeze_vision else {"model.freeze_vision": True})


def _spread(params: Params, division: Division, count: int, adapter: bool) -> Settings:
    """Return what spreads the model over `count` GPUs, and what cannot be while it is spread."""
    settings: dict[str, Any] = {}
    if not division.sharded or (division.deepspeed and (adapter or params.model.lora)):
        settings["launch.config"] = "two-nodes" if params.launch.nodes > 1 else _SPREAD_BY
    settings |= {f"{stage}.select": "last" for stage in ("sft", "rl") if getattr(params, stage).select == "best"}
    return settings | _several(params, count)


def _several(params: Params, count: int) -> Settings:
    """Return what several processes need, and what only a single one can do."""
    steps = {"step1": params.rl.step1, "step2": params.rl.step2}
    alone = {
        f"rl.{name}.resample_zero_spread": None for name, step in steps.items() if step and step.resample_zero_spread
    }
    return {"launch.processes": count, **alone}


def _rollouts(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> Iterator[Settings]:
    """Give the changes of what writes the rollouts; nothing does so in SFT, and no vLLM on a CPU."""
    generation = params.rl.generation
    vllm = generation.backend == "vllm"
    if stage == "rl" and vllm and not device.gpu:
        yield {"rl.generation.backend": "transformers"} | ({"rl.generation.url": None} if generation.url else {})
        return
    yield {}
    if stage == "sft" or not device.gpu or generation.url:
        return
    awake = {} if generation.sleep else {"rl.generation.sleep": True}
    begun = {} if vllm else {"rl.generation.backend": "vllm"}
    begun |= {"rl.generation.mode": "colocate"} if generation.mode == "server" else {}
    for parallel in (
        size for size in (1, 2, 4, 8) if size >= generation.tensor_parallel and not division.processes % size
    ):
        over = {} if parallel == generation.tensor_parallel else {"rl.generation.tensor_parallel": parallel}
        least = memory.vllm_least(changed(params, over), shape) / device.total
        if least >= 1 - _BESIDE_WEIGHTS:
            continue
        share = math.ceil(100 * min(0.95, least + _BESIDE_WEIGHTS)) / 100
        for taken in sorted({max(share, generation.memory_share), share}, reverse=True):
            yield {**begun, "rl.generation.memory_share": taken, **over, **awake}
    if vllm:
        yield {"rl.generation.backend": "transformers"}


def _divided(division: Division, settings: Settings) -> Division:
    """Return how the model stands on its processes after a change."""
    processes = settings.get("launch.processes", division.processes)
    if "launch.config" not in settings:
        return replace(division, processes=processes)
    return Division(processes, sharded=settings["launch.config"] is not None)


def _smaller(params: Params, stage: Stage, division: Division, size: int) -> bool:
    """Tell whether a micro batch is smaller than the present one and divides each batch of the stage."""
    batches = [params.sft.batch_size] if stage == "sft" else [s.prompts * s.rollouts for s in memory.steps_of(params)]
    micro = params.sft.micro_batch if stage == "sft" else params.rl.micro_batch
    return all(
        size < (micro or batch // division.processes) and batch % (size * division.processes) == 0 for batch in batches
    )


def _now(params: Params, name: str) -> Any:
    """Return the value of a parameter by its name; None where it or its section is not set."""
    value: Any = params
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def changed(params: Params, settings: Settings) -> Params:
    """Return parameters with settings laid over them, unchecked, since hundreds are tried."""
    for name, value in settings.items():
        params = _set(params, name.split("."), value)
    return params


def _set(section: Any, path: list[str], value: Any) -> Any:
    if len(path) > 1:
        value = _set(getattr(section, path[0]) or Lora(), path[1:], value)
    return section.model_copy(update={path[0]: value})
