"""The paper's claim by the protocol of docs/claim.md: RL against the best control on a never-trained institution.

    python benchmarks/claim.py --rehearse [--pairs N] [--arms a,b]   # on development worlds, from 900 on
    python benchmarks/claim.py --confirm                             # on worlds 1000 to 1004; each look is logged

The rehearsal may be run at will. The confirming run wants a committed tree, writes a line to docs/claim-looks.jsonl
before it draws a world, and prints what comes out. Both go on where they were cut off; their state lies in
`$UNIRG_HOME/ablation` (arms, seeds, data), their figures in benchmarks/results/. A start that goes on with a look
(equal commit, worlds and arms, no figures yet) is logged too, with `"goes_on": true`: it is no look of its own.

Exit code 0 where RL beats the best control in the primary endpoint (its interval lies above zero, and RL collapsed on
no pair), 1 where it does not, 2 where the input will not do, or at a fault; what was asked for is checked before
anything is logged or drawn.
"""

import argparse
import getpass
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from unirg_core.ablation import arms as known_arms  # noqa: E402
from unirg_core.ablation import run, table  # noqa: E402
from unirg_core.evaluate.scoring import FINDING  # noqa: E402
from unirg_core.faults import BadInput  # noqa: E402
from unirg_core.files import append_line, read_json, read_lines, write_json  # noqa: E402
from unirg_core.home import silenced  # noqa: E402
from unirg_core.params import CONFIRMING_WORLDS, DEVELOPMENT_WORLDS, Params, resolve  # noqa: E402
from unirg_core.runs.checkout import git  # noqa: E402
from unirg_core.scoring.comparison import holm  # noqa: E402

PROTOCOL, LOOKS, RESULTS = "docs/claim.md", "docs/claim-looks.jsonl", "benchmarks/results"
CONFIRMED, REHEARSAL = f"{RESULTS}/claim-confirming.json", f"{RESULTS}/claim-rehearsal.json"
PAIRS = 5
REHEARSED = 900
CONTROLS = ("sft_more", "sft_bias")
JUDGED = "sft_rl"
SINGLE = tuple(name for name in known_arms.ARMS if name.startswith("reward_"))
PRIMARY, MACRO = "truth_micro_f1", "truth_macro_f1"
RARE = ("Pneumothorax", "Lung Lesion")
SUBSET = "held_out"
FLAT = 0.01
"""What more SFT may gain in micro F1, by the upper end of its interval, where SFT counts as converged."""
TEXTS = ("rouge_l", "bleu2", "well_formed", "mean_words")


def main(confirm: bool, pairs: int, names: Sequence[str]) -> int:
    """Run the protocol, print its tables, and say by the exit code whether RL won."""
    _check(pairs, names)
    wanted = {"sft", *CONTROLS, JUDGED, *names}
    arms = [arm for arm in known_arms.ARMS.values() if arm.name in wanted]
    worlds = CONFIRMING_WORLDS[:pairs] if confirm else range(REHEARSED, REHEARSED + pairs)
    opened = {"ingest": {"phantom": {"world": worlds[0], "confirming": confirm}}}
    params = resolve(ROOT, "claim", opened, confirming=confirm)
    look = _log(worlds, sorted(wanted)) if confirm else None
    drawn = [run.Pair(world, seed) for seed, world in enumerate(worlds)]
    measured = run.ablate(params, arms, drawn, run.default_jobs())
    found = {"confirming": confirm, **table.table(params, measured), **_endpoints(params, measured, drawn, names)}
    written = ROOT / (CONFIRMED if confirm else REHEARSAL)
    write_json(written, {**found, "look": look} if look else found)
    print("\n".join(_told(found)))
    return 0 if found["won"] else 1


def _check(pairs: int, names: Sequence[str]) -> None:
    """Refuse what cannot be, before a look is logged or a world is drawn.

    Raises
    ------
    BadInput
        When there is no such single reward, or no development world for a pair.
    """
    if unknown := [name for name in names if name not in SINGLE]:
        raise BadInput(f"--arms takes single rewards, of {', '.join(SINGLE)}; {unknown[0]} is none.")
    most = DEVELOPMENT_WORLDS.stop - REHEARSED
    if not 1 <= pairs <= most:
        raise BadInput(f"--pairs {pairs} will not do; the rehearsal has 1 to {most}, one a world from {REHEARSED} on.")


