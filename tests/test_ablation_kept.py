"""What is kept of an ablation: another machine goes on from it, and trains only what is not there."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fixtures_ablation import ablated, made_up, small
from fixtures_dataset import small_root

from unirg_core.ablation import measure, roots, run, verb
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import write_json
from unirg_core.models import dataset

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("evaluate.maximum_studies=8", "model.max_new_tokens=40")


def test_a_place_that_is_no_folder_is_refused_before_any_work(
    unirg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ablate", lambda *_: pytest.fail("arms were begun"))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"^--keep .*file cannot be written: file exists; name another place"):
        verb.run_and_tell(verb.Request("smoke", keep=tmp_path / "file"), ROOT, None, False)


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("commit", ["abc", None])
def test_what_is_kept_of_another_training_is_refused_and_never_replaced(
    commit: str | None, unirg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(roots, "run_stage", made_up(ran))
    monkeypatch.setattr(roots, "commit", lambda: commit)
    keep = tmp_path / "kept"
    ablated("sft", "sft_rl", of=small(), keep=keep)
    before = _contents(keep)
    ran.clear()
    said = r"sft_rl was made from other code or parameters than these" + (", at commit abc, and" if commit else ", and")
    for _ in range(2):
        with pytest.raises(BadInput, match=said):
            ablated("sft", "sft_rl", of=small("rl.step1.steps=3"), keep=keep)
    with pytest.raises(BadInput, match=r"seed-0/sft was made from other"):
        ablated("sft", of=small("sft.steps=3"), keep=keep)
    with pytest.raises(BadInput, match=r"world-20 was made from other"):
        ablated("sft", of=small("ingest.phantom.patients=31"), keep=keep)
    assert _contents(keep) == before and not ran
    ablated("sft", of=small("sft.steps=3"))  # our own folder is no place to keep things
    with pytest.raises(BadInput, match=r"seed-0/sft was made from other"):
        ablated("sft", of=small("sft.steps=3"), keep=keep)
    assert _contents(keep) == before


def test_a_kept_start_that_collapses_when_it_is_trained_again_is_another_model(
    unirg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "run_stage", made_up([]))
    ablated("sft", of=small(), keep=tmp_path / "kept")
    shutil.rmtree(unirg_home / "ablation")  # another machine

    def collapses(folder: Path, *command: str) -> None:
        if command[-1] == "sft":
            raise HonestNegative("collapsed: loss is nan at step 2 of sft.")
        made_up([])(folder, *command)

    monkeypatch.setattr(roots, "run_stage", collapses)
    with pytest.raises(BadInput, match=r"^SFT of world 20, seed 0, becomes another model here"):
        ablated("sft", "sft_rl", of=small(), keep=tmp_path / "kept")


def test_a_world_without_a_study_to_measure_by_is_refused(tmp_path: Path) -> None:
    root = small_root(tmp_path, 30)
    write_json(root / measure.ARM, {"checkpoint": "sft", "bias": False})
    held = ", ".join(sorted({row["institution"] for row in dataset.rows(root, "test")}))
    with pytest.raises(BadInput, match="no test study of the subset in_domain"):
        measure.measure(small(f"ingest.split.held_out=[{held}]"), root)


@pytest.mark.slow
def test_another_machine_goes_on_from_what_is_kept(
    unirg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "kept"

    def told(*arms: str) -> dict:
        return json.loads(verb.run_and_tell(verb.Request("smoke", arms, 1, 21, SMALL, keep=keep), ROOT, None, True))

    first = told("base", "sft")
    place = keep / "world-21" / "seed-0"
    files = {path.relative_to(keep).as_posix() for path in keep.rglob("*") if path.is_file()}
    assert files == {
        "world-21/done.json",
        *(f"world-21/seed-0/{arm}/{name}" for arm in ("base", "sft") for name in (roots.DONE, measure.SCORED)),
    }
    systems = {arm: set(pq.read_table(place / arm / measure.SCORED)["system"].to_pylist()) for arm in ("base", "sft")}
    assert systems == {"sft": {"arm", "template"}, "base": {"arm"}}

    shutil.rmtree(unirg_home / "ablation")  # another machine
    with monkeypatch.context() as nothing:
        nothing.setattr(roots, "run_stage", lambda *_: pytest.fail("a stage was run"))
        assert told("base", "sft") == first

    more = told("base", "sft", "rl_only")
    made = unirg_home / "ablation" / "world-21" / "seed-0"
    assert {path.name for path in made.iterdir()} == {"base", "rl_only"}  # what it starts from is trained anew
    assert roots.facts(made / "base")["model"] == roots.facts(place / "base")["model"]
    assert [row for row in more["scores"] if row["arm"] != "rl_only"] == first["scores"]
    assert (place / "rl_only" / measure.SCORED).exists()
    assert roots.facts(place / "rl_only") == roots.facts(made / "rl_only")

    _another_machine(unirg_home, tmp_path / "made", monkeypatch)
    shutil.rmtree(place / "rl_only")
    write_json(place / "base" / roots.DONE, {**roots.facts(place / "base"), "model": "of another processor"})
    with pytest.raises(
        BadInput, match=r"^base model of world 21, seed 0, becomes another model here than where .*kept was"
    ):
        told("base", "sft", "rl_only")

    shutil.rmtree(unirg_home / "ablation")
    shutil.rmtree(place)
    write_json(place.parent / roots.DONE, {**roots.facts(place.parent), "data": ["of another processor"]})
    with pytest.raises(BadInput, match=r"^World 21 becomes other data here than where "):
        told("base")


def _another_machine(home: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move what was made away; a stage that is run again brings it back, as it would by making the same bytes."""
    (home / "ablation").rename(made)

    def again(folder: Path, *_: str) -> None:
        for path in (made / folder.relative_to(home / "ablation")).iterdir():
            if path.is_dir() and not path.is_symlink() and path.name != "seed-0":
                shutil.copytree(path, folder / path.name, dirs_exist_ok=True)
            elif path.is_file() and not path.is_symlink() and path.name != roots.DONE:
                shutil.copy(path, folder / path.name)

    monkeypatch.setattr(roots, "run_stage", again)
