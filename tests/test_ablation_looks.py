"""The log of every look at the confirming worlds, and the figures that each leaves in a file of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fixtures_benchmarks import script

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def looks() -> ModuleType:
    return script("claim_looks")


def _git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", message)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "code.py").write_text("x = 1\n")
    _git(tmp_path, "init", "-q")
    return tmp_path


@pytest.fixture
def protocol(checkout: Path) -> Path:
    (checkout / "docs" / "claim.md").write_text("The protocol.\n")
    _commit(checkout, "Protocol")
    return checkout


def test_a_look_wants_the_protocol_and_the_code_committed(looks: ModuleType, checkout: Path) -> None:
    _git(checkout, "add", "code.py")
    _git(checkout, "commit", "-qm", "Code")
    with pytest.raises(BadInput, match=r"not committed: docs/claim\.md"):
        looks.begin(checkout, range(1000, 1002), ["sft"])
    (checkout / "docs" / "claim.md").write_text("The protocol.\n")
    _commit(checkout, "Protocol")
    (checkout / "code.py").write_text("x = 2\n")
    with pytest.raises(BadInput, match=r"not committed: .*code\.py"):
        looks.begin(checkout, range(1000, 1002), ["sft"])
    assert not (checkout / "docs" / "claim-looks.jsonl").exists()


def _looks(checkout: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (checkout / "docs" / "claim-looks.jsonl").read_text().splitlines()]


def test_every_look_is_logged_before_it_is_taken(looks: ModuleType, protocol: Path) -> None:
    look = looks.begin(protocol, range(1000, 1002), ["sft", "sft_rl"])
    (line,) = _looks(protocol)
    assert (line["worlds"], line["arms"]) == ([1000, 1001], ["sft", "sft_rl"])
    assert len(line["commit"]) == 40 and line["time"] and look.items() <= line.items()


WORLDS, FEW, MORE = range(1000, 1002), ["reward_bleu2", "sft"], ["reward_bleu2", "reward_rouge_l", "sft"]


def test_a_start_that_goes_on_with_a_look_says_so(looks: ModuleType, protocol: Path) -> None:
    looks.begin(protocol, WORLDS, FEW)
    looks.begin(protocol, WORLDS, FEW)  # it was cut off; the log may stand uncommitted
    more = looks.begin(protocol, WORLDS, MORE)  # other arms are another look
    write_json(protocol / looks.figures(more), {})
    looks.begin(protocol, WORLDS, FEW)  # the figures are another look's: it goes on
    _commit(protocol, "Figures")
    looks.begin(protocol, WORLDS, FEW)  # another commit
    assert [line.get("goes_on", False) for line in _looks(protocol)] == [False, True, False, True, False]


def test_a_look_that_has_left_figures_is_not_taken_again(looks: ModuleType, protocol: Path) -> None:
    write_json(protocol / looks.figures(looks.begin(protocol, WORLDS, FEW)), {})
    with pytest.raises(BadInput, match=r"-bleu2\.json holds its figures"):
        looks.begin(protocol, WORLDS, FEW)
    assert len(_looks(protocol)) == 1


@pytest.mark.parametrize(
    ("arms", "path"),
    [
        (["reward_bleu2", "sft", "sft_bias", "sft_more", "sft_rl"], "claim-confirming.json"),
        (MORE, "claim-confirming-0123456-bleu2-rouge_l.json"),
        (["reward_micro_gain", "sft"], "claim-confirming-0123456-micro_gain.json"),
    ],
)
def test_each_look_has_figures_of_its_own(looks: ModuleType, arms: list[str], path: str) -> None:
    assert looks.figures({"commit": "0123456789", "arms": arms}) == f"benchmarks/results/{path}"


@pytest.fixture
def claim(protocol: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give the script a checkout of its own, and endpoints in place of those of arms that were trained."""
    found = script("claim")
    for path in ("params.yaml", "recipes/claim.yaml"):
        (protocol / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, protocol / path)
    _commit(protocol, "Recipe")
    monkeypatch.setattr(found, "ROOT", protocol)
    monkeypatch.setattr(found.run, "ablate", lambda params, arms, pairs, jobs: [arm.name for arm in arms])
    monkeypatch.setattr(found.table, "table", _table)
    monkeypatch.setattr(found, "Contrasts", lambda params, measured, pairs: measured)
    monkeypatch.setattr(found, "endpoints", lambda held, names: {"won": False, "best_control": "sft_bias"})
    monkeypatch.setattr(found, "told", lambda found: ["told"])
    return found


