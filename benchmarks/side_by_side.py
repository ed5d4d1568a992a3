"""Timing two programs for the same work in one run, in turns, and printing the ratio of medians.

In turns, because clocks and neighbours drift: both sides meet the same weather.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass
class Comparison:
    """Seconds per piece of work of both sides, one entry per round."""

    name: str
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times faster we are: peer's median over ours."""
        return median(self.peer) / median(self.ours)


def seconds(work: Work, repeats: int = 1, clock: Clock = time.perf_counter) -> float:
    """Mean seconds of one `work` over `repeats` in a row."""
    start = clock()
    for _ in range(repeats):
        work()
    return (clock() - start) / repeats


def compare(
    name: str,
    ours: Work,
    peer: Work,
    rounds: int = 15,
    repeats: int = 1,
    clock: Clock = time.perf_counter,
) -> Comparison:
    """Times both sides in turns, after one round that does not count.

    Args:
        ours, peer: do the work once and return when it is done.
        rounds: turns of each side; medians are taken over them.
        repeats: how often a turn does the work, for work that is short beside the clock.
        clock: what tells the seconds; `time.process_time` does not feel neighbours, where one thread works.
    """
    result = Comparison(name)
    seconds(ours, repeats), seconds(peer, repeats)
    for _ in range(rounds):
        result.ours.append(seconds(ours, repeats, clock))
        result.peer.append(seconds(peer, repeats, clock))
    return result


def shown(duration: float) -> str:
    """Seconds with a fitting unit."""
    for unit, scale in (("s ", 1.0), ("ms", 1e-3)):
        if duration >= scale:
            return f"{duration / scale:8.2f} {unit}"
    return f"{duration / 1e-6:8.2f} us"


def print_table(title: str, peer: str, comparisons: Sequence[Comparison]) -> None:
    """Prints medians, spreads (least to largest) and ratios, one comparison a line."""
    width = max(len(c.name) for c in comparisons)
    print(f"\n{title}\n{'':{width}}  {'robokern':>11}  {peer:>11}  ratio   robokern least..most")
    for c in comparisons:
        spread = f"{shown(min(c.ours)).strip()} .. {shown(max(c.ours)).strip()}"
        medians = f"{shown(median(c.ours))}  {shown(median(c.peer))}"
        print(f"{c.name:{width}}  {medians}  {c.ratio:5.1f}   {spread}")
