"""On a real Dask cluster of separate processes: the bytes of the other executor, dead workers, and clear sentences."""

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from fixtures_drops import ingested, of_drop, params, pin, reasons, rows, write_drop

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.home import descendants
from unirg_core.ingest import cluster, ingest
from unirg_core.ingest.cluster import Cluster
from unirg_core.ingest.workers import Workers
from unirg_core.params import parse

_WORLD = {"world": 3, "patients": 90, "image_size": 64}


def _work(chunk: list[str]) -> list[str]:
    if any(key.startswith("fatal") for key in chunk):
        os.kill(os.getpid(), signal.SIGKILL)
    if any(key.startswith("bug") for key in chunk):
        raise ValueError("a bug keeps its trace")
    return [f"did {key}" for key in chunk]


def _pid(chunk: list[str]) -> list[int]:
    time.sleep(0.2)
    return [os.getpid()]


def _workers(work=_work) -> Workers:
    return Workers(Cluster(None, 2), work, lambda key: [f"lost {key}"], lambda a, b: a + b)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nonsense", "ingest.dask.address"),
        ("http://10.0.0.5:8786", "ingest.dask.address"),
        ("tcp://10.0.0.5", "ingest.dask.address"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        params(dask={"address": address})


def test_without_dask_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed.scheduler", None)
    with pytest.raises(BadInput, match=r"pip install 'unirg-pipeline\[dask\]', or set ingest\.executor=processes"):
        Cluster(None, 2)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(BadInput, match=rf"{address}: no Dask scheduler answers there"), Cluster(address, 2):
        pass


def test_a_cluster_without_workers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with (
        LocalCluster(n_workers=0, processes=True, host="127.0.0.1", dashboard_address=None) as empty,
        pytest.raises(BadInput, match="has no worker"),
        Cluster(empty.scheduler_address, 2),
    ):
        pass


@pytest.mark.slow
def test_results_come_in_order_from_separate_processes_and_only_the_fatal_key_is_lost() -> None:
    chunks = [["a", "b"], ["c", "fatal"], ["d"], ["e"], ["f"], ["g"]]
    assert list(_workers().in_order(chunks)) == [
        [f"lost {key}" if key == "fatal" else f"did {key}" for key in chunk] for chunk in chunks
    ]
    pids = {pid for found in _workers(_pid).in_order([[str(at)] for at in range(8)]) for pid in found}
    assert len(pids) == 2 and os.getpid() not in pids


def test_a_bug_in_the_work_is_raised() -> None:
    with pytest.raises(ValueError, match="keeps its trace"):
        list(_workers().in_order([["a"], ["bug"]]))


def test_no_worker_stays_behind() -> None:
    before = descendants(os.getpid())
    list(_workers().in_order([["a"], ["b"]]))
    until = time.monotonic() + 10
    while left := descendants(os.getpid()) - before:
        alive = [pid for pid in left if "forkserver" not in _command(pid) and "tracker" not in _command(pid)]
        if not alive:
            break
        assert time.monotonic() < until, alive
        time.sleep(0.1)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return "tracker"


@pytest.mark.slow
def test_the_same_bytes_come_out_as_on_processes(tmp_path: Path) -> None:
    one = ingested(params(phantom=_WORLD, processes=2), tmp_path / "processes")
    other = ingested(params(phantom=_WORLD, processes=2, executor="dask"), tmp_path / "dask")
    assert tree_digest(one / "data") == tree_digest(other / "data")


def test_a_drop_of_patients_too_and_nothing_of_them_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed.protocol import core

    sent, dumps = [], core.dumps
    drop = write_drop(tmp_path / "drop", rows(70, 2))
    one = ingested(of_drop(drop, processes=1), tmp_path / "one")

    def spied(message, *arguments, **named):
        frames = dumps(message, *arguments, **named)
        sent.append(b"".join(bytes(frame) for frame in frames))
        return frames

    monkeypatch.setattr("distributed.comm.utils.protocol.dumps", spied)
    other = ingested(of_drop(drop, processes=2, executor="dask"), tmp_path / "dask")
    assert tree_digest(one / "data") == tree_digest(other / "data")
    wire = b"".join(sent)
    key = (tmp_path / "unirg-home" / "keys" / "key").read_text().strip()
    assert str(drop).encode() in wire, "the errand itself was seen"
    for secret in (key.encode(), bytes.fromhex(key), b"MRN77", b"ACC55", b"Zachariasen", b"Clear lungs", b"PNG"):
        assert secret not in wire, secret


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    whole = ingested(params(phantom={**_WORLD, "patients": 150}, processes=1), tmp_path / "whole")
    run = params(phantom={**_WORLD, "patients": 150}, processes=2, executor="dask")
    pin(run, tmp_path / "run")
    before, killed = descendants(os.getpid()), []

    def kill() -> None:
        while not list((tmp_path / "unirg-home" / "work").glob("ingest-*/*.arrow")):
            time.sleep(0.02)
        for pid in descendants(os.getpid()) - before:
            if "spawn_main" in _command(pid) and not killed:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    murderer = threading.Thread(target=kill)
    murderer.start()
    ingest(run, tmp_path / "run")
    murderer.join()
    assert killed and tree_digest(tmp_path / "run" / "data") == tree_digest(whole / "data")
    assert not reasons(tmp_path / "run")


def test_a_named_cluster_is_used_and_workers_with_another_home_are_refused(tmp_path: Path) -> None:
    from distributed import LocalCluster

    one = ingested(params(phantom=_WORLD, processes=1), tmp_path / "one")
    for state, threads in ((tmp_path / "unirg-home", 2), (tmp_path / "elsewhere", 1)):
        with LocalCluster(
            n_workers=1,
            threads_per_worker=threads,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=None,
            env={"UNIRG_HOME": str(state)},
        ) as named:
            run = params(phantom=_WORLD, executor="dask", dask={"address": named.scheduler_address})
            root = tmp_path / state.name
            pin(run, root)
            if state.name == "elsewhere":
                with pytest.raises(BadInput, match=r"On the Dask worker \S+: .*mount the same \$UNIRG_HOME"):
                    ingest(run, root)
            else:
                ingest(run, root)
                assert tree_digest(root / "data") == tree_digest(one / "data")
    assert not (tmp_path / "elsewhere" / "keys").exists(), "no worker ever draws a key"


def test_a_cluster_that_has_lost_all_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster, "_EMPTY_SECONDS", 0.4)
    with (
        LocalCluster(n_workers=1, processes=True, host="127.0.0.1", dashboard_address=None) as named,
        Cluster(named.scheduler_address, 1) as crew,
    ):
        future = crew.submit(_slow, ["a"])
        named.scale(0)
        with pytest.raises(BadInput, match=r"has had no worker .*finished chunks are kept"):
            crew.result(future)


def _slow(chunk: list[str]) -> None:
    time.sleep(30)


def test_dask_settings_are_no_part_of_the_datasets_identity() -> None:
    from unirg_core.runs.pins import data_identity, plain

    inputs = {"source": {"digest": "a"}, "key": {"fingerprint": "b"}}
    one, other = params(), params(executor="dask", dask={"address": "tls://10.0.0.5:8786"}, processes=5)
    assert data_identity(inputs, plain(one)) == data_identity(inputs, plain(other))
    assert parse(other.model_dump(mode="json", by_alias=True)) == other
