"""Draws that depend on what they are for, never on how many others are made."""

from __future__ import annotations

import numpy as np


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
