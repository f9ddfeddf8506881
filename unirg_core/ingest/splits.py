"""Which patients are trained on, chosen on and tested on: whole patients, once and for all.

The first rule of `ingest.split.policy` that applies: a frozen test list; the publisher's split; an institution held
out whole is only tested; else a keyed hash of the patient decides, within his institution: below `test` he is tested,
below `test + validation` checkpoints are chosen by him, else he is trained on. The hash depends on nobody else. Where a
publisher names no validation split, the hash takes that share of his training patients.

Above all of them stands what a patient was in an earlier version of the same line: he stays that. Who was tested is
never trained on; who was trained on (or chosen by) and would now be tested is a clash, refused or left out whole.

A drop of a few patients can leave a split of the training institutions empty. It then borrows one of the newcomers
from the largest other split: train first, test next, validation last.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from unirg_core.faults import BadInput
from unirg_core.params import Split

_FIRST_SERVED = ("train", "test", "validation")

EARLIER, CLASH, RETIRED = "earlier version", "clash", "retired"


@dataclass(frozen=True)
class Known:
    """What is known of patients beside their institution, by patient."""

    published: Mapping[str, str] = field(default_factory=dict)  # train, validation or test
    frozen: Mapping[str, str] = field(default_factory=dict)  # name of the frozen test set
    earlier: Mapping[str, frozenset[str]] = field(default_factory=dict)  # splits in earlier versions, of all his ids
    test_sets: Mapping[str, str] = field(default_factory=dict)  # test set that he joined in an earlier version

    @cached_property
    def published_validation(self) -> bool:
        """Tell whether the publisher names a validation split at all."""
        return "validation" in self.published.values()


@dataclass(frozen=True)
class Place:
    """Where a patient stands: his split (empty: left out), the rule that decided, and his test set."""

    split: str
    rule: str
    test_set: str = ""


_place = cache(Place)  # there are few different ones, and many patients


def assign(
    patients: Mapping[str, str], split: Split, fraction: Callable[[str], float], known: Known | None = None
) -> dict[str, Place]:
    """Return the place of each patient.

    Parameters
    ----------
    patients
        Patient pseudonym -> institution.
    fraction
        Keyed hash of a patient, in [0, 1).

    Raises
    ------
    BadInput
        When a held-out institution has no study, nobody is left to train on or to test on, or patients that were
        trained on would be tested and `clash` is refuse.
    """
    known = known or Known()
    check_held_out(patients.values(), split, "of which no study was accepted")
    chosen: dict[str, Place] = {}
    clashes: Counter[str] = Counter()
    for patient, at in patients.items():
        wanted = _by_policy(patient, at, split, known, fraction(patient))
        place = _steady(wanted, known.earlier.get(patient, frozenset()))
        if place.rule == CLASH:
            clashes[f"by the rule {wanted.rule}" if wanted.rule != "hash" else "under another id"] += 1
        chosen[patient] = _in_test_set(patient, place, wanted, split, known)
    _check_clashes(clashes, split)
    here = [patient for patient, at in patients.items() if at not in split.held_out]
    shares = {"train": 1.0, "test": split.test, "validation": split.validation}
    for name in (name for name in _FIRST_SERVED if shares[name] > 0):
        _borrow(chosen, here, fraction, name, split.test_set)
    _check_enough(chosen)
    return chosen


def _by_policy(patient: str, institution: str, split: Split, known: Known, value: float) -> Place:
    """Return the place that the first rule that applies gives, as if there were no earlier version."""
    for rule in split.policy:
        if rule == "frozen" and patient in known.frozen:
            return _place("test", rule, known.frozen[patient])
        if rule == "publisher" and known.published.get(patient):
            name = known.published[patient]
            if name == "train" and not known.published_validation:
                return _place("validation" if value < split.validation else "train", "hash")
            return _place(name, rule, rule if name == "test" else "")
        if rule == "held_out" and institution in split.held_out:
            return _place("test", rule, f"held-out-{institution}")
    name = _by_hash(value, split)
    return _place(name, "hash", split.test_set if name == "test" else "")


def _by_hash(value: float, split: Split) -> str:
    if value < split.test:
        return "test"
    return "validation" if value < split.test + split.validation else "train"


def _steady(wanted: Place, earlier: frozenset[str]) -> Place:
    """Return what becomes of a wish, given what the patient was before."""
    if not earlier:
        return wanted
    learnt = earlier - {"test"}
    if "test" in earlier:
        return _place("", CLASH) if learnt else _place("test", EARLIER)
    if wanted.split == "test" and wanted.rule != "hash":
        return _place("", CLASH)
    return _place("train" if "train" in learnt else "validation", EARLIER)


def _in_test_set(patient: str, place: Place, wanted: Place, split: Split, known: Known) -> Place:
    """Name the test set of a tested patient: a list that names him now, else the one that he joined; retire it."""
    if place.split != "test":
        return place
    named = wanted.test_set if wanted.rule == "frozen" else ""
    name = named or known.test_sets.get(patient) or wanted.test_set or split.test_set
    return _place("", RETIRED, name) if name in split.retired else _place("test", place.rule, name)


def _borrow(
    chosen: dict[str, Place], here: Sequence[str], fraction: Callable[[str], float], name: str, test_set: str
) -> None:
    """Give an empty split one of the training institutions' newcomers, if another split can spare one.

    A split spares its last patient only for one that is served before it.
    """
    counts = Counter(chosen[patient].split for patient in here)
    free = [patient for patient in here if chosen[patient].rule == "hash"]
    lent = Counter(chosen[patient].split for patient in free)
    later = _FIRST_SERVED[_FIRST_SERVED.index(name) :]
    donors = [other for other in lent if counts[other] > 1 or other in later]
    if counts[name] or not donors:
        return
    donor = max(donors, key=lambda other: (counts[other], _FIRST_SERVED.index(other)))
    spared = sorted((fraction(patient), patient) for patient in free if chosen[patient].split == donor)
    borrowed = spared[-1 if name == "train" else 0][1]
    chosen[borrowed] = _place(name, "hash", test_set if name == "test" else "")


def check_held_out(institutions: Iterable[str], split: Split, why: str) -> None:
    """Refuse a held-out institution that is not among those that are there; `why` says what there is none of.

    Raises
    ------
    BadInput
        When one is not, and the policy holds institutions out.
    """
    there = sorted(set(institutions))
    absent = [name for name in split.held_out if name not in there]
    if absent and "held_out" in split.policy:
        raise BadInput(
            f"ingest.split.held_out names {', '.join(absent)}, {why}; the institutions of "
            f"this drop are: {', '.join(there)}. Name one of them, or none: --set 'ingest.split.held_out=[]'."
        )


def _check_clashes(rules: Mapping[str, int], split: Split) -> None:
    if rules and split.clash != "leave_out":
        said = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items()))
        raise BadInput(
            f"Patients that would be tested on although earlier versions trained on them: {said}. Leave them out "
            "whole by --set ingest.split.clash=leave_out, take back the list, merge or held_out that asks for it, or "
            "start a new line of versions with --set ingest.series=NAME."
        )


def _check_enough(chosen: Mapping[str, Place]) -> None:
    splits = Counter(place.split for place in chosen.values())
    for name, verb in (("train", "train on"), ("test", "test on")):
        if not splits[name]:
            raise BadInput(
                f"Usable patients in the drop: {len(chosen)}. None is left to {verb} when whole patients are kept "
                "apart; add patients, or change ingest.split."
            )
