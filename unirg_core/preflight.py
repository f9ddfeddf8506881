"""What a run would be refused for hours later, said before it begins: settings that this machine cannot carry out.

`params` refuses what is wrong by itself; here stands what takes the machine, the checkout or the base model to know.
The stages still refuse for themselves, since each can be started alone. Nothing is loaded but what a setting asks for:
a run of the tiny model on the CPU imports no torch for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.params import Params, RlStep, Scores


@dataclass(frozen=True)
class Refusal:
    """Why a run cannot be, in one sentence that names field, value and remedy.

    Attributes
    ----------
    of_device
        Whether another machine's GPUs or packages would do.
    """

    name: str
    said: str
    of_device: bool


def check(params: Params, root: Path) -> None:
    """Refuse settings that cannot be carried out here.

    Raises
    ------
    BadInput
        One sentence for each.
    """
    if refused := refusals(params, root):
        raise BadInput("\n".join(one.said for one in refused))


def refusals(params: Params, root: Path) -> list[Refusal]:
    """Return all that would end a run of these parameters on the checkout `root` of this machine."""
    found: dict[str, Refusal] = {}
    for name, of_device, look in _LOOKS:
        for said in _said(look, params, root):
            found.setdefault(said, Refusal(name, said, of_device))  # two looks may meet the same obstacle
    return list(found.values())


Look = Callable[[Params, Path], Iterator[str]]


def _said(look: Look, params: Params, root: Path) -> list[str]:
    """Return what a look says, also where it does so by raising."""
    try:
        return list(look(params, root))
    except BadInput as error:
        return [str(error)]


def _configuration(params: Params, root: Path) -> Iterator[str]:
    from unirg_core.runs.processes import alone

    _kind(params, root)  # refuses a name that is no file
    if refused := alone(params, root):
        yield refused


def _kind(params: Params, root: Path) -> str | None:
    """Return how the launch configuration divides the model; None without one."""
    from unirg_core.training.memory import read_config

    name = params.launch.config
    return read_config(root, name).get("distributed_type") if name else None


def _deepspeed(params: Params, root: Path) -> Iterator[str]:
    if _kind(params, root) == "DEEPSPEED" and find_spec("deepspeed") is None:
        yield f"launch.config = {params.launch.config} needs deepspeed; say: pip install deepspeed."


def _spread(params: Params, root: Path) -> Iterator[str]:
    """Refuse to spread a model that stays on the CPU: accelerate would leave it whole on each process, and not say."""
    launch = params.launch
    if params.model.device == "cpu" and launch.processes > 1 and _spreads(params, root):
        yield (
            f"launch.config = {launch.config} spreads the model over GPUs, and model.device = cpu keeps it whole on "
            "each process; set launch.config to null, or take a machine with GPUs and set model.device to cuda."
        )


def _spreads(params: Params, root: Path) -> bool:
    return _kind(params, root) in ("FSDP", "DEEPSPEED")


def _device(params: Params, root: Path) -> Iterator[str]:
    """Compare the processes of one machine with its GPUs, where the model goes onto one."""
    if params.model.device == "cpu":
        return
    import torch

    from unirg_core.models.loading import device
    from unirg_core.runs.processes import alone

    launch = params.launch
    here, there = launch.processes // launch.nodes, torch.cuda.device_count()
    if device(params.model) == "cpu":
        if launch.processes > 1 and launch.config and not alone(params, root):
            other = "take a machine with some" if _spreads(params, root) else "set model.device to cpu"
            yield f"launch.config = {launch.config} is for GPUs, and none is here; leave it out, or {other}."
    elif here > there:
        yield (
            f"launch.processes = {launch.processes} needs {here} GPUs on this machine, one a process, and {there} are "
            f"here; set it to {there * launch.nodes}, or take a machine with more."
        )


def _rollouts(params: Params, root: Path) -> Iterator[str]:
    from unirg_core.training.arguments import generation_refusals

    yield from generation_refusals(params.rl.generation, params.model)


def _several(params: Params, root: Path) -> Iterator[str]:
    """Name what only a single process can do, or only one that holds the whole model (docs/training.md)."""
    many = params.launch.processes
    if many == 1:
        return
    for name, step in _steps(params).items():
        if step.resample_zero_spread:
            yield (
                f"rl.{name}.resample_zero_spread works where one process samples, and launch.processes = {many}; "
                "set it to null, or launch.processes to 1."
            )
    if params.model.lora and _zero3(params, root):
        yield (
            f"launch.config = {params.launch.config} is DeepSpeed ZeRO-3, which cannot hold model.lora's float32 "
            "beside bfloat16 weights; set launch.config to eight-gpu-fsdp, or model.lora to null."
        )
    if _spreads(params, root):
        for stage in ("sft", "rl"):
            if getattr(params, stage).select == "best":
                yield (
                    f"{stage}.select = best needs whole weights in each process, and launch.config = "
                    f"{params.launch.config} spreads them; set it to last, or leave launch.config out."
                )


def _steps(params: Params) -> dict[str, RlStep]:
    return {"step1": params.rl.step1} | ({"step2": params.rl.step2} if params.rl.step2 else {})


def _zero3(params: Params, root: Path) -> bool:
    from unirg_core.training.memory import read_config

    name = params.launch.config
    return bool(name) and read_config(root, name).get("deepspeed_config", {}).get("zero_stage") == 3


def unknown_scores(params: Params, root: Path) -> Iterator[str]:
    """Name every score that a run would ask for and not find; whether a service answers is asked elsewhere."""
    from unirg_core.scores import SCORES, check_names

    agreement = {"agreement"} if params.model.output == "think_answer" else set()
    always, known = {*SCORES, *agreement}, {*SCORES, *agreement, *_set_up(params.scores)}
    asked = [("evaluate.scores", params.evaluate.scores, known)]
    asked += [(f"rl.{name}.reward", tuple(step.reward), known) for name, step in _steps(params).items()]
    if params.rl.validate_every:
        asked.append(("rl.validation_scores", params.rl.validation_scores, known))
    if params.sft.validate_every:
        asked.append(("sft.validation_scores", params.sft.validation_scores, always))
    for field, names, there in asked:
        for name in names:
            if name in known and name not in there:
                yield f"{field} names {name}, which SFT does not ask; leave it out."
                continue
            try:
                check_names([name], dict.fromkeys(there))
            except BadInput as error:
                yield f"{field} names {name}: {error}"


def _set_up(settings: Scores) -> set[str]:
    """Return the names that a run has beside those that need nothing."""
    from unirg_core.scores.radcliq import PROVIDED

    served = set(settings.service.scores) if settings.service else set()
    found = {"cider", *served} | ({"radcliq"} if served.issuperset(PROVIDED) else set())
    return found | {name for name in ("judge", "semantic") if getattr(settings, name)}


def _validation(params: Params, root: Path) -> Iterator[str]:
    """Refuse looks at a validation set that nobody is drawn into; what a publisher puts there is known after ingest.

    Patients whom an earlier version of the data put there do not count: a run should not hang on them alone.
    """
    split, sft = params.ingest.split, params.sft
    publisher = "publisher" in split.policy and params.ingest.source not in ("phantom", "folder")
    if split.validation or publisher:
        return
    looked = {"sft": sft.validate_every if sft.steps or sft.epochs else 0, "rl": params.rl.validate_every}
    for stage, every in looked.items():
        if every:
            yield (
                f"{stage}.validate_every = {every} looks at validation studies, and ingest.split.validation = 0 draws "
                f"none; set ingest.split.validation above 0, as 0.05, or {stage}.validate_every to 0."
            )


def _base(params: Params, root: Path) -> Iterator[str]:
    """Look for the base model and read its configuration; the embedded one is part of the code."""
    from unirg_core.models.loading import TINY
    from unirg_core.register import champion
    from unirg_core.training.shapes import config_here

    if params.model.base == champion.ALIAS:
        if not champion.there(params.model_name):
            yield champion.absent(params.model_name)
    elif params.model.base != TINY:
        config_here(params.model)


def _adapter(params: Params, root: Path) -> Iterator[str]:
    """Look for the modules that an adapter is to be put on; a base model that is not here tells so itself."""
    lora = params.model.lora
    if lora is None:
        return
    from unirg_core.training.shapes import config_of, language_modules

    try:
        names = language_modules(config_of(params.model))
    except BadInput:
        return
    if not any(f".{name}".endswith(f".{target}") for name in names for target in lora.targets):
        yield (
            f"model.lora.targets = {list(lora.targets)} fit no module of {params.model.base}; name some, as q_proj and "
            "v_proj."
        )


_LOOKS: tuple[tuple[str, bool, Look], ...] = (
    ("launch", False, _configuration),
    ("launch", True, _deepspeed),
    ("launch", False, _spread),
    ("device", True, _device),
    ("rollouts", True, _rollouts),
    ("launch", False, _several),
    ("scores", False, unknown_scores),
    ("validation", False, _validation),
    ("base model", False, _base),
    ("adapter", False, _adapter),
)
"""What is looked at under which name, and whether another device would do."""
