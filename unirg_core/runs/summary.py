"""The table that a run ends with: dataset, scores with intervals, verdict, version, and where to look next."""

from collections.abc import Iterator
from typing import Any

from unirg_core.approve import told
from unirg_core.families import directed
from unirg_core.files import read_json
from unirg_core.home import home
from unirg_core.runs.run import Run
from unirg_core.up import pages
from unirg_core.wording import counted

_SYSTEMS = ("template", "base", "sft", "rl", "champion")
_JUDGED = ("sft", "rl", "champion")
_NO = "\nExit code  1: the gate's honest no, not a fault; the model is registered with that verdict and gets no alias"


def show(run: Run) -> None:
    """Print the summary of a completed run."""
    from rich.console import Console

    console = Console(soft_wrap=False, highlight=False, width=None if Console().is_terminal else 130)
    evaluation = read_json(run.checkout / "reports" / "evaluation.json")
    console.print()
    console.print(_head(run))
    console.print(_scores(evaluation))
    console.print(_rules(run.record["verdict"]))
    for line in _differences(evaluation):
        console.print(line)
    for warning in evaluation["warnings"]:
        console.print(f"[yellow]Warning: {warning}[/yellow]")
    console.print(_tail(run))


def ended_early(run: Run) -> str:
    """Say of a completed run which was to end before registration where it ended and what it left."""
    after, record = run.stations[-1], run.record
    data = f", dataset {record['data']['digest'][:12]}" if "data" in record else ""
    return (
        f"Run {run.id} ended after {after}, as asked{data}; nothing is registered "
        f"(record: {run.folder / 'record.json'}). The same command without --until is a run of its own and takes "
        "from the cache what this one has made."
    )


def _head(run: Run) -> str:
    data = run.record["data"]
    return (
        f"[bold]Run {run.id}[/bold]   dataset {data['digest'][:12]} "
        f"({counted(data['studies'], 'study')}, {counted(data['patients'], 'patient')}, {data['rejects']:,} rejected; "
        f"{run.branch})"
    )


def _scores(evaluation: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(title="Scores on the frozen test sets, 95 % intervals over patients", title_justify="left")
    systems = [name for name in _SYSTEMS if any(row["system"] == name for row in evaluation["scores"])]
    for name in ("subset", "score", *systems):
        table.add_column(name, justify="left" if name in ("subset", "score") else "right", no_wrap=True)
    cells = {(row["subset"], row["score"], row["system"]): row for row in evaluation["scores"]}
    roles = evaluation.get("roles", {})
    shown = _subsets(evaluation)
    for subset, score in dict.fromkeys((row["subset"], row["score"]) for row in evaluation["scores"]):
        if subset not in shown:
            continue
        told = f"{directed(score)}{_role(roles.get(score, {}))}"
        table.add_row(
            shown[subset], told, *(_cell(cells.get((subset, score, name)), name in _JUDGED) for name in systems)
        )
    return table


def _subsets(evaluation: dict[str, Any]) -> dict[str, str]:
    """Return subset -> its name with its studies; `all` only where it is more than the other one."""
    counts = {name: people["studies"] for name, people in evaluation["subsets"].items() if people["studies"]}
    if counts.get("all") in [count for name, count in counts.items() if name != "all"]:
        counts.pop("all")
    return {name: f"{name} (n={count})" for name, count in counts.items()}


def _role(role: dict[str, Any]) -> str:
    """Mark what was optimised: such a score says nothing about what was learnt."""
    if role.get("in_reward"):
        return " (rewarded)"
    return "" if role.get("held_out", True) else " (reward's family)"


def _cell(row: dict[str, Any] | None, with_interval: bool) -> str:
    if row is None or row["value"] is None:
        return "-"
    return f"{row['value']:.3f} {_interval(row)}" if with_interval else f"{row['value']:.3f}"


def _interval(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else rf"\[{row['low']:.3f}, {row['high']:.3f}]"


def _rules(verdict: dict[str, Any]) -> Any:
    from rich.table import Table

    reason = "" if verdict["verdict"] != "passed" else f" ({verdict['reason'].rstrip('.')})"
    table = Table(title=f"Gate: {verdict['verdict']}{reason}", title_justify="left")
    for name in ("rule", "verdict", "reason"):
        table.add_column(name)
    for rule in verdict["rules"]:
        what = f"{rule['score']} on {rule['subset']}" + (
            "" if rule["against"] == "absolute" else f" less {rule['against']}"
        )
        bound = f"<= {rule['at_most']:g}" if rule.get("at_most") is not None else f">= {rule['at_least']:g}"
        table.add_row(f"{what} {bound}", rule["verdict"], rule["reason"].replace("[", r"\["))
    return table


def _differences(evaluation: dict[str, Any]) -> Iterator[str]:
    """Say RL less SFT on the institution that was never trained on, as it came out."""
    for row in evaluation["differences"]:
        asked = row["subset"] == "held_out" and row["against"] == "sft" and row["score"].startswith("truth_m")
        if asked and row["value"] is not None:
            yield (
                f"RL less SFT on the never-trained institution, {row['score']}: "
                f"[bold]{row['value']:+.3f}[/bold] {_interval(row)} (n = {row['patients']} patients, one seed)"
            )


def _tail(run: Run) -> str:
    done = run.record["registration"]
    aliases = ", ".join(move["alias"] for move in done["aliases"]) or "none"
    return (
        f"\nModel      {done['name']} version {done['version']}   verdict {done['verdict']}   aliases {aliases}"
        f"\nApproval   {told(run.record['approval'])}"
        f"\nRecord     {run.folder / 'record.json'}   (and in the last commit of {run.branch})"
        f"\nFigures    {run.folder / 'figures'}"
        f"\nLook next  {_look(run)}; state lies in {home()}"
        f"{_NO if done['verdict'] == 'failed' else ''}"
    )


def _look(run: Run) -> str:
    """Say where the run's pages are, or how to get them up."""
    there = pages()
    if not there:
        return "`unirg up`, then MLflow's and Prefect's pages"
    page = run.record.get("mlflow_run")
    return f"MLflow {there['MLflow']}/#/runs/{page}, Prefect {there['Prefect']}/runs/flow-run/{run.record['flow_run']}"
