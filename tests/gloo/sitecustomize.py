"""FSDP over gloo for the copies that a launcher starts, told by PYTHONPATH (`fixtures_launch.spreading`).

accelerate turns FSDP on for GPUs alone and leaves each copy of a CPU's run the whole model, without a word. What it
does for several GPUs is done here for several CPUs. When the trained model is gathered, each copy holds that every
weight was spread, and writes what it held into its run's folder.
"""

import json
import os
from pathlib import Path
from typing import Any


def _spread() -> None:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, DistributedType, PartialState

    begin, gather = AcceleratorState.__init__, Accelerator.get_state_dict

    def begin_spread(self: Any, *args: Any, **named: Any) -> None:
        begin(self, *args, **named)
        plugin = named.get("fsdp_plugin")
        if plugin is None or self.distributed_type != DistributedType.MULTI_CPU:
            return
        if self._mixed_precision != "no":
            plugin.set_mixed_precision(self._mixed_precision)
        self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, plugin
        PartialState._shared_state["distributed_type"] = DistributedType.FSDP

    def gather_and_tell(self: Any, model: Any, *args: Any, **named: Any) -> Any:
        _tell(self, model)
        return gather(self, model, *args, **named)

    AcceleratorState.__init__, Accelerator.get_state_dict = begin_spread, gather_and_tell


def _tell(accelerator: Any, model: Any) -> None:
    from torch.distributed.tensor import DTensor

    assert accelerator.is_fsdp2, accelerator.distributed_type
    held = whole = 0
    for name, parameter in model.named_parameters():
        assert isinstance(parameter, DTensor) and parameter.placements[0].is_shard(), name
        held, whole = held + parameter.to_local().numel(), whole + parameter.numel()
    told = Path(os.environ["UNIRG_RUN"]) / f"spread{os.environ['RANK']}.json"
    told.write_text(json.dumps({"held": held, "whole": whole}))


if "LOCAL_RANK" in os.environ:
    _spread()
