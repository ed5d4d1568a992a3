"""A kernel that is loaded on a GPU, and what to say of launches that may have failed."""

from __future__ import annotations

import ctypes
import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from robokern.errors import DeviceError
from robokern.ir.layout import LAUNCH_HEADER
from robokern.runtime import libcuda
from robokern.runtime.call_site import CallSite, shown
from robokern.runtime.libcuda import TOO_MANY_BLOCKS

if TYPE_CHECKING:
    from robokern.runtime.driver_cuda import Gpu

_pointer = struct.Struct("=Q").pack
_lock = threading.RLock()  # one launch at a time reports failed asserts

# kernel, number of items, and where Python launched it
Started = tuple[str, int, CallSite | None]


class Program:
    """A loaded kernel.

    `waits`: it asserts or prints, so that a launch returns only when it is done.
    """

    def __init__(self, gpu: Gpu, module: int, waits: bool, name: str) -> None:
        self.gpu, self.waits, self.name = gpu, waits, name
        self.function = libcuda.made("cuModuleGetFunction", module, b"entry")
        self._words = gpu.target("cuLaunchKernel", self.function)
        self._target = ctypes.addressof(self._words)
        self._start = libcuda.start()
        self.start = self._starter()  # as `run`, and does not wait
        # runs the items [0, count) for the line `site`; gives 0, or `item << 16 | number of the assert + 1`
        self.run: Callable[[int, bytes, CallSite | None], int] = self._checked if waits else self.start

    def _starter(self) -> Callable[[int, bytes, CallSite | None], int]:
        """What starts it and does not wait; local variables, for speed."""
        note, start, target, name = self.gpu.started.append, self._start, self._target, self.name

        def run(count: int, record: bytes, site: CallSite | None = None) -> int:
            note((name, count, site))
            code = start(target, record)
            if code:
                raise self._failed(code, count)
            return 0

        return run

    def _checked(self, count: int, record: bytes, site: CallSite | None) -> int:
        with _lock:
            self.start(count, with_status(record, self.gpu.status), site)
            return self.gpu.failed()

    def _failed(self, code: int, count: int) -> DeviceError:
        if code == TOO_MANY_BLOCKS:
            return DeviceError(f"kernel {self.name!r}: {count:,} items are more than a grid on a GPU holds")
        return self.gpu.refused(code)


def with_status(record: bytes, address: int) -> bytes:
    """A launch record whose kernel reports failed asserts at `address`."""
    return record[: LAUNCH_HEADER - 8] + _pointer(address) + record[LAUNCH_HEADER:]


def suspects(started: deque[Started]) -> str:
    """The launches that may have failed, latest first."""
    lines = list(dict.fromkeys(_suspect(*launch) for launch in reversed(started)))
    if not lines:
        return ""
    if len(lines) == 1:
        return f"; the kernel was {lines[0]}"
    return "; it was one of these kernels, latest first: " + "; ".join(lines)


def _suspect(name: str, count: int, site: CallSite | None) -> str:
    return f"{name!r} over {count:,} items{shown(site)}" if count else name
