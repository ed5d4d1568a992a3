"""Images (`compiler/image.py`) in memory that the processor runs."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from robokern.compiler.image import Image
from robokern.errors import DeviceError

_FAILED = ctypes.c_void_p(-1).value  # MAP_FAILED


class Loaded:
    """An image in memory; gone with the last reference, but not as the process ends: a thread may be in it.

    Raises:
        DeviceError: the C library lacks something, or the system gives no memory that can be run.
    """

    _place = 0

    def __init__(self, image: Image) -> None:
        self._symbols, self._size = image.symbols, image.size
        # by the C library, since Python's `mmap` objects end with the interpreter
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        writable = mmap.PROT_READ | mmap.PROT_WRITE
        place = _library().mmap(None, image.size, writable, private, -1, 0)
        if place == _FAILED:
            raise _refused()
        self._place = int(place)
        ctypes.memmove(place, image.content, len(image.content))
        words = (ctypes.c_uint64 * len(image.table)).from_address(place + image.readable)
        words[:] = [place + x if isinstance(x, int) else _in_c_library(x) for x in image.table]
        if _library().mprotect(place, image.readable, mmap.PROT_READ | mmap.PROT_EXEC):
            raise _refused()

    def __getitem__(self, symbol: str) -> int:
        return self._place + self._symbols[symbol]

    def __del__(self, is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
        if self._place and not is_ending():
            _library().munmap(self._place, self._size)


def _refused() -> DeviceError:
    reason = os.strerror(ctypes.get_errno())
    return DeviceError(f"device 'cpu': the system gives no memory for code that was made just now: {reason}")


@cache
def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    size, number, place = ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p
    library.mmap.argtypes, library.mmap.restype = (place, size, number, number, number, ctypes.c_int64), place
    library.mprotect.argtypes = place, size, number
    library.munmap.argtypes = place, size
    return library


def _in_c_library(name: str) -> int:
    """The address of a function."""
    try:
        found = ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value
    except AttributeError:
        raise DeviceError(f"device 'cpu': cannot load object code: {name} is not there") from None
    return found or 0
