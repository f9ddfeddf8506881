"""The run of the suite by Great Expectations, which knows stop, quarantine and warn as critical, warning and info."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from unirg_core.home import SILENT
from unirg_core.validate.expectations import Expectation, Outcome

_SEVERITY = {"stop": "critical", "quarantine": "warning", "warn": "info"}


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
            severity=_SEVERITY[expectation.severity],
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
        return Outcome(expectation, bool(line.success), rows, 0 if line.success else int(result["observed_value"]))
    column = dict(expectation.arguments).get("column")
    found = sorted((str(row[key]), _shown(row.get(column))) for row in result.get("unexpected_index_list") or ())
    return Outcome(expectation, bool(line.success), rows, int(result.get("unexpected_count", 0)), tuple(found))


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)
