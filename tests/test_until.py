"""A run that is asked to end after a station: it is a run of its own, completed as such, and registers nothing."""

import ast
from pathlib import Path

import pytest
from fixtures_clone import Clone, clone_at
from pydantic import ValidationError

from flows.carry import Form
from flows.watch import WatchForm
from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.runs import pins
from unirg_core.runs.launch import Request
from unirg_core.runs.run import STATIONS, UNTIL, Run, Trigger, decide
from unirg_core.runs.summary import ended_early

ROOT = Path(__file__).resolve().parents[1]
TRIGGER = Trigger("command", "someone", "unirg retrain")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = clone_at(tmp_path)
    monkeypatch.setenv("UNIRG_HOME", str(made.home))
    return made


def decided(clone: Clone, until: str | None):
    return decide(clone.root, params.resolve(clone.root, "smoke"), TRIGGER, until=until)


@pytest.mark.parametrize("until", ["nonsense", "approve", "register", "", "Validate"])
def test_a_run_can_end_only_before_something_is_registered(until: str) -> None:
    with pytest.raises(BadInput, match=f"--until {until} is no station .* ingest, version, validate, .* gate"):
        decide(ROOT, params.resolve(ROOT, "smoke"), TRIGGER, until=until)


def test_the_stations_are_those_of_the_flow_in_its_order() -> None:
    tree = ast.parse((ROOT / "flows" / "retrain.py").read_text())
    (way,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "way"]
    steps = [node.value.value for node in way.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)]
    calls = [step.value if isinstance(step, ast.NamedExpr) else step for step in steps]
    assert tuple(call.func.id for call in calls) == STATIONS and STATIONS[:-2] == UNTIL
    assert len(way.body) == len(STATIONS) + 1  # its docstring, and nothing that would run unasked


def test_a_shorter_way_is_a_run_of_its_own_and_an_equal_one_is_not_repeated(clone: Clone) -> None:
    short = decided(clone, "validate")
    assert (short.what, short.run.stations) == ("new", STATIONS[:3])
    assert decided(clone, "validate").what == "live"
    short.lock.close()
    assert decided(clone, "validate").what == "adopted"
    records.change(short.run.folder, state=records.COMPLETED)
    again = decided(clone, "validate")
    assert again.what == "unchanged" and again.run.record["same_as"] == short.run.id
    shorter, whole = decided(clone, "ingest"), decided(clone, None)
    assert (shorter.what, whole.what) == ("new", "new") and whole.run.stations == STATIONS
    assert "until" not in whole.run.inputs and short.run.inputs["until"] == "validate"
    assert len({pins.run_key(run.inputs) for run in (short.run, shorter.run, whole.run)}) == 3
    assert (
        len({pins.data_identity(run.inputs, pins.plain(run.params)) for run in (short.run, shorter.run, whole.run)})
        == 1
    )


@pytest.mark.parametrize(
    ("stages", "until", "may"),
    [
        (("ingest",), "version", False),  # completed, but nobody has looked at the data
        (("ingest", "validate"), "validate", True),
        (("ingest", "validate", "sft"), "sft", True),
        (("ingest",), None, True),
    ],
)
def test_only_a_dataset_that_was_validated_is_gone_on_from(
    stages: tuple[str, ...], until: str | None, may: bool
) -> None:
    asked = {} if until is None else {"until": until}
    record = {"state": "completed", "data": {}, "stages": {name: {} for name in stages}, "inputs": asked}
    assert pins.may_train(record) == may


def shown(clone: Clone, *arguments: str) -> tuple[str, dict]:
    said = clone.unirg("retrain", "--recipe", "smoke", *arguments)
    return said, clone.records()[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_data_is_made_and_checked_and_the_next_run_takes_it_from_the_cache(clone: Clone) -> None:
    said, first = shown(clone, "--until", "version")
    assert "ended after version, as asked, dataset " in said and "nothing is registered" in said
    assert (
        first["state"] == "completed" and list(first["stages"]) == ["ingest"] and first["inputs"]["until"] == "version"
    )
    assert [event["after"] for event in first["events"] if event["what"] == "ended early"] == ["version"]
    said, second = shown(clone, "--until", "validate")
    assert {name: stage["how"] for name, stage in second["stages"].items()} == {"ingest": "cached", "validate": "ran"}
    assert second["data"]["digest"] == first["data"]["digest"] and "selected" in said
    assert "verdict" not in second and "registration" not in second and second["error"] is None
    run = Run(second["run"], clone.home / "runs" / second["run"])
    assert ended_early(run) in said and (run.folder / "data_docs/index.html").exists()
    assert '"state":"completed"' in clone.git("show", f"{run.branch}:record.json")
    said, third = shown(clone, "--until", "validate")
    assert third["state"] == "unchanged" and f"Nothing has changed since run {run.id}" in said
    assert "--until gatee is no station" in clone.unirg("retrain", "--until", "gatee", code=2)


def test_the_form_on_the_page_asks_it_too() -> None:
    offered = Form.model_json_schema()["properties"]["until"]
    assert {"enum": list(UNTIL), "type": "string"} in offered["anyOf"] and offered["default"] is None
    assert Form(until="validate", set=["seed=3"]).request() == Request(
        approval="ask", until="validate", set=("seed=3",)
    )
    assert "until" not in WatchForm.model_fields, "what is watched goes the whole way"


@pytest.mark.parametrize("form", [{"until": "register"}, {"until": "Validate"}, {"end": "validate"}])
def test_a_form_that_ends_elsewhere_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Form(**form)
