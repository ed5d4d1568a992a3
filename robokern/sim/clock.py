"""When things are due: a step counter, sampling rates and random intervals, all without drift."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError
from robokern.world.random import uniforms

AHEAD = 8  # waits that are drawn at a time for each world


def exact(value: float) -> Fraction:
    """The decimal number a person wrote: 0.002 is 1/500, not the binary float next to it."""
    return Fraction(repr(float(value)))


@dataclass
class Clock:
    """Counts simulation steps.

    Attributes:
        timestep: length of a step [s].
        step: completed steps.
    """

    timestep: float
    step: int = 0

    def __post_init__(self) -> None:
        self._exact = exact(self.timestep)

    @property
    def time(self) -> float:
        """Simulated time [s], computed from the counter so that no rounding piles up."""
        return self.step * self._exact.numerator / self._exact.denominator

    def advance(self) -> None:
        self.step += 1

    def steps_in(self, duration: float) -> int:
        """The least number of steps that covers `duration` [s]."""
        return -int(-exact(duration) // exact(self.timestep))


class Rate:
    """Tells at which steps something that runs at `rate_hz` is due.

    Sample k is due at the first step whose time is at least k / rate_hz. Integers only, so a rate that does
    not divide the step rate jitters by less than a step and never drifts.

    Args:
        rate_hz: samples per simulated second; None means every step.
        timestep: length of a step [s].

    Raises:
        ConfigError: the rate is above the step rate.
    """

    def __init__(self, rate_hz: float | None, timestep: float) -> None:
        self._per_step = Fraction(1) if rate_hz is None else exact(rate_hz) * exact(timestep)
        if not 0 < self._per_step <= 1:
            raise ConfigError(
                f"rate_hz: expected more than 0 and at most the step rate, {1 / timestep:g} Hz; "
                f"got {rate_hz:g}; lower it or take a smaller timestep"
            )

    def samples(self, steps: int) -> int:
        """How many samples fall into the first `steps` steps."""
        return steps * self._per_step.numerator // self._per_step.denominator

    def due(self, step: int) -> bool:
        """Whether a sample falls on the step that makes the count `step` (1 is the first)."""
        return self.samples(step) != self.samples(step - 1)


class Intervals:
    """Tells which worlds are due at a step when each waits a random time between two turns.

    World w's n-th wait depends on (seed, key, w, n) only, so it is the same for any number of worlds.

    Args:
        num_worlds: number of worlds.
        range_s: shortest and longest wait [s].
        timestep: length of a step [s].
        seed: the run's seed.
        key: what the waits are for, `world.rng_key(plugin, "interval")`.
        first_world: number of world 0 in draws.
    """

    def __init__(
        self,
        num_worlds: int,
        range_s: tuple[float, float],
        timestep: float,
        seed: int,
        key: int,
        first_world: int = 0,
    ) -> None:
        self._range_s = range_s
        self._timestep = timestep
        self._seed = seed
        self._key = key
        self._first_world = first_world
        self._turn = np.zeros(num_worlds, dtype=np.int64)  # of the first wait that is drawn
        self._used = np.zeros(num_worlds, dtype=np.int64)  # waits that are over since then
        self._waits = self._draw()
        self._next = self._waits[0].copy()

    def due(self, step: int) -> NDArray[np.bool_]:
        """Mask (worlds,) of those due at `step`; their next wait begins."""
        mask: NDArray[np.bool_] = self._next <= step
        worlds = np.flatnonzero(mask)
        if len(worlds):
            self._used[worlds] += 1
            if self._used[worlds].max() == AHEAD:
                self._turn += self._used
                self._used[:] = 0
                self._waits = self._draw()
            self._next[worlds] = step + self._waits[self._used[worlds], worlds]
        return mask

    def _draw(self) -> NDArray[np.int64]:
        """Steps of the next waits of every world, (AHEAD, worlds), at least one each."""
        low, high = self._range_s
        turns = (self._turn + np.arange(AHEAD)[:, None]).astype(np.uint64)
        numbers = (self._first_world + np.arange(len(self._turn))).astype(np.uint64)
        worlds = np.broadcast_to(numbers, turns.shape).copy()
        seconds = low + (high - low) * uniforms(self._seed, self._key, worlds, turns)
        return np.asarray(np.maximum(1, np.rint(seconds / self._timestep)).astype(np.int64))
