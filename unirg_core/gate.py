"""Gate: judge the RL model by the rules of `params.yaml`, from `reports/evaluation.json` alone.

A rule is passed, failed, not applicable (no champion, no truth file, nobody in the subset: never a pass) or
inconclusive (too few patients, no interval). The verdict is `failed` when a rule failed on enough patients,
`inconclusive: ...` when a rule that applies could not be judged or when none was judged by a score that is held out of
the reward and of its families, and `passed` otherwise. The stage itself succeeds whatever the verdict.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.families import independent, rewarded
from unirg_core.faults import BadInput
from unirg_core.files import file_digest, read_json, write_json
from unirg_core.params import Params, Rule
from unirg_core.progress import say

EVALUATION, VERDICT = "reports/evaluation.json", "reports/verdict.json"
JUDGED_SYSTEM = "rl"

PASSED, FAILED, NOT_APPLICABLE, INCONCLUSIVE = "passed", "failed", "not applicable", "inconclusive"
TOO_SMALL = "inconclusive: n too small"
NOTHING_JUDGED = "inconclusive: no rule applies"
REWARD_ONLY = "inconclusive: judged by the reward alone"


def gate(params: Params, root: Path) -> dict[str, Any]:
    """Judge, write `reports/verdict.json` and return what it holds.

    Raises
    ------
    BadInput
        When `reports/evaluation.json` is missing or a rule names a score that was not evaluated.
    """
    evaluation = read_json(root / EVALUATION)
    verdict = judge(params.gate.rules, evaluation, params.gate.minimum_patients, rewarded(params.rl))
    verdict["evaluation"] = file_digest(root / EVALUATION)
    write_json(root / VERDICT, verdict)
    for row in verdict["rules"]:
        say("gate", f"{row['verdict']}: {row['reason']}")
    repeats = verdict["reason"].startswith(verdict["verdict"])
    say("gate", verdict["reason"] if repeats else f"{verdict['verdict']}: {verdict['reason']}")
    return verdict


def judge(
    rules: Sequence[Rule], evaluation: Mapping[str, Any], minimum_patients: int, reward: Collection[str]
) -> dict[str, Any]:
    """Return the verdict on an evaluation: each rule's, and the one over all."""
    rows = [_judge_rule(number, rule, evaluation, minimum_patients) for number, rule in enumerate(rules)]
    for row in rows:
        row["in_reward"] = row["score"] in reward
        row["held_out"] = independent(row["score"], frozenset(reward))
    verdict, reason = _overall(rows, evaluation["subsets"], minimum_patients)
    return {"verdict": verdict, "reason": reason, "minimum_patients": minimum_patients, "rules": rows}


def _judge_rule(number: int, rule: Rule, evaluation: Mapping[str, Any], minimum: int) -> dict[str, Any]:
    found = _measured(rule, evaluation)
    subset = evaluation["subsets"].get(rule.subset, {"studies": 0, "patients": 0})
    verdict, reason = _absence(number, rule, evaluation, subset) or _judgement(rule, found, subset, minimum)
    return {
        **rule.model_dump(mode="json"),
        **{name: found.get(name) for name in ("value", "low", "high")},
        **subset,
        "verdict": verdict,
        "reason": reason,
    }


