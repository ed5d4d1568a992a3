"""One run on several devices: each takes a part of the worlds, on a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from types import TracebackType
from typing import Any

from robokern.runtime.device import get_device, synchronize
from robokern.sim.loop import Loop


def shares(worlds: int, parts: int) -> list[tuple[int, int]]:
    """(first world, number of worlds) of each part; they differ by one world at most."""
    ends = [worlds * part // parts for part in range(parts + 1)]
    return [(first, end - first) for first, end in pairwise(ends)]


class Shards:
    """Loops whose worlds are parts of one run; use as a context manager.

    A world gives the same bits as in a single loop where each host's `world.first_world` is what `shares`
    says. The parts do not wait for each other within `run`.

    Args:
        loops: one for each device.

    Raises:
        ValueError: two loops are on one GPU, where one would be captured with the other's launches.
    """

    def __init__(self, loops: Sequence[Loop]) -> None:
        self.loops = tuple(loops)
        gpus = [place for loop in loops if (place := get_device(loop.host.world.device)).is_cuda]
        if len(set(gpus)) < len(gpus):
            raise ValueError(f"Shards: expected another GPU for each loop, got {', '.join(map(str, gpus))}")
        self._stack = ExitStack()
        self._threads = [ThreadPoolExecutor(max_workers=1) for _ in loops]

    def setup(self, steps: int) -> None:
        """Sets every loop up, as `Loop.setup`, one after another.

        Raises:
            ConfigError: a setting does not fit the world.
            PluginError: a plugin raised anything else.
        """
        for loop, thread in zip(self.loops, self._threads, strict=True):
            thread.submit(loop.setup, steps).result()

    def run(self, steps: int) -> None:
        """`steps` steps of every loop at once; returns when all devices are done.

        Raises:
            PluginError: a plugin raised; the other parts have made their steps.
            HostError: a simulator failed.
        """
        _all([t.submit(_run, loop, steps) for loop, t in zip(self.loops, self._threads, strict=True)])

    def __enter__(self) -> Shards:
        for loop, thread in zip(self.loops, self._threads, strict=True):
            self._stack.enter_context(thread)
            self._stack.enter_context(loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def _run(loop: Loop, steps: int) -> None:
    loop.run(steps)
    synchronize(loop.host.world.device)


def _all(futures: Sequence[Future[Any]]) -> None:
    """Waits for all, then raises the first error."""
    errors = [future.exception() for future in futures]
    for error in errors:
        if error is not None:
            raise error
