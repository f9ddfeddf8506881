"""The command line: thin verbs over the core; each imports what it needs when it is called.

Exit codes: 0 done or nothing to do, 1 an honest negative (gate rejected, model collapsed), 2 bad input or a fault.
"""

import os
import traceback
from typing import Annotated

import typer

from unirg_core import faults
from unirg_core.cli import data, running, scoring, training
from unirg_core.cli.usage import Verbs

app = typer.Typer(
    name="unirg",
    cls=Verbs,
    help="Retrain medical-report models with reinforcement learning on the clinical metrics, auditably.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _verbs in (running.app, scoring.app, training.app):
    app.add_typer(_verbs)
for _name, _group in {
    "base": training.base,
    "recipe": training.recipe,
    "scorer": scoring.scorer,
    "data": data.app,
}.items():
    app.add_typer(_group, name=_name)


def main() -> None:
    """Run the command line and turn every fault into an exit code, and the known ones into one sentence."""
    try:
        app()
    except faults.BadInput as error:
        typer.echo(f"unirg: {error}", err=True)
        raise SystemExit(2) from None
    except faults.HonestNegative as error:
        typer.echo(f"unirg: {error}", err=True)
        raise SystemExit(1) from None
    except Exception:
        traceback.print_exc()
        raise SystemExit(2) from None  # Python itself would end with 1, which is an honest no


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"unirg {version('unirg-pipeline')}")
        raise typer.Exit


@app.callback()
def silence(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Switch off the telemetry of every tool before any of them is imported."""
    from unirg_core.home import silenced

    os.environ.update(silenced(os.environ))
