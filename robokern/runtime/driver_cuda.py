"""The CUDA driver: each GPU's primary context, which PyTorch, JAX and CuPy use too; memory and launches.

PyCUDA opens contexts and holds memory; what goes onto a stream goes there by `libcuda`, on the same handles.
Launches and copies are ordered on the GPU's current stream. A launch returns before the GPU has run it,
unless the kernel asserts or prints: then it waits, so that the error is raised where the launch is written.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import math
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from robokern.errors import DeviceError
from robokern.ir.layout import LAUNCH_HEADER, STATUS_SIZE
from robokern.runtime import driver_cpu, libcuda, recording
from robokern.runtime.call_site import CallSite, shown
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.libcuda import TOO_MANY_BLOCKS, CudaError
from robokern.runtime.memory import address

if TYPE_CHECKING:
    from robokern.runtime.stream import Stream

INSTALL = "pip install robokern[cuda]"
_WORD = 16  # bytes: atomics on 8 and 16 bits read and write the 32 around them
_current = threading.local()
_lock = threading.RLock()
_pointer = struct.Struct("=Q").pack
_UNSUPPORTED_PTX = (222, 218)  # CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_INVALID_PTX

# kernel, number of items, and where Python launched it
Started = tuple[str, int, CallSite | None]


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


class Owned:
    """Device memory as NumPy sees it; freed when the last view of it goes."""

    is_whole = True  # all of what was allocated, and nobody else's

    def __init__(self, gpu: Gpu, memory: Any, size: int) -> None:
        self._gpu, self._memory = gpu, memory
        self.__array_interface__ = {
            "shape": (size,), "typestr": "|u1", "data": (int(memory), False), "version": 3,
        }  # fmt: skip

    def __del__(self) -> None:
        self._gpu.free(self._memory)


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
        self._limbo: list[tuple[list[int], Any]] = []
        main = (
            threading.current_thread() is threading.main_thread() and getattr(_current, "gpu", None) is None
        )
        if main and index == 0 and libcuda.current_context() in (0, self.handle):
            # stays current there until the end, which changes nothing for other libraries; PyCUDA does not
            # let other threads end with one
            self._context.push()
            _current.gpu = self
        with self.active():
            self._pool = _pool()
            self._hold_one()
            self._status = self._pool.allocate(STATUS_SIZE)
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
            text = f"device 'cuda:{self.index}' ({self.name}): {error}{_suspects(self.started)}"
            try:
                libcuda.memory_info()
            except CudaError:
                self._broken = text
            else:
                return DeviceError(text)
        return DeviceError(f"{self._broken}; this process cannot use the GPU any more")

    def _close(self) -> None:
        """Frees what the pool holds while there is a context to free it in."""
        self._closed = True
        if self._broken is None:
            with suppress(DeviceError), self.active():
                self._limbo.clear()
                self._status = None
                self._pool.stop_holding()
        else:
            self._abandon()
        if getattr(_current, "gpu", None) is self:
            _current.gpu = None
            with suppress(Exception):
                self._context.pop()

    def _abandon(self) -> None:
        """Leaves alone what went with the context: PyCUDA aborts where it must free it."""
        lost = [x._memory for x in gc.get_objects() if type(x) is Owned and x._gpu is self]
        for memory in (self._pool, self._status, *lost):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))

    # memory

    def allocate(self, shape: tuple[int, ...], dtype: Any, zero: bool) -> Ndarray:
        """New device memory as a NumPy view that nobody may read through.

        Raises:
            DeviceError: not enough memory: what was asked, what is free, what the pool holds.
        """
        size = math.prod(shape) * dtype.itemsize
        with self.active() as driver:
            memory = self._memory(driver, size)
            if zero and size:
                libcuda.call("cuMemsetD8Async", int(memory), 0, size, self._on)
        owned: Ndarray = np.asarray(Owned(self, memory, size))
        made: Ndarray = owned.view(dtype).reshape(shape)
        return made

    def _memory(self, driver: Any, size: int) -> Any:
        if self._limbo:
            self._release_done()
        for attempt in range(2):
            try:
                return self._pool.allocate(-(-max(size, 1) // _WORD) * _WORD)
            except driver.MemoryError:
                if attempt or recording.capture is not None:
                    break
                libcuda.call("cuCtxSynchronize")
                self._release_done()
                self._pool.free_held()
                self._hold_one()
        raise self._out_of_memory(size)

    def _hold_one(self) -> None:
        """Has the pool keep a block that no array fits in.

        For the first block that it keeps PyCUDA asks for a context in the thread that frees; without one it
        aborts.
        """
        self._pool.allocate(1)

    def free(self, memory: Any) -> None:
        """Gives memory back to the pool, once all streams are done with it."""
        if self._closed or not self.streams or self._broken is not None:
            return
        if recording.capture is not None:
            recording.capture.keep.append(memory)
            return
        with suppress(DeviceError), self.active():
            events = []
            for handle in {0, *(stream.handle for stream in self.streams)}:
                events.append(libcuda.new_event())
                libcuda.call("cuEventRecord", events[-1], handle)
            self._limbo.append((events, memory))

    def _release_done(self) -> None:
        """Lets go of freed memory that no stream uses any more."""
        waiting = []
        for events, memory in self._limbo:
            if all(libcuda.done("cuEventQuery", event) for event in events):
                for event in events:
                    libcuda.call("cuEventDestroy_v2", event)
            else:
                waiting.append((events, memory))
        self._limbo = waiting

    def _out_of_memory(self, size: int) -> DeviceError:
        free, total = libcuda.memory_info()
        held = f"{self._pool.active_bytes:,} in use by arrays, {self._pool.held_blocks} blocks kept for reuse"
        return DeviceError(
            f"device 'cuda:{self.index}': out of memory: {size:,} bytes asked for, "
            f"{free:,} of {total:,} free, {held}; "
            "drop arrays that are no longer needed"
        )

    def memory_info(self) -> tuple[int, int]:
        """Free and total bytes; what the pool keeps for reuse is not free."""
        with self.active():
            return libcuda.memory_info()

    def pinned(self, shape: tuple[int, ...], dtype: Any) -> Ndarray:
        """Host memory that the GPU copies to and from by itself."""
        with self.active() as driver:
            made: Ndarray = driver.pagelocked_empty(shape, dtype)
            return made

    def read(self, view: Ndarray) -> Ndarray:
        """A host copy of contiguous device memory, once what was put on the stream before is done."""
        recording.refuse_waiting(self.index, "reading an array on the host")
        host = np.empty(view.shape, view.dtype)
        if host.size:
            with self.active():
                libcuda.call("cuMemcpyDtoHAsync_v2", address(host), address(view), host.nbytes, self._on)
                libcuda.call("cuStreamSynchronize", self._on)
                self.started.clear()
        return host

    def write(self, view: Ndarray, host: Ndarray) -> None:
        """Copies contiguous host memory into contiguous device memory of the same size."""
        if view.size:
            with self.active():
                libcuda.call("cuMemcpyHtoDAsync_v2", address(view), address(host), view.nbytes, self._on)
                libcuda.call("cuStreamSynchronize", self._on)

    def exchange(self, target: Ndarray, source: Ndarray, to_host: bool) -> None:
        """Puts a copy between contiguous pinned host memory and this GPU's onto the stream."""
        name = "cuMemcpyDtoHAsync_v2" if to_host else "cuMemcpyHtoDAsync_v2"
        if target.size:
            with self.active():
                libcuda.call(name, address(target), address(source), target.nbytes, self._on)

    def memset(self, view: Ndarray, element: Ndarray) -> bool:
        """Writes one element everywhere in contiguous memory, if its bytes repeat; says whether they did."""
        word = element.tobytes()
        for width in (1, 2, 4):
            if len(word) % width == 0 and word == word[:width] * (len(word) // width):
                if view.size:
                    with self.active():
                        name, number = (
                            f"cuMemsetD{8 * width}Async",
                            int.from_bytes(word[:width], sys.byteorder),
                        )
                        libcuda.call(name, address(view), number, view.nbytes // width, self._on)
                return True
        return False

    def clear(self, view: Ndarray) -> None:
        """Sets all bytes of contiguous memory to zero."""
        if libcuda.current_context() != self.handle:
            with self.active():
                libcuda.call("cuMemsetD8Async", address(view), 0, view.nbytes, self._on)
            return
        code = libcuda.clear()(address(view), 0, view.nbytes, self._on)
        if code:
            raise self.refused(code)

    def clear_late(self, view: Ndarray) -> None:
        """As `clear`, after what any stream holds, and before what any will."""
        alone = not self.streams
        if not alone:
            self.synchronize()
        if view.size:
            self.clear(view)
        if not alone:
            self.synchronize()

    def put_element(self, view: Ndarray, element: Ndarray) -> None:
        """Copies one element, which may go at once, into contiguous device memory; inside a capture too."""
        capture = recording.capture
        if capture is None or not capture.takes(self.index):
            self.write(view, element)
            return
        kept = self.pinned(element.shape, element.dtype)
        kept[...] = element
        capture.keep.append(kept)
        self.exchange(view, kept, to_host=False)

    def copy(self, target: Ndarray, source: Ndarray) -> None:
        """Copies contiguous memory within this GPU."""
        if target.size:
            with self.active():
                libcuda.call(
                    "cuMemcpyDtoDAsync_v2", address(target), address(source), target.nbytes, self._on
                )

    def copy_from(self, target: Ndarray, other: Gpu, source: Ndarray) -> None:
        """Copies contiguous memory of another GPU here, after what its stream holds, before what it will."""
        ready, done = other.mark(), 0
        with self.active():
            libcuda.call("cuStreamWaitEvent", self._on, ready, 0)
            libcuda.call(
                "cuMemcpyPeerAsync",
                address(target), self.handle, address(source), other.handle, target.nbytes, self._on,
            )  # fmt: skip
            done = self.mark()
        other.wait(done)
        self.wait(ready, drop=True)
        other.wait(done, drop=True)

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

    # streams

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

    def forget(self, name: str, handle: int) -> None:
        """Gives a stream or an event back to the driver."""
        if not self._closed and self._broken is None:
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


def with_status(record: bytes, address: int) -> bytes:
    """A launch record whose kernel reports failed asserts at `address`."""
    return record[: LAUNCH_HEADER - 8] + _pointer(address) + record[LAUNCH_HEADER:]


def _suspects(started: deque[Started]) -> str:
    """The launches that may have failed, latest first."""
    lines = list(dict.fromkeys(_suspect(*launch) for launch in reversed(started)))
    if not lines:
        return ""
    if len(lines) == 1:
        return f"; the kernel was {lines[0]}"
    return "; it was one of these kernels, latest first: " + "; ".join(lines)


def _suspect(name: str, count: int, site: CallSite | None) -> str:
    return f"{name!r} over {count:,} items{shown(site)}" if count else name


def _pool() -> Any:
    from pycuda.tools import DeviceMemoryPool

    return DeviceMemoryPool()
