"""A small pool of Python threads, for platforms without pthreads (Windows): same contract as `pool.ll`."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counter

from robokern.ir.layout import LAUNCH_HEADER, STATUS_SIZE

_ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p)
_STATUS_AT = LAUNCH_HEADER - 8
_LAUNCH, _COPY, _FILL, _JUMP_IF_ZERO, _JUMP, _HOST = range(6)  # as in graph_cpu.py, which is above
_ROW = 8
_ALONE_BELOW = 4096  # items; a hand-over between Python threads costs some 50 microseconds


class PythonPool:
    """Runs slices of a launch on Python threads; each foreign call releases the interpreter's lock."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._executor: ThreadPoolExecutor | None = None

    def run(self, entry: int, count: int, unit: int, record: bytes, size: int) -> int:
        """As `run` in `pool.ll`."""
        status = ctypes.create_string_buffer(STATUS_SIZE)
        address = struct.pack("=Q", ctypes.addressof(status))
        own = record[:_STATUS_AT] + address + record[LAUNCH_HEADER:size]
        work = _ENTRY(entry)
        if self.threads == 1 or count < _ALONE_BELOW:
            work(0, count, own)
        else:
            self._share(work, count, abs(unit), own)
        failed, item, _ = struct.unpack("=qqq", status.raw)
        return int(item << 16 | failed) if failed else 0

    def play(self, rows: int, first: int, count: int) -> int:
        """As `play` in `pool.ll`."""
        at = first
        while at < count:
            row = (ctypes.c_int64 * _ROW).from_address(rows + 8 * _ROW * at)
            kind, a, b, c, d, e = row[:6]
            if kind == _LAUNCH:
                row[_ROW - 1] = self.run(a, b, c, ctypes.string_at(d, e), e)
                if row[_ROW - 1]:
                    return at
            elif kind == _COPY:
                ctypes.memmove(a, b, c)
            elif kind == _FILL:
                ctypes.memmove(a, ctypes.string_at(b, c) * (d // c), d)
            elif kind == _HOST:
                return at
            zero = kind == _JUMP_IF_ZERO and ctypes.c_int32.from_address(a).value == 0
            at = b if zero or kind == _JUMP else at + 1
        return -1

    def _share(self, work: Callable[[int, int, bytes], None], count: int, unit: int, record: bytes) -> None:
        slice_size = max(count // (8 * self.threads) // unit, 1) * unit
        starts = counter(0, slice_size)  # `next` on it is atomic under the interpreter's lock

        def take_slices() -> None:
            while (first := next(starts)) < count:
                work(first, min(first + slice_size, count), record)

        helpers = [self._threads().submit(take_slices) for _ in range(self.threads - 1)]
        take_slices()
        for helper in helpers:
            helper.result()

    def _threads(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.threads - 1, thread_name_prefix="robokern")
        return self._executor

    def restart(self) -> None:
        """Forgets the workers: a forked child has none."""
        self._executor = None

    def resize(self, threads: int) -> None:
        """Works with `threads` threads from now on."""
        executor, self._executor, self.threads = self._executor, None, threads
        if executor is not None:
            executor.shutdown(wait=True)

    def dismiss(self) -> None:
        """Ends the workers; later launches make new ones."""
        self.resize(self.threads)

    def workers(self) -> int:
        """Worker threads that exist now."""
        return len(self._executor._threads) if self._executor is not None else 0
