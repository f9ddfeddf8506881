"""What a training stage takes of a device's memory, told before its first step (docs/doctor.md gives each formula).

All figures are bytes of one process. They are estimates of the peak: sequences are taken as long as they may get, the
allocator is given a tenth, and nothing is known of other programs on the device.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from unirg_core.faults import BadInput
from unirg_core.params import Params, RlStep, passes, read_yaml
from unirg_core.training.shapes import Shape

Stage = Literal["sft", "rl"]

GIB = 2**30
PROMPT_TOKENS = {"short": 8, "paper": 192}
"""Tokens of a question besides its picture: the paper's text is some 80, indication and comparison up to 100 more."""

_TILE_TOKENS, _TILE_WORDS = 4096, 32768
"""The part of the logits that TRL's fused head holds at once: tokens x words of the vocabulary."""

_GPU_CONTEXT = 1.5 * GIB
_CPU_BESIDE = 0.1 * GIB  # what the libraries load on first use
_ALLOCATOR = 1.1


@dataclass(frozen=True)
class Division:
    """How a model stands on its processes: whole on each, or every tensor spread over all of them."""

    processes: int = 1
    sharded: bool = False
    deepspeed: bool = False  # ZeRO-3, which cannot hold an adapter

    @property
    def parts(self) -> int:
        """Return among how many processes a tensor is divided."""
        return self.processes if self.sharded else 1


@dataclass(frozen=True)
class Device:
    """The memory to fit into, in bytes: a GPU's, or that of a machine for all its processes."""

    free: float
    total: float
    gpu: bool


@dataclass(frozen=True)
class Estimate:
    """Memory of one process: bytes by part, kept all along or taken at one time of a step.

    Attributes
    ----------
    reading
        Before the first step: the model as it is read, before it is spread over the processes.
    """

    stage: Stage
    gpu: bool
    reading: Mapping[str, float]
    kept: Mapping[str, float]
    learning: Mapping[str, float]
    generating: Mapping[str, float]

    @property
    def peak(self) -> float:
        """Return the greatest of reading, and of learning and generating beside what is kept."""
        most = max(sum(self.learning.values()), sum(self.generating.values()))
        held = max(sum(self.kept.values()) + most, sum(self.reading.values())) * _ALLOCATOR
        return held + (_GPU_CONTEXT if self.gpu else _CPU_BESIDE)


def division_of(params: Params, root: Path, *, gpu: bool = True) -> Division:
    """Return how the launch configuration divides the model: not at all on a CPU, nor where one process trains.

    Raises
    ------
    BadInput
        When `launch.config` names no file of infra/accelerate.
    """
    name, processes = params.launch.config, params.launch.processes
    kind = read_config(root, name)["distributed_type"] if name else "MULTI_GPU"
    spread = gpu and processes > 1  # a single process is started without accelerate
    return Division(processes, spread and kind in ("FSDP", "DEEPSPEED"), spread and kind == "DEEPSPEED")


def read_config(root: Path, name: str) -> dict[str, Any]:
    """Read a configuration of accelerate by its name.

    Raises
    ------
    BadInput
        When there is none of that name; the sentence lists those that are there.
    """
    folder = root / "infra" / "accelerate"
    path = folder / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise BadInput(f"launch.config = {name} is no file of infra/accelerate; there are: {there}.")
    return read_yaml(path)


def estimate(
    params: Params, stage: Stage, shape: Shape, division: Division, *, gpu: bool, total: float = 0.0
) -> Estimate:
    """Return what a stage takes of a process's memory.

    Parameters
    ----------
    gpu
        On one, activations are computed again in the backward pass instead of being kept.
    total
        Bytes of the whole GPU, of which a colocated vLLM takes its share; 0: the least that it can do with.
    """
    shape = seen_of(params, shape)
    reading = {"weights, whole": 4.0 * shape.parameters} if division.sharded else {}
    kept = _kept(params, stage, shape, division)
    if stage == "sft":
        at_once, _ = passes(params.sft.batch_size, division.processes, params.sft.micro_batch)
        return Estimate(stage, gpu, reading, kept, _learning(params, shape, at_once, gpu), {})
    largest = max(steps_of(params), key=lambda step: step.prompts * step.rollouts)
    completions = largest.prompts * largest.rollouts
    at_once, _ = passes(completions, division.processes, params.rl.micro_batch)
    share = completions // division.processes
    kept["pictures"] = 4 * share * shape.pixels
    vllm = _vllm(params, shape, total) if gpu else {}  # which needs one, and is refused elsewhere
    generating = vllm or _generating(params, shape, share, division)
    if vllm and not params.rl.generation.sleep:
        kept, generating = {**kept, **generating}, {}
    return Estimate(stage, gpu, reading, kept, _learning(params, shape, at_once, gpu), generating)


