"""The CUDA driver: each GPU's primary context, which PyTorch, JAX and CuPy use too; memory and launches.

PyCUDA opens contexts and holds memory; what goes onto a stream goes there by `libcuda`, on the same handles.
Launches and copies are ordered on the GPU's current stream. A launch returns before the GPU has run it,
unless the kernel asserts or prints: then it waits, so that the error is raised where the launch is written.
"""

from __future__ import annotations

import atexit
import ctypes
import threading
import time
from collections import deque
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from robokern.errors import DeviceError
from robokern.ir.layout import STATUS_SIZE
from robokern.runtime import driver_cpu, libcuda, recording
from robokern.runtime.copies_cuda import Copies
from robokern.runtime.libcuda import CudaError
from robokern.runtime.memory import address
from robokern.runtime.memory_cuda import MemoryPool
from robokern.runtime.program_cuda import Program, Started, suspects

if TYPE_CHECKING:
    from robokern.runtime.stream import Stream

INSTALL = "pip install robokern[cuda]"
_current = threading.local()
_lock = threading.RLock()
_UNSUPPORTED_PTX = (222, 218)  # CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_INVALID_PTX


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
    with suppress(CudaError, DeviceError):
        libcuda.call("cuInit", 0)  # takes a tenth of a second, and Python runs on
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


_opened: dict[int, Gpu] = {}


def gpu(index: int) -> Gpu:
    """The GPU of this number, its context open."""
    found = _opened.get(index)
    if found is None:
        with _lock:
            found = _opened.get(index) or _opened.setdefault(index, Gpu(index))
    return found


def opened() -> list[Gpu]:
    """The GPUs that this process has used."""
    return list(_opened.values())


class _Active:
    """A GPU's context in a `with` block; entered for every copy and fill, so no generator."""

    __slots__ = ("_before", "_gpu", "_outer")

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu

    def __enter__(self) -> Any:
        self._outer, self._before = getattr(_current, "gpu", None), libcuda.current_context()
        self._gpu.make_current(self._outer, self._before)
        return _driver()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = None
        if isinstance(error, (CudaError, _driver().Error)):
            failure = self._gpu.failure(error)
        self._gpu.make_former_current(self._outer, self._before)
        if failure is not None:
            raise failure from error


