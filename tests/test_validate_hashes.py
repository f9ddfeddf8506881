"""Pairs of near hashes: what the bands find is what looking at every pair finds, each pair once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unirg_core.validate.hashes import near_pairs, parsed


def by_force(hashes, distance):
    """Return every pair of rows (i < j) within a distance, by looking at all."""
    bits = np.unpackbits(np.ascontiguousarray(hashes).view(np.uint8), axis=1)
    return {(i, j) for i in range(len(bits)) for j in range(i + 1, len(bits)) if (bits[i] != bits[j]).sum() <= distance}


def by_bands(hashes, distance):
    """Return the pairs as a set, and hold that none came twice."""
    found = [(min(pair), max(pair)) for block in near_pairs(hashes, distance) for pair in zip(*block, strict=True)]
    assert len(found) == len(set(found))
    return {(int(i), int(j)) for i, j in found}


def families(seed, count, turned):
    """Return hashes in families: a random one, and some with a few bits turned, so that near pairs exist."""
    rng = np.random.default_rng(seed)
    rows = []
    while len(rows) < count:
        model = rng.integers(2, size=256, dtype=np.uint8)
        for _ in range(int(rng.integers(1, 6))):
            row = model.copy()
            row[rng.integers(256, size=int(rng.integers(turned + 1)))] ^= 1
            rows.append(row)
    return parsed([np.packbits(row).tobytes().hex() for row in rows[:count]])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 70), st.integers(0, 24), st.integers(0, 16))
def test_the_bands_find_what_force_finds(seed, count, distance, turned):
    hashes = families(seed, count, turned)
    assert by_bands(hashes, distance) == by_force(hashes, distance)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sets(st.integers(0, 255), max_size=12), max_size=25), st.integers(0, 24))
def test_any_few_bits_may_differ(turned, distance):
    rows = np.zeros((len(turned), 256), np.uint8)
    for row, places in zip(rows, turned, strict=True):
        row[list(places)] = 1
    hashes = parsed([np.packbits(row).tobytes().hex() for row in rows])
    assert by_bands(hashes, distance) == by_force(hashes, distance)


@pytest.mark.parametrize("distance", [0, 1, 3, 8, 24])
def test_the_bound_itself_is_near_and_one_bit_more_is_not(distance):
    rng = np.random.default_rng(distance)
    for _ in range(20):
        rows = np.tile(rng.integers(2, size=256, dtype=np.uint8), (3, 1))
        places = rng.permutation(256)
        rows[1, places[:distance]] ^= 1
        rows[2, places[: distance + 1]] ^= 1
        found = by_bands(parsed([np.packbits(row).tobytes().hex() for row in rows]), distance)
        assert found == ({(0, 1), (1, 2)} if distance else {(0, 1)})


def test_hex_digits_are_read_in_their_order():
    one = "00000000000000ff" + "0" * 46 + "a1"
    assert parsed([one, "f" * 64]).tolist() == [[255, 0, 0, 0xA1], [2**64 - 1] * 4]
    assert parsed([]).shape == (0, 4)


def test_few_of_all_pairs_are_looked_at():
    """Of 20,000 random hashes, 2 x 10^8 pairs, the bands leave next to none to compare."""
    from unirg_core.validate.hashes import _bands, _sharing

    hashes = np.random.default_rng(0).integers(2**63, size=(20_000, 4), dtype=np.uint64)
    looked_at = sum(len(one) for key in _bands(hashes, 9) for one, _ in _sharing(key))
    assert looked_at < 100_000
