"""Worker processes: results in order, and what happens when the work on one key ends its process."""

import os

import pytest

from unirg_core.ingest.workers import Processes, Workers


def _start(words: str) -> None:
    os.environ["WORDS"] = words


def _work(keys: list[str]) -> list[str]:
    if any(key.startswith("fatal") for key in keys):
        os.kill(os.getpid(), 9)
    if any(key.startswith("bug") for key in keys):
        raise ValueError("a bug keeps its trace")
    return [f"{os.environ['WORDS']} {key}" for key in keys]


def _workers(processes: int = 2) -> Workers[list[str]]:
    return Workers(Processes(processes, _start, ("did",)), _work, lambda key: [f"lost {key}"], lambda a, b: a + b)


def test_results_come_in_order_and_only_the_fatal_key_is_lost():
    chunks = [["a", "b"], ["c", "fatal"], ["d"], ["e"], ["f"], ["g"]]
    done = list(_workers().in_order(chunks))
    assert done == [[f"lost {k}" if k == "fatal" else f"did {k}" for k in chunk] for chunk in chunks]


def test_a_bug_in_the_work_is_raised():
    with pytest.raises(ValueError, match="keeps its trace"):
        list(_workers().in_order([["a"], ["bug"]]))
