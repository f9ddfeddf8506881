"""Find all pairs of hashes that differ in few bits, without looking at every pair.

Two hashes of 256 bits that differ in at most d of them are equal in at least one of d + 1 bands of bits (pigeonhole),
so only hashes that share a band are compared: multi-index hashing (Norouzi, Punjani and Fleet 2012), with sorting in
place of tables. A band takes every (d + 1)-th bit and not a run of neighbours: neighbouring cosine frequencies of
radiographs are alike in most pictures, and a band of those alone would tell few pictures apart.
"""

from collections.abc import Iterator, Sequence

import numpy as np

WORDS = 4
"""64-bit words of a hash."""

_FEWEST_BANDS = 4  # a band's bits must fit into one word


def parsed(hexadecimal: Sequence[str]) -> np.ndarray:
    """Return hashes of 64 hex digits each as an array (n, 4) of uint64."""
    return np.frombuffer(bytes.fromhex("".join(hexadecimal)), dtype=">u8").astype(np.uint64).reshape(-1, WORDS)


def near_pairs(hashes: np.ndarray, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every pair of rows that differ in at most `distance` bits, each once, in blocks.

    Parameters
    ----------
    hashes
        (n, 4) uint64. Equal ones should be taken out before: n equal hashes are n^2 / 2 pairs.
    distance
        Greatest number of bits, 0 to 24.

    Yields
    ------
    tuple of ndarray
        Rows i and rows j of the pairs of one block.
    """
    keys: list[np.ndarray] = []
    for key in _bands(hashes, max(_FEWEST_BANDS, distance + 1)):
        for one, other in _sharing(key):
            close = np.bitwise_count(hashes[one] ^ hashes[other]).sum(axis=1, dtype=np.int64) <= distance
            one, other = one[close], other[close]
            for earlier in keys:  # a pair belongs to the first band that it shares
                fresh = earlier[one] != earlier[other]
                one, other = one[fresh], other[fresh]
            if len(one):
                yield one, other
        keys.append(key)


def _bands(hashes: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Yield for each band its bits of every hash as one number."""
    bits = np.unpackbits(hashes.view(np.uint8), axis=1)
    for first in range(count):
        packed = np.packbits(bits[:, first::count], axis=1)
        key = np.zeros((len(bits), 8), np.uint8)
        key[:, : packed.shape[1]] = packed
        yield key.view(np.uint64).ravel()


def _sharing(key: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield all pairs of rows of equal key: in sorted order, each row with its next, its next but one, and so on."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    at, step = np.arange(len(key)), 1
    while True:
        at = at[at + step < len(key)]
        at = at[ordered[at] == ordered[at + step]]
        if not len(at):
            return
        yield order[at], order[at + step]
        step += 1
