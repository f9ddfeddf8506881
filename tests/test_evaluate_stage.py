"""Evaluation end to end on tiny random models: predictions, scores, figures, pins, and equal bytes from equal input."""

import io
import shutil
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import studies, write_root, write_table

from unirg_core import models
from unirg_core import params as parameters
from unirg_core.evaluate import evaluate
from unirg_core.evaluate.figures import draw
from unirg_core.evaluate.predict import TEMPLATE
from unirg_core.evaluate.predict import studies as chosen
from unirg_core.evaluate.scoring import score, truth_of
from unirg_core.evaluate.summary import _warnings, summarise
from unirg_core.faults import BadInput
from unirg_core.files import file_digest, read_json, tree_digest, write_json
from unirg_core.gate import gate
from unirg_core.scores import SCORES
from unirg_core.scores.reward import all_scores
from unirg_core.study import SELECTION, SELECTION_SCHEMA, TRUTH, TRUTH_SCHEMA

VALUES = parameters.read_yaml(Path(__file__).parent.parent / "params.yaml")
OUTPUTS = ("reports/predictions.parquet", "reports/scores.parquet", "reports/evaluation.json")
SUBSETS = ("in_domain", "held_out", "all")


def settings(root, **evaluating):
    above = {
        "model": {"base": str(root / "base"), "max_new_tokens": 12, "threads": 1},
        "evaluate": {"resamples": 200, **evaluating},
        "gate": {"minimum_patients": 2},
    }
    return parameters.parse(parameters.overlay(VALUES, above))


