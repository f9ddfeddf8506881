"""The verbs of data: what changed between versions, and what an auditor asks of them."""

from pathlib import Path
from typing import Annotated

import typer

from unirg_core.cli.options import project, tell

app = typer.Typer(help="Versions of the dataset (docs/data-versions.md).", no_args_is_help=True)


@app.command("diff")
def data_diff(
    before: Annotated[str, typer.Argument(metavar="A", help="Run id, dataset digest, branch or commit")],
    now: Annotated[str, typer.Argument(metavar="B", help="The same, of the later version")],
    figure: Annotated[Path | None, typer.Option(help="Draw it: .png, .pdf or .svg")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Tell what came, went and changed between two versions.

    Exit code 1 when a patient who was tested on is trained on now.

    Example: unirg data diff 20260101-120000-abc123 20260201-120000-def456 --figure diff.png
    """
    from unirg_core.data import diff
    from unirg_core.scoring.writing import check_figure, check_writable

    if figure is not None:
        check_figure(figure)
        check_writable("--figure", figure)
    found = diff.diff(before, now, project())
    if figure is not None:
        diff.draw(found, figure)
    tell(found, diff.in_words(found), json_, bad=diff.learnt_a_test_patient(found))


@app.command("proof")
def data_proof(json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Prove that nobody tested on was ever trained on, in any version.

    Exit code 1 when somebody was.

    Example: unirg data proof
    """
    from unirg_core.data import proof

    found = proof.prove(project())
    tell(found, proof.in_words(found), json_, bad=any(line["violations"] for line in found))


@app.command("looks")
def data_looks(json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Count how often each test set was looked at. Exit code 1 when one is due for renewal.

    Example: unirg data looks
    """
    from unirg_core.data import looks

    found = looks.looks(project())
    tell(found, looks.in_words(found), json_, bad=any(row["due"] for row in found))


@app.command("where")
def data_where(
    names: Annotated[list[str], typer.Argument(metavar="STUDY...", help="Pseudonyms of studies, rejects or patients")],
    run: Annotated[str | None, typer.Option(help="A run that read the source; else the last of a drop")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Tell which rows of a drop pseudonyms stand for.

    Needed are the key and the source, on this machine.

    What is printed names patients; it is written nowhere. Exit code 1 when one of them stands for nothing.

    Example: unirg data where 3f9c20d17be4a856 --run 20260101-120000-abc123
    """
    from unirg_core.data import where

    found = where.where(names, run, project())
    tell(found, where.in_words(found), json_, bad=any(told["kind"] is None for told in found))
