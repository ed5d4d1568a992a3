"""The CUDA driver, through PyCUDA on each GPU's primary context, which PyTorch, JAX and CuPy use too.

Launches and copies are ordered on the current stream. A launch returns before the GPU has run it, unless the
kernel asserts or prints: then it waits, so that the error is raised where the launch is written.
"""

from __future__ import annotations

import atexit
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np

from robokern.compiler.entry_cuda import BLOCK
from robokern.errors import DeviceError
from robokern.ir.layout import LAUNCH_HEADER, STATUS_SIZE
from robokern.runtime.hostvalue import Ndarray

INSTALL = "pip install robokern[cuda]"
_MAX_BLOCKS = 2**31 - 1
_current = threading.local()
_lock = threading.RLock()
_pointer = struct.Struct("=Q").pack


@cache
def _driver() -> Any:
    """PyCUDA's driver module.

    Raises:
        DeviceError: PyCUDA or NVIDIA's driver is missing.
    """
    try:
        import pycuda.driver as driver
    except ModuleNotFoundError as error:
        raise DeviceError(f"PyCUDA is not installed ({error}); install it: {INSTALL}") from None
    except ImportError as error:
        raise DeviceError(f"no NVIDIA driver: {error}") from None
    try:
        driver.init()
    except driver.Error as error:
        raise DeviceError(f"the NVIDIA driver does not start: {error}") from None
    return driver


@cache
def count() -> int:
    """GPUs of this machine.

    Raises:
        DeviceError: PyCUDA or NVIDIA's driver is missing.
    """
    return int(_driver().Device.count())


@cache
def gpu(index: int) -> Gpu:
    """The GPU of this number, its context open."""
    with _lock:
        return Gpu(index)


class _Owned:
    """Device memory as NumPy sees it; freed when the last view of it goes."""

    def __init__(self, memory: Any, size: int) -> None:
        self.memory = memory
        self.__array_interface__ = {
            "shape": (size,), "typestr": "|u1", "data": (int(memory), False), "version": 3,
        }  # fmt: skip


class _Adopted:
    """Another library's device memory as NumPy sees it; keeps that library's array."""

    def __init__(self, source: Any, interface: dict[str, Any]) -> None:
        self.source = source
        shared = {name: interface[name] for name in ("shape", "typestr", "data")}
        self.__array_interface__ = {**shared, "strides": interface.get("strides"), "version": 3}


