"""The verbs that read reports: label, score, and the service that scores over HTTP."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
scorer = typer.Typer(help="The scorer service: scores over HTTP (docs/model-scores.md).", no_args_is_help=True)


@app.command()
def label(
    reports: Annotated[Path, typer.Option(help="ReXrank JSON, JSONL or CSV (study_id and text)")],
    output: Annotated[Path, typer.Option(help="What to write: .csv, .jsonl or .parquet")],
    column: Annotated[str | None, typer.Option(help="Field that holds the report, as model_prediction")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as JSON")] = False,
) -> None:
    """Label reports with the 14 CheXpert-style classes, by rules.

    1 present, 0 absent, -1 uncertain, blank not mentioned, with side and severity beside; the rules are not CheXbert.
    The summary counts the reports of each class.

    Example: unirg label --reports reports.csv --output labels.parquet
    """
    from unirg_core.scoring import labelling, printing

    found = labelling.label_file(reports, output, column)
    typer.echo(printing.as_json(found) if json_ else printing.labels_table(found, output))


@app.command()
def score(
    references: Annotated[Path, typer.Option(help="ReXrank JSON, JSONL or CSV (study_id and text or sections)")],
    candidates: Annotated[list[Path], typer.Option(help="The same, written by a system; repeat to compare systems")],
    scores: Annotated[
        str | None, typer.Option(help="Names with commas between; default: those without weights")
    ] = None,
    setting: Annotated[str, typer.Option(help="findings, or findings+impression")] = "findings+impression",
    training: Annotated[Path | None, typer.Option(help="Training reports, for the nearest-report baselines")] = None,
    cider_documents: Annotated[
        Path | None, typer.Option(help="Reports whose words `cider` is weighed by; default: those of --training")
    ] = None,
    params: Annotated[
        Path | None, typer.Option(help="File that sets up judge, semantic and service [default: params.yaml here]")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Per-study table (.csv, .jsonl, .parquet), or submission")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="Of --output: table, or rexrank (the board's JSON)")
    ] = "table",
    figure: Annotated[Path | None, typer.Option(help="Draw scores and differences: .png, .pdf or .svg")] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of patients, 100 or more")] = 2000,
    seed: Annotated[int, typer.Option(help="Of resamples and tests")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as JSON")] = False,
) -> None:
    """Score files of reports and compare systems, with intervals.

    The constant normal template always stands beside the systems: it scores high where a score rewards saying normal.

    Example: unirg score --references iu.json --candidates sft.json --candidates rl.json --figure scores.png
    """
    from unirg_core.scoring import printing
    from unirg_core.scoring.comparison import Settings
    from unirg_core.scoring.score import Request, score_files

    request = Request(
        references=references,
        candidates=tuple(candidates),
        scores=tuple(name.strip() for name in (scores or "").split(",") if name.strip()),
        setting=setting,
        training=training,
        cider_documents=cider_documents,
        params=params,
        output=output,
        format=format_,
        figure=figure,
        settings=Settings(resamples=resamples, seed=seed),
    )
    found = score_files(request)
    typer.echo(printing.as_json(found) if json_ else printing.scores_text(found))


@scorer.command("serve")
def scorer_serve(
    settings: Annotated[Path | None, typer.Option(help="YAML: weights by path and SHA-256, device, limits")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; it asks for no credentials")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at", min=0, max=65535)] = 8900,
) -> None:
    """Serve every score over HTTP until ended.

    The model-based ones need weights, which the settings pin. POST /score, GET /scores (names, digests of weights,
    versions), GET /health.

    Example: unirg scorer serve --host 127.0.0.1 --port 8900 --settings scorer.yaml
    """
    from unirg_core.clinical.server import serve

    serve(host, port, settings)


@scorer.command("check")
def scorer_check(
    settings: Annotated[Path, typer.Option(help="YAML: weights by path and SHA-256, device, limits")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Check the files of weights against their pins.

    Nothing is loaded; what is told are the digests that a run pins.

    Example: unirg scorer check --settings scorer.yaml
    """
    import json

    from unirg_core.clinical.weights import digests, read_settings

    found = digests(read_settings(settings))
    typer.echo(json.dumps(found, indent=1) if as_json else "\n".join(f"{n:12} {d}" for n, d in found.items()))
