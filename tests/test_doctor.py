"""`unirg doctor`: each thing that stands in the way of a run is named with its remedy, and nothing is changed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unirg_core import params
from unirg_core.doctor import checks, examine
from unirg_core.doctor.examine import memory_of, obstacles, scorers
from unirg_core.doctor.printing import as_text
from unirg_core.faults import BadInput
from unirg_core.keys import open_vault

ROOT = Path(__file__).resolve().parents[1]


def test_tools_are_named_with_their_versions() -> None:
    found = {one.name: one for one in checks.tools(ROOT)}
    assert found["git"].said.startswith("git version") and found["python"].said.startswith("3.11")
    assert {one.state for one in found.values()} == {"ok"}


def test_a_copy_and_a_machine_without_git_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no git repository; clone the project" in list(checks.tools(tmp_path))[-1].said
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(checks.tools(ROOT))[-1] == checks.Finding("git", "fault", "not found; install git")


@pytest.mark.parametrize(
    ("dependency", "pin", "state", "said"),
    [
        ("numpy>=2,<3", "", "ok", "1 dependencies"),
        ("numpy>=2,<3", "numpy==2.0.0", "note", "(tried with 2.0.0)"),
        ("numpy>=99", "", "fault", "does not fit >=99; say: make .venv"),
        ("no-such-package-of-ours", "", "fault", "not installed; say: make .venv"),
    ],
)
def test_packages_are_held_against_ranges_and_constraints(
    tmp_path: Path, dependency: str, pin: str, state: str, said: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\ndependencies = ["{dependency}"]\n')
    (tmp_path / "constraints.txt").write_text(pin + "\n")
    first = next(iter(checks.packages(tmp_path)))
    assert first.state == state and said in first.said


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((2**30, "fault"), (10 * 2**30, "note"), (2**40, "ok")):
        usage = type(shutil.disk_usage(tmp_path))(2**41, 2**41 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, usage=usage: usage)
        assert next(iter(checks.disk(tmp_path / "not" / "yet"))).state == state


def test_the_vault_is_looked_at_and_not_made(tmp_path: Path) -> None:
    assert "none yet" in next(iter(checks.keys(tmp_path))).said
    assert not list(tmp_path.iterdir())
    vault = open_vault("folder", tmp_path)
    vault.salt("someone")
    vault.seal()
    found = next(iter(checks.keys(tmp_path)))
    assert found.state == "ok" and vault.fingerprint in found.said and "datasets were made with it" in found.said


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda home: (home / "keys" / "key").chmod(0o644), "is open to other users; say: chmod 600"),
        (lambda home: (home / "keys" / "salts.jsonl").chmod(0o644), "salts.jsonl is open to other users"),
        (lambda home: (home / "keys" / "key").unlink(), "is missing, but"),
        (lambda home: (home / "keys" / "salts.jsonl").unlink(), "salts.jsonl are missing"),
        (lambda home: (home / "keys" / "key").write_text("ab\n"), "is damaged"),
    ],
)
def test_a_vault_that_would_stop_a_run_is_a_fault(tmp_path: Path, spoil, said: str) -> None:
    vault = open_vault("folder", tmp_path)
    vault.salt("someone")
    vault.seal()
    spoil(tmp_path)
    found = next(iter(checks.keys(tmp_path)))
    assert found.state == "fault" and said in found.said


def test_a_remote_that_cannot_be_reached_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y"), ("ENDPOINT_URL", "http://127.0.0.1:9")):
        monkeypatch.setenv(f"AWS_{name}", value)
    found = next(iter(checks.dvc_remote("s3://bucket/prefix", tmp_path)))
    assert found.state == "fault" and "Could not connect" in found.said and "credentials" in found.said
    assert next(iter(checks.dvc_remote(None, tmp_path))).state == "ok"
    (tmp_path / "file").touch()
    assert next(iter(checks.dvc_remote(str(tmp_path / "file" / "store"), tmp_path))).state == "fault"


def test_a_scorer_service_and_a_judge_that_are_not_there_are_two_faults() -> None:
    from unirg_core.recipes import left_open

    above = params.overlay(
        left_open(ROOT, "unirg-cxr-8b"),
        {"scores": {"service": {"url": "http://127.0.0.1:9"}, "judge": {"base_url": "http://127.0.0.1:9/v1"}}},
    )
    found = list(scorers(params.resolve(ROOT, "unirg-cxr-8b", above), ROOT))
    told = [(one.name, one.state) for one in found]
    assert told == [("scorer service", "fault"), ("judge", "fault"), ("scores", "note")]
    assert "unirg scorer serve" in found[0].said
    assert found[2].said == (
        "bleu2, labels_f1, rouge_l, well_formed; not asked, as said above: bertscore, judge, radcliq, radgraph_f1, "
        "sembscore"
    )


def test_a_judge_that_rl_alone_looks_at_on_the_way_is_asked_too() -> None:
    above = {"rl": {"validate_every": 5, "validation_scores": ["judge"]}}
    above |= {"scores": {"judge": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}}
    found = list(scorers(params.resolve(ROOT, "smoke", above), ROOT))
    assert [(one.name, one.state) for one in found] == [("judge", "fault"), ("scores", "note")]
    assert found[1].said.endswith("; not asked, as said above: judge")


@pytest.mark.parametrize(
    ("recipe", "above", "name", "said"),
    [
        (None, {"model": {"base": "nope"}}, "base model", "model.base = nope is neither unirg-tiny, nor a folder"),
        (None, {"launch": {"config": "nonsense"}}, "launch", "is no file of infra/accelerate"),
        (
            None,
            {"sft": {"validate_every": 5, "validation_scores": ["labels_f1", "nope"]}},
            "scores",
            "nope is no score",
        ),
        (None, {"rl": {"step1": {"reward": {"nope": 0.0, "labels_f1": 1.0}}}}, "scores", "rl.step1.reward names nope"),
    ],
)
def test_what_a_run_would_be_refused_for_is_a_fault(
    tmp_path: Path, recipe: str | None, above: dict, name: str, said: str
) -> None:
    report = examine(ROOT, tmp_path, recipe, above=above)
    faults = [one for one in report.findings if one.state == "fault"]
    assert [one.name for one in faults] == [name] and said in faults[0].said
    unjudged = [
        one.name for one in report.findings if one.said == "not judged: base model or launch.config cannot be read here"
    ]
    assert unjudged == (["memory"] if name in ("base model", "launch") else [])
    assert not (name == "scores" and any(one.name == "scores" and one.state == "ok" for one in report.findings))


def test_the_memory_of_a_champion_is_not_judged_and_the_reason_is_told() -> None:
    found, estimates = memory_of(params.resolve(ROOT, above={"model": {"base": "champion"}}), ROOT, 80)
    assert [(one.name, one.state) for one in found] == [("memory", "note")] and not estimates
    assert "champion's files are fetched when a run begins; name a folder" in found[0].said


def test_a_device_that_is_not_here_is_a_note_where_another_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    wanted = params.resolve(ROOT, above={"model": {"device": "cuda"}})
    for elsewhere, state in ((False, "fault"), (True, "note")):
        first = next(iter(obstacles(wanted, ROOT, elsewhere=elsewhere)))
        assert (first.name, first.state) == ("device", state)
        assert first.said.startswith("on this machine: ") is elsewhere


@pytest.mark.parametrize(
    ("device", "gib", "gpu", "also"),
    [
        ("cpu", None, "none; what trains here trains on the CPU", "needs a GPU, and the model is on the CPU"),
        ("auto", None, "none; what trains here trains on the CPU", "but vllm is not installed; say: pip install"),
        ("cuda", None, "none; model.device = cuda does not train here", "but vllm is not installed; say: pip install"),
        ("cuda", 24, "memory is judged by one of 24 GiB (--gpu-memory)", "but vllm is not installed; say: pip install"),
        ("auto", 24, "memory is judged by one of 24 GiB (--gpu-memory)", "but vllm is not installed; say: pip install"),
        ("cpu", 24, "memory is judged by one of 24 GiB (--gpu-memory)", "model.device = cpu, and a GPU is asked about"),
    ],
)
def test_what_is_said_of_the_gpu_fits_what_is_asked(
    device: str, gib: float | None, gpu: str, also: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from unirg_core.training import arguments

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(arguments, "find_spec", lambda name: None)
    above = {"model": {"device": device}, "rl": {"generation": {"backend": "vllm"}}}
    found = examine(ROOT, tmp_path, gpu_gib=gib, above=above).findings
    (said,) = (one.said for one in found if one.name == "gpu")
    assert said.startswith(gpu) and any(also in one.said for one in found)
    assert not any("trains on the CPU" in one.said for one in found if gib or device == "cuda")


def test_a_whole_report_is_healthy_here_and_reads_as_text_and_as_values(tmp_path: Path) -> None:
    report = examine(ROOT, tmp_path)
    assert report.healthy, [one for one in report.findings if one.state == "fault"]
    names = {one.name for one in report.findings}
    assert {"git", "packages", "gpu", "disk", "mlflow", "dvc remote", "keys", "scores", "memory sft"} <= names
    assert "Nothing stands in the way." in as_text(report)
    told = json.loads(json.dumps(report.as_values()))
    assert [one["stage"] for one in told["estimates"]] == ["sft", "rl"]
    sizes = [
        size for one in told["estimates"] for size in (one["peak"], *one["kept"].values(), *one["learning"].values())
    ]
    assert sizes and all(isinstance(size, int) for size in sizes)
    assert not list(tmp_path.iterdir())


def test_a_recipe_without_sft_is_judged_by_rl_alone(tmp_path: Path) -> None:
    assert [one.stage for one in examine(ROOT, tmp_path, "continue-unirg-cxr", 80).estimates] == ["rl"]


def test_a_remedy_can_be_tried(tmp_path: Path) -> None:
    def told(above: dict) -> checks.Finding:
        found = examine(ROOT, tmp_path, "qwen3-vl-2b-lora", 7, above).findings
        return next(one for one in found if one.name == "memory sft")

    refused = told({})
    assert refused.state == "fault" and refused.said.endswith("set sft.micro_batch=2")
    assert told({"sft": {"micro_batch": 2}}).state == "ok"


@pytest.mark.parametrize("gib", [float("inf"), float("nan"), 1e30, 0.5, 0.0, -8.0])
def test_a_memory_that_no_gpu_has_is_refused(tmp_path: Path, gib: float) -> None:
    with pytest.raises(BadInput, match=r"^--gpu-memory .* is no GPU's; give the GiB of one, 1 to 4096\.$"):
        examine(ROOT, tmp_path, gpu_gib=gib)


def test_a_gpu_that_is_not_here_can_be_asked_about(tmp_path: Path) -> None:
    report = examine(ROOT, tmp_path, "unirg-cxr-8b", 24)
    said = {one.name: one for one in report.findings}
    assert said["memory sft"].state == "fault" and "of which 24.0 GiB are free" in said["memory sft"].said
    assert said["processes"].said == "8 by accelerate" and "launch" not in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--recipe", "nonsense"], 2, "There is no recipe nonsense"),
        (["--json"], 0, '"healthy": true'),
        (["--set", "sft.steps=0", "--set", "sft.epochs=nonsense"], 2, "sft.epochs = nonsense will not do"),
        (["--recipe", "openi-cpu"], 0, "ingest.path, ingest.policy (--path DROP"),
    ],
)
def test_the_verb(arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unirg_core", "doctor", *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr and "Traceback" not in done.stderr
