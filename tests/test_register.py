"""A registered model is found by its alias, loads without the pipeline's help, and writes a report."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tasks.register as stations
from unirg_core import models, params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import append_line, tree_digest, write_json
from unirg_core.models import tiny
from unirg_core.params import Model
from unirg_core.register import champion, client, tracking_uri
from unirg_core.register.registry import _context_columns, register
from unirg_core.register.tracking import Curves, log_results, open_run
from unirg_core.runs.run import Run

ROOT = Path(__file__).resolve().parents[1]
PASSED, APPROVED = {"verdict": "passed"}, {"decision": "approved", "by": "auto"}
NAME = "unirg-cxr-phantom"


def run_of(folder: Path, number: int, pinned: str | None = None) -> Run:
    """Return a run that stands before its registration, with a random model of its own seed and a pinned champion."""
    run = Run(f"20260101-00000{number}-abc", folder / str(number))
    model, processor = tiny.fresh(["findings", "no", "effusion"], seed=number, hidden=32, layers=1)
    models.save(model, processor, run.checkout / "checkpoints" / "rl")
    row = {"system": "rl", "subset": "held_out", "score": "rouge_l", "value": 0.25, "low": 0.2, "high": 0.3}
    write_json(run.checkout / "reports/evaluation.json", {"scores": [row, {**row, "score": "cider", "value": None}]})
    write_json(run.checkout / "reports/verdict.json", PASSED)
    (run.folder / "drift.png").write_bytes(b"png")  # a figure at the top of the run's folder, as validate leaves it
    values = params.resolve(ROOT, above={"model": {"max_new_tokens": 4}}).model_dump(mode="json", by_alias=True)
    inputs = {"code": {"commit": "c", "dirty": False}, "champion": pinned and {"version": pinned}}
    record = records.begin(run.id, "k", inputs, values, {"kind": "command"})
    data = {"digest": "d" * 64, "commit": "e" * 40, "studies": 3, "patients": 2}
    records.write(run.folder, {**record, "data": data})
    return run


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Register three runs: approved, rejected by the gate, and approved again."""
    folder = tmp_path_factory.mktemp("register")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(folder / "home"))
        runs = [run_of(folder, number, pinned) for number, pinned in enumerate((None, "1", "1"))]
        for run, verdict in zip(runs, (PASSED, {"verdict": "failed"}, PASSED), strict=True):
            log_results(run)
            register(run, verdict, APPROVED)
    return runs


