"""The suite: what a dataset must hold, how bad it is when it does not, and the run of it by Great Expectations.

Severities: `stop` ends the run (the pipeline itself, or the drop as a whole, is wrong), `quarantine` leaves the
studies out, `warn` tells. Great Expectations knows them as critical, warning and info.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from unirg_core.files import digest_of
from unirg_core.home import SILENT
from unirg_core.params import Params
from unirg_core.study import FRONTAL_VIEWS, SPLITS

Severity = Literal["stop", "quarantine", "warn"]

EXAMPLES = 5
"""Example ids that a result holds."""

_GX_SEVERITY = {"stop": "critical", "quarantine": "warning", "warn": "info"}
_SMALLEST_SIDE = 16


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
    """What one expectation found: `unexpected` values in all, and the ids of the rows that hold them."""

    expectation: Expectation
    success: bool
    checked: int
    unexpected: int
    ids: tuple[str, ...]

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


def suite(params: Params) -> tuple[Expectation, ...]:
    """Return the suite that the parameters ask for, table by table."""
    asked = params.validate_
    return (
        _one("schema", "schema", "stop", "every column has the study schema's type", "ExpectColumnPairValuesToBeEqual",
             column_A="expected", column_B="found"),
        *_whole_dataset(),
        *_from_the_drop(params),
        _one("phi_share", "studies", "stop", f"at most {asked.maximum_phi:.0%} of the reports hold an identifier",
             "ExpectColumnValuesToBeNull", column="phi_kind", mostly=1 - asked.maximum_phi),
        _one("minimum_studies", "training", "stop",
             f"there are at least {asked.minimum_studies} usable training studies",
             "ExpectTableRowCountToBeBetween", min_value=asked.minimum_studies),
        _one("test_studies", "test", "stop", "there is at least one usable test study",
             "ExpectTableRowCountToBeBetween", min_value=1),
        _one("label_prevalence", "labels", "warn",
             f"every label that occurs is in at least {asked.minimum_prevalence:.2%} of the training studies",
             "ExpectColumnValuesToBeBetween", column="train_share", min_value=asked.minimum_prevalence),
        _one("institutions", "institutions", "warn", "every institution is trained on, or held out and tested",
             "ExpectColumnValuesToBeNull", column="lacks"),
    )  # fmt: skip


def _whole_dataset() -> Iterator[Expectation]:
    """Yield what holds by the pipeline's own construction; where it does not, nothing downstream is sound."""
    null = "ExpectColumnValuesToBeNull"
    for name, says, kind, arguments in (
        ("required_values", "every study has its ids, digest, split, place and picture statistics", null,
         {"column": "null_in"}),
        ("study_id_unique", "no study id occurs twice", "ExpectColumnValuesToBeUnique", {"column": "study_id"}),
        ("split_values", "split is train, validation or test", "ExpectColumnValuesToBeInSet",
         {"column": "split", "value_set": list(SPLITS)}),
        ("patient_in_one_split", "no patient stands in two splits", "ExpectColumnValuesToBeBetween",
         {"column": "patient_splits", "max_value": 1}),
        ("held_out_only_tested", "a held-out institution is only tested", null, {"column": "held_out_in"}),
        ("prior_study", "a prior study is the same patient's and earlier", null, {"column": "prior_fault"}),
        ("labels_domain", "labels, sides and severities are 14 known values", null, {"column": "label_fault"}),
        ("shard_row", "shard and row lead to the study", null, {"column": "shard_fault"}),
    ):  # fmt: skip
        yield _one(name, "studies", "stop", says, kind, **arguments)


