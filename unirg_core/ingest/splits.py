"""Which patients are trained on, chosen on and tested on: whole patients, once and for all.

The first rule that applies: an institution held out whole is only tested; else a keyed hash of the patient decides,
within his institution: below `test` he is tested, below `test + validation` checkpoints are chosen by him, else he is
trained on. The hash depends on nobody else, so a patient keeps his split as the data grows.

A drop of a few patients can leave a split of the training institutions empty. It then borrows one patient from the
largest other split: train first, test next, validation last. Only such a borrowed patient can change his split, when a
later drop fills it by itself.
"""

from collections.abc import Callable, Mapping, Sequence

from unirg_core.faults import BadInput
from unirg_core.params import Split

_FIRST_SERVED = ("train", "test", "validation")


def assign(patients: Mapping[str, str], split: Split, fraction: Callable[[str], float]) -> dict[str, str]:
    """Return patient -> train, validation or test.

    Parameters
    ----------
    patients
        Patient pseudonym -> institution.
    fraction
        Keyed hash of a patient, in [0, 1).

    Raises
    ------
    BadInput
        When a held-out institution has no study, or nobody is left to train on or to test on.
    """
    _check_held_out(patients, split)
    drawn = {patient: fraction(patient) for patient in patients}
    chosen = {
        patient: "test" if institution in split.held_out else _by_hash(drawn[patient], split)
        for patient, institution in patients.items()
    }
    here = [patient for patient, institution in patients.items() if institution not in split.held_out]
    shares = {"train": 1.0, "test": split.test, "validation": split.validation}
    for name in (name for name in _FIRST_SERVED if shares[name] > 0):
        _borrow(chosen, here, drawn, name)
    _check_enough(chosen)
    return chosen


def _by_hash(value: float, split: Split) -> str:
    if value < split.test:
        return "test"
    return "validation" if value < split.test + split.validation else "train"


def _borrow(chosen: dict[str, str], here: Sequence[str], drawn: Mapping[str, float], name: str) -> None:
    """Give an empty split one of the training institutions' patients, if another split can spare one.

    A split spares its last patient only for one that is served before it.
    """
    counts = {other: sum(chosen[patient] == other for patient in here) for other in _FIRST_SERVED}
    later = _FIRST_SERVED[_FIRST_SERVED.index(name) :]
    donors = [other for other, count in counts.items() if count > 1 or (count == 1 and other in later)]
    if counts[name] or not donors:
        return
    donor = max(donors, key=lambda other: (counts[other], _FIRST_SERVED.index(other)))
    spared = sorted((drawn[patient], patient) for patient in here if chosen[patient] == donor)
    chosen[spared[-1 if name == "train" else 0][1]] = name


def _check_held_out(patients: Mapping[str, str], split: Split) -> None:
    there = sorted(set(patients.values()))
    absent = [name for name in split.held_out if name not in there]
    if absent:
        raise BadInput(
            f"ingest.split.held_out names {', '.join(absent)}, of which no study was accepted; the institutions of "
            f"this drop are: {', '.join(there)}. Name one of them, or none: --set 'ingest.split.held_out=[]'."
        )


def _check_enough(chosen: Mapping[str, str]) -> None:
    for name, verb in (("train", "train on"), ("test", "test on")):
        if name not in chosen.values():
            raise BadInput(
                f"Usable patients in the drop: {len(chosen)}. None is left to {verb} when whole patients are kept "
                "apart; add patients, or change ingest.split."
            )
