"""`ScopedTimer`: how long a block of a program takes."""

from __future__ import annotations

import time
from threading import local as thread_local
from types import TracebackType
from typing import Any, ClassVar


class ScopedTimer:
    """Times a `with` block, and prints the milliseconds, inner blocks indented.

    Args:
        name: what the line begins with.
        active: False: neither measures nor prints.
        print: whether to print.
        detailed: adds a profile of the Python functions.
        dict: gets the milliseconds appended under `name`.
        options: options of other programs' timers (`use_nvtx`, `color`, `synchronize`, ...); without effect,
            since launches return when they are done.

    Attributes:
        elapsed: milliseconds of the block, once it is left.
        extra_msg: text to add to the printed line.
    """

    enabled: ClassVar[bool] = True
    _depth = thread_local()

    def __init__(
        self,
        name: str,
        active: bool = True,
        print: bool = True,
        detailed: bool = False,
        dict: dict[str, list[float]] | None = None,
        **options: Any,
    ) -> None:
        self.name, self.print, self.detailed, self.dict = name, print, detailed, dict
        self.active = active and self.enabled
        self.elapsed = 0.0
        self.extra_msg = ""
        self._profile: Any = None

    def __enter__(self) -> ScopedTimer:
        if self.active:
            self._move(+1)
            if self.detailed:
                from cProfile import Profile  # seldom needed

                self._profile = Profile()
                self._profile.enable()
            self._start = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.active:
            return
        self.elapsed = (time.perf_counter() - self._start) * 1e3
        if self._profile is not None:
            self._profile.disable()
        if self.dict is not None:
            self.dict.setdefault(self.name, []).append(self.elapsed)
        depth = self._move(-1)
        if self.print:
            self._report("  " * depth)

    def _report(self, indent: str) -> None:
        extra = f" {self.extra_msg}" if self.extra_msg else ""
        print(f"{indent}{self.name} took {self.elapsed:.2f} ms{extra}")
        if self._profile is not None:
            self._profile.print_stats(sort="tottime")

    def _move(self, step: int) -> int:
        self._depth.value = getattr(self._depth, "value", 0) + step
        depth: int = self._depth.value
        return depth
