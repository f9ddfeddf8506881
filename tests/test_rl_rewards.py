"""The scores as TRL's reward functions: what stops them, what they tell, and that they wait side by side."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores import SCORES
from unirg_core.scores.reward import ScoreFault, text_id
from unirg_core.training.rewards import Processes, Rewards, score_processes, zero_spread

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ["Small left effusion.", "No pleural effusion.", "Small left effusion.", "Heart is enlarged."]
REFERENCES = ["Left effusion."] * 2 + ["Normal heart size."] * 2
STUDIES = ["S-1", "S-1", "S-2", "S-2"]
INPUTS = [{"reference": r, "study_id": s} for r, s in zip(REFERENCES, STUDIES, strict=True)]


def completions(texts: Sequence[str]) -> list[list[dict[str, str]]]:
    """Return texts as TRL hands completions over."""
    return [[{"role": "assistant", "content": text}] for text in texts]


def asked(rewards: Rewards, tell: Callable[[str, float], None] | None = None, texts: Sequence[str] = TEXTS) -> list:
    """Ask every component as TRL does, side by side on one event loop."""
    known = {"completions": completions(texts), "reference": REFERENCES, "study_id": STUDIES}

    async def together() -> list[Any]:
        return await asyncio.gather(*(f(**known, prompts=[], log_metric=tell) for f in rewards.functions))

    return asyncio.run(together())


def _nan(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    return np.array([np.nan if text.startswith("Heart") else 1.0 for text in candidates])


def _raising(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    for text in candidates:
        if text.startswith("Heart"):
            raise RuntimeError(f"cannot read {text!r}")
    return np.ones(len(candidates))


def _down(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    raise ConnectionRefusedError("nobody answers at port 9")


HEART = text_id("Heart is enlarged.")
LEFT = text_id("Small left effusion.")


@pytest.mark.parametrize("place", ["here", "service"])
@pytest.mark.parametrize(
    ("score", "said"),
    [
        (_nan, f"The score bad gave nan for study S-2, text {HEART}."),
        (lambda c, r: None, f"The score bad gave nan for study S-1, text {LEFT}."),
        (lambda c, r: [1.0, 2.0], "The score bad gave 2 values for 4 samples."),
        (_raising, f"The score bad failed at study S-2, text {HEART}: RuntimeError: cannot read '(text {HEART})'"),
        (
            _down,
            f"The score bad failed at study S-1, text {LEFT} and at others: ConnectionRefusedError: nobody answers",
        ),
    ],
)
def test_a_score_that_fails_stops_with_score_study_and_text_id_and_without_the_text(score, said, place) -> None:
    class Bad:
        def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> Any:
            return score(candidates, references)

    Bad.place = place
    with pytest.raises(ScoreFault) as stopped:
        asked(Rewards({"bad": 1.0}, {"bad": Bad()}))
    assert str(stopped.value).startswith(said)
    assert not [text for text in (*TEXTS, *REFERENCES) if text in str(stopped.value)]


def test_a_name_that_is_no_score_is_refused() -> None:
    with pytest.raises(BadInput, match="blue2 is no score; there are"):
        Rewards({"blue2": 1.0})


def test_components_keep_name_weight_and_order_and_leave_zeros_out() -> None:
    rewards = Rewards({"well_formed": 0.5, "rouge_l": 1.0, "bleu2": 0.0})
    assert [function.__name__ for function in rewards.functions] == ["rouge_l", "well_formed"]
    assert rewards.weights == [1.0, 0.5]


def test_a_standardised_weight_is_one_over_the_published_scale() -> None:
    rewards = Rewards({"bleu2": 0.3, "well_formed": 0.5}, standardised=True)
    assert rewards.weights == pytest.approx([0.3 / 0.2989271671041838, 0.5])


def test_the_reward_is_the_score() -> None:
    names = ["bleu2", "finding_credit", "well_formed"]
    for name, values in zip(names, asked(Rewards(dict.fromkeys(names, 1.0))), strict=True):
        assert values == SCORES[name](TEXTS, REFERENCES).tolist()


@pytest.mark.parametrize(
    ("values", "studies", "share"),
    [
        ([1, 1, 0, 0], "aabb", 1.0),
        ([1, 0, 0, 0], "aabb", 0.5),
        ([1, 0, 0, 1], "aabb", 0.0),
        ([1, 0, 1, 1], "aaab", 0.5),
        ([1, 1 + 1e-12], "aa", 1.0),  # summed in another order
        ([], "", 0.0),
    ],
)
def test_a_group_without_spread_is_counted(values: list[float], studies: str, share: float) -> None:
    assert zero_spread(np.array(values, float), list(studies)) == share


def test_each_component_tells_its_zero_spread_and_seconds_and_the_step_its_distinct_pairs() -> None:
    told: dict[str, float] = {}
    same = ["Left effusion."] * 2 + ["Normal heart size.", "Effusion."]
    rewards = Rewards({"rouge_l": 1.0, "labels_f1": 1.0})
    rewards.begin(INPUTS, completions(same), told.__setitem__)
    asked(rewards, told.__setitem__, same)
    assert told["completions/distinct"] == 0.75
    assert told["rewards/rouge_l/zero_spread"] == told["rewards/labels_f1/zero_spread"] == 0.5
    assert all(0 < told[f"seconds/{name}"] < 5 for name in ("rouge_l", "labels_f1"))
    assert len(told) == 5


PAUSE = 0.4


class _Slow(BaseHTTPRequestHandler):
    """A scorer that takes its time, as a judge does."""

    def do_GET(self) -> None:
        time.sleep(PAUSE)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"0.5")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Remote:
    """A score that a server computes."""

    place = "service"

    def __init__(self, address: str) -> None:
        self.address, self.asked = address, 0

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        self.asked += 1
        with urlopen(self.address, timeout=20) as answer:
            return np.full(len(candidates), float(answer.read()))


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_services_are_waited_for_side_by_side(address: str) -> None:
    scores = {name: Remote(address) for name in "abc"}
    began = time.monotonic()
    values = asked(Rewards(dict.fromkeys("abc", 1.0), scores))
    assert values == [[0.5] * 4] * 3
    assert time.monotonic() - began < 2 * PAUSE  # one after the other: three pauses


def test_what_has_begun_is_not_asked_again_and_its_wait_is_over_when_trl_asks(address: str) -> None:
    remote = Remote(address)
    rewards = Rewards({"remote": 1.0}, {"remote": remote})
    rewards.begin(INPUTS, completions(TEXTS), lambda *_: None)
    time.sleep(1.5 * PAUSE)  # the reference model reads
    began = time.monotonic()
    assert asked(rewards) == [[0.5] * 4]
    assert time.monotonic() - began < 0.5 * PAUSE
    assert remote.asked == 1
    asked(rewards)
    assert remote.asked == 2  # a step that has not begun by itself is scored when asked


class Long:
    """A score that computes long, in processes of its own."""

    place = "process"

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        if "ends the process" in candidates:
            os._exit(3)
        return np.array([os.getpid() + len(c) / 1000 for c in candidates])


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with score_processes(2) as held:
        yield held


def test_a_long_score_is_computed_in_processes(processes: Processes) -> None:
    values = np.array(asked(Rewards({"long": 1.0}, {"long": Long()}, processes=processes))[0])
    assert os.getpid() not in set(values.astype(int))
    assert np.allclose(values % 1, [len(text) / 1000 for text in TEXTS])


def test_without_processes_a_long_score_runs_in_this_one() -> None:
    with score_processes(0) as none:
        (values,) = asked(Rewards({"long": 1.0}, {"long": Long()}, processes=none))
    assert {int(value) for value in values} == {os.getpid()}


def test_a_process_that_dies_stops_the_work() -> None:
    texts = [*TEXTS[:3], "ends the process"]
    with score_processes(1) as held, pytest.raises(ScoreFault, match=r"The score long failed at .*BrokenProcessPool"):
        asked(Rewards({"long": 1.0}, {"long": Long()}, processes=held), texts=texts)


@given(st.lists(st.text(max_size=3), max_size=12), st.integers(1, 5))
def test_spreading_changes_no_value(texts: list[str], count: int) -> None:
    def direct(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return np.array([len(c) - 2.0 * len(r) for c, r in zip(candidates, references, strict=True)])

    with ThreadPoolExecutor(2) as pool:
        spread = Processes(pool, count).spread(direct)
        assert spread(texts, texts[::-1]).tolist() == direct(texts, texts[::-1]).tolist()


_PARENT = """
import os, signal
from unirg_core.training.rewards import score_processes
if __name__ == "__main__":
    with score_processes(1) as held:
        print(held._pool.submit(os.getpid).result(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_process_outlives_a_killed_parent(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(_PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "parent.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    until = time.monotonic() + 20
    while _alive(int(done.stdout)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(int(done.stdout))


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