@pytest.fixture
def store(registered: list[Run], monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Stand in the home of the registered runs."""
    monkeypatch.setenv("UNIRG_HOME", str(registered[0].folder.parent / "home"))
    return registered


def test_without_a_store_there_is_no_champion() -> None:
    assert champion.pinned(NAME) is None


def test_a_run_can_begin_with_the_champion(store: list[Run]) -> None:
    wanted = params.resolve(ROOT, above={"model": {"base": "champion"}})
    base = Path(champion.as_base(wanted).model.base)
    assert tree_digest(base) == champion.pinned(NAME)["digest"]
    plain = params.resolve(ROOT)
    assert champion.as_base(plain) is plain


def test_without_a_champion_none_can_be_begun_with() -> None:
    wanted = params.resolve(ROOT, above={"model": {"base": "champion"}, "register": {"name": "site-a"}})
    with pytest.raises(BadInput, match=r"site-a has no champion yet; name a model, as microsoft/UniRG-CXR"):
        champion.as_base(wanted)


def test_an_unknown_name_has_no_champion(store: list[Run]) -> None:
    assert champion.pinned("nobody") is None


def test_every_run_is_registered_with_its_verdict(store: list[Run]) -> None:
    versions = sorted(client().search_model_versions(f"name = '{NAME}'"), key=lambda version: int(version.version))
    assert [version.tags["verdict"] for version in versions] == ["passed", "failed", "passed"]
    assert [version.tags["unirg.run"] for version in versions] == [run.id for run in store]


def test_the_record_keeps_the_moves_of_the_aliases(store: list[Run]) -> None:
    moves = [[(m["alias"], m["from"], m["to"]) for m in run.record["registration"]["aliases"]] for run in store]
    assert moves == [
        [("candidate", None, "1"), ("champion", None, "1")],
        [],
        [("candidate", "1", "3"), ("champion", "1", "3")],
    ]


def test_registering_again_makes_no_second_version_and_no_second_move(store: list[Run]) -> None:
    assert register(store[1], {"verdict": "failed"}, APPROVED)["version"] == "2"
    for run in (store[2], store[0]):  # the last one that moved them, and one whose place another has taken
        before = run.record["registration"]
        assert register(run, PASSED, APPROVED) == before == run.record["registration"]
    assert champion.pinned(NAME)["version"] == "3"


def test_where_the_remote_does_not_take_the_model_nothing_is_registered(store: list[Run], tmp_path: Path) -> None:
    run = run_of(tmp_path, 7, pinned="3")
    assert run.params.version.push
    with pytest.raises(BadInput, match="could not be pushed"):  # its checkout knows no remote
        stations.register.fn(run, PASSED, APPROVED)
    assert "registration" not in run.record and champion.pinned(NAME)["version"] == "3"


def test_the_champion_is_pinned_by_the_digest_of_its_files(store: list[Run], unirg_home: Path) -> None:
    pinned = champion.pinned(NAME)
    home = store[0].folder.parent / "home"
    assert pinned["version"] == "3"
    assert pinned["digest"] == tree_digest(home / pinned["path"]) == tree_digest(store[2].checkout / "checkpoints/rl")


def test_the_champions_dataset_is_pinned_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path))
    data = {"digest": "d" * 64, "manifest": "datasets/d.parquet"}
    write_json(tmp_path / "runs" / "made" / "record.json", {"data": {**data, "studies": 3}})
    write_json(tmp_path / "runs" / "ended-before" / "record.json", {"data": None})
    assert champion._dataset("made") == data
    assert champion._dataset("ended-before") is None and champion._dataset("gone") is None


def test_a_champion_that_was_altered_is_refused(store: list[Run]) -> None:
    found = champion._version(NAME)
    with pytest.raises(BadInput, match="are not those that were registered"):
        champion._fetch(NAME, found.version, "0" * 64, store[0].folder.parent / "home/champions/none")


@pytest.mark.parametrize(
    ("prior", "added"),
    [("none", []), ("report", ["prior_report"]), ("image_and_report", ["prior_report", "prior_image"])],
)
def test_a_registered_model_takes_a_prior_where_it_has_learnt_with_one(prior: str, added: list[str]) -> None:
    from mlflow.types import DataType

    names = [name for name, _ in _context_columns(DataType, Model(prior=prior))]
    assert names == ["indication", "comparison", "sex", "age", *added]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_registered_model_writes_reports(store: list[Run], kind: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(tracking_uri())
    mlflow.set_registry_uri(tracking_uri())
    model = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 64), np.uint8)).save(picture, kind)
    reports = model.predict(pd.DataFrame({"image": [picture.getvalue()] * 2}))
    assert len(reports) == 2 and reports[0] == reports[1] and isinstance(reports[0], str)


def test_the_page_in_mlflow_shows_parameters_scores_and_data(store: list[Run]) -> None:
    page = client().get_run(open_run(store[0]))
    assert page.data.params["rl.step1.reward.micro_gain"] == "0.5"
    assert page.data.metrics["rl/held_out/rouge_l"] == 0.25
    assert "rl/held_out/cider" not in page.data.metrics
    assert page.inputs.dataset_inputs[0].dataset.digest == "d" * 36


def test_curves_reach_mlflow_once_and_a_half_written_line_waits(store: list[Run]) -> None:
    run, curves = store[0], Curves(store[0])
    path = run.folder / "metrics.jsonl"
    for step in (1, 2):
        append_line(path, {"stage": "sft", "step": step, "time": 1.0 + step, "figures": {"loss": 1 / step}})
    with path.open("ab") as stream:
        stream.write(b'{"stage": "sft"')
    curves.flush()
    with path.open("ab") as stream:
        stream.write(b',"step":3,"time":4.0,"figures":{"loss":0.25}}\n')
    Curves(run).flush()
    history = client().get_metric_history(open_run(run), "sft/loss")
    assert [(point.step, point.value) for point in history] == [(1, 1.0), (2, 0.5), (3, 0.25)]
