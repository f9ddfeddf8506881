"""The watch: cheap looks, a drop that must stand still, never twice; and on a real Prefect server, one run a drop."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures_clone import clone_at
from fixtures_drops import REPOSITORY, dicom, pixels, png, rows, write_drop
from test_up import Platform

from unirg_core import watch
from unirg_core.faults import BadInput
from unirg_core.files import write_json
from unirg_core.ingest.folder import Folder
from unirg_core.runs.launch import Request
from unirg_core.watch import Memory, Watched, glance_at, watching

POLICY = ("ingest.policy=consent-1", "ingest.split.held_out=[]")


def _request(drop: Path, **more: object) -> Request:
    return Request(source="folder", path=str(drop), set=POLICY, **more)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return write_drop(tmp_path / "drop", rows(4, 1))


def _look(request: Request, now: float, settle: float = 60) -> watch.Look:
    with watching(request, REPOSITORY) as watched:
        return watched.look(settle, now)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (Request(), "Name what to watch: --source folder --path DROP. The phantom is drawn"),
        (Request(source="folder", path="/nowhere", set=POLICY), "ingest.path /nowhere does not exist"),
        (Request(source="folder", path="/nowhere"), "policy says synthetic, but a drop is not"),
        (Request(source="folder", path="/tmp", set=("ingest.imagesize=3",)), "ingest.imagesize is not a parameter"),
        (Request(recipe="nonesuch", source="folder", path="/tmp"), "nonesuch"),
    ],
)
def test_what_cannot_be_watched_is_refused(request_: Request, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        _look(request_, 0)


def test_a_drop_without_a_mapping_is_refused_when_it_stands_still_and_looked_at_again(drop: Path) -> None:
    (drop / "mapping.yaml").rename(drop / "later.yaml")
    _look(_request(drop), 0)
    with pytest.raises(BadInput, match=r"mapping\.yaml does not exist"):
        _look(_request(drop), 100)
    (drop / "later.yaml").rename(drop / "mapping.yaml")
    assert _look(_request(drop), 200).drop is None
    assert _look(_request(drop), 300).drop


def test_a_drop_must_stand_still_and_is_handed_over_once(drop: Path) -> None:
    request = _request(drop)
    assert "must stand still" in _look(request, 0).sentence
    assert _look(request, 59).sentence == "The source has stood still for 59 s, of 60."
    found = _look(request, 61)
    assert found.drop and found.sentence == f"Drop {found.drop[:12]} has arrived."
    assert _look(request, 62).drop == found.drop, "not acted on: it is offered again"
    with watching(request, REPOSITORY) as watched:
        watched.acted(found.drop, "run-7")
    for now in (63, 10_000):
        assert _look(request, now).sentence == f"Nothing new: drop {found.drop[:12]} was handed over to flow run run-7."


def test_a_drop_that_goes_on_growing_is_left_alone_until_it_is_whole(drop: Path) -> None:
    for now in range(0, 300, 50):
        (drop / "files" / f"more{now}.png").write_bytes(b"x")
        assert _look(_request(drop), now).drop is None
    assert _look(_request(drop), 260).drop is None
    assert _look(_request(drop), 320).drop


@pytest.mark.parametrize(
    ("change", "new"),
    [
        (lambda drop: (drop / "files" / "p0v0.png").write_bytes(png(pixels(99))), True),
        (lambda drop: write_drop(drop, rows(5, 1)), True),
        (lambda drop: (drop / "files" / "p0v0.png").unlink(), True),
        (
            lambda drop: (drop / "mapping.yaml").write_text((drop / "mapping.yaml").read_text() + "view_default: PA\n"),
            True,
        ),
        (lambda drop: os.utime(drop / "files" / "p0v0.png", (1, 1)), False),
        (lambda drop: (drop / "files" / "not_in_the_table.png").write_bytes(b"x"), False),
    ],
)
def test_a_change_is_a_new_drop_and_a_touch_is_not(drop: Path, change, new: bool) -> None:
    request = _request(drop)
    _look(request, 0)
    with watching(request, REPOSITORY) as watched:
        watched.acted(watched.look(60, 100).drop, "run-1")
    change(drop)
    assert "has changed" in _look(request, 200).sentence
    assert bool(_look(request, 300).drop) is new


def test_looks_at_what_is_known_read_no_picture_and_no_table(drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = _request(drop)
    _look(request, 0)
    with watching(request, REPOSITORY) as watched:
        watched.acted(watched.look(60, 100).drop, "run-1")
    monkeypatch.setattr(Folder, "__init__", lambda *_: pytest.fail("the source was opened"))
    assert "Nothing new" in _look(request, 500).sentence


def test_a_look_reads_no_picture(drop: Path) -> None:
    (drop / "files" / "p0v0.png").unlink()
    os.mkfifo(drop / "files" / "p0v0.png")  # whoever opens it waits for ever
    assert len(glance_at(watch._resolved(_request(drop), REPOSITORY), REPOSITORY)) == 64


def test_a_link_that_leads_nowhere_is_part_of_the_listing_until_it_leads_somewhere(drop: Path, tmp_path: Path) -> None:
    (drop / "files" / "later.png").symlink_to(tmp_path / "not_yet.png")
    assert "must stand still" in _look(_request(drop), 0).sentence
    assert _look(_request(drop), 100).drop, "no row names it, so it holds nothing up"
    (tmp_path / "not_yet.png").write_bytes(b"x")
    assert "has changed" in _look(_request(drop), 200).sentence


def test_a_picture_behind_a_broken_link_is_a_drop_without_it(drop: Path, tmp_path: Path) -> None:
    picture = drop / "files" / "p0v0.png"
    picture.rename(tmp_path / "p0v0.png")
    picture.symlink_to(tmp_path / "nowhere.png")
    _look(_request(drop), 0)
    assert _look(_request(drop), 100).drop


def test_files_that_come_and_go_under_a_look_never_end_it(drop: Path) -> None:
    """Another process renames files and folders as fast as it can, as a copy tool does that writes temporary names."""
    code = (
        "import os, sys, itertools\n"
        "os.makedirs('moved'); open('moved/f', 'w').close(); open('g', 'w').close(); print('on', flush=True)\n"
        "for i in itertools.count():\n"
        "    os.rename('moved', 'm2'); os.rename('g', 'g2'); os.rename('m2', 'moved'); os.rename('g2', 'g')"
    )
    params = watch._resolved(_request(drop), REPOSITORY)
    mover = subprocess.Popen([sys.executable, "-c", code], cwd=drop / "files", stdout=subprocess.PIPE)
    try:
        assert mover.stdout.readline() == b"on\n"
        assert len({glance_at(params, REPOSITORY) for _ in range(2000)}) > 1
    finally:
        mover.kill()
        mover.wait()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda drop: (drop / "a").symlink_to("a"),
            r"drop/a cannot be looked at \(Too many levels of symbolic links\)",
        ),
        (lambda drop: (drop / "up").symlink_to(drop), r"up/up.* cannot be looked at \(Too many levels"),
    ],
)
def test_a_link_in_a_circle_is_named(drop: Path, spoil, sentence: str) -> None:
    spoil(drop)
    with pytest.raises(BadInput, match=sentence):
        _look(_request(drop), 0)


def test_a_mapping_that_is_not_there_is_named(drop: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.yaml does not exist"):
        _look(_request(drop, mapping="none.yaml"), 0)


def test_two_looks_at_once_are_one(drop: Path) -> None:
    with watching(_request(drop), REPOSITORY) as one, watching(_request(drop), REPOSITORY) as other:
        assert isinstance(one, Watched) and other is None


def test_each_watched_source_has_its_own_memory(drop: Path, tmp_path: Path) -> None:
    other = write_drop(tmp_path / "other", rows(2, 1))
    _look(_request(drop), 0)
    _look(_request(other), 5)
    assert len(list((tmp_path / "unirg-home" / "watch").glob("*.json"))) == 2
    with watching(_request(drop), REPOSITORY) as watched:
        assert isinstance(watched.memory, Memory) and watched.memory.since == 0


# --- on a real server ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(clone_at(tmp_path_factory.mktemp("watch")))
    yield made
    if made.child.poll() is None:
        os.killpg(made.child.pid, signal.SIGTERM)
        try:
            made.child.wait(60)
        finally:
            if made.child.poll() is None:
                os.killpg(made.child.pid, signal.SIGKILL)


def _runs(platform: Platform, name: str = "retrain/manual") -> list[dict]:
    deployment = platform.ask(f"deployments/name/{name}")["id"]
    return platform.ask("flow_runs/filter", {"flow_runs": {"deployment_id": {"any_": [deployment]}}})


def _await(platform: Platform, wanted, seconds: float = 150):
    until = time.monotonic() + seconds
    while not (found := wanted()):
        assert time.monotonic() < until, platform.child.poll()
        time.sleep(1)
    return found


def _looked(platform: Platform, form: dict) -> str:
    """Let the worker run watch/drop once; return what it said."""
    deployment = platform.ask("deployments/name/watch/drop")["id"]
    run = platform.ask(f"deployments/{deployment}/create_flow_run", {"parameters": {"form": form}})["id"]
    return platform.wait(run, "COMPLETED")["message"] or run


def _memory(platform: Platform) -> dict:
    found = [path for path in (platform.clone.home / "watch").glob("*.json") if path.name != "settings.json"]
    return json.loads(found[0].read_text()) if found else {}


@pytest.fixture
def nothing_up(tmp_path, monkeypatch) -> Path:
    """Return the settings of a watch in a home whose platform is not up."""
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return tmp_path / "home/watch/settings.json"


@pytest.mark.parametrize(
    ("path", "approval", "said"),
    [
        (None, "ask", "Name what to watch: --path DROP"),  # what the command itself lacks comes first
        (None, "perhaps", "Name what to watch"),
        ("/nowhere", "perhaps", "--approval perhaps is neither ask nor auto"),
        ("/nowhere", "ask", "No platform is up that could watch"),  # before a large source is listed
    ],
)
def test_refusals_come_in_the_order_of_what_they_cost(nothing_up, path, approval, said) -> None:
    with pytest.raises(BadInput) as fault:
        watch.switch(Request(None, "folder", path), REPOSITORY, approval, 300.0, 60.0)
    assert said in str(fault.value)


@pytest.mark.parametrize(
    ("was", "said"), [(True, "the next one will not watch either"), (False, "nothing to switch off")]
)
def test_with_nothing_up_off_says_so_and_holds_for_the_next_platform(nothing_up, capsys, was, said) -> None:
    if was:
        write_json(nothing_up, {"form": {}, "every": 300})
    assert watch.switch(None, REPOSITORY, "ask", 300.0, 60.0) == 0
    told = capsys.readouterr().out
    assert "No platform is up, so nothing is watched" in told and said in told and not nothing_up.exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_drop_that_arrives_starts_one_run_with_its_form(platform: Platform, tmp_path_factory) -> None:
    drop = write_drop(tmp_path_factory.mktemp("arrives") / "drop", rows(4, 1))
    form = {"source": "folder", "path": str(drop), "recipe": "smoke", "set": list(POLICY), "settle": 0}
    _looked(platform, form)
    assert _runs(platform) == [] and _memory(platform)["drop"] == ""
    _looked(platform, form)
    (run,) = _runs(platform)
    known = _memory(platform)
    assert known["flow_run"] == run["id"]
    (record,) = _await(platform, platform.clone.records)
    assert (record["trigger"]["kind"], record["trigger"]["principal"]) == ("event", f"drop {known['drop']}")
    asked = run["parameters"]["form"]
    assert asked == {
        "recipe": "smoke",
        "source": "folder",
        "path": str(drop),
        "mapping": None,
        "set": list(POLICY),
        "approval": "ask",
        "drop": known["drop"],
    }
    assert run["created_by"]["type"] == "AUTOMATION", "the event started it"
    named = {"filter": {"event": {"name": ["unirg.drop.arrived"]}}}
    events = _await(
        platform, lambda: platform.ask("events/filter", named)["events"]
    )  # the server writes them in batches
    assert [event["resource"]["prefect.resource.id"] for event in events] == [f"unirg.drop.{known['drop']}"]
    _looked(platform, form)
    assert len(_runs(platform)) == 1
    shutil.rmtree(platform.clone.home / "watch")  # even a watch that has lost its memory finds the run
    _looked(platform, form)
    _looked(platform, form)
    assert len(_runs(platform)) == 1 and _memory(platform)["flow_run"] == run["id"]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_without_an_automation_the_run_is_started_directly_and_once(platform: Platform, tmp_path_factory) -> None:
    for automation in platform.ask("automations/filter", {}):
        platform.ask(f"automations/{automation['id']}", method="DELETE")
    before = len(_runs(platform))
    drop = write_drop(tmp_path_factory.mktemp("direct") / "drop", rows(5, 1))
    form = {"source": "folder", "path": str(drop), "recipe": "smoke", "set": list(POLICY), "settle": 0}
    for _ in range(3):
        _looked(platform, form)
    runs = _runs(platform)
    assert len(runs) == before + 1
    new = next(run for run in runs if run["parameters"]["form"]["path"] == str(drop))
    assert new["idempotency_key"] == f"drop-{new['parameters']['form']['drop']}"
    assert sorted(new["tags"]) == ["unirg", "watch"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_verb_switches_the_schedule_on_and_off(platform: Platform, tmp_path_factory) -> None:
    drop = write_drop(tmp_path_factory.mktemp("verb") / "drop", rows(3, 1))
    said = platform.clone.unirg("watch", "--path", "/nowhere", "--set", POLICY[0], code=2)
    assert "/nowhere" in said and "Traceback" not in said
    assert platform.ask("deployments/name/watch/drop")["schedules"] == []
    said = platform.clone.unirg("watch", "--path", str(drop), "--set", POLICY[0], "--set", POLICY[1], "--every", "3600")
    assert "lists 3 studies now" in said and f"looks at {drop} every 3600 s" in said
    (schedule,) = platform.ask("deployments/name/watch/drop")["schedules"]
    assert schedule["active"] and schedule["schedule"]["interval"] == 3600
    assert schedule["parameters"]["form"]["path"] == str(drop)
    _await(platform, lambda: [run for run in _runs(platform, "watch/drop") if run["auto_scheduled"]])
    assert "watch/drop is off" in platform.clone.unirg("watch", "--off")
    assert platform.ask("deployments/name/watch/drop")["schedules"] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_a_platform_the_verb_says_so(platform: Platform, tmp_path_factory) -> None:
    """Last of this file: the platform is gone afterwards."""
    drop = write_drop(tmp_path_factory.mktemp("down") / "drop", rows(3, 1), {"p0v0.png": dicom(pixels())})
    os.kill(platform.child.pid, signal.SIGINT)
    threading.Thread(target=platform.child.communicate, daemon=True).start()
    platform.child.wait(90)
    said = platform.clone.unirg("watch", "--path", str(drop), "--set", POLICY[0], "--set", POLICY[1], code=2)
    assert "No platform is up that could watch; start one by `unirg up`" in said
