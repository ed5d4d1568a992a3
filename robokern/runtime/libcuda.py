"""NVIDIA's driver library by ctypes: what PyCUDA lacks, or does at a price, on the handles it opened.

Every function raises `CudaError` where the driver gives an error code, but for `start` and `start_graph`:
they are called all the time, and a code is cheaper to compare than an exception to prepare for.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from ctypes import c_char_p, c_float, c_int, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from robokern.errors import DeviceError

_out = ctypes.POINTER(c_void_p)
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "cuInit": (c_uint32,),
    "cuDriverGetVersion": (ctypes.POINTER(c_int),),
    "cuCtxGetCurrent": (_out,),
    "cuCtxSetCurrent": (c_void_p,),
    "cuCtxSynchronize": (),
    "cuCtxGetStreamPriorityRange": (ctypes.POINTER(c_int), ctypes.POINTER(c_int)),
    "cuModuleLoadDataEx": (_out, c_char_p, c_uint32, ctypes.POINTER(c_int), _out),
    "cuModuleUnload": (c_void_p,),
    "cuModuleGetFunction": (_out, c_void_p, c_char_p),
    "cuStreamCreateWithPriority": (_out, c_uint32, c_int),
    "cuStreamDestroy_v2": (c_void_p,),
    "cuStreamSynchronize": (c_void_p,),
    "cuStreamQuery": (c_void_p,),
    "cuStreamWaitEvent": (c_void_p, c_void_p, c_uint32),
    "cuEventCreate": (_out, c_uint32),
    "cuEventDestroy_v2": (c_void_p,),
    "cuEventRecord": (c_void_p, c_void_p),
    "cuEventQuery": (c_void_p,),
    "cuEventSynchronize": (c_void_p,),
    "cuEventElapsedTime": (ctypes.POINTER(c_float), c_void_p, c_void_p),
    "cuMemGetInfo_v2": (ctypes.POINTER(c_size_t), ctypes.POINTER(c_size_t)),
    "cuEventRecordWithFlags": (c_void_p, c_void_p, c_uint32),
    "cuGraphDestroy": (c_void_p,),
    "cuGraphExecDestroy": (c_void_p,),
    "cuDevicePrimaryCtxRetain": (_out, c_int),
    "cuDevicePrimaryCtxRelease_v2": (c_int,),
    "cuLaunchKernel": (c_void_p, *(c_uint32,) * 7, c_void_p, _out, _out),
    "cuMemsetD8Async": (c_uint64, c_uint8, c_size_t, c_void_p),
    "cuMemsetD16Async": (c_uint64, c_uint16, c_size_t, c_void_p),
    "cuMemsetD32Async": (c_uint64, c_uint32, c_size_t, c_void_p),
    "cuMemcpyHtoDAsync_v2": (c_uint64, c_void_p, c_size_t, c_void_p),
    "cuMemcpyDtoHAsync_v2": (c_void_p, c_uint64, c_size_t, c_void_p),
    "cuMemcpyDtoDAsync_v2": (c_uint64, c_uint64, c_size_t, c_void_p),
    "cuMemcpyPeerAsync": (c_uint64, c_void_p, c_uint64, c_void_p, c_size_t, c_void_p),
}

NOT_READY = 600
_JIT_ERROR_LOG, _JIT_ERROR_LOG_SIZE = 5, 6  # CU_JIT_ERROR_LOG_BUFFER and its size
_DISABLE_TIMING = 2  # CU_EVENT_DISABLE_TIMING
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING

TOO_MANY_BLOCKS = -1
_own = threading.local()
_START = Path(__file__).with_name("start.ll")


class CudaError(Exception):
    """An error code of the driver.

    Attributes:
        code: its number in `CUresult`.
        text: what the driver says of it.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@cache
def _library() -> ctypes.CDLL:
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise DeviceError(f"no NVIDIA driver: {error}") from None


@cache
def _function(name: str) -> Any:
    function = getattr(_library(), name)
    function.argtypes = _SIGNATURES[name]
    return function


@cache
def _native() -> Any:
    from robokern.runtime import driver_cpu

    return driver_cpu.linked(_START.read_text(), ("start", "start_graph"))


@cache
def start() -> Any:
    """Starts a kernel: takes the address of a target (`start.ll`) and a launch record; gives a code."""
    return ctypes.CFUNCTYPE(c_int, c_void_p, c_char_p)(_native()["start"])


@cache
def start_graph() -> Any:
    """Starts a graph: takes the address of a target; gives a code."""
    return ctypes.CFUNCTYPE(c_int, c_void_p)(_native()["start_graph"])


