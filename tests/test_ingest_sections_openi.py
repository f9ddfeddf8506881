"""The section parser against 3,955 real reports: Open-i tells each section apart, so its labels are the answer.

Each report is rebuilt as raw text in the layouts of real systems and parsed again. Two reports contradict themselves
in every layout, twelve more in one of them; fixtures_openi.py argues each, and no other report may differ.
"""

import pytest
from fixtures_openi import ARCHIVE, CONTRADICTORY, CUT_HEADING, LAYOUTS, Report, argued, differing, reports

from unirg_core.ingest.sections import parse


@pytest.fixture(scope="module")
def real() -> dict[str, Report]:
    """All reports."""
    if not ARCHIVE.exists():
        pytest.skip(f"{ARCHIVE} is not here")
    return reports()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_report_comes_back_as_its_labels_have_it(real: dict[str, Report], layout: str) -> None:
    assert len(real) == 3955
    assert differing(real, layout) == argued(layout)


def test_the_exceptions_are_what_they_are_said_to_be(real: dict[str, Report]) -> None:
    assert set(CONTRADICTORY) == {"CXR2415", "CXR2800"}
    assert "FINDINGS:" in real["CXR2415"]["impression"]
    assert real["CXR2800"]["comparison"] == "" and "COMPARISON :" in real["CXR2800"]["indication"]
    assert all(real[identity]["comparison"].endswith(". Clinical") for identity in CUT_HEADING)


def test_without_any_heading_all_is_findings(real: dict[str, Report]) -> None:
    bare = [report["findings"] for report in real.values() if report["findings"] and ":" not in report["findings"]]
    assert len(bare) > 3000
    assert [text for text in bare if parse(text).findings != text] == []
