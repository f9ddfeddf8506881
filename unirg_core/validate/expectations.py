"""The suite: what a dataset must hold, and how bad it is when it does not (params/severities.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unirg_core.files import digest_of
from unirg_core.params import Params, Validate
from unirg_core.params.severities import Severity
from unirg_core.study import FRONTAL_VIEWS, MIXED, SPLITS

EXAMPLES = 5
"""Example ids that a result holds."""

_NULL = "ExpectColumnValuesToBeNull"
_BETWEEN = "ExpectColumnValuesToBeBetween"
_AMONG = "ExpectColumnValuesToBeInSet"
_AT_LEAST = "ExpectColumnPairValuesAToBeGreaterThanB"
_ROWS = "ExpectTableRowCountToBeBetween"


@dataclass(frozen=True)
class Expectation:
    """One line of the suite: over which table, how severe, what it asks, and its Great Expectations type."""

    name: str
    table: str
    severity: Severity
    says: str
    kind: str
    arguments: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Outcome:
    """What one expectation found: `unexpected` values in all, and the rows that hold them, as id -> value."""

    expectation: Expectation
    success: bool
    checked: int
    unexpected: int
    found: tuple[tuple[str, str], ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rows that do not meet it, in order."""
        return tuple(dict.fromkeys(key for key, _ in self.found))

    def row(self) -> dict[str, Any]:
        """Return the outcome as a row of validation.json."""
        asked = self.expectation
        return {
            "expectation": asked.name,
            "table": asked.table,
            "severity": asked.severity,
            "says": asked.says,
            "success": self.success,
            "checked": self.checked,
            "unexpected": self.unexpected,
            "examples": list(self.ids[:EXAMPLES]),
        }


Line = tuple[str, str, str, dict[str, Any]]
"""Name, what it asks, Great Expectations type, arguments."""


def suite(params: Params) -> tuple[Expectation, ...]:
    """Return the suite that the parameters ask for, table by table."""
    asked = params.validate_
    tables = {
        "schema": [("schema", "every column has the study schema's type", "ExpectColumnPairValuesToBeEqual",
                    {"column_A": "expected", "column_B": "found"})],
        "studies": [*_constructed(), *_reports(asked), *_pictures(asked, params.ingest.image_size)],
        "training": [("minimum_studies", f"there are at least {asked.minimum_studies} usable training studies", _ROWS,
                      {"min_value": asked.minimum_studies})],
        "test": [("test_studies", "there is at least one usable test study", _ROWS, {"min_value": 1})],
        "labels": [*_labels()],
        "institutions": [*_institutions(asked)],
    }  # fmt: skip
    return tuple(
        Expectation(name, table, asked.severity_of(name), says, kind, tuple(sorted(arguments.items())))
        for table, lines in tables.items()
        for name, says, kind, arguments in lines
    )


def _constructed() -> Iterator[Line]:
    """Yield what holds by the pipeline's own construction; where it does not, nothing downstream is sound."""
    yield from (
        ("required_values", "every study has its ids, digest, split, place and what is measured of it", _NULL,
         {"column": "null_in"}),
        ("study_id_unique", "no study id occurs twice", "ExpectColumnValuesToBeUnique", {"column": "study_id"}),
        ("split_values", "split is train, validation or test", _AMONG,
         {"column": "split", "value_set": list(SPLITS)}),
        ("patient_in_one_split", "no patient stands in two splits", _BETWEEN,
         {"column": "patient_splits", "max_value": 1}),
        ("held_out_only_tested", "a held-out institution is only tested", _NULL, {"column": "held_out_in"}),
        ("prior_study", "a prior study is the same patient's and earlier", _NULL, {"column": "prior_fault"}),
        ("labels_domain", "labels, sides and severities are 14 known values", _NULL, {"column": "label_fault"}),
        ("shard_row", "shard and row lead to the study", _NULL, {"column": "shard_fault"}),
    )  # fmt: skip


