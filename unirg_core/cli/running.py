"""The verbs of a run: its stages one by one, the whole flow, and the platform that schedules it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from unirg_core.cli.options import Set

app = typer.Typer()

_STAGES = {
    "ingest": "Read a drop, de-identify it, write shards and the manifest.",
    "validate": "Check the manifest, select studies, and measure drift.",
    "sft": "Fine-tune the base model on the reference reports.",
    "rl": "Fine-tune the SFT model with GRPO on the clinical scores.",
    "evaluate": "Predict and score the test sets for every system.",
    "gate": "Judge the RL model by the rules of params.yaml.",
}

_SOURCES = "phantom, folder, openi, mimic_cxr, chexpert_plus or rexgradient"


def _add_stage(name: str, summary: str) -> None:
    example = f"\n\nExample: unirg {name}   (in a checkout; reads params.yaml and inputs.json)"

    @app.command(name, help=summary + example)
    def command() -> None:
        from unirg_core.runs.here import stage_here

        stage_here(name, Path.cwd())


for _name, _summary in _STAGES.items():
    _add_stage(_name, _summary)


@app.command()
def retrain(
    recipe: Annotated[str | None, typer.Option(help="Overlay of params.yaml: recipes/NAME.yaml")] = None,
    source: Annotated[str | None, typer.Option(help=f"{_SOURCES} (docs/sources/)")] = None,
    path: Annotated[str | None, typer.Option(help="Folder or s3://bucket/prefix of the source's files")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML of column names (default: DROP/mapping.yaml)")] = None,
    set_: Set = None,
    approval: Annotated[str, typer.Option(help="auto, or ask (needs `unirg up`)")] = "auto",
    allow_dirty: Annotated[bool, typer.Option(help="Run on uncommitted changes, as a flagged snapshot")] = False,
    until: Annotated[str | None, typer.Option(metavar="STATION", help="End after it: ingest ... gate")] = None,
) -> None:
    """Run the whole flow in process, from ingest to register.

    The stations are ingest, version, validate, sft, rl, evaluate, gate, approve and register.
    The run gets its own checkout and branch; equal inputs are not run twice; a run that was cut off goes on.
    With --until validate it ends once the data is checked, and registers nothing.

    Example: unirg retrain --source folder --path ~/drop --set rl.step1.steps=40
    """
    from unirg_core.runs.launch import Request, launch

    request = Request(
        recipe=recipe,
        source=source,
        path=path,
        mapping=str(mapping) if mapping else None,
        set=tuple(set_ or ()),
        approval=approval,
        allow_dirty=allow_dirty,
        until=until,
    )
    sys.exit(launch(request, Path.cwd()))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of Prefect's server and UI")] = 4200,
    mlflow_port: Annotated[int, typer.Option(help="Port of MLflow's UI")] = 5000,
) -> None:
    """Start Prefect's server and UI, MLflow's UI, and a worker.

    The worker has the deployments. It prints the addresses and stays in the foreground; one Ctrl-C ends all of it.
    Where MLFLOW_TRACKING_URI names a server, that one shows the runs, and none is started.

    Example: unirg up --port 4300
    """
    from unirg_core.up import up as start

    sys.exit(start(Path.cwd(), port, mlflow_port))


@app.command()
def down() -> None:
    """End a platform that `unirg up` started in another terminal.

    Example: unirg down
    """
    from unirg_core.up import down as stop

    typer.echo(stop())


@app.command()
def watch(
    source: Annotated[str, typer.Option(help="Kind of the source")] = "folder",
    path: Annotated[Path | None, typer.Option(help="Folder that drops arrive in")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML of column names (default: DROP/mapping.yaml)")] = None,
    recipe: Annotated[str | None, typer.Option(help="Overlay of params.yaml: recipes/NAME.yaml")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of the run; repeatable")] = None,
    approval: Annotated[str, typer.Option(help="ask, or auto")] = "ask",
    every: Annotated[float, typer.Option(min=10, help="Seconds from look to look")] = 300.0,
    settle: Annotated[float, typer.Option(min=0, help="Seconds that a drop must have stood still")] = 60.0,
    off: Annotated[bool, typer.Option("--off", help="Stop watching")] = False,
) -> None:
    """Look at a source again and again, and retrain on what is new.

    The platform looks, by its deployment watch/drop (docs/watch.md); so it needs `unirg up`. A drop is handed over
    once, when it has stood still.

    Example: unirg watch --path ~/drop --set ingest.policy=IRB-2026-17 --every 600
    """
    from unirg_core.runs.launch import Request
    from unirg_core.watch import switch

    request = Request(recipe, source, str(path) if path else None, str(mapping) if mapping else None, tuple(set_ or ()))
    sys.exit(2 if switch(None if off else request, Path.cwd(), approval, every, settle) else 0)
