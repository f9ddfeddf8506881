"""The verbs around a training: the base model, recipes, what fits here, and which training pays."""

from pathlib import Path
from typing import Annotated

import typer

from unirg_core.cli.options import Set, project

app = typer.Typer()
base = typer.Typer(help="The embedded base model unirg-tiny.", no_args_is_help=True)
recipe = typer.Typer(help="Recipes: named overlays of params.yaml (docs/recipes.md).", no_args_is_help=True)


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
    keep: Annotated[
        Path | None, typer.Option(help="Folder for each arm's scores: another machine goes on from there")
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the differences from SFT: .png, .pdf or .svg")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Train the phantom in many ways and tell which of them pay.

    Each arm is held against the truth file on the never-trained institution (docs/ablation.md). What is complete is
    not done again, so an ablation that was cut off goes on, and further pairs or arms cost only themselves.
    All arms on three pairs take about five hours on two cores.

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
    request = Request(recipe, named, pairs, world, tuple(set_ or ()), jobs, keep)
    typer.echo(run_and_tell(request, project(), figure, json_))


@app.command()
def doctor(
    recipe: Annotated[str | None, typer.Option(help="Judge this recipe; default: params.yaml")] = None,
    set_: Set = None,
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

    found = examine(project(), home(), recipe, gpu_memory, assignments(set_ or ()))
    typer.echo(json.dumps(found.as_values(), indent=1) if json_ else as_text(found))
    raise typer.Exit(0 if found.healthy else 2)


@base.command("build")
def base_build(
    output: Annotated[Path, typer.Option(help="Folder to write the model to")] = Path("unirg_core/models/unirg_tiny"),
) -> None:
    """Pretrain unirg-tiny on the neutral phantom population.

    Equal code gives equal bytes.

    Example: unirg base build --output /tmp/unirg-tiny
    """
    from unirg_core.models.base import build

    build(output)


@recipe.command("show")
def recipe_show(
    recipe: Annotated[str | None, typer.Argument(help="Its name; default: params.yaml. Without one, a list")] = None,
    set_: Set = None,
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
