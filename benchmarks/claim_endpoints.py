"""The endpoints of docs/claim.md, of what was measured, and how they are printed. Read by claim.py."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from unirg_core.ablation import arms, run, table
from unirg_core.evaluate.scoring import FINDING
from unirg_core.faults import BadInput
from unirg_core.params import Params
from unirg_core.scoring.comparison import holm

CONTROLS = ("sft_more", "sft_bias")
JUDGED = arms.RECIPE
SINGLE = tuple(name for name in arms.ARMS if name.startswith("reward_"))
PRIMARY, MACRO = "truth_micro_f1", "truth_macro_f1"
RARE = ("Pneumothorax", "Lung Lesion")
SUBSET = "held_out"
FLAT = 0.01
"""What more SFT may gain in micro F1, by the upper end of its interval, where SFT counts as converged."""
TEXTS = ("rouge_l", "bleu2", "well_formed", "mean_words")


class Contrasts:
    """The differences between arms on the never-trained institution, over pairs."""

    def __init__(self, params: Params, measured: Sequence[run.Measured], pairs: Sequence[run.Pair]) -> None:
        self._params, self._pairs = params, pairs
        self._by = {(one.arm.name, one.pair): one for one in measured}
        self.collapsed = Counter(name for (name, _), one in self._by.items() if one.collapsed)

    def less(self, arm: str, against: str) -> dict[str, Mapping[str, Any]]:
        """Return one arm less another, a row of each score."""
        rows = table.differences(self._params, self._by, self._pairs, arm, against)
        found = {row["score"]: row for row in rows if row["subset"] == SUBSET}
        return {score: self._none(arm, against, score) for score in (PRIMARY, MACRO, *TEXTS)} | found

    def _none(self, arm: str, against: str, score: str) -> dict[str, Any]:
        """Return the row of a difference of which no pair is left."""
        nothing = table.over([None] * len(self._pairs), self._params.evaluate.level)
        return {"arm": arm, "against": against, "subset": SUBSET, "score": score, **nothing}

    def seconds(self, name: str) -> float:
        """Return the mean seconds that an arm trained, without what it starts from."""
        return round(sum(self._by[name, pair].facts["seconds"] for pair in self._pairs) / len(self._pairs), 1)


def endpoints(held: Contrasts, names: Sequence[str]) -> dict[str, Any]:
    """Return all endpoints: the primary one, the secondary ones with Holm's correction, single rewards with theirs."""
    against = {name: held.less(JUDGED, name) for name in ("sft", *CONTROLS)}
    best = _best({name: against[name][PRIMARY]["value"] for name in CONTROLS})
    flat = {score: held.less("sft_more", "sft")[score] for score in (PRIMARY, MACRO)}
    primary = against[best][PRIMARY]
    findings = [name for name in against[best] if name.startswith(FINDING)]
    secondary = [against[best][name] for name in (MACRO, *findings, *TEXTS)]
    return {
        "best_control": best,
        "collapsed": dict(held.collapsed),
        "won": (primary["low"] or 0) > 0 and not held.collapsed[JUDGED],
        "converged": converged(flat[PRIMARY]),
        "seconds": {name: held.seconds(name) for name in ("sft", "sft_more", JUDGED)},
        "primary": primary,
        "against": {name: {score: rows[score] for score in (PRIMARY, MACRO)} for name, rows in against.items()},
        "flat": flat,
        "secondary": _corrected(secondary, len(secondary)),
        "single": _corrected([held.less(name, best)[PRIMARY] for name in names], len(SINGLE)),
    }


def check_start(found: Mapping[str, Any], first: Mapping[str, Any]) -> None:
    """Refuse to hold anything against the first look's control where SFT, that both begin from, differs.

    Raises
    ------
    BadInput
        When SFT has another micro F1 here on one of the pairs.
    """
    ours, theirs = _each(found, "sft"), _each(first, "sft")
    if ours != theirs:
        raise BadInput(
            f"SFT has other micro F1 here ({_values(ours, 6)}) than in the first look ({_values(theirs, 6)}), so what "
            "is trained here cannot be held against that look's control: other code, or processors of another kind."
        )