def _table(params: object, measured: list[str]) -> dict[str, Any]:
    pairs = [{"value": 0.8 + 0.01 * pair} for pair in range(5)]
    rows = [{"arm": arm, "subset": "held_out", "score": "truth_micro_f1", "pairs": pairs} for arm in measured]
    return {
        "level": 0.95,
        "pairs": [{}] * 5,
        "scores": rows,
        "arms": [{"arm": arm, "collapsed": 0} for arm in measured],
    }


def _trained(path: Path) -> list[str]:
    return [arm["arm"] for arm in read_json(path)["arms"]]


def test_a_later_look_leaves_the_first_ones_figures_and_trains_what_it_needs(
    claim: ModuleType, looks: ModuleType, protocol: Path
) -> None:
    assert claim.main(True, 5, []) == 1
    first = protocol / looks.FIRST
    before = first.read_bytes()
    assert _trained(first) == ["sft", "sft_more", "sft_bias", "sft_rl"]
    _commit(protocol, "First look")
    with pytest.raises(BadInput, match="The first look has decided the primary endpoint"):
        claim.main(True, 5, [])
    assert claim.main(True, 5, ["reward_bleu2"]) == 0
    (later,) = (protocol / looks.RESULTS).glob("claim-confirming-*-bleu2.json")
    found = read_json(later)
    assert _trained(later) == ["sft", "reward_bleu2"] and "won" not in found
    assert found["look"]["arms"] == ["reward_bleu2", "sft"] and found["single"][0]["against"] == "sft_bias"
    with pytest.raises(BadInput, match=r"-bleu2\.json holds its figures"):
        claim.main(True, 5, ["reward_bleu2"])
    assert claim.main(True, 5, ["reward_rouge_l"]) == 0
    assert len(list((protocol / looks.RESULTS).iterdir())) == 3
    assert first.read_bytes() == before and [line["arms"][0] for line in _looks(protocol)] == [
        "sft",
        "reward_bleu2",
        "reward_rouge_l",
    ]


def test_a_later_look_trains_no_reward_where_sft_becomes_another(
    claim: ModuleType, looks: ModuleType, protocol: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim.main(True, 5, [])
    first = read_json(protocol / looks.FIRST)
    for row in first["scores"]:
        row["pairs"][4]["value"] += 0.001
    write_json(protocol / looks.FIRST, first)
    _commit(protocol, "First look")
    trained: list[list[str]] = []
    ablate = claim.run.ablate
    monkeypatch.setattr(claim.run, "ablate", lambda *asked: trained.append(ablate(*asked)) or trained[-1])
    with pytest.raises(BadInput, match="SFT has other micro F1 here"):
        claim.main(True, 5, ["reward_bleu2"])
    assert trained == [["sft"]] and not list((protocol / looks.RESULTS).glob("*-bleu2.json"))


def test_a_look_that_was_cut_off_goes_on(
    claim: ModuleType, looks: ModuleType, protocol: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim.main(True, 5, [])
    _commit(protocol, "First look")

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(claim, "check_start", cut_off)
        with pytest.raises(KeyboardInterrupt):
            claim.main(True, 5, ["reward_bleu2"])
    assert claim.main(True, 5, ["reward_bleu2"]) == 0
    assert [line.get("goes_on", False) for line in _looks(protocol)] == [False, False, True]


def test_a_rehearsal_is_whole_and_no_look(claim: ModuleType, looks: ModuleType, protocol: Path) -> None:
    write_json(protocol / looks.FIRST, {"best_control": "sft_bias"})
    assert claim.main(False, 2, ["reward_bleu2"]) == 1
    rehearsed = protocol / claim.REHEARSAL
    assert _trained(rehearsed) == ["sft", "sft_more", "sft_bias", "sft_rl", "reward_bleu2"]
    assert "look" not in read_json(rehearsed) and not (protocol / looks.LOOKS).exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--confirm", "--arms", ""), "The first look has decided the primary endpoint, and benchmarks/results/claim-"),
        (("--confirm", "--arms", "nope"), "--arms takes single rewards, of reward_finding_credit, "),
        (("--rehearse", "--arms", "reward_bleu2,sft_bias"), "; sft_bias is none."),
        (("--rehearse", "--pairs", "0"), "--pairs 0 will not do; the rehearsal has 1 to 100"),
        (("--rehearse", "--pairs", "-1"), "--pairs -1 will not do"),
        (("--rehearse", "--pairs", "101"), "--pairs 101 will not do"),  # its last world would be a confirming one
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_logged(asked: tuple[str, ...], said: str, tmp_path: Path) -> None:
    looks = ROOT / "docs" / "claim-looks.jsonl"
    before, home = looks.read_bytes(), {**os.environ, "UNIRG_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(ROOT / "benchmarks" / "claim.py"), *asked]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    assert looks.read_bytes() == before and not (tmp_path / "home").exists()