def _log(worlds: Sequence[int], arms: Sequence[str]) -> dict[str, Any]:
    """Log a look at the confirming worlds, before it is taken, and return what makes it this look.

    Raises
    ------
    BadInput
        When the protocol or anything else is not committed as it stands.
    """
    others = git(ROOT, "status", "--porcelain", "--", ".", f":!{LOOKS}", f":!{RESULTS}").strip()
    if others or not git(ROOT, "ls-files", PROTOCOL).strip():
        raise BadInput(f"The confirming run wants code and {PROTOCOL} committed; not committed: {others or PROTOCOL}.")
    look = {"commit": git(ROOT, "rev-parse", "HEAD").strip(), "worlds": list(worlds), "arms": list(arms)}
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "by": getpass.getuser(), **look}
    append_line(ROOT / LOOKS, line | ({"goes_on": True} if _unfinished(look) else {}))
    return look


def _unfinished(look: Mapping[str, Any]) -> bool:
    """Tell whether a look was begun that has left no figures; those that lie there may be another look's."""
    logged, figures = ROOT / LOOKS, ROOT / CONFIRMED
    begun = logged.exists() and any(look.items() <= line.items() for line in read_lines(logged))
    return begun and not (figures.exists() and read_json(figures).get("look") == look)


def _endpoints(
    params: Params, measured: Sequence[run.Measured], pairs: Sequence[run.Pair], names: Sequence[str]
) -> dict[str, Any]:
    """Return the endpoints: the primary one, the secondary ones with Holm's correction, single rewards with theirs."""
    by = {(one.arm.name, one.pair): one for one in measured}

    def less(arm: str, against: str) -> dict[str, Mapping[str, Any]]:
        rows = table.differences(params, by, pairs, arm, against)
        nothing = {
            score: _none(arm, against, score, len(pairs), params.evaluate.level) for score in (PRIMARY, MACRO, *TEXTS)
        }
        return nothing | {row["score"]: row for row in rows if row["subset"] == SUBSET}

    against = {name: less(JUDGED, name) for name in ("sft", *CONTROLS)}
    best = _best({name: against[name][PRIMARY]["value"] for name in CONTROLS})
    primary, flat = against[best][PRIMARY], {score: less("sft_more", "sft")[score] for score in (PRIMARY, MACRO)}
    findings = [name for name in against[best] if name.startswith(FINDING)]
    secondary = [against[best][name] for name in (MACRO, *findings, *TEXTS)]
    single = [less(name, best)[PRIMARY] for name in names]
    collapsed = Counter(name for (name, _), one in by.items() if one.collapsed)
    return {
        "best_control": best,
        "collapsed": dict(collapsed),
        "won": (primary["low"] or 0) > 0 and not collapsed[JUDGED],
        "converged": _converged(flat[PRIMARY]),
        "seconds": {name: _seconds(by, pairs, name) for name in ("sft", "sft_more", JUDGED)},
        "primary": primary,
        "against": {name: {score: rows[score] for score in (PRIMARY, MACRO)} for name, rows in against.items()},
        "flat": flat,
        "secondary": [{**row, "p_holm": p} for row, p in _corrected(secondary)],
        "single": [{**row, "p_holm": p} for row, p in _corrected(single)],
    }


def _best(leads: Mapping[str, float | None]) -> str:
    """Return the control that RL leads least; one that collapsed on every pair is none, unless all did."""
    known = {name: lead for name, lead in leads.items() if lead is not None}
    return min(known, key=lambda name: known[name]) if known else next(iter(leads))


def _converged(gain: Mapping[str, Any]) -> bool:
    return gain["high"] is not None and gain["high"] < FLAT


def _none(arm: str, against: str, score: str, pairs: int, level: float) -> dict[str, Any]:
    """Return the row of a difference of which no pair is left."""
    return {"arm": arm, "against": against, "subset": SUBSET, "score": score, **table.over([None] * pairs, level)}


def _seconds(by: Mapping[tuple[str, run.Pair], run.Measured], pairs: Sequence[run.Pair], name: str) -> float:
    """Return the mean seconds that an arm trained, without what it starts from."""
    return round(sum(by[name, pair].facts["seconds"] for pair in pairs) / len(pairs), 1)