def _from_the_drop(params: Params) -> Iterator[Expectation]:
    """Yield what single studies of a drop get wrong; they are left out and the others go on."""
    asked, size = params.validate_, params.ingest.image_size
    between, among = "ExpectColumnValuesToBeBetween", "ExpectColumnValuesToBeInSet"
    for name, says, kind, arguments in (
        ("digest_unique", "no study is a copy of another", "ExpectColumnValuesToBeNull", {"column": "digest_copy_of"}),
        ("view_frontal", "view is PA or AP", among, {"column": "view", "value_set": list(FRONTAL_VIEWS)}),
        ("sex_values", "sex is F, M or empty", among, {"column": "sex", "value_set": ["F", "M", ""]}),
        ("age_range", "age is unknown or 0 to 90", between, {"column": "age", "min_value": 0, "max_value": 90}),
        ("report_section", "findings or impression is there", between, {"column": "sections", "min_value": 1}),
        ("report_length", f"the report has at least {asked.minimum_report_words} words", between,
         {"column": "report_words", "min_value": asked.minimum_report_words}),
        ("image_height", f"the picture is {_SMALLEST_SIDE} to {size} pixels high", between,
         {"column": "image_height", "min_value": _SMALLEST_SIDE, "max_value": size}),
        ("image_width", f"the picture is {_SMALLEST_SIDE} to {size} pixels wide", between,
         {"column": "image_width", "min_value": _SMALLEST_SIDE, "max_value": size}),
        ("image_not_constant", f"the picture's grey values spread by at least {asked.minimum_image_std:g}", between,
         {"column": "image_std", "min_value": asked.minimum_image_std}),
        ("image_not_saturated", f"at most {asked.maximum_saturated:.0%} of the pixels are black or white", between,
         {"column": "image_saturated", "max_value": asked.maximum_saturated}),
        ("no_phi", "no text holds a phone number, date, record number, e-mail or name", "ExpectColumnValuesToBeNull",
         {"column": "phi_kind"}),
    ):  # fmt: skip
        yield _one(name, "studies", "quarantine", says, kind, **arguments)


def _one(name: str, table: str, severity: Severity, says: str, kind: str, **arguments: Any) -> Expectation:
    return Expectation(name, table, severity, says, kind, tuple(sorted(arguments.items())))


def suite_digest(expectations: Sequence[Expectation]) -> str:
    """Return the SHA-256 of the suite: names, severities, types and bounds."""
    return digest_of([[e.name, e.table, e.severity, e.kind, dict(e.arguments)] for e in expectations])


class Inspector:
    """A Great Expectations context in memory that checks tables and can write what it saw as Data Docs."""

    def __init__(self) -> None:
        os.environ.update({name: SILENT[name] for name in ("GX_ANALYTICS_ENABLED", "DO_NOT_TRACK")})
        import great_expectations as gx  # five seconds; and it reads the settings above when imported

        self._gx = gx
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}
        for name, site in list(self._context.list_data_docs_sites().items()):  # the default one, in a temporary folder
            self._context.delete_data_docs_site(name)
            shutil.rmtree(site["store_backend"]["base_directory"], ignore_errors=True)
        self._source = self._context.data_sources.add_pandas("dataset")

    def check(self, name: str, table: pd.DataFrame, key: str, expectations: Sequence[Expectation]) -> list[Outcome]:
        """Check one table; `key` is the column that names its rows."""
        batch = self._source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
        lines = self._gx.ExpectationSuite(name, expectations=[self._line(e) for e in expectations])
        definition = self._gx.ValidationDefinition(name=name, data=batch, suite=self._context.suites.add(lines))
        result = self._context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": table},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [key]},
        )
        found = {line.expectation_config.meta["name"]: line for line in result.results}
        return [_outcome(e, found[e.name], key, len(table)) for e in expectations]

    def _line(self, expectation: Expectation) -> Any:
        import great_expectations.expectations as library

        return getattr(library, expectation.kind)(
            **dict(expectation.arguments),
            severity=_GX_SEVERITY[expectation.severity],
            notes=f"{expectation.name} ({expectation.severity}): {expectation.says}",
            meta={"name": expectation.name},
        )

    def write_docs(self, folder: Path) -> None:
        """Write what was checked as a site of HTML pages, in place of an older one."""
        shutil.rmtree(folder, ignore_errors=True)
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)}
        site = {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "show_how_to_buttons": False,
            "store_backend": store,
        }
        self._context.add_data_docs_site(site_name="data_docs", site_config=site)
        self._context.build_data_docs()


def _outcome(expectation: Expectation, line: Any, key: str, rows: int) -> Outcome:
    """Read one result line; an expectation that could not be computed is a bug and keeps its trace."""
    if (line.exception_info or {}).get("raised_exception"):
        raise RuntimeError(f"Great Expectations could not compute {expectation.name}: {line.exception_info}")
    result: Mapping[str, Any] = line.result
    if "observed_value" in result:  # about the table, not its rows
        return Outcome(expectation, bool(line.success), rows, 0 if line.success else int(result["observed_value"]), ())
    ids = tuple(sorted({str(found[key]) for found in result.get("unexpected_index_list") or ()}))
    return Outcome(expectation, bool(line.success), rows, int(result.get("unexpected_count", 0)), ids)
