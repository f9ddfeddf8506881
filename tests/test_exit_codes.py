"""1 is an honest no and nothing else: a bug, a signal or a flow that never concluded its run ends with 2."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.process import in_process
from unirg_core import cli, watch
from unirg_core.audit import record as records
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.runs.launch import _flow
from unirg_core.runs.run import Decision, Run
from unirg_core.runs.stage import StageFault

ROOT = Path(__file__).resolve().parents[1]
CALL = "from unirg_core import cli, faults\n@cli.app.command()\ndef fail(): {}\ncli.main()"


@pytest.mark.parametrize(
    ("body", "code", "traced"),
    [
        ("raise KeyError('MRN')", 2, True),
        ("raise faults.BadInput('no file')", 2, False),
        ("raise faults.HonestNegative('collapsed')", 1, False),
        ("pass", 0, False),
    ],
)
def test_a_verb_that_fails_on_a_bug_is_no_honest_no(body: str, code: int, traced: bool) -> None:
    done = subprocess.run([sys.executable, "-c", CALL.format(body), "fail"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, "Traceback" in done.stderr) == (code, traced), done.stderr
    assert traced or done.stderr.startswith("unirg: ") == bool(code)


def test_a_watch_that_could_not_be_switched_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "switch", lambda *_: 1)
    assert CliRunner().invoke(cli.app, ["watch", "--off"]).exit_code == 2


class Termination(BaseException):
    """As Prefect's own signals, which are no Exceptions."""


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (StageFault("sft ended badly; log.txt says why.", "KeyError: 'MRN'"), 2, "KeyError: 'MRN'\nunirg: sft ended b"),
        (ZeroDivisionError("by zero"), 2, "Traceback (most recent call last)"),
        (Termination(), 2, "Traceback (most recent call last)"),
        (BadInput("no file"), 2, "unirg: no file\n"),
        (HonestNegative("collapsed"), 1, "unirg: collapsed\n"),
    ],
)
def test_a_flow_ends_with_the_code_of_what_it_raised(
    raised: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def flow(run_id: str) -> str:
        raise raised

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")  # a standing server: none is started here
    assert in_process(flow, "run") == code
    assert capsys.readouterr().err.startswith(said)


def test_an_interrupt_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def flow(run_id: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(KeyboardInterrupt):
        in_process(flow, "run")


@pytest.mark.parametrize(
    ("body", "state", "code"),
    [
        ("import os; os.kill(os.getpid(), 9)", records.RUNNING, 2),
        ("import os; os.kill(os.getpid(), 2)", records.KILLED, 2),
        ("import nothing_of_that_name", records.RUNNING, 2),
        ("raise SystemExit(2)", records.FAILED, 2),
        ("raise SystemExit(1)", records.COMPLETED, 1),
        ("raise SystemExit(1)", records.FAILED, 1),  # a training that has collapsed
        ("", records.COMPLETED, 0),
    ],
)
def test_a_flow_without_an_answer_is_a_fault(tmp_path: Path, body: str, state: str, code: int) -> None:
    run = Run("r", tmp_path)
    (run.checkout / "flows").mkdir(parents=True)
    (run.checkout / "flows" / "__init__.py").touch()
    (run.checkout / "flows" / "retrain.py").write_text(body)
    records.write(run.folder, {"state": state})
    with (tmp_path / "lock").open("w") as lock:
        assert _flow(Decision("new", run, "", lock), None) == code
