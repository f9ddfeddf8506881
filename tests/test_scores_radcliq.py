"""RadCliQ: the published constants, the board's own rows as vectors, and the traps that published tools fell into."""

import csv
from pathlib import Path

import numpy as np
import pytest

from unirg_core.faults import BadInput
from unirg_core.scores import radcliq
from unirg_core.scores.radcliq import scaled

REFERENCE = Path(__file__).parents[1] / "../shared/reference"
BOUND = {"v1": 0.0025, "v0": 0.0041}  # what rounding the board's columns to three decimals can move


def _rows() -> list:
    files = sorted(REFERENCE.glob("rexrank_*.csv"))
    return [(path.stem, row) for path in files for row in csv.DictReader(path.read_text().splitlines())]


# Trap 3.
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_reproduces_every_row_of_the_board(version: str) -> None:
    rows = _rows()
    if not rows:
        pytest.skip(f"the board's tables are not in {REFERENCE}")
    parts = [[float(row[name]) for _, row in rows] for name in ("RadGraph", "BertScore", "SembScore", "BLEU")]
    ours = radcliq(*parts, version=version)
    theirs = np.array([float(row[f"RadCliQ-{version}"]) for _, row in rows])
    assert len(rows) >= 30
    wrong = [(rows[i], ours[i]) for i in np.flatnonzero(np.abs(ours - theirs) > BOUND[version])]
    assert not wrong


def test_a_perfect_pair() -> None:
    assert radcliq(1, 1, 1, 1) == pytest.approx(-1.440690, abs=1e-6)
    assert radcliq(1, 1, 1, 1, version="v0") == pytest.approx(-0.242133, abs=1e-6)


def test_v1_in_raw_form() -> None:
    x = np.random.default_rng(0).random((50, 4))
    raw = 2.450143 - 1.245216 * x[:, 0] - 1.650845 * x[:, 1] - 0.994772 * x[:, 2]
    assert np.allclose(radcliq(*x.T), raw, atol=2e-6)


# Trap 1: the reciprocal, as the board prints it, ranks a better report below a worse one once RadCliQ crosses zero.
def test_the_reciprocal_turns_round_and_the_scaled_form_does_not() -> None:
    good, better, best = (radcliq(v, v, v, v) for v in (0.62, 0.64, 1.0))
    assert good > 0 > better > best
    assert 1 / good > 1 / best > 1 / better
    assert 0 < scaled(good) < scaled(better) < scaled(best) == pytest.approx(1.0, abs=1e-6)
    assert scaled(radcliq(0, 0, 0, 0)) == pytest.approx(0.0, abs=1e-6)
    assert scaled(radcliq(0, -0.5, 0, 0)) == 0.0


def test_refuses_nan_and_unknown_versions() -> None:
    with pytest.raises(ValueError, match="NaN as sembscore of sample 1"):
        radcliq([0.1, 0.2], [0.1, 0.2], [0.1, float("nan")], [0.1, 0.2])
    with pytest.raises(BadInput, match="v2"):
        radcliq(0, 0, 0, 0, version="v2")
