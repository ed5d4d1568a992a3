"""A GPU's memory: a pool that arrays take from and give back to, in order with every stream."""

from __future__ import annotations

import ctypes
import gc
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import DeviceError
from robokern.runtime import libcuda, recording
from robokern.runtime.hostvalue import Ndarray

if TYPE_CHECKING:
    from robokern.runtime.driver_cuda import Gpu

_WORD = 16  # bytes: atomics on 8 and 16 bits read and write the 32 around them


class Owned:
    """Device memory as NumPy sees it; freed when the last view of it goes."""

    is_whole = True  # all of what was allocated, and nobody else's

    def __init__(self, pool: MemoryPool, memory: Any, size: int) -> None:
        self.pool, self.memory = pool, memory
        self.__array_interface__ = {
            "shape": (size,), "typestr": "|u1", "data": (int(memory), False), "version": 3,
        }  # fmt: skip

    def __del__(self) -> None:
        self.pool.free(self.memory)


class MemoryPool:
    """What a GPU's arrays lie in.

    Args:
        gpu: whose memory it is; its context is current.
        held: PyCUDA's pool of it.
    """

    def __init__(self, gpu: Gpu, held: Any) -> None:
        self._gpu, self._held = gpu, held
        self._limbo: list[tuple[list[int], Any]] = []
        self._hold_one()

    def allocate(self, shape: tuple[int, ...], dtype: Any, zero: bool) -> Ndarray:
        """New device memory as a NumPy view that nobody may read through.

        Raises:
            DeviceError: not enough memory: what was asked, what is free, what the pool holds.
        """
        size = math.prod(shape) * dtype.itemsize
        with self._gpu.active() as driver:
            memory = self.reserve(driver, size)
            if zero and size:
                libcuda.call("cuMemsetD8Async", int(memory), 0, size, self._gpu.current)
        owned: Ndarray = np.asarray(Owned(self, memory, size))
        made: Ndarray = owned.view(dtype).reshape(shape)
        return made

    def reserve(self, driver: Any, size: int) -> Any:
        """Memory as PyCUDA has it; the context is current.

        Raises:
            DeviceError: not enough memory.
        """
        if self._limbo:
            self._release_done()
        for attempt in range(2):
            try:
                return self._held.allocate(-(-max(size, 1) // _WORD) * _WORD)
            except driver.MemoryError:
                if attempt or recording.capture is not None:
                    break
                libcuda.call("cuCtxSynchronize")
                self._release_done()
                self._held.free_held()
                self._hold_one()
        raise self._out_of_memory(size)

    def _hold_one(self) -> None:
        """Has the pool keep a block that no array fits in.

        For the first block that it keeps PyCUDA asks for a context in the thread that frees; without one it
        aborts.
        """
        self._held.allocate(1)

    def free(self, memory: Any) -> None:
        """Gives memory back to the pool, once all streams are done with it."""
        if not self._gpu.streams or not self._gpu.is_usable:
            return
        if recording.capture is not None:
            recording.capture.keep.append(memory)
            return
        # held: a collection may come at any time, and it ends the streams that nobody holds
        streams = [*self._gpu.streams]
        with suppress(DeviceError), self._gpu.active():
            events = []
            for handle in {0, *(stream.handle for stream in streams)}:
                events.append(libcuda.new_event())
                libcuda.call("cuEventRecord", events[-1], handle)
            self._limbo.append((events, memory))

    def _release_done(self) -> None:
        """Lets go of freed memory that no stream uses any more; more may be freed meanwhile."""
        limbo, self._limbo = self._limbo, []
        try:
            while limbo:
                events, _ = limbo[-1]
                if not all(libcuda.done("cuEventQuery", event) for event in events):
                    self._limbo.append(limbo.pop())
                    continue
                limbo.pop()
                for event in events:
                    libcuda.call("cuEventDestroy_v2", event)
        finally:
            self._limbo += limbo

    def _out_of_memory(self, size: int) -> DeviceError:
        free, total = libcuda.memory_info()
        held = f"{self._held.active_bytes:,} in use by arrays, {self._held.held_blocks} blocks kept for reuse"
        return DeviceError(
            f"device 'cuda:{self._gpu.index}': out of memory: {size:,} bytes asked for, "
            f"{free:,} of {total:,} free, {held}; "
            "drop arrays that are no longer needed"
        )

    def pinned(self, shape: tuple[int, ...], dtype: Any) -> Ndarray:
        """Host memory that the GPU copies to and from by itself."""
        with self._gpu.active() as driver:
            made: Ndarray = driver.pagelocked_empty(shape, dtype)
            return made

    def close(self) -> None:
        """Frees what is held while there is a context to free it in."""
        self._limbo.clear()
        self._held.stop_holding()

    def abandon(self, *others: Any) -> None:
        """Leaves alone what went with the context, as `others` did: PyCUDA aborts where it must free it."""
        lost = [x.memory for x in gc.get_objects() if type(x) is Owned and x.pool is self]
        for memory in (self._held, *others, *lost):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))
