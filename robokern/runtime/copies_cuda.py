"""Copies and fills of a GPU's memory, put onto its current stream."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from robokern.runtime import libcuda, recording
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.memory import address

if TYPE_CHECKING:
    from robokern.runtime.driver_cuda import Gpu


class Copies:
    """What moves and writes the elements of a GPU's arrays, which are views that nobody may read through."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu

    def read(self, view: Ndarray) -> Ndarray:
        """A host copy of contiguous device memory, once what was put on the stream before is done."""
        recording.refuse_waiting(self._gpu.index, "reading an array on the host")
        host = np.empty(view.shape, view.dtype)
        if host.size:
            with self._gpu.active():
                libcuda.call(
                    "cuMemcpyDtoHAsync_v2", address(host), address(view), host.nbytes, self._gpu.current
                )
                libcuda.call("cuStreamSynchronize", self._gpu.current)
                self._gpu.started.clear()
        return host

    def write(self, view: Ndarray, host: Ndarray) -> None:
        """Copies contiguous host memory into contiguous device memory of the same size."""
        if view.size:
            with self._gpu.active():
                libcuda.call(
                    "cuMemcpyHtoDAsync_v2", address(view), address(host), view.nbytes, self._gpu.current
                )
                libcuda.call("cuStreamSynchronize", self._gpu.current)

    def exchange(self, target: Ndarray, source: Ndarray, to_host: bool) -> None:
        """Puts a copy between contiguous pinned host memory and this GPU's onto the stream."""
        name = "cuMemcpyDtoHAsync_v2" if to_host else "cuMemcpyHtoDAsync_v2"
        if target.size:
            with self._gpu.active():
                libcuda.call(name, address(target), address(source), target.nbytes, self._gpu.current)

    def memset(self, view: Ndarray, element: Ndarray) -> bool:
        """Writes one element everywhere in contiguous memory, if its bytes repeat; says whether they did."""
        word = element.tobytes()
        for width in (1, 2, 4):
            if len(word) % width == 0 and word == word[:width] * (len(word) // width):
                if view.size:
                    with self._gpu.active():
                        name, number = (
                            f"cuMemsetD{8 * width}Async",
                            int.from_bytes(word[:width], sys.byteorder),
                        )
                        libcuda.call(name, address(view), number, view.nbytes // width, self._gpu.current)
                return True
        return False

    def clear(self, view: Ndarray) -> None:
        """Sets all bytes of contiguous memory to zero."""
        if libcuda.current_context() != self._gpu.handle:
            with self._gpu.active():
                libcuda.call("cuMemsetD8Async", address(view), 0, view.nbytes, self._gpu.current)
            return
        code = libcuda.clear()(address(view), 0, view.nbytes, self._gpu.current)
        if code:
            raise self._gpu.refused(code)

    def clear_late(self, view: Ndarray) -> None:
        """As `clear`, after what any stream holds, and before what any will."""
        alone = not self._gpu.streams
        if not alone:
            self._gpu.synchronize()
        if view.size:
            self.clear(view)
        if not alone:
            self._gpu.synchronize()

    def put_element(self, view: Ndarray, element: Ndarray) -> None:
        """Copies one element, which may go at once, into contiguous device memory; inside a capture too."""
        capture = recording.capture
        if capture is None or not capture.takes(self._gpu.index):
            self.write(view, element)
            return
        kept = self._gpu.memory.pinned(element.shape, element.dtype)
        kept[...] = element
        capture.keep.append(kept)
        self.exchange(view, kept, to_host=False)

    def copy(self, target: Ndarray, source: Ndarray) -> None:
        """Copies contiguous memory within this GPU."""
        if target.size:
            with self._gpu.active():
                libcuda.call(
                    "cuMemcpyDtoDAsync_v2", address(target), address(source), target.nbytes, self._gpu.current
                )

    def copy_from(self, target: Ndarray, other: Gpu, source: Ndarray) -> None:
        """Copies contiguous memory of another GPU here, after what its stream holds, before what it will."""
        gpu, ready = self._gpu, other.mark()
        with gpu.active():
            libcuda.call("cuStreamWaitEvent", gpu.current, ready, 0)
            places = address(target), gpu.handle, address(source), other.handle
            libcuda.call("cuMemcpyPeerAsync", *places, target.nbytes, gpu.current)
            done = gpu.mark()
        other.wait(done)
        gpu.wait(ready, drop=True)
        other.wait(done, drop=True)