def write_models(root, rows):
    from unirg_core.models import tiny

    words = {w for row in rows for w in f"{row['findings']} {row['impression']}".replace(".", " .").split()}
    for seed, folder in enumerate(("base", "checkpoints/sft", "checkpoints/rl")):
        (root / folder).parent.mkdir(parents=True, exist_ok=True)
        models.save(*tiny.fresh(words, seed=seed, hidden=32, layers=1, vision_hidden=32, depth=1), root / folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a root with three random models, evaluated once."""
    root = tmp_path_factory.mktemp("evaluate") / "root"
    rows = studies(36)
    write_models(root, rows)
    write_root(root, rows, {"base_model": {"name": "base", "digest": models.digest(str(root / "base"))}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_RUN", str(root.parent / "run"))
        patch.setenv("UNIRG_HOME", str(root.parent / "home"))
        evaluate(settings(root), root)
    return root


@pytest.fixture
def copied(made, tmp_path, monkeypatch):
    """Return a copy of the root that a test may spoil; the base model stays where it was."""
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(made, tmp_path / "root"))


def change_pins(root, **pins):
    write_json(root / "inputs.json", {**read_json(root / "inputs.json"), **pins})


def another_base(root):
    change_pins(root, base_model={"name": "base", "digest": "1" * 64})


def champion_that_is_gone(root):
    change_pins(root, champion={"version": "3", "digest": "2" * 64, "path": "champions/gone"})


def champion_that_was_altered(root):
    change_pins(root, champion={"version": "3", "digest": "2" * 64, "path": str(root / "checkpoints" / "sft")})


def no_checkpoint(root):
    shutil.rmtree(root / "checkpoints" / "sft")


def no_test_study(root):
    write_table(root / SELECTION, [], SELECTION_SCHEMA)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (another_base, "inputs.json pins 111111111111"),
        (champion_that_is_gone, r"champion\.path .*gone is no folder"),
        (champion_that_was_altered, "is not the one that inputs.json pins"),
        (no_checkpoint, "checkpoints/sft"),
        (no_test_study, "no test study"),
    ],
)
def test_what_does_not_fit_the_pins_is_refused(copied, harm, says):
    harm(copied)
    with pytest.raises(BadInput, match=says):
        evaluate(settings(copied), copied)


def test_a_score_that_does_not_exist_is_refused_before_any_work(copied):
    (copied / "inputs.json").unlink()
    with pytest.raises(BadInput, match="rouge_9 is no score"):
        evaluate(settings(copied, scores=[*VALUES["evaluate"]["scores"], "rouge_9"]), copied)


def test_every_system_writes_a_report_for_every_test_study(made):
    predictions = pq.read_table(made / OUTPUTS[0])
    rows = chosen(settings(made), made)
    counts = {row["values"]: row["counts"] for row in pc.value_counts(predictions["system"]).to_pylist()}
    assert counts == dict.fromkeys(("template", "base", "sft", "rl"), len(rows))
    template = predictions.filter(pc.equal(predictions["system"], "template"))["text"].unique().to_pylist()
    assert template == [TEMPLATE]


def test_scores_are_those_of_the_score_functions(made):
    table = pq.read_table(made / OUTPUTS[1])
    predictions = pq.read_table(made / OUTPUTS[0])
    references = {
        row["study_id"]: f"Findings: {row['findings']} Impression: {row['impression']}" for row in studies(36)
    }
    texts = predictions["text"].to_pylist()
    wanted = [references[study] for study in predictions["study_id"].to_pylist()]
    assert predictions["study_id"].to_pylist() == table["study_id"].to_pylist()
    for name in settings(made).evaluate.scores:
        assert table[name].to_pylist() == pytest.approx(SCORES[name](texts, wanted).tolist())


def test_each_score_says_whether_it_was_rewarded_and_whether_it_is_held_out(made):
    value = read_json(made / OUTPUTS[2])
    assert set(value["roles"]) == {row["score"] for row in value["scores"]}
    told = {name: (role["in_reward"], role["held_out"]) for name, role in value["roles"].items()}
    assert told["well_formed"] == (True, False)
    assert told["labels_f1"] == (False, False)
    assert told["rouge_l"] == told["truth_micro_f1"] == (False, True)
    assert value["roles"]["labels_f1"]["families"] == ["labels"]


def table_of(found):
    """Return what a run's table of scores shows."""
    from rich.console import Console

    from unirg_core.runs.summary import _scores

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(_scores(found))
    return console.export_text()


def test_the_table_at_the_end_says_how_many_and_leaves_out_what_is_all_of_it(made):
    found = read_json(made / OUTPUTS[2])
    counts = {name: people["studies"] for name, people in found["subsets"].items()}
    assert all(f"{name} (n={count})" in table_of(found) for name, count in counts.items())
    nobody = {"studies": 0, "patients": 0}
    rows = [row for row in found["scores"] if row["subset"] != "held_out"]
    alone = {**found, "scores": rows, "subsets": {**found["subsets"], "held_out": nobody}}
    alone["subsets"]["all"] = alone["subsets"]["in_domain"]
    assert "in_domain (n=" in table_of(alone) and "all (n=" not in table_of(alone)


@pytest.mark.parametrize(
    ("system", "duplicates", "formed", "told"),
    [
        ("rl", 0.97, 0.9, ["rl writes nearly one report whatever it sees: 97% repeat another."]),
        ("sft", 0.2, 0.0, ["sft writes few well-formed reports: well_formed is 0.00; train it longer."]),
        ("rl", 0.9, 0.6, []),
        ("base", 1.0, 0.0, []),
        ("rl", 0.2, None, []),
    ],
)
def test_reports_of_no_use_are_told(system, duplicates, formed, told):
    value = {
        "subsets": {"all": {"studies": 100}},
        "scores": [{"system": system, "subset": "all", "score": "well_formed", "value": formed}],
        "reports": [{"system": system, "subset": "all", "duplicate_share": duplicates}],
    }
    assert list(_warnings(value)) == told


def test_the_table_at_the_end_marks_what_was_rewarded(made):
    shown = table_of(read_json(made / OUTPUTS[2]))
    assert "well_formed (rewarded)" in shown
    assert "labels_f1 (reward's family)" in shown
    assert "rouge_l (" not in shown


def test_truth_f1_is_that_of_a_count_by_hand(made):
    """Every second report of RL is the reference, the others are the template: a known share is found."""
    params = settings(made)
    rows = chosen(params, made)
    truth, _ = truth_of(made, rows)
    references = [f"Findings: {row['findings']} Impression: {row['impression']}" for row in rows]
    half = [text if number % 2 else TEMPLATE for number, text in enumerate(references)]
    texts = {"template": [TEMPLATE] * len(rows), "sft": references, "rl": half}
    value = summarise(params, score(rows, texts, all_scores(), truth), texts)
    values = {(r["score"], r["subset"], r["system"]): r["value"] for r in value["scores"]}
    for subset in ("in_domain", "held_out"):
        own = [number for number, row in enumerate(rows) if row["subset"] == subset]
        hits = sum(len(truth[number]) for number in own if number % 2)
        total = sum(len(truth[number]) for number in own)
        assert 0 < hits < total
        assert values["truth_micro_f1", subset, "rl"] == pytest.approx(2 * hits / (hits + total), abs=1e-6)
        assert values["truth_side_micro_f1", subset, "rl"] == values["truth_micro_f1", subset, "rl"]
        assert values["truth_macro_f1", subset, "sft"] == values["rouge_l", subset, "sft"] == 1
        counted = [r for r in value["findings"] if (r["subset"], r["system"]) == (subset, "rl")]
        assert [sum(r[o] for r in counted) for o in ("tp", "fp", "fn")] == [hits, 0, total - hits]


def test_a_wrong_side_costs_the_score_with_side_alone(made):
    params = settings(made)
    rows = chosen(params, made)[:1]
    truth = [[{"finding": "Pneumothorax", "side": "left"}]]
    texts = {"template": ["Findings: There is a right pneumothorax."]}
    table = score(rows, texts, all_scores(), truth).to_pylist()[0]
    assert (table["truth_tp_pneumothorax"], table["truth_side_tp_pneumothorax"]) == (1, 0)
    assert (table["truth_side_fp_pneumothorax"], table["truth_side_fn_pneumothorax"]) == (1, 1)


def found(root, score, subset, system):
    rows = read_json(root / OUTPUTS[2])["scores"]
    return next(r for r in rows if (r["score"], r["subset"], r["system"]) == (score, subset, system))


def test_the_template_finds_nothing_and_is_well_formed(made):
    for subset in SUBSETS:
        assert found(made, "truth_micro_f1", subset, "template")["value"] == 0
        assert found(made, "well_formed", subset, "template")["value"] == 1


def test_subsets_are_the_trained_institutions_the_held_out_one_and_both(made):
    table = pq.read_table(made / OUTPUTS[1])
    pairs = set(zip(table["institution"].to_pylist(), table["subset"].to_pylist(), strict=True))
    assert pairs == {("phantom-a", "in_domain"), ("phantom-b", "in_domain"), ("phantom-c", "held_out")}
    people = read_json(made / OUTPUTS[2])["subsets"]
    assert people["held_out"] == {"studies": 36, "patients": 12} and people["in_domain"]["studies"] > 0
    assert people["all"]["patients"] == people["in_domain"]["patients"] + 12


def test_each_value_has_its_interval_and_number_and_differences_are_complete(made):
    value = read_json(made / OUTPUTS[2])
    names = (*settings(made).evaluate.scores, "truth_micro_f1", "truth_macro_f1", "truth_side_micro_f1")
    keys = {(r["score"], r["subset"], r["system"]) for r in value["scores"]}
    assert keys == {(n, s, m) for n in names for s in SUBSETS for m in ("template", "base", "sft", "rl")}
    pairs = {(r["score"], r["subset"], r["against"]) for r in value["differences"]}
    assert pairs == {(n, s, m) for n in names for s in SUBSETS for m in ("template", "base", "sft")}
    for row in value["scores"]:
        assert row["low"] <= row["high"] and row["studies"] >= row["patients"] > 1
    for row in value["differences"]:
        sides = [found(made, row["score"], row["subset"], system)["value"] for system in ("rl", row["against"])]
        assert row["value"] == pytest.approx(sides[0] - sides[1], abs=2e-6)


def test_repetition_and_length_stand_beside_the_scores(made):
    rows = {(r["subset"], r["system"]): r for r in read_json(made / OUTPUTS[2])["reports"]}
    template = rows["held_out", "template"]
    assert template["mean_words"] == len(TEMPLATE.split())
    assert template["duplicate_share"] == pytest.approx(1 - 1 / 36, abs=1e-6)


def test_equal_input_gives_equal_bytes(made, copied):
    for name in OUTPUTS:
        (copied / name).unlink()
    evaluate(settings(made), copied)
    assert [file_digest(made / name) for name in OUTPUTS] == [file_digest(copied / name) for name in OUTPUTS]


def test_the_cap_takes_the_same_studies_of_each_subset(made):
    few, more = (chosen(settings(made, maximum_studies=count), made) for count in (3, 5))
    for subset in ("in_domain", "held_out"):
        ids = [[row["study_id"] for row in rows if row["subset"] == subset] for rows in (few, more)]
        assert len(ids[0]) == 3 and ids[0] == ids[1][:3] == sorted(ids[0])


def test_a_pinned_champion_is_evaluated_and_compared(copied, tmp_path):
    folder = shutil.copytree(copied / "checkpoints" / "rl", tmp_path / "home" / "champions" / "c")
    change_pins(copied, champion={"version": "1", "digest": tree_digest(Path(folder)), "path": "champions/c"})
    evaluate(settings(copied, maximum_studies=6), copied)
    value = read_json(copied / OUTPUTS[2])
    assert value["absent"]["systems"] == {}
    own = [row for row in value["differences"] if row["against"] == "champion"]
    assert own and all(row["value"] == row["low"] == row["high"] == 0 for row in own)  # it is the same model
    verdict = gate(settings(copied), copied)
    against = next(row for row in verdict["rules"] if row["against"] == "champion")
    assert against["verdict"] == "passed"


def test_without_truth_its_scores_are_absent_with_the_reason(copied):
    write_table(copied / TRUTH, [], TRUTH_SCHEMA)
    evaluate(settings(copied, maximum_studies=6), copied)
    value = read_json(copied / OUTPUTS[2])
    assert value["absent"]["scores"]["truth_micro_f1"] == "the source phantom has no truth file"
    assert value["findings"] == [] and not any(r["score"].startswith("truth") for r in value["scores"])
    assert not [name for name in pq.read_table(copied / OUTPUTS[1]).column_names if name.startswith("truth")]
    rules = {(r["score"], r["against"]): r for r in gate(settings(copied), copied)["rules"]}
    assert rules["truth_micro_f1", "sft"]["verdict"] == "not applicable"
    assert rules["rouge_l", "sft"]["verdict"] in ("passed", "failed")


def test_without_a_held_out_institution_its_subset_is_empty(copied):
    values = settings(copied, maximum_studies=6).model_dump(mode="json", by_alias=True)
    values["ingest"]["split"]["held_out"] = []
    params = parameters.parse(values)
    evaluate(params, copied)
    value = read_json(copied / OUTPUTS[2])
    assert value["subsets"]["held_out"] == {"studies": 0, "patients": 0}
    assert {row["subset"] for row in value["scores"]} == {"in_domain", "all"}
    rules = gate(params, copied)["rules"]
    assert {row["verdict"] for row in rules if row["subset"] == "held_out"} == {"not applicable"}


def test_figures_are_drawn_also_where_half_of_it_is_missing(made, tmp_path):
    value = read_json(made / OUTPUTS[2])
    assert {path.name for path in (made.parent / "run" / "figures").iterdir()} == {
        "evaluate_scores.png",
        "evaluate_differences.png",
        "evaluate_findings.png",
    }
    value["subsets"]["held_out"] = {"studies": 0, "patients": 0}
    value["findings"] = []
    for row in value["scores"]:
        row["low"] = row["high"] = None
    paths = draw(value, tmp_path)
    assert [path.name for path in paths] == ["evaluate_scores.png", "evaluate_differences.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_scores_alone_suffice_to_compute_the_evaluation_again(made):
    table = pq.read_table(made / OUTPUTS[1])
    own = table.filter(pc.and_(pc.equal(table["system"], "sft"), pc.equal(table["subset"], "held_out")))
    mean = np.mean(own["rouge_l"].to_numpy())
    assert found(made, "rouge_l", "held_out", "sft")["value"] == pytest.approx(mean, abs=1e-6)
    counts = {
        o: sum(pc.sum(own[n]).as_py() for n in own.column_names if n.startswith(f"truth_{o}_"))
        for o in ("tp", "fp", "fn")
    }
    f1 = 2 * counts["tp"] / max(2 * counts["tp"] + counts["fp"] + counts["fn"], 1)
    assert found(made, "truth_micro_f1", "held_out", "sft")["value"] == pytest.approx(f1, abs=1e-6)
