"""What several verbs share: options, the checkout that they stand in, and how a finding is told."""

import os
from pathlib import Path
from typing import Annotated

import typer

Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter; repeatable")]


def project() -> Path:
    """Return the top of the checkout, with its state where `unirg retrain` keeps it."""
    from unirg_core.runs.checkout import project_root

    root = project_root(Path.cwd())
    os.environ.setdefault("UNIRG_HOME", str(root / ".unirg"))
    return root


def tell(found: object, words: str, json_: bool, *, bad: bool) -> None:
    """Print a finding and end with 1 where it is a bad one."""
    import json

    typer.echo(json.dumps(found, indent=1) if json_ else words)
    if bad:
        raise typer.Exit(1)