def _corrected(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float | None]]:
    return list(zip(rows, holm([row["p"] for row in rows]), strict=True))


def _told(found: Mapping[str, Any]) -> list[str]:
    kind = "confirming worlds" if found["confirming"] else "development worlds, a rehearsal"
    seeds = ", ".join(f"{pair['world']}/{pair['seed']}" for pair in found["pairs"])
    lines = [f"{kind}; world/seed {seeds}; held-out institution; mean [95 % t interval]; each pair"]
    lines += ["", "values: micro F1, macro F1"]
    values = {(row["arm"], row["score"]): row for row in found["scores"] if row["subset"] == SUBSET}
    for name in dict.fromkeys(row["arm"] for row in found["scores"]):
        lines.append(f"  {name:22}" + "  ".join(_own(values[name, score]) for score in (PRIMARY, MACRO)))
    lines += [f"  {name}: collapsed on {count} of {len(found['pairs'])}" for name, count in found["collapsed"].items()]
    lines += ["", f"primary endpoint: micro F1, {JUDGED} less the best control ({found['best_control']})"]
    lines += [f"  {_row(found['primary'])}", f"  {_verdict(found)}", "", f"{JUDGED} less each control"]
    for name, rows in found["against"].items():
        lines += [f"  {name:10} {score:16} {_row(row)}" for score, row in rows.items()]
    converged = "yes" if found["converged"] else f"no, more SFT may gain {FLAT} or more: it was not at its best"
    lines += ["", f"sft_more less sft; is SFT converged? {converged}"]
    lines += [f"  {score:16} {_row(row)}" for score, row in found["flat"].items()]
    spent = found["seconds"]
    lines += [
        "",
        f"seconds of training, mean: sft_more {spent['sft_more']:.0f}; sft {spent['sft']:.0f} and {JUDGED} "
        f"{spent[JUDGED]:.0f}, together {spent['sft'] + spent[JUDGED]:.0f}",
    ]
    lines += ["", f"secondary, less {found['best_control']}; Holm over all of them (* rare finding)"]
    for row in found["secondary"]:
        name = row["score"].removeprefix(FINDING)
        lines.append(f"  {name + ('*' if name in RARE else ''):28} {_row(row)}  Holm p {_p(row['p_holm'])}")
    if found["single"]:
        lines += ["", f"single rewards: micro F1 less {found['best_control']}; Holm over them"]
        lines += [f"  {row['arm']:28} {_row(row)}  Holm p {_p(row['p_holm'])}" for row in found["single"]]
    return lines


def _verdict(found: Mapping[str, Any]) -> str:
    if found["won"]:
        return "RL beats the best control"
    lost = found["collapsed"].get(JUDGED)
    return f"RL has not won: it collapsed on {lost} of the pairs" if lost else "RL does not beat the best control"


def _own(row: Mapping[str, Any]) -> str:
    return (
        f"{row['value']:.3f} (" + " ".join("-" if one is None else f"{one['value']:.3f}" for one in row["pairs"]) + ")"
    )


def _row(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "none"
    interval = "" if row["low"] is None else f" [{row['low']:+.3f}, {row['high']:+.3f}]"
    each = " ".join("-" if one is None or one["value"] is None else f"{one['value']:+.3f}" for one in row["pairs"])
    return f"{row['value']:+.3f}{interval}  p {_p(row['p'])}  each {each}"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--rehearse", action="store_true", help="on development worlds, at will")
    which.add_argument("--confirm", action="store_true", help="on the confirming worlds; the look is logged")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of the rehearsal; the confirming run has five")
    parser.add_argument(
        "--arms", default=",".join(SINGLE), help="single rewards beside the protocol's arms; '' for none"
    )
    asked = parser.parse_args()
    os.environ.update(silenced(os.environ))
    os.environ.setdefault("UNIRG_HOME", str(ROOT / ".unirg"))
    names = list(dict.fromkeys(name.strip() for name in asked.arms.split(",") if name.strip()))
    end("claim", lambda: main(asked.confirm, PAIRS if asked.confirm else asked.pairs, names))