class Gpu:
    """One GPU: its context, memory and loaded kernels.

    Attributes:
        index: number, from 0.
        name: as the driver says.
        arch: `sm_` and the compute capability, as compilers write it.
        stream: where work goes.
        streams: every other stream in use.
        handle: that of the context.
        memory: what its arrays lie in.
        copies: what moves and writes their elements.
    """

    def __init__(self, index: int) -> None:
        driver = _driver()
        device = driver.Device(index)
        major, minor = device.compute_capability()
        self.index, self.name, self.arch = index, str(device.name()), f"sm_{major}{minor}"
        facts = driver.device_attribute
        self.multiprocessors = int(device.get_attribute(facts.MULTIPROCESSOR_COUNT))
        self.shared_bytes = int(device.get_attribute(facts.MAX_SHARED_MEMORY_PER_BLOCK))
        prepare()
        libcuda.made("cuDevicePrimaryCtxRetain", index)  # takes a third of a second, and Python runs on
        self._context = device.retain_primary_context()
        libcuda.call("cuDevicePrimaryCtxRelease_v2", index)
        self.handle = int(self._context.handle)
        self.started: deque[Started] = deque(maxlen=8)  # since the GPU was last known to be well
        self._broken: str | None = None
        self._closed = False
        self.stream: Stream | None = None  # None: the default stream
        self.streams: WeakSet[Stream] = WeakSet()
        self._on = ctypes.c_void_p(0)  # the current stream's handle; `start.ll` reads it here
        main = (
            threading.current_thread() is threading.main_thread() and getattr(_current, "gpu", None) is None
        )
        if main and index == 0 and libcuda.current_context() in (0, self.handle):
            # stays current there until the end, which changes nothing for other libraries; PyCUDA does not
            # let other threads end with one
            self._context.push()
            _current.gpu = self
        with self.active():
            self.memory, self.copies = MemoryPool(self, _pool()), Copies(self)
            self._status = self.memory.reserve(driver, STATUS_SIZE)
            driver.memset_d8(int(self._status), 0, STATUS_SIZE)
        atexit.register(self._close)

    def active(self) -> _Active:
        """For `with`: PyCUDA's driver module, with this GPU's context current in this thread.

        What another library made current comes back afterwards; an error of the driver becomes a DeviceError.
        """
        return _Active(self)

    def make_current(self, outer: Gpu | None, before: int) -> None:
        """Makes its context this thread's, where `outer`'s is by PyCUDA's book, and `before` really."""
        if outer is not self:
            self._context.push()
            _current.gpu = self
        elif before != self.handle:
            libcuda.call("cuCtxSetCurrent", self.handle)

    def make_former_current(self, outer: Gpu | None, before: int) -> None:
        """Takes back what `make_current` did."""
        if outer is not self:
            _current.gpu = outer
            self._context.pop()
            if before != libcuda.current_context():
                libcuda.call("cuCtxSetCurrent", before)
        elif before != self.handle:
            libcuda.call("cuCtxSetCurrent", before)

    def failure(self, error: Exception) -> DeviceError:
        """What to raise for an error of the driver: it may be an earlier launch's."""
        if self._broken is None:
            text = f"device 'cuda:{self.index}' ({self.name}): {error}{suspects(self.started)}"
            try:
                libcuda.memory_info()
            except CudaError:
                self._broken = text
            else:
                return DeviceError(text)
        return DeviceError(f"{self._broken}; this process cannot use the GPU any more")

    @property
    def is_usable(self) -> bool:
        """Whether there is a context, and no launch has broken it."""
        return not self._closed and self._broken is None

    def _close(self) -> None:
        """Frees what the pool holds while there is a context to free it in."""
        self._closed = True
        if self._broken is None:
            with suppress(DeviceError), self.active():
                self._status = None
                self.memory.close()
        else:
            self.memory.abandon(self._status)
        if getattr(_current, "gpu", None) is self:
            _current.gpu = None
            with suppress(Exception):
                self._context.pop()

    def memory_info(self) -> tuple[int, int]:
        """Free and total bytes; what the pool keeps for reuse is not free."""
        with self.active():
            return libcuda.memory_info()

    # streams

    def mark(self) -> int:
        """A new event, put onto the current stream."""
        with self.active():
            event = libcuda.new_event()
            libcuda.call("cuEventRecord", event, self._on)
            return event

    def wait(self, event: int, drop: bool = False) -> None:
        """Has what comes onto the current stream wait for an event; or forgets the event."""
        with self.active():
            if drop:
                libcuda.call("cuEventDestroy_v2", event)
            else:
                libcuda.call("cuStreamWaitEvent", self._on, event, 0)

    def order(self, first: int, then: int) -> None:
        """Has one stream wait for what another holds, each by its handle; 1: the default stream."""
        with self.active():
            event = libcuda.new_event()
            libcuda.call("cuEventRecord", event, first)
            libcuda.call("cuStreamWaitEvent", then, event, 0)
            libcuda.call("cuEventDestroy_v2", event)  # the driver keeps it until it has happened

    @property
    def current(self) -> ctypes.c_void_p:
        """The word that always holds the current stream's handle."""
        return self._on

    @property
    def stream_handle(self) -> int:
        """The current stream's; 0: the default stream."""
        return self._on.value or 0

    def add_stream(self, stream: Stream) -> None:
        """From now on freed memory waits for this stream too."""
        self.streams.add(stream)

    def drop_stream(self, stream: Stream) -> None:
        """Ends a stream; what is freed meanwhile does not wait for it any more."""
        self.streams.discard(stream)
        self.forget("cuStreamDestroy_v2", stream.handle)

    def forget(self, name: str, handle: int) -> None:
        """Gives a stream or an event back to the driver."""
        if self.is_usable:
            with suppress(DeviceError), self.active():
                libcuda.call(name, handle)

    def use(self, stream: Stream | None) -> None:
        """Makes a stream the current one; None: the default stream."""
        self.stream = stream
        self._on.value = 0 if stream is None else stream.handle

    # kernels

    def load(self, ptx: bytes, waits: bool, name: str) -> Program:
        """A kernel, ready to launch.

        Raises:
            DeviceError: the driver does not take its PTX.
        """
        with self.active():
            try:
                module = libcuda.load(ptx)
            except CudaError as error:
                raise self._not_loaded(error, ptx, name) from error
            return Program(self, module, waits, name)

    def _not_loaded(self, error: CudaError, ptx: bytes, name: str) -> DeviceError:
        wanted = next((x.split()[1].decode() for x in ptx.splitlines() if x.startswith(b".version")), "?")
        remedy = "update the NVIDIA driver" if error.code in _UNSUPPORTED_PTX else "report this"
        version = ".".join(map(str, libcuda.driver_version()))
        return DeviceError(
            f"device 'cuda:{self.index}' ({self.name}, {self.arch}): the driver, for CUDA {version}, "
            f"does not load kernel {name!r} (PTX {wanted}): {error}; {remedy}"
        )

    def target(self, name: str, handle: int) -> Any:
        """What `libcuda.start` takes to call a function of the driver on the current stream."""
        return libcuda.target(name, handle, self._on, self.handle)

    def refused(self, code: int) -> DeviceError:
        """What to raise for a code that starting something gave."""
        with self.active():
            return self.failure(libcuda.error_of(code))

    def failed(self) -> int:
        """Waits for a kernel that asserts; 0, or `item << 16 | number of the failed assert + 1`."""
        status = np.empty(2, np.int64)
        with self.active():
            size = status.nbytes
            libcuda.call("cuMemcpyDtoHAsync_v2", address(status), self.status, size, self._on)
            libcuda.call("cuStreamSynchronize", self._on)
            self.started.clear()
            if status[0]:
                libcuda.call("cuMemsetD8Async", self.status, 0, STATUS_SIZE, self._on)
        return int(status[1]) << 16 | int(status[0])

    @property
    def status(self) -> int:
        """Where kernels report failed asserts."""
        return int(self._status)

    def synchronize(self) -> None:
        """Waits until everything on this GPU is done.

        Raises:
            DeviceError: a launch failed.
        """
        recording.refuse_waiting(self.index, "synchronize")
        with self.active():
            libcuda.call("cuCtxSynchronize")
            self.started.clear()


@cache
def prepare() -> threading.Thread:
    """Has another thread do what a first launch would wait for, while the driver starts."""
    made = threading.Thread(target=_prepare_compiler)
    made.start()
    return made


def _prepare_compiler() -> None:
    with driver_cpu.lock:
        from robokern.compiler import fingerprint, target
        from robokern.compiler.rehearse import rehearse
        from robokern.runtime import warm_start

        assert warm_start
        fingerprint.stamp()
        place = target.cuda()  # nearly the same for any architecture
    for work in (lambda: rehearse(place), libcuda.start):
        time.sleep(1e-3)  # a kernel that waits for the compiler goes first, and does this itself
        if not driver_cpu.lock.acquire(blocking=False):
            return
        try:
            work()
        finally:
            driver_cpu.lock.release()


def _pool() -> Any:
    from pycuda.tools import DeviceMemoryPool

    return DeviceMemoryPool()
