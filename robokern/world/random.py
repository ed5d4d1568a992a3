"""Draws that depend on what they are for, never on how many others are made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)  # added to the key in each round
_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)


def uniform(seed: int, key: int, world: int, draw: int) -> float:
    """The `draw`-th number in [0, 1) of one world for one purpose.

    A pure function of its arguments, so world 3 draws the same among 8 or 64 worlds.

    Args:
        seed: the run's seed.
        key: the purpose, `World.rng_key(...)`.
        world: index of the world.
        draw: counts the draws of that world.

    Source: Philox 4x64, Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    generator = np.random.Philox(key=(seed % 2**64, key % 2**64), counter=(0, 0, world, draw))
    return (int(generator.random_raw()) >> 11) * 2.0**-53


def uniforms(seed: int, key: int, worlds: Words, draws: Words) -> NDArray[np.float64]:
    """`uniform` for many worlds and draws at once, the same bits; arrays of one shape."""
    counter = [np.ones_like(worlds), np.zeros_like(worlds), worlds, draws]
    for k in range(10):
        key_0, key_1 = (np.uint64((x + k * w) % 2**64) for x, w in zip((seed, key), _WEYL, strict=True))
        a, b = (m * c for m, c in zip(_MULTIPLIERS, counter[::2], strict=True))
        high_a, high_b = (_high(m, c) for m, c in zip(_MULTIPLIERS, counter[::2], strict=True))
        counter = [high_b ^ counter[1] ^ key_0, b, high_a ^ counter[3] ^ key_1, a]
    return np.asarray((counter[0] >> np.uint64(11)) * 2.0**-53)


def _high(a: np.uint64, b: Words) -> Words:
    """The upper 64 bits of products of 64 bits, by halves."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a1 * b0 + (a0 * b0 >> _HALF)
    return np.asarray(a1 * b1 + (middle >> _HALF) + (a0 * b1 + (middle & _LOW) >> _HALF))
