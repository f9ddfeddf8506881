"""All checks in their order, and those of a recipe: its scorers, what it would be refused for, and its memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unirg_core import params as parameters
from unirg_core import preflight
from unirg_core.doctor import checks
from unirg_core.doctor.checks import Finding
from unirg_core.faults import BadInput
from unirg_core.params import Params
from unirg_core.training.memory import GIB, Estimate

LEAST_GIB, MOST_GIB = 1, 4096
"""What a GPU may be said to have, with room for those to come; beyond stand slips as bytes for GiB."""


@dataclass(frozen=True)
class Report:
    """What was found, and for a recipe the estimates of its training stages."""

    findings: tuple[Finding, ...]
    estimates: tuple[Estimate, ...]

    @property
    def healthy(self) -> bool:
        """Tell whether nothing stands in a run's way."""
        return not any(found.state == "fault" for found in self.findings)

    def as_values(self) -> dict[str, Any]:
        """Return the report as plain values; sizes are whole bytes."""
        told = [_whole({**asdict(one), "peak": one.peak}) for one in self.estimates]
        return {"healthy": self.healthy, "findings": [asdict(f) for f in self.findings], "estimates": told}


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with every float as the nearest whole number, at any depth."""

    def rounded(value: Any) -> Any:
        if isinstance(value, Mapping):
            return _whole(value)
        return round(value) if isinstance(value, float) else value

    return {name: rounded(value) for name, value in values.items()}


def examine(
    root: Path,
    home: Path,
    recipe: str | None = None,
    gpu_gib: float | None = None,
    above: Mapping[str, Any] | None = None,
) -> Report:
    """Look at everything that a run needs.

    Parameters
    ----------
    recipe
        Its name; without one, the parameters of `params.yaml`.
    gpu_gib
        Memory of a GPU to judge the recipe by in place of the one that is here.
    above
        Parameters that are set over it.

    Raises
    ------
    BadInput
        When the recipe does not exist, or does not resolve, or there is no GPU of that memory.
    """
    from unirg_core.recipes import left_to_you, resolved

    if gpu_gib is not None and not LEAST_GIB <= gpu_gib <= MOST_GIB:  # nor is `nan`, which click's own range takes
        raise BadInput(f"--gpu-memory {gpu_gib:g} is no GPU's; give the GiB of one, {LEAST_GIB} to {MOST_GIB}.")
    params, open_ = resolved(root, recipe, above)
    left = left_to_you(open_)
    findings = [
        *_guarded("tools", lambda: checks.tools(root)),
        *_guarded("packages", lambda: checks.packages(root)),
        *_guarded("gpu", lambda: checks.gpu(params.model.device, gpu_gib)),
        *_guarded("disk", lambda: checks.disk(home)),
        *_guarded("mlflow", checks.mlflow_store),
        *_guarded("dvc remote", lambda: checks.dvc_remote(params.version.remote, home)),
        *_guarded("keys", lambda: checks.keys(home)),
        *_guarded("scores", lambda: scorers(params, root)),
        *_guarded("launch", lambda: obstacles(params, root, elsewhere=bool(gpu_gib))),
    ]
    told, estimates = memory_of(params, root, gpu_gib)
    if left:
        told.append(Finding("left to you", "note", left))
    return Report((*findings, *told), estimates)


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return a check's findings; one that refuses is a finding too, so that the others still speak."""
    try:
        return list(check())
    except (BadInput, OSError) as error:
        return [Finding(name, "fault", str(error).rstrip("."))]


def scorers(params: Params, root: Path) -> Iterator[Finding]:
    """Ask the scorer service and the judge that are used, and name what is used and not set up."""
    from unirg_core.scores.configured import asked, check_answers, configured
    from unirg_core.scores.radcliq import PROVIDED
    from unirg_core.scores.reward import ScoreFault

    named = asked(params)
    needs = [
        ("scorer service", params.scores.service, {"service": params.scores.service}),
        ("judge", params.scores.judge, {"judge": params.scores.judge}),
    ]
    silent: set[str] = set()
    for name, there, section in needs:
        used = {"judge"} if name == "judge" else set(there.scores) if there else set()
        if there is None or used.isdisjoint(named):
            continue
        try:
            check_answers(parameters.Scores(**section), named)
        except (BadInput, ScoreFault) as error:
            silent |= used
            yield Finding(name, "fault", str(error).rstrip("."))
        else:
            yield Finding(name, "ok", "answers")
    if list(preflight.unknown_scores(params, root)):  # which `obstacles` tells
        return
    if "radcliq" in named and not silent.isdisjoint(PROVIDED):
        silent.add("radcliq")
    there, missing = ([name for name in named if (name in silent) is is_silent] for is_silent in (False, True))
    configured(params.scores, used=there)  # refuses a judge without a key, or a folder with other files
    if missing:
        yield Finding("scores", "note", f"{', '.join(there)}; not asked, as said above: {', '.join(missing)}")
    else:
        yield Finding("scores", "ok", ", ".join(named))


def obstacles(params: Params, root: Path, *, elsewhere: bool = False) -> Iterator[Finding]:
    """Tell what a run would be refused for; a device's lack is a note where another one is asked about."""
    for one in preflight.refusals(params, root):
        said = one.said.rstrip(".")
        if elsewhere and one.of_device:
            yield Finding(one.name, "note", f"on this machine: {said}")
        else:
            yield Finding(one.name, "fault", said)
    if elsewhere and params.model.device == "cpu":
        yield Finding("device", "note", "model.device = cpu, and a GPU is asked about; one needs model.device=cuda")
    many = params.launch.processes
    yield Finding("processes", "ok", f"{many} by accelerate" if many > 1 else "one, no launcher")


def memory_of(params: Params, root: Path, gpu_gib: float | None) -> tuple[list[Finding], tuple[Estimate, ...]]:
    """Estimate the training stages, and say of each whether it fits on the device and what to change."""
    from unirg_core.models import device
    from unirg_core.register import champion
    from unirg_core.training import fitting, memory
    from unirg_core.training.shapes import shape_of

    try:
        gpu = bool(gpu_gib) or device(params.model) == "cuda"
        free, total = (gpu_gib * GIB,) * 2 if gpu_gib else fitting.available(gpu)
    except BadInput:  # a GPU is asked for and none is here, which `obstacles` tells
        gpu, free, total = True, 0.0, 0.0
    try:
        shape, division = shape_of(params.model), memory.division_of(params, root, gpu=gpu)
    except BadInput:  # which `obstacles` tells
        why = "base model or launch.config cannot be read here"
        if params.model.base == champion.ALIAS:
            why = "the champion's files are fetched when a run begins; name a folder with a model of its size"
        return [Finding("memory", "note", f"not judged: {why}")], ()
    findings = []
    stages = ("sft", "rl") if params.sft.steps or params.sft.epochs else ("rl",)
    found = tuple(memory.estimate(params, stage, shape, division, gpu=gpu, total=total) for stage in stages)
    for one in found:
        said = f"about {one.peak / GIB:.1f} GiB a process"
        if not total:
            findings.append(Finding(f"memory {one.stage}", "note", f"{said}; give --gpu-memory GIB to judge a GPU"))
        elif reason := fitting.refusal(params, one.stage, shape, division, free, total, gpu=gpu):
            findings.append(Finding(f"memory {one.stage}", "fault", reason))
        else:
            findings.append(Finding(f"memory {one.stage}", "ok", f"{said} of {free / GIB:.1f} GiB free: it fits"))
    return findings, found
