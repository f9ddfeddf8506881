"""Past one device: how many processes train, how a batch is divided among them, and what writes the rollouts."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unirg_core.params.addresses import without_secrets
from unirg_core.params.section import Count, Section

if TYPE_CHECKING:
    from unirg_core.params.sections import Params


class Launch(Section):
    """How `sft` and `rl` are started (docs/recipes.md): by themselves, or by `accelerate launch`."""

    processes: Annotated[int, Field(ge=1, le=4096, description="Processes that train, one a GPU, over all nodes")] = 1
    nodes: Annotated[int, Field(ge=1, le=512, description="Machines that the processes are spread over")] = 1
    config: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        examples=["eight-gpu-fsdp"],
        description="infra/accelerate/NAME.yaml; default: plain data parallelism",
    )

    @model_validator(mode="after")
    def _spreads_evenly(self) -> "Launch":
        if self.processes % self.nodes:
            raise ValueError(
                f"{self.processes} processes do not spread evenly over {self.nodes} nodes; make processes a multiple"
            )
        return self


class Generation(Section):
    """What writes the rollouts: the model that is trained, or vLLM with its weights."""

    backend: Literal["transformers", "vllm"] = "transformers"
    mode: Literal["colocate", "server"] = Field(
        "colocate", description="vLLM on the GPUs that train, or behind an address (docs/recipes.md)"
    )
    url: str | None = Field(
        None, pattern=r"^https?://[^\s/]+", examples=["http://10.0.0.7:8000"], description="Address of the server"
    )
    timeout: Annotated[float, Field(gt=0, description="Seconds to wait until the server is up")] = 240.0
    memory_share: Annotated[float, Field(gt=0, lt=1, description="Share of each GPU that a colocated vLLM takes")] = 0.3
    tensor_parallel: Count = Field(1, description="GPUs that a colocated vLLM spreads one copy over")
    context: Count = Field(4096, description="Longest prompt and answer in tokens that a colocated vLLM makes room for")
    sleep: bool = Field(True, description="A colocated vLLM frees its memory while the model learns")

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str | None) -> str | None:
        return url and without_secrets(url, "let the network say who may ask the server")

    @model_validator(mode="after")
    def _knows_its_server(self) -> "Generation":
        asked = self.backend == "vllm" and self.mode == "server"
        if asked and not self.url:
            raise ValueError("mode: server needs the address of a vLLM server; set url, as http://10.0.0.7:8000")
        if self.url and not asked:
            raise ValueError("url is for backend: vllm with mode: server; leave it out")
        return self


def uneven(params: "Params") -> str | None:
    """Say which batch cannot be divided among the processes and their micro batches; None where all can."""
    steps = {"step1": params.rl.step1} | ({"step2": params.rl.step2} if params.rl.step2 else {})
    batches = [("sft.batch_size", params.sft.batch_size, "sft.micro_batch", params.sft.micro_batch)]
    batches += [
        (f"rl.{name}.prompts x rollouts", step.prompts * step.rollouts, "rl.micro_batch", params.rl.micro_batch)
        for name, step in steps.items()
    ]
    processes = params.launch.processes
    for name, size, micro_name, micro in batches:
        if size % (processes * (micro or 1)):
            by = f"launch.processes {processes}" + (f" x {micro_name} {micro}" if micro else "")
            return f"{name} = {size} cannot be divided by {by}; choose numbers that divide it"
    generation = params.rl.generation
    if generation.backend == "vllm" and generation.mode == "colocate" and processes % generation.tensor_parallel:
        return (
            f"rl.generation.tensor_parallel = {generation.tensor_parallel} does not divide launch.processes = "
            f"{processes}; choose one that does"
        )
    return None


def passes(size: int, processes: int, micro: int | None) -> tuple[int, int]:
    """Return what a process takes at once of a batch of `size`, and how often it does so before the optimiser steps."""
    at_once = micro or size // processes
    return at_once, size // (processes * at_once)
