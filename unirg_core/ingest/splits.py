"""Which patients are trained on, chosen on and tested on: whole patients, once and for all.

The first rule that applies: an institution held out whole is only tested; else a keyed hash of the patient decides,
within his institution: below `test` he is tested, below `test + validation` checkpoints are chosen by him, else he is
trained on. The hash depends on nobody else, so a patient keeps his split as the data grows. A small drop can leave a
split empty: then, of the patients trained on, the one with the lowest hash is taken for it. Only such a borrowed
patient can come back to another split, when a later drop has one with a lower hash.
"""

from collections.abc import Callable, Mapping

from unirg_core.faults import BadInput
from unirg_core.params import Split


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
    for name, share in (("test", split.test), ("validation", split.validation)):
        _borrow(chosen, patients, split, drawn, name, share)
    _check_enough(chosen)
    return chosen


def _by_hash(value: float, split: Split) -> str:
    if value < split.test:
        return "test"
    return "validation" if value < split.test + split.validation else "train"


def _borrow(
    chosen: dict[str, str],
    patients: Mapping[str, str],
    split: Split,
    drawn: Mapping[str, float],
    name: str,
    share: float,
) -> None:
    """Give an empty split of the training institutions the trained-on patient of the lowest hash, if one can go."""
    here = [patient for patient, institution in patients.items() if institution not in split.held_out]
    trained = sorted((drawn[patient], patient) for patient in here if chosen[patient] == "train")
    if share > 0 and len(trained) > 1 and not any(chosen[patient] == name for patient in here):
        chosen[trained[0][1]] = name


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