def _reports(asked: Validate) -> Iterator[Line]:
    """Yield what single studies of a drop get wrong in their table or report."""
    yield "digest_unique", "no study is a copy of another", _NULL, {"column": "digest_copy_of"}
    yield "view_frontal", "view is PA or AP", _AMONG, {"column": "view", "value_set": list(FRONTAL_VIEWS)}
    yield "sex_values", "sex is F, M or empty", _AMONG, {"column": "sex", "value_set": ["F", "M", ""]}
    yield "age_range", "age is unknown or 0 to 90", _BETWEEN, {"column": "age", "min_value": 0, "max_value": 90}
    yield "report_section", "findings or impression is there", _BETWEEN, {"column": "longest_section", "min_value": 1}
    words = asked.minimum_report_words
    yield ("report_length", f"the report has at least {words} words", _BETWEEN,
           {"column": "report_words", "min_value": words})  # fmt: skip
    words = asked.maximum_section_words
    yield ("section_length", f"findings and impression have at most {words:,} words each", _BETWEEN,
           {"column": "longest_section", "max_value": words})  # fmt: skip
    yield ("english", f"at least {asked.minimum_english:.0%} of the words stand in a list of common English ones",
           _BETWEEN, {"column": "english", "min_value": asked.minimum_english})  # fmt: skip
    words = asked.leak_report_words
    yield ("report_leak", f"no report of {words} words or more outside the test split equals one in it but for numbers",
           _NULL, {"column": "report_leaks_from"})  # fmt: skip
    yield "no_phi", "no text holds a phone number, date, record number, e-mail or name", _NULL, {"column": "phi_kind"}
    yield ("names_known", "no report in capitals or small letters throughout was scrubbed with no name known", _AMONG,
           {"column": "unnamed", "value_set": [MIXED]})  # fmt: skip
    yield ("phi_share", f"at most {asked.maximum_phi:.0%} of the reports hold an identifier", _NULL,
           {"column": "phi_kind", "mostly": 1 - asked.maximum_phi})  # fmt: skip


def _pictures(asked: Validate, size: int) -> Iterator[Line]:
    """Yield what single studies get wrong in their picture."""
    side, bits = asked.minimum_image_side, asked.near_copy_bits
    yield from (
        ("image_not_tiny", f"the picture's shorter side has at least {side} pixels", _BETWEEN,
         {"column": "image_side", "min_value": side}),
        ("image_size", f"the picture's longer side has at most {size} pixels", _BETWEEN,
         {"column": "image_longer", "max_value": size}),
        ("image_not_constant", f"the picture's grey values spread by at least {asked.minimum_image_std:g}", _BETWEEN,
         {"column": "image_std", "min_value": asked.minimum_image_std}),
        ("image_not_saturated", f"at most {asked.maximum_saturated:.0%} of the pixels are black or white", _BETWEEN,
         {"column": "image_saturated", "max_value": asked.maximum_saturated}),
        ("image_leak", f"no picture outside the test split is within {bits} of 256 bits of one in it", _NULL,
         {"column": "leaks_from"}),
        ("image_near_copy", f"no picture is within {bits} of 256 bits of an earlier one", _NULL,
         {"column": "near_copy_of"}),
    )  # fmt: skip


def _labels() -> Iterator[Line]:
    missing = {"or_equal": True, "ignore_row_if": "either_value_is_missing"}
    yield ("label_rare", "every label that occurs is in enough of the training studies", _AT_LEAST,
           {"column_A": "train_share", "column_B": "least", **missing})  # fmt: skip
    yield ("label_common", "no label is in too many of the training studies", _AT_LEAST,
           {"column_A": "greatest", "column_B": "train_share", **missing})  # fmt: skip


def _institutions(asked: Validate) -> Iterator[Line]:
    yield "institutions", "every institution is trained on, or held out and tested", _NULL, {"column": "lacks"}
    yield ("templates_repeated",
           f"at most {asked.maximum_repeated:.0%} of an institution's reports equal another one but for numbers",
           _BETWEEN, {"column": "repeated_share", "max_value": asked.maximum_repeated})  # fmt: skip
    yield ("template_commonest",
           f"an institution's commonest report, but for numbers, is at most {asked.maximum_commonest:.0%} of them",
           _BETWEEN, {"column": "commonest_share", "max_value": asked.maximum_commonest})  # fmt: skip


def suite_digest(expectations: Sequence[Expectation]) -> str:
    """Return the SHA-256 of the suite: names, severities, types and bounds."""
    return digest_of([[e.name, e.table, e.severity, e.kind, dict(e.arguments)] for e in expectations])
