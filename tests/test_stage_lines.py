"""What a stage prints: its own lines reach Prefect's pages and the terminal, a trace stays in the run's log."""

import logging
from types import SimpleNamespace

import pytest

from tasks import stage

SAID = ["[ingest] 1,024/2,417 studies (42 %)  53.7/s", "[ingest] 12 files rejected"]
OTHERS = ["Traceback (most recent call last):", "KeyError: 'MRN 1234567'", "Running stage 'ingest':", "[other] MRN 12"]


def test_a_line_that_may_quote_a_patient_reaches_no_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_stage(run: object, name: str, heard) -> dict[str, object]:
        for line in (SAID[0], *OTHERS, SAID[1]):
            heard(line)
        return {"how": "ran", "seconds": 1.0}

    quiet = SimpleNamespace(flush=lambda: None, heard=lambda line: None)
    monkeypatch.setattr(stage, "run_stage", run_stage)
    monkeypatch.setattr(stage, "get_run_logger", lambda: logging.getLogger("flow"))
    for name in ("Curves", "Bar"):
        monkeypatch.setattr(stage, name, lambda *_: quiet)
    for name in ("log_figures", "show_samples"):
        monkeypatch.setattr(stage, name, lambda *_: None)
    with caplog.at_level(logging.INFO, "flow"):
        stage.through_dvc(SimpleNamespace(), "ingest")
    assert caplog.messages == SAID
    assert capsys.readouterr().out.splitlines() == [*SAID, "[ingest] done in 1.0 s"]
