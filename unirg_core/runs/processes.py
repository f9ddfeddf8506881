"""Start a training stage over several processes: `accelerate launch` as a child of the stage's own command.

The launcher stands inside `python -m unirg_core sft`, so that `dvc repro`, the flow and a person start the same thing:
the command sees `launch.processes` above 1, starts that many copies of itself, waits, and ends as they end. A copy
knows itself by the variables that the launcher sets, and only the first of them writes and speaks.
"""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import read_json
from unirg_core.home import run_folder
from unirg_core.params import Params

TRAINED = ("sft", "rl")
"""The stages that may run over several processes."""

NODE, ADDRESS = "UNIRG_NODE", "UNIRG_NODE_ADDRESS"
_LAUNCHED = "UNIRG_LAUNCHED"
_ALONE = ("NO", "MULTI_CPU")  # kinds of accelerate's that start one process, whatever number they are given
_SHOWN = 20
_FIRST_KILLED = re.compile(r"Root Cause.*?exitcode\s*:\s*-(?P<signal>\d+)", re.DOTALL)  # in what the launcher writes


def is_copy() -> bool:
    """Tell whether this process is one that a launcher has started."""
    return "LOCAL_RANK" in os.environ and "WORLD_SIZE" in os.environ


def to_launch(stage: str, params: Params) -> bool:
    """Tell whether a stage is to be started over several processes by this one.

    Raises
    ------
    BadInput
        When a launcher has started another number of copies than `launch.processes` says.
    """
    if stage not in TRAINED:
        return False
    if not is_copy():
        return params.launch.processes > 1
    if (started := int(os.environ["WORLD_SIZE"])) != params.launch.processes:
        raise BadInput(
            f"{started} processes were started, but launch.processes = {params.launch.processes}; make them equal."
        )
    return False


def alone(params: Params, root: Path) -> str | None:
    """Say why a launch configuration would start one process in place of several; None where it would not.

    Raises
    ------
    BadInput
        When the configuration is unknown.
    """
    from unirg_core.training.memory import read_config

    launch = params.launch
    if launch.processes == 1 or not launch.config:
        return None
    kind = read_config(root, launch.config).get("distributed_type") or "NO"  # YAML reads a bare NO as false
    if kind not in _ALONE:
        return None
    return (
        f"launch.config = {launch.config} starts one process (distributed_type {kind}), and launch.processes = "
        f"{launch.processes}; leave launch.config out, or set launch.processes to 1."
    )


def command(stage: str, params: Params, root: Path) -> list[str]:
    """Return the command that starts the copies.

    Raises
    ------
    BadInput
        When the configuration is unknown or starts one process, or a second node has no address of the first.
    """
    launch = params.launch
    if refused := alone(params, root):
        raise BadInput(refused)
    arguments = ["--num_processes", str(launch.processes), "--num_machines", str(launch.nodes)]
    if launch.config:
        arguments += ["--config_file", str(root / "infra" / "accelerate" / f"{launch.config}.yaml")]
    else:
        arguments += ["--multi_gpu", "--mixed_precision", "no", "--dynamo_backend", "no"]
    arguments += _nodes(launch.nodes)
    start = "from accelerate.commands.launch import main; main()"
    return [sys.executable, "-c", start, *arguments, "-m", "unirg_core", stage]


def _nodes(nodes: int) -> list[str]:
    """Return what says which node this is; on one machine, a port that nobody else has."""
    if nodes == 1:
        return ["--machine_rank", "0", "--main_process_port", "0"]
    number, address = os.environ.get(NODE, ""), os.environ.get(ADDRESS, "")
    host, colon, port = address.rpartition(":")
    if not number.isdigit() or int(number) >= nodes or not colon or not port.isdigit():
        raise BadInput(
            f"launch.nodes = {nodes}: say on each machine which one it is and where the first answers, as "
            f"{NODE}=0 {ADDRESS}=10.0.0.1:29500."
        )
    return ["--machine_rank", number, "--main_process_ip", host, "--main_process_port", port]


def launch(stage: str, params: Params, root: Path) -> None:
    """Run a stage over several processes and end as it ends.

    Raises
    ------
    BadInput, HonestNegative
        With the sentence with which a copy has ended; or when this process is itself what a launcher has started, and
        no copy: it would launch again without end.
    SystemExit
        When a signal ended a copy: with the code with which a shell tells of it.
    RuntimeError
        When a copy has ended in any other way; the last lines that it wrote say more.
    """
    if _LAUNCHED in os.environ:
        raise BadInput(
            f"The launcher has started one process in place of launch.processes = {params.launch.processes} copies; "
            "set that to 1, or take another launch.config."
        )
    fault, log = run_folder() / "fault.json", run_folder() / f"{stage}.processes.log"
    fault.unlink(missing_ok=True)
    environment = {**os.environ, "UNIRG_PARENT": str(os.getpid()), _LAUNCHED: "1"}
    if params.model.device == "cpu":
        environment["ACCELERATE_USE_CPU"] = "true"
    environment.setdefault("OMP_NUM_THREADS", str(params.model.threads or 1))
    with log.open("w") as stream:
        # in no session of its own: what ends this process's group ends the copies too
        code = subprocess.run(command(stage, params, root), cwd=root, env=environment, stderr=stream).returncode
    if not code:
        return
    if fault.exists():
        said = read_json(fault)
        raise {"BadInput": BadInput, "HonestNegative": HonestNegative}[said["kind"]](said["sentence"])
    written = log.read_text(errors="replace")
    last = "\n".join(written.splitlines()[-_SHOWN:])
    if killed := _FIRST_KILLED.search(written):
        sys.stderr.write(f"{last}\n")
        raise SystemExit(128 + int(killed["signal"]))
    raise RuntimeError(f"{stage} ended with {code} over {params.launch.processes} processes; {log} ends with:\n{last}")


def hush() -> None:
    """Let every copy but the first be silent."""
    if is_copy() and os.environ.get("RANK") != "0":
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