class Gpu:
    """One GPU: its context, memory and loaded kernels.

    Attributes:
        index: number, from 0.
        name: as the driver says.
        arch: `sm_` and the compute capability, as compilers write it.
    """

    def __init__(self, index: int) -> None:
        driver = _driver()
        device = driver.Device(index)
        major, minor = device.compute_capability()
        self.index, self.name, self.arch = index, str(device.name()), f"sm_{major}{minor}"
        self._context = device.retain_primary_context()
        self._last = "none"
        self.stream: Any = None  # PyCUDA's stream that work goes to; None: the default stream
        if threading.current_thread() is threading.main_thread() and not hasattr(_current, "gpu"):
            # stays current there until the end; PyCUDA does not let other threads end with one
            self._context.push()
            _current.gpu = self
        with self.active():
            self._pool = _pool()
            self._status = self._pool.allocate(STATUS_SIZE)
            driver.memset_d8(int(self._status), 0, STATUS_SIZE)
        atexit.register(self._close)

    @contextmanager
    def active(self) -> Iterator[Any]:
        """The driver, with this GPU's context current in this thread."""
        driver, outer = _driver(), getattr(_current, "gpu", None)
        if outer is not self:
            self._context.push()
            _current.gpu = self
        try:
            yield driver
        except driver.Error as error:
            raise self._error(error) from error
        finally:
            if outer is not self:
                _current.gpu = outer
                self._context.pop()

    def _error(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"device 'cuda:{self.index}' ({self.name}): {error}; the last kernel launched was {self._last}"
        )

    def _close(self) -> None:
        """Frees what the pool holds while there is a context to free it in."""
        with suppress(DeviceError), self.active():  # a failed launch takes the context, and has said so
            self._status = None
            self._pool.stop_holding()
        if getattr(_current, "gpu", None) is self:
            _current.gpu = None
            self._context.pop()

    # memory

    def allocate(self, shape: tuple[int, ...], dtype: Any, zero: bool) -> Ndarray:
        """New device memory as a NumPy view that nobody may read through.

        Raises:
            DeviceError: not enough memory: what was asked, what is free, what the pool holds.
        """
        size = int(np.prod(shape)) * dtype.itemsize
        with self.active() as driver:
            try:
                memory = self._pool.allocate(max(size, 1))
            except driver.MemoryError:
                raise self._out_of_memory(driver, size) from None
            if zero and size:
                driver.memset_d8_async(int(memory), 0, size, self.stream)
        owned: Ndarray = np.asarray(_Owned(memory, size))
        made: Ndarray = owned.view(dtype).reshape(shape)
        return made

    def _out_of_memory(self, driver: Any, size: int) -> DeviceError:
        free, total = driver.mem_get_info()
        held = f"{self._pool.active_bytes:,} in use by arrays, {self._pool.held_blocks} blocks kept for reuse"
        return DeviceError(
            f"device 'cuda:{self.index}': out of memory: {size:,} bytes asked for, "
            f"{free:,} of {total:,} free, {held}; "
            "drop arrays that are no longer needed"
        )

    def adopt(self, source: Any) -> Ndarray:
        """Another library's array on this GPU, as a view that nobody may read through.

        Raises:
            TypeError: it is no such array.
        """
        interface = getattr(source, "__cuda_array_interface__", None)
        if interface is None:
            raise TypeError(f"expected an array on cuda:{self.index}, got {type(source).__name__}")
        return np.asarray(_Adopted(source, interface))

    @property
    def stream_number(self) -> int:
        """The current stream as `__cuda_array_interface__` names it; 1: the default stream."""
        return 1 if self.stream is None else int(self.stream.handle)

    def read(self, view: Ndarray) -> Ndarray:
        """A host copy of device memory, once what was launched before is done."""
        if not view.flags.c_contiguous:
            low, span = self._span(view)
            return _over(span, view, low).copy()
        host = np.empty(view.shape, view.dtype)
        if host.size:
            with self.active() as driver:
                self._wait(driver)
                driver.memcpy_dtoh(_bytes(host), _address(view))
        return host

    def write(self, view: Ndarray, values: Any) -> None:
        """Copies host values, broadcast to the shape, into device memory."""
        if not view.size:
            return
        if view.flags.c_contiguous:
            host = np.empty(view.shape, view.dtype)
            host[...] = values
            self._upload(_address(view), _bytes(host))
            return
        low, span = self._span(view)
        _over(span, view, low)[...] = values
        self._upload(low, span)

    def _span(self, view: Ndarray) -> tuple[int, Ndarray]:
        """First address and all bytes from the first to the last element of a view."""
        low, high = np.lib.array_utils.byte_bounds(view)
        span = np.empty(high - low if view.size else 0, np.uint8)
        if span.size:
            with self.active() as driver:
                self._wait(driver)
                driver.memcpy_dtoh(span, low)
        return low, span

    def _upload(self, address: int, data: Ndarray) -> None:
        with self.active() as driver:
            self._wait(driver)
            driver.memcpy_htod(address, data)

    def fill(self, view: Ndarray, one: Any) -> None:
        """Writes one element everywhere; by the memory engine where its bytes repeat."""
        element = np.empty(view.shape[view.ndim - np.ndim(one) :], view.dtype)
        element[...] = one
        word = _bytes(element.reshape(-1))
        if not view.flags.c_contiguous or not view.size:
            self.write(view, one)
            return
        for width, kind in ((1, np.uint8), (2, np.uint16), (4, np.uint32)):
            words = word.view(kind) if word.size % width == 0 else word[:0]
            if words.size and bool(np.all(words == words[0])):
                with self.active() as driver:
                    memset = getattr(driver, f"memset_d{8 * width}_async")
                    memset(_address(view), int(words[0]), view.nbytes // width, self.stream)
                return
        self.write(view, one)

    def copy(self, target: Ndarray, source: Ndarray) -> None:
        """Copies within this GPU."""
        plain = target.flags.c_contiguous and source.flags.c_contiguous
        if not plain or target.dtype != source.dtype:
            self.write(target, self.read(source))
        elif target.size:
            with self.active() as driver:
                driver.memcpy_dtod_async(_address(target), _address(source), target.nbytes, self.stream)

    # kernels

    def load(self, ptx: bytes, waits: bool, name: str) -> Program:
        """A kernel, ready to launch.

        Raises:
            DeviceError: the driver does not take its PTX.
        """
        with self.active() as driver:
            try:
                module = driver.module_from_buffer(ptx)
            except driver.Error as error:
                raise DeviceError(
                    f"device 'cuda:{self.index}' ({self.name}, {self.arch}): driver "
                    f"{driver.get_driver_version()} does not load kernel {name!r}: {error}; "
                    "a newer NVIDIA driver may"
                ) from error
            return Program(self, module, waits, name)

    def launch(self, function: Any, count: int, record: bytes, name: str) -> None:
        """Starts a kernel over `count` items on the current stream."""
        blocks = -(-count // BLOCK)
        if blocks > _MAX_BLOCKS:
            raise DeviceError(f"kernel {name!r}: {count:,} items are more than a grid on a GPU holds")
        self._last = name
        if getattr(_current, "gpu", None) is not self:
            with self.active():
                self.launch(function, count, record, name)
            return
        try:
            function._launch_kernel((blocks, 1, 1), (BLOCK, 1, 1), record, 0, self.stream)
        except _driver().Error as error:
            raise self._error(error) from error

    def run_checked(self, function: Any, count: int, record: bytes, name: str) -> int:
        """Runs a kernel to its end; 0, or `item << 16 | number of the failed assert + 1`."""
        with _lock:
            before, after = record[: LAUNCH_HEADER - 8], record[LAUNCH_HEADER:]
            self.launch(function, count, before + _pointer(int(self._status)) + after, name)
            status = np.empty(2, np.int64)
            with self.active() as driver:
                self._wait(driver)
                driver.memcpy_dtoh(status, int(self._status))
                if status[0]:
                    driver.memset_d8(int(self._status), 0, STATUS_SIZE)
        return int(status[1]) << 16 | int(status[0])

    def _wait(self, driver: Any) -> None:
        """For the current stream; the default stream is waited for by every plain copy."""
        if self.stream is not None:
            self.stream.synchronize()

    def synchronize(self) -> None:
        """Waits until everything on this GPU is done.

        Raises:
            DeviceError: a launch failed.
        """
        with self.active() as driver:
            driver.Context.synchronize()


class Program:
    """A loaded kernel.

    `waits`: it asserts or prints, so that a launch returns only when it is done.
    """

    def __init__(self, gpu: Gpu, module: Any, waits: bool, name: str) -> None:
        self._gpu, self._module, self._waits, self._name = gpu, module, waits, name
        self._function = module.get_function("entry")

    def run(self, count: int, record: bytes) -> int:
        """Runs the items [0, count); 0, or `item << 16 | number of the failed assert + 1`."""
        if self._waits:
            return self._gpu.run_checked(self._function, count, record, self._name)
        self._gpu.launch(self._function, count, record, self._name)
        return 0


def _pool() -> Any:
    from pycuda.tools import DeviceMemoryPool

    return DeviceMemoryPool()


def _address(view: Ndarray) -> int:
    return int(view.__array_interface__["data"][0])


def _bytes(host: Ndarray) -> Ndarray:
    return host.reshape(-1).view(np.uint8)


def _over(span: Ndarray, view: Ndarray, low: int) -> Ndarray:
    """The elements of a device view inside a host copy of its span."""
    start = _address(view) - low if view.size else 0
    return np.ndarray(view.shape, view.dtype, span.data, start, view.strides)
