"""Images (`compiler/image.py`) in memory that the processor runs."""

from __future__ import annotations

import ctypes
import mmap
import os
from functools import cache
from typing import Any

from robokern.compiler.image import Image
from robokern.errors import DeviceError

_ADDRESS = ctypes.c_uint64


class Loaded:
    """An image in memory; gone with the last reference.

    Raises:
        DeviceError: the C library lacks something, or the system does not let memory be run.
    """

    def __init__(self, image: Image) -> None:
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._memory = mmap.mmap(-1, image.size, private, mmap.PROT_READ | mmap.PROT_WRITE)
        self._memory.write(image.content)
        self._symbols = image.symbols
        self._place = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        if image.table:
            words = (_ADDRESS * len(image.table)).from_buffer(self._memory, image.readable)
            words[:] = [self._place + x if isinstance(x, int) else _in_c_library(x) for x in image.table]
        if _library().mprotect(self._place, image.readable, mmap.PROT_READ | mmap.PROT_EXEC):
            raise DeviceError(
                f"device 'cpu': the system does not let code be run that was made just now: "
                f"{os.strerror(ctypes.get_errno())}"
            )

    def __getitem__(self, symbol: str) -> int:
        return self._place + self._symbols[symbol]


@cache
def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    library.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return library


def _in_c_library(name: str) -> int:
    """The address of a function."""
    try:
        found = ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value
    except AttributeError:
        raise DeviceError(f"device 'cpu': cannot load object code: {name} is not there") from None
    return found or 0
