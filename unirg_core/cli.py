"""The command line: thin verbs over the core; each imports what it needs when it is called.

Exit codes: 0 done or nothing to do, 1 an honest negative (gate rejected, model collapsed), 2 bad input or a fault.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from unirg_core import faults

app = typer.Typer(
    name="unirg",
    help="Retrain medical-report models with reinforcement learning on the clinical metrics, auditably.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
base_app = typer.Typer(help="The embedded base model unirg-tiny.", no_args_is_help=True)
app.add_typer(base_app, name="base")
recipe_app = typer.Typer(help="Recipes: named overlays of params.yaml (docs/recipes.md).", no_args_is_help=True)
app.add_typer(recipe_app, name="recipe")
scorer_app = typer.Typer(help="The scorer service: scores over HTTP (docs/model-scores.md).", no_args_is_help=True)
app.add_typer(scorer_app, name="scorer")
data_app = typer.Typer(help="Versions of the dataset (docs/data-versions.md).", no_args_is_help=True)
app.add_typer(data_app, name="data")

_STAGES = {
    "ingest": "Read a drop, de-identify it, write shards and the manifest.",
    "validate": "Check the manifest, select studies, and measure drift.",
    "sft": "Fine-tune the base model on the reference reports.",
    "rl": "Fine-tune the SFT model with GRPO on the clinical scores.",
    "evaluate": "Predict and score the test sets for every system.",
    "gate": "Judge the RL model by the rules of params.yaml.",
}

_Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter; repeatable")]

_SOURCES = "phantom, folder, openi, mimic_cxr, chexpert_plus or rexgradient"


def main() -> None:
    """Run the command line and turn the known faults into one sentence and an exit code."""
    try:
        app()
    except faults.BadInput as error:
        typer.echo(f"unirg: {error}", err=True)
        raise SystemExit(2) from None
    except faults.HonestNegative as error:
        typer.echo(f"unirg: {error}", err=True)
        raise SystemExit(1) from None


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
    set_: _Set = None,
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
    sys.exit(switch(None if off else request, Path.cwd(), approval, every, settle))


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


@base_app.command("build")
def base_build(
    output: Annotated[Path, typer.Option(help="Folder to write the model to")] = Path("unirg_core/models/unirg_tiny"),
) -> None:
    """Pretrain unirg-tiny on the neutral phantom population.

    Equal code gives equal bytes.

    Example: unirg base build --output /tmp/unirg-tiny
    """
    from unirg_core.models.base import build

    build(output)


@app.command()
def ablate(
    recipe: Annotated[str | None, typer.Option(help="Recipe that the arms change: recipes/NAME.yaml")] = None,
    arms: Annotated[str | None, typer.Option(help="Names with commas between; default: all")] = None,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of a drawn world and a seed of training")] = 3,
    world: Annotated[int, typer.Option(min=0, max=999, help="World of the first pair; the next ones follow")] = 100,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter of all arms; repeatable")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Arms at once; default: the cores that there are")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the differences from SFT: .png, .pdf or .svg")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Train the phantom in many ways and tell which of them pay.

    Each arm is held against the truth file on the never-trained institution (docs/ablation.md). What is complete is
    not done again, so an ablation that was cut off goes on, and further pairs or arms cost only themselves.
    All arms on three pairs take about four hours on two cores.

    \b
    Arms by group; each brings what it starts from and is held against:
      training     base, sft, sft_more, sft_bias, rl_only, sft_rl
      reward       reward_finding_credit, reward_micro_gain, reward_labels_f1,
                   reward_entity_f1, reward_error_count, reward_well_formed,
                   reward_bleu2, reward_rouge_l
      group size   group_4, group_16
      beta         beta_00, beta_10
      temperature  temperature_05, temperature_07
      advantage    advantage_group
      loss         loss_grpo, loss_dr_grpo

    Example: unirg ablate --arms sft,sft_more,sft_bias,sft_rl --pairs 5 --figure ablation.png
    """
    from unirg_core.ablation.verb import Request, run_and_tell

    named = None if arms is None else tuple(name.strip() for name in arms.split(",") if name.strip())
    request = Request(recipe, named, pairs, world, tuple(set_ or ()), jobs)
    typer.echo(run_and_tell(request, _project(), figure, json_))


@app.command()
def doctor(
    recipe: Annotated[str | None, typer.Option(help="Judge this recipe; default: params.yaml")] = None,
    set_: _Set = None,
    gpu_memory: Annotated[
        float | None, typer.Option(help="Judge by a GPU of so many GiB (1 to 4096), in place of what is here")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Check tools, stores and keys, and if a recipe fits here.

    It changes nothing. Exit code 2 where something stands in the way of a run; each line says what to do.

    Example: unirg doctor --recipe unirg-cxr-8b-lora --gpu-memory 80
    """
    import json

    from unirg_core.doctor import examine
    from unirg_core.doctor.printing import as_text
    from unirg_core.home import home
    from unirg_core.params import assignments

    found = examine(_project(), home(), recipe, gpu_memory, assignments(set_ or ()))
    typer.echo(json.dumps(found.as_values(), indent=1) if json_ else as_text(found))
    raise typer.Exit(0 if found.healthy else 2)


@recipe_app.command("show")
def recipe_show(
    recipe: Annotated[str | None, typer.Argument(help="Its name; default: params.yaml. Without one, a list")] = None,
    set_: _Set = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print a recipe, marked by how it differs from the paper.

    `default` is params.yaml by itself; --set without a name is laid over it.

    Example: unirg recipe show unirg-cxr-8b --set rl.step1.rollouts=8
    """
    from unirg_core.params import DEFAULT, assignments
    from unirg_core.recipes import printing
    from unirg_core.runs.checkout import project_root

    root = project_root(Path.cwd())
    if recipe or set_:
        typer.echo(printing.shown(root, recipe or DEFAULT, json_, assignments(set_ or ())))
    else:
        typer.echo(printing.listing(root, json_))


@scorer_app.command("serve")
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


@scorer_app.command("check")
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


@data_app.command("diff")
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
    found = diff.diff(before, now, _project())
    if figure is not None:
        diff.draw(found, figure)
    _tell(found, diff.in_words(found), json_, bad=diff.learnt_a_test_patient(found))


@data_app.command("proof")
def data_proof(json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Prove that nobody tested on was ever trained on, in any version.

    Exit code 1 when somebody was.

    Example: unirg data proof
    """
    from unirg_core.data import proof

    found = proof.prove(_project())
    _tell(found, proof.in_words(found), json_, bad=any(line["violations"] for line in found))


@data_app.command("looks")
def data_looks(json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Count how often each test set was looked at. Exit code 1 when one is due for renewal.

    Example: unirg data looks
    """
    from unirg_core.data import looks

    found = looks.looks(_project())
    _tell(found, looks.in_words(found), json_, bad=any(row["due"] for row in found))


@data_app.command("where")
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

    found = where.where(names, run, _project())
    _tell(found, where.in_words(found), json_, bad=any(told["kind"] is None for told in found))


def _project() -> Path:
    """Return the top of the checkout, with its state where `unirg retrain` keeps it."""
    from unirg_core.runs.checkout import project_root

    root = project_root(Path.cwd())
    os.environ.setdefault("UNIRG_HOME", str(root / ".unirg"))
    return root


def _tell(found: object, words: str, json_: bool, *, bad: bool) -> None:
    """Print a finding and end with 1 where it is a bad one."""
    import json

    typer.echo(json.dumps(found, indent=1) if json_ else words)
    if bad:
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
