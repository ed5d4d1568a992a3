"""Where the wall time of a run goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Spent:
    """Wall time [s] of `calls` calls."""

    seconds: float = 0.0
    calls: int = 0


class Timing:
    """Wall time of each part of a run (a plugin, the simulator, the recording) and each of its stages."""

    def __init__(self) -> None:
        self._spent: defaultdict[tuple[str, str], Spent] = defaultdict(Spent)

    @contextmanager
    def of(self, part: str, stage: str) -> Iterator[None]:
        """Adds the time inside the `with` block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = self._spent[part, stage]
            spent.seconds += time.perf_counter() - start
            spent.calls += 1

    def stages(self, part: str) -> dict[str, Spent]:
        """What each stage of a part took, in the order of their first calls."""
        return {stage: spent for (name, stage), spent in self._spent.items() if name == part}

    def total(self, part: str) -> float:
        """Wall time of all stages of a part [s]."""
        return sum(spent.seconds for spent in self.stages(part).values())