def _measured(rule: Rule, evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the evaluation's row that a rule is about; empty when there is none."""
    table = "scores" if rule.against == "absolute" else "differences"
    wanted = {"score": rule.score, "subset": rule.subset, "system": JUDGED_SYSTEM}
    wanted |= {} if rule.against == "absolute" else {"against": rule.against}
    return next((row for row in evaluation[table] if wanted.items() <= row.items()), {})


def _absence(
    number: int, rule: Rule, evaluation: Mapping[str, Any], subset: Mapping[str, int]
) -> tuple[str, str] | None:
    """Return why a rule does not apply, or None where it does."""
    absent = evaluation["absent"]
    known = {row["score"] for row in evaluation["scores"]} | set(absent["scores"])
    if rule.score not in known:
        raise BadInput(
            f"gate.rules.{number}.score = {rule.score} was not evaluated; name one of {', '.join(sorted(known))}, "
            "or add it to evaluate.scores."
        )
    if rule.against in absent["systems"]:
        return NOT_APPLICABLE, f"{_what(rule)}: {absent['systems'][rule.against]}."
    if rule.score in absent["scores"]:
        return NOT_APPLICABLE, f"{_what(rule)}: {absent['scores'][rule.score]}."
    if subset["studies"] == 0:
        return NOT_APPLICABLE, f"{_what(rule)}: there is no test study in {rule.subset}."
    return None


def _judgement(rule: Rule, found: Mapping[str, Any], subset: Mapping[str, int], minimum: int) -> tuple[str, str]:
    if subset["patients"] < minimum:
        return INCONCLUSIVE, f"{_what(rule)}: n too small ({_people(rule.subset, subset['patients'], minimum)})."
    end, column = ("lower", "low") if rule.at_most is None else ("upper", "high")
    value = found.get("value" if rule.by == "value" else column)
    if value is None:
        which = "value" if rule.by == "value" else f"{end} end of the interval"
        return INCONCLUSIVE, f"{_what(rule)}: its {which} could not be computed."
    met = value >= rule.at_least if rule.at_most is None else value <= rule.at_most
    verdict = PASSED if met else FAILED
    compared = "" if rule.by == "value" else f"; its {end} end counts"
    interval = "no interval" if found["low"] is None else f"[{found['low']:.4f}, {found['high']:.4f}]"
    asked = f"at least {rule.at_least:g} is asked" if rule.at_most is None else f"at most {rule.at_most:g} is asked"
    people = f"{subset['studies']} studies of {subset['patients']} patients"
    return verdict, f"{_what(rule)} is {found['value']:.4f} {interval}, {asked}{compared} ({people})."


def _what(rule: Rule) -> str:
    less = "" if rule.against == "absolute" else f" less {rule.against}"
    return f"{rule.score} of {JUDGED_SYSTEM}{less} on {rule.subset}"


def _people(subset: str, patients: int, minimum: int) -> str:
    return f"{patients} test patients in {subset}, {minimum} needed"


def _overall(
    rows: Sequence[Mapping[str, Any]], subsets: Mapping[str, Mapping[str, int]], minimum: int
) -> tuple[str, str]:
    """Return verdict and reason over all rules; the worst that is certain comes first."""
    counts = Counter(row["verdict"] for row in rows)
    tally = ", ".join(f"{counts[v]} {v}" for v in (PASSED, FAILED, INCONCLUSIVE, NOT_APPLICABLE) if counts[v])
    if counts[FAILED]:
        return FAILED, f"{tally}: {' '.join(row['reason'] for row in rows if row['verdict'] == FAILED)}"
    open_rules = [row for row in rows if row["verdict"] == INCONCLUSIVE]
    asked = open_rules if counts[PASSED] else rows  # where nothing was judged, small numbers are the first reason
    small = sorted({row["subset"] for row in asked if 0 < row["patients"] < minimum})
    if small:
        people = "; ".join(_people(name, subsets[name]["patients"], minimum) for name in small)
        return TOO_SMALL, f"{TOO_SMALL} ({people})"
    if open_rules:
        return INCONCLUSIVE, " ".join(row["reason"] for row in open_rules)
    if not counts[PASSED]:
        return NOTHING_JUDGED, " ".join(row["reason"] for row in rows)
    if not any(row["held_out"] for row in rows if row["verdict"] == PASSED):
        said = "every rule that was judged uses a score that was in the reward, or is of its families"
        return REWARD_ONLY, f"{tally}, and {said}."
    absent = counts[NOT_APPLICABLE]
    return PASSED, f"{tally}." + (f" Only {len(rows) - absent} of {len(rows)} rules apply here." if absent else "")