def needed(params: Params, stage: Stage, shape: Shape, division: Division, device: Device) -> float:
    """Return what a stage takes of a device: of a machine for all its processes; infinite where vLLM cannot start."""
    if stage == "rl" and device.gpu and not vllm_starts(params, shape, device.total):
        return math.inf
    peak = estimate(params, stage, shape, division, gpu=device.gpu, total=device.total).peak
    return peak if device.gpu else peak * (division.processes // params.launch.nodes)


def seen_of(params: Params, shape: Shape) -> Shape:
    """Return the shape for all that is shown of a study: with a prior a second picture, and as many words again."""
    model = params.model
    if model.prior == "none":
        return shape
    times, words = 2 if model.prior == "image_and_report" else 1, model.max_new_tokens
    pictures = {"patches": times * shape.patches, "pixels": times * shape.pixels}
    return replace(shape, tokens=times * shape.tokens + words, **pictures)


def steps_of(params: Params) -> list[RlStep]:
    """Return the steps of RL that there are."""
    return [step for step in (params.rl.step1, params.rl.step2) if step]


def learning_parameters(params: Params, shape: Shape) -> int:
    """Return how many parameters learn."""
    if params.model.lora:
        return shape.adapter(params.model.lora)
    return shape.parameters - (shape.vision_parameters if params.model.freeze_vision else 0)


def _width(params: Params) -> int:
    return 2 if params.model.dtype == "bfloat16" else 4


def _kept(params: Params, stage: Stage, shape: Shape, division: Division) -> dict[str, float]:
    """Weights, gradients, optimiser and reference model: there from the first step to the last."""
    learn, width = learning_parameters(params, shape), _width(params)
    # what learns is kept in float32, and all that is spread over processes; not what lies below an adapter
    stored = width if params.model.lora and not division.sharded else 4
    weights = stored * shape.parameters / division.parts
    if params.model.lora:
        weights += 4 * learn / division.parts
    if division.sharded:
        weights += 2 * width * shape.unit  # the layer that is gathered, and the next
    elif width < stored:
        weights += width * learn  # what is computed with
    kept = {
        "weights": weights,
        "gradients": 4 * learn / division.parts,
        "optimiser": 2 * 4 * learn / division.parts,  # Adam: two moments
    }
    if stage == "rl" and any(step.beta for step in steps_of(params)):
        # of a model with an adapter, TRL keeps a copy of the adapter alone
        kept["reference model"] = (4 * learn if params.model.lora else stored * shape.parameters) / division.parts
    return kept


def _block(hidden: int, inner: int, query: int, key: int) -> int:
    """Return the floats a token that the backward pass of one layer needs."""
    return 6 * hidden + 4 * query + 4 * key + 4 * inner


def _learning(params: Params, shape: Shape, at_once: int, gpu: bool) -> dict[str, float]:
    """Activations and logits of one micro batch, forwards and backwards."""
    width = _width(params)
    tokens = at_once * (shape.tokens + PROMPT_TOKENS[params.model.prompt] + params.model.max_new_tokens)
    block = _block(shape.hidden, shape.inner, shape.query, shape.key)
    seen = _block(shape.vision_hidden, shape.vision_inner, shape.vision_hidden, shape.vision_hidden)
    patches = at_once * shape.patches
    layers, eyes = shape.layers, 1 if params.model.freeze_vision else shape.vision_layers
    activations = (layers * shape.hidden + block if gpu else layers * block) * tokens * width
    vision = (eyes * shape.vision_hidden + seen if gpu else eyes * seen) * patches * width
    scored = at_once * params.model.max_new_tokens if gpu else tokens  # off a GPU, every position is scored
    tile = min(scored, _TILE_TOKENS) * min(shape.vocabulary, _TILE_WORDS)
    head = 0 if params.model.lora else 4 * shape.vocabulary * shape.hidden
    return {"activations": activations, "vision": vision, "logits": (width + (0 if gpu else 16)) * tile + head}


def vllm_least(params: Params, shape: Shape) -> float:
    """Return the least with which a colocated vLLM starts: the weights in half precision, and a cache of a GiB."""
    return 2 * shape.parameters / params.rl.generation.tensor_parallel + GIB


def vllm_starts(params: Params, shape: Shape, total: float) -> bool:
    """Tell whether a colocated vLLM, where one is asked for, has room for its weights in its share of a GPU."""
    generation = params.rl.generation
    colocated = generation.backend == "vllm" and generation.mode == "colocate"
    return not colocated or vllm_least(params, shape) <= generation.memory_share * total


def _vllm(params: Params, shape: Shape, total: float) -> dict[str, float]:
    """Return what vLLM takes of this GPU: its share of it, or nothing as a server elsewhere."""
    generation = params.rl.generation
    if generation.backend != "vllm":
        return {}
    if generation.mode == "server":
        return {"vLLM": 0.0}
    return {"vLLM": max(generation.memory_share * total, vllm_least(params, shape))}


def _generating(params: Params, shape: Shape, share: int, division: Division) -> dict[str, float]:
    """Cache, logits and first pass of the rollouts that a process writes at once."""
    width = _width(params)
    asked = shape.tokens + PROMPT_TOKENS[params.model.prompt]
    block = _block(shape.hidden, shape.inner, shape.query, shape.key)
    seen = _block(shape.vision_hidden, shape.vision_inner, shape.vision_hidden, shape.vision_hidden)
    return {
        "cache": 2 * shape.layers * shape.key * share * (asked + params.model.max_new_tokens) * width,
        "first pass": share * max(shape.patches * seen, asked * block) * width,
        "next words": 3 * 4 * share * shape.vocabulary,  # logits, their order, their probabilities
        "gathered weights": 0 if not division.sharded else 2 * shape.unit,
    }
