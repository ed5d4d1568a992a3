"""Rates and intervals: exact counts, no drift, the same draws for any number of worlds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from robokern.errors import ConfigError
from robokern.sim.clock import Clock, Intervals, Rate


def due_steps(rate: Rate, steps: int) -> list[int]:
    return [step for step in range(1, steps + 1) if rate.due(step)]


def test_rate_that_divides_the_step_rate():
    assert due_steps(Rate(10.0, 0.002), 200) == [50, 100, 150, 200]


def test_no_rate_means_every_step():
    assert due_steps(Rate(None, 0.002), 5) == [1, 2, 3, 4, 5]


def test_rate_that_does_not_divide_never_drifts():
    rate = Rate(30.0, 0.002)
    steps = due_steps(rate, 1_000_000)
    assert len(steps) == 60_000 == rate.samples(1_000_000)
    late = [step * Fraction(1, 500) - Fraction(k, 30) for k, step in enumerate(steps, start=1)]
    assert min(late) >= 0
    assert max(late) < Fraction(1, 500)


def test_rate_above_the_step_rate_is_refused():
    with pytest.raises(ConfigError, match=r"at most the step rate, 500 Hz; got 1000"):
        Rate(1000.0, 0.002)


def test_time_does_not_accumulate_rounding():
    clock = Clock(0.001)
    for _ in range(10_000):
        clock.advance()
    assert clock.time == 10.0


@pytest.mark.parametrize(("duration", "steps"), [(5.0, 2500), (0.0, 0), (0.0021, 2), (0.002, 1)])
def test_steps_cover_the_duration(duration: float, steps: int):
    assert Clock(0.002).steps_in(duration) == steps


def turns(worlds: int, steps: int, seed: int = 7) -> np.ndarray:
    intervals = Intervals(worlds, (0.01, 0.05), 0.002, seed, key=3)
    return np.array([intervals.due(step) for step in range(1, steps + 1)])


def test_intervals_lie_in_the_range():
    table = turns(64, 1000)
    waits = np.concatenate([np.diff(np.flatnonzero(table[:, world])) for world in range(64)])
    assert waits.min() == 5
    assert waits.max() == 25
    # uniform over 5..25 steps: the mean of about 4000 waits has a standard error of 0.1
    assert abs(waits.mean() - 15.0) < 0.4


def test_intervals_do_not_depend_on_the_number_of_worlds():
    np.testing.assert_array_equal(turns(8, 500), turns(64, 500)[:, :8])


def test_intervals_depend_on_seed_and_differ_between_worlds():
    table = turns(2, 500)
    assert (table != turns(2, 500, seed=8)).any()
    assert (table[:, 0] != table[:, 1]).any()
