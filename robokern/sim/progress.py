"""How far a run is: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO

REFRESH_SECONDS = 0.1  # of the bar
LINE_SECONDS = 5.0  # between plain lines


class Progress(AbstractContextManager["Progress"]):
    """Shows steps per second and the real-time factor.

    Args:
        steps: of the whole run.
        timestep: [s].
        worlds: stepped together.
        stream: where to; standard error if left out.
    """

    def __init__(self, steps: int, timestep: float, worlds: int, stream: TextIO | None = None) -> None:
        self._steps = steps
        self._timestep = timestep
        self._worlds = worlds
        self._stream = stream or sys.stderr
        self._bar: Any = None
        self._start = self._shown = time.perf_counter()

    def __enter__(self) -> Progress:
        self._start = self._shown = time.perf_counter()
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            self._bar.start()
            self._task = self._bar.add_task("run", total=self._steps, speed="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, step: int) -> None:
        """Tells that `step` steps are done."""
        now = time.perf_counter()
        wait = LINE_SECONDS if self._bar is None else REFRESH_SECONDS
        if now - self._shown < wait and step < self._steps:
            return
        self._shown = now
        speed = self._speed(step, now - self._start)
        if self._bar is not None:
            self._bar.update(self._task, completed=step, speed=speed)
        else:
            at = f"step {step}/{self._steps}  t = {step * self._timestep:.2f} s"
            print(f"{at}  {speed}", file=self._stream, flush=True)

    def _speed(self, step: int, elapsed: float) -> str:
        rate = step / max(elapsed, 1e-9)
        factor = rate * self._timestep
        return f"{rate:,.0f} steps/s  {factor:.2f}x real time, {factor * self._worlds:,.1f}x over all worlds"


def _bar(stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    return Bar(*columns, console=Console(file=stream), auto_refresh=False)