def single(found: Mapping[str, Any], first: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return single rewards less the first look's best control, corrected for all of the protocol."""
    best = first["best_control"]
    control = _each(first, best)
    rows = []
    for name in names:
        less = [_less(one, other) for one, other in zip(_each(found, name), control, strict=True)]
        key = {"arm": name, "against": best, "subset": SUBSET, "score": PRIMARY}
        rows.append({**key, **table.over(less, found["level"])})
    collapsed = {arm["arm"]: arm["collapsed"] for arm in found["arms"] if arm["collapsed"]}
    return {"best_control": best, "collapsed": collapsed, "single": _corrected(rows, len(SINGLE))}


def _each(found: Mapping[str, Any], arm: str) -> list[Mapping[str, float] | None]:
    """Return an arm's micro F1 on each pair; None where it collapsed."""
    wanted = (arm, SUBSET, PRIMARY)
    rows = (row["pairs"] for row in found["scores"] if (row["arm"], row["subset"], row["score"]) == wanted)
    return next(rows, [None] * len(found["pairs"]))


def _less(one: Mapping[str, float] | None, other: Mapping[str, float] | None) -> dict[str, float | None] | None:
    """Return a pair's difference; without reports of both sides it has no interval over patients."""
    return {"value": one["value"] - other["value"], "low": None, "high": None} if one and other else None


def _best(leads: Mapping[str, float | None]) -> str:
    """Return the control that RL leads least; one that collapsed on every pair is none, unless all did."""
    known = {name: lead for name, lead in leads.items() if lead is not None}
    return min(known, key=lambda name: known[name]) if known else next(iter(leads))


def converged(gain: Mapping[str, Any]) -> bool:
    """Tell whether more SFT gains less than a point, by the upper end of its interval."""
    return gain["high"] is not None and gain["high"] < FLAT


def _corrected(rows: Sequence[Mapping[str, Any]], asked: int) -> list[dict[str, Any]]:
    corrected = holm([*(row["p"] for row in rows), *[None] * (asked - len(rows))])
    return [{**row, "p_holm": p} for row, p in zip(rows, corrected, strict=False)]


def told(found: Mapping[str, Any]) -> list[str]:
    """Return the lines that are printed of what a look or a rehearsal has found."""
    kind = "confirming worlds" if found["confirming"] else "development worlds, a rehearsal"
    seeds = ", ".join(f"{pair['world']}/{pair['seed']}" for pair in found["pairs"])
    lines = [f"{kind}; world/seed {seeds}; held-out institution; mean [95 % t interval]; each pair"]
    lines += ["", "values: micro F1, macro F1"]
    values = {(row["arm"], row["score"]): row for row in found["scores"] if row["subset"] == SUBSET}
    for name in dict.fromkeys(row["arm"] for row in found["scores"]):
        lines.append(f"  {name:22}" + "  ".join(_own(values[name, score]) for score in (PRIMARY, MACRO)))
    lines += [f"  {name}: collapsed on {count} of {len(found['pairs'])}" for name, count in found["collapsed"].items()]
    return lines + (_of_rl(found) if "primary" in found else []) + _of_single(found)


def _of_rl(found: Mapping[str, Any]) -> list[str]:
    lines = ["", f"primary endpoint: micro F1, {JUDGED} less the best control ({found['best_control']})"]
    lines += [f"  {_row(found['primary'])}", f"  {_verdict(found)}", "", f"{JUDGED} less each control"]
    for name, rows in found["against"].items():
        lines += [f"  {name:10} {score:16} {_row(row)}" for score, row in rows.items()]
    flat = "yes" if found["converged"] else f"no, more SFT may gain {FLAT} or more: it was not at its best"
    lines += ["", f"sft_more less sft; is SFT converged? {flat}"]
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
    return lines


def _of_single(found: Mapping[str, Any]) -> list[str]:
    if not found["single"]:
        return []
    lines = ["", f"single rewards: micro F1 less {found['best_control']}; Holm over all {len(SINGLE)} of the protocol"]
    return lines + [f"  {row['arm']:28} {_row(row)}  Holm p {_p(row['p_holm'])}" for row in found["single"]]


def _verdict(found: Mapping[str, Any]) -> str:
    if found["won"]:
        return "RL beats the best control"
    lost = found["collapsed"].get(JUDGED)
    return f"RL has not won: it collapsed on {lost} of the pairs" if lost else "RL does not beat the best control"


def _own(row: Mapping[str, Any]) -> str:
    return f"{row['value']:.3f} ({_values(row['pairs'])})"


def _values(pairs: Sequence[Mapping[str, float] | None], digits: int = 3) -> str:
    return " ".join("-" if one is None else f"{one['value']:.{digits}f}" for one in pairs)


def _row(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "none"
    interval = "" if row["low"] is None else f" [{row['low']:+.3f}, {row['high']:+.3f}]"
    each = " ".join("-" if one is None or one["value"] is None else f"{one['value']:+.3f}" for one in row["pairs"])
    return f"{row['value']:+.3f}{interval}  p {_p(row['p'])}  each {each}"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
