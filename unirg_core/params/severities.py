"""The expectations of `validate` by name, how bad it is when one is not met, and to what that may be changed.

`stop` ends the run, `quarantine` leaves the studies out, `warn` tells. This module imports nothing of the project, so
that `params` can refuse an unknown name at once and not hours later.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Severity = Literal["stop", "quarantine", "warn"]

_ALWAYS: tuple[Severity, ...] = ("stop",)
_GUARDS: tuple[Severity, ...] = ("stop", "quarantine")  # later stages rest on it, so that it is never only told
_OF_STUDIES: tuple[Severity, ...] = ("stop", "quarantine", "warn")
_OF_THE_WHOLE: tuple[Severity, ...] = ("stop", "warn")  # there is no single study to leave out

EXPECTATIONS: Mapping[str, tuple[Severity, tuple[Severity, ...]]] = MappingProxyType(
    {
        "schema": ("stop", _ALWAYS),
        "required_values": ("stop", _GUARDS),
        "study_id_unique": ("stop", _GUARDS),
        "split_values": ("stop", _GUARDS),
        "patient_in_one_split": ("stop", _GUARDS),
        "held_out_only_tested": ("stop", _GUARDS),
        "prior_study": ("stop", _GUARDS),
        "labels_domain": ("stop", _GUARDS),
        "shard_row": ("stop", _GUARDS),
        "digest_unique": ("quarantine", _OF_STUDIES),
        "view_frontal": ("quarantine", _OF_STUDIES),
        "sex_values": ("quarantine", _OF_STUDIES),
        "age_range": ("quarantine", _OF_STUDIES),
        "report_section": ("quarantine", _GUARDS),
        "report_length": ("quarantine", _OF_STUDIES),
        "section_length": ("quarantine", _OF_STUDIES),
        "english": ("warn", _OF_STUDIES),
        "image_not_tiny": ("quarantine", _OF_STUDIES),
        "image_size": ("quarantine", _OF_STUDIES),
        "image_not_constant": ("quarantine", _OF_STUDIES),
        "image_not_saturated": ("quarantine", _OF_STUDIES),
        "image_leak": ("quarantine", _OF_STUDIES),
        "image_near_copy": ("warn", _OF_STUDIES),
        "report_leak": ("warn", _OF_STUDIES),
        "no_phi": ("quarantine", _OF_STUDIES),
        "names_known": ("warn", _OF_STUDIES),
        "phi_share": ("stop", _OF_THE_WHOLE),
        "minimum_studies": ("stop", _OF_THE_WHOLE),
        "test_studies": ("stop", _OF_THE_WHOLE),
        "label_rare": ("warn", _OF_THE_WHOLE),
        "label_common": ("warn", _OF_THE_WHOLE),
        "institutions": ("warn", _OF_THE_WHOLE),
        "templates_repeated": ("warn", _OF_THE_WHOLE),
        "template_commonest": ("warn", _OF_THE_WHOLE),
    }
)
"""Name -> its own severity, and those that `validate.severity` may set."""


def unknown_severity(name: str, level: str) -> str | None:
    """Return why an expectation cannot have a severity, as a clause for a person, or None where it can."""
    if name not in EXPECTATIONS:
        return f"{name} is no expectation; they are: {', '.join(EXPECTATIONS)}"
    allowed = EXPECTATIONS[name][1]
    if level in allowed:
        return None
    why = "it is about the dataset as a whole" if allowed is _OF_THE_WHOLE else "later stages rest on it"
    return f"{name} cannot be {level}, since {why}; it takes {' or '.join(allowed)}"