@cache
def clear() -> Any:
    """`cuMemsetD8Async`, for the context that is current; gives a code."""
    return _function("cuMemsetD8Async")


def target(name: str, handle: int, stream: c_void_p, context: int) -> Any:
    """What `start` takes: the driver's function, a handle for it, the word that holds the current stream."""
    functions = [_place(name), _place("cuCtxGetCurrent"), _place("cuCtxSetCurrent")]
    return (c_uint64 * 6)(functions[0], handle, ctypes.addressof(stream), context, *functions[1:])


def _place(name: str) -> int:
    return ctypes.cast(getattr(_library(), name), c_void_p).value or 0


def launch_one(function: int, record: bytes, stream: c_void_p) -> None:
    """Starts one thread of a kernel, whose one parameter is `record`.

    Raises:
        CudaError: the driver refuses.
    """
    given = ctypes.create_string_buffer(record, len(record))
    call(
        "cuLaunchKernel", function, 1, 1, 1, 1, 1, 1, 0, stream, (c_void_p * 1)(ctypes.addressof(given)), None
    )


def call(name: str, *arguments: Any) -> None:
    """Calls a function of the driver, with the right context current where that matters.

    Raises:
        CudaError: it gave an error code.
    """
    code = _function(name)(*arguments)
    if code:
        raise error_of(code)


def error_of(code: int) -> CudaError:
    """A code with the driver's text for it."""
    text = c_char_p()
    _library().cuGetErrorString(c_int(code), ctypes.byref(text))
    return CudaError(code, (text.value or b"unknown error").decode() + f" (CUDA error {code})")


def made(name: str, *arguments: Any) -> int:
    """The handle that a function makes, whose first argument is where to write it.

    Raises:
        CudaError: it gave an error code.
    """
    handle = c_void_p()
    call(name, ctypes.byref(handle), *arguments)
    return handle.value or 0


def driver_version() -> tuple[int, int]:
    """The CUDA version that the driver implements."""
    number = c_int()
    call("cuDriverGetVersion", ctypes.byref(number))
    return number.value // 1000, number.value % 1000 // 10


def current_context() -> int:
    """The handle of this thread's context; 0: it has none."""
    word, place = _word()
    code = _function("cuCtxGetCurrent")(place)
    if code:
        raise error_of(code)
    return word.value or 0


def _word() -> tuple[c_void_p, Any]:
    """A word of this thread's own, and what points to it."""
    try:
        found: tuple[c_void_p, Any] = _own.word
    except AttributeError:
        word = c_void_p()
        found = _own.word = word, ctypes.pointer(word)
    return found


def memory_info() -> tuple[int, int]:
    """Free and total bytes of the current context's GPU.

    Raises:
        CudaError: among others where an earlier launch has broken the context.
    """
    free, total = c_size_t(), c_size_t()
    call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    return free.value, total.value


def priority_range() -> tuple[int, int]:
    """The least and the greatest priority of a stream; smaller numbers go first."""
    least, greatest = c_int(), c_int()
    call("cuCtxGetStreamPriorityRange", ctypes.byref(least), ctypes.byref(greatest))
    return least.value, greatest.value


def new_stream(priority: int = 0, blocking: bool = True) -> int:
    """A stream; `blocking`: ordered with the default stream."""
    return made("cuStreamCreateWithPriority", 0 if blocking else _NON_BLOCKING, priority)


def new_event(timing: bool = False) -> int:
    """An event."""
    return made("cuEventCreate", 0 if timing else _DISABLE_TIMING)


def done(name: str, handle: int) -> bool:
    """Whether a query (of a stream, an event) finds everything done."""
    code = _function(name)(handle)
    if code not in (0, NOT_READY):
        raise error_of(code)
    return bool(code == 0)


def elapsed(start: int, end: int) -> float:
    """Milliseconds from one event to another."""
    time = c_float()
    call("cuEventElapsedTime", ctypes.byref(time), start, end)
    return time.value


def load(ptx: bytes) -> int:
    """A module.

    Raises:
        CudaError: the driver does not take it; the text ends with the first line of its compiler's log.
    """
    size = 4096
    log = ctypes.create_string_buffer(size)
    options = (c_int * 2)(_JIT_ERROR_LOG, _JIT_ERROR_LOG_SIZE)
    values = (c_void_p * 2)(ctypes.addressof(log), size)
    try:
        return made("cuModuleLoadDataEx", ptx, 2, options, ctypes.cast(values, _out))
    except CudaError as error:
        line = next((x.strip() for x in log.value.decode(errors="replace").splitlines() if x.strip()), "")
        raise CudaError(error.code, f"{error.text}; {line}" if line else error.text) from None
