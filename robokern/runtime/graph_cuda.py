"""Graphs on a GPU: the driver captures what is put on a stream. By `cuda-bindings`, on PyCUDA's handles.

A branch or a loop is a conditional node: a small kernel reads the condition and sets the node's handle, and
the node's own graph is captured on a further stream.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import DeviceError
from robokern.runtime import libcuda
from robokern.runtime.capture import Capture, Check, Graph
from robokern.runtime.device import Device
from robokern.runtime.driver_cuda import INSTALL, Gpu
from robokern.runtime.memory import address, allocate
from robokern.runtime.program_cuda import Program, with_status
from robokern.runtime.stream import Stream, get_stream

if TYPE_CHECKING:
    from robokern.runtime.arguments import Argument
    from robokern.runtime.array import Array
    from robokern.runtime.grid import Grid
    from robokern.runtime.launcher import Launcher

_CONDITIONAL = (12, 4)  # the first driver with conditional nodes
_SET = struct.Struct("=QQQ").pack

# sets the first handle to the condition and the second to its opposite, each unless it is 0
_SET_CONDITION = b""".version 8.3
.target sm_60
.address_size 64
.extern .func cudaGraphSetConditional (.param .b64 handle, .param .b32 value);
.visible .entry entry (.param .align 8 .b8 record[24])
{
  .reg .pred %p<3>;
  .reg .b32 %r<4>;
  .reg .b64 %d<5>;
  ld.param.u64 %d1, [record];
  ld.param.u64 %d2, [record+8];
  ld.param.u64 %d3, [record+16];
  cvta.to.global.u64 %d4, %d3;
  ld.global.u32 %r1, [%d4];
  setp.ne.u32 %p1, %r1, 0;
  selp.u32 %r2, 1, 0, %p1;
  selp.u32 %r3, 0, 1, %p1;
  setp.eq.u64 %p2, %d1, 0;
  @%p2 bra $second;
  {
    .param .b64 a;
    .param .b32 b;
    st.param.b64 [a], %d1;
    st.param.b32 [b], %r2;
    call.uni cudaGraphSetConditional, (a, b);
  }
$second:
  setp.eq.u64 %p2, %d2, 0;
  @%p2 bra $done;
  {
    .param .b64 a;
    .param .b32 b;
    st.param.b64 [a], %d2;
    st.param.b32 [b], %r3;
    call.uni cudaGraphSetConditional, (a, b);
  }
$done:
  ret;
}
\0"""


@cache
def _bindings() -> Any:
    """NVIDIA's Python bindings of the driver.

    Raises:
        DeviceError: they are missing.
    """
    try:
        from cuda.bindings import driver
    except ImportError as error:
        raise DeviceError(f"cuda-bindings is not installed ({error}); install it: {INSTALL}") from None
    return driver


def _call(name: str, *arguments: Any) -> Any:
    """Calls the driver through the bindings.

    Raises:
        CudaError: it gave an error code.
    """
    code, *results = getattr(_bindings(), name)(*arguments)
    if int(code):
        raise libcuda.error_of(int(code))
    return results[0] if len(results) == 1 else results


class CudaGraph(Graph):
    """A graph of the driver.

    `waits`: a kernel in it asserts or prints, so that a replay returns only when it is done.
    """

    def __init__(self, capture: CudaCapture, graph: Any) -> None:
        super().__init__(capture.device, capture.keep, capture.checks)
        self._gpu = capture.gpu
        self.handle = graph
        self.waits = capture.waits
        with self._gpu.active():
            self._size = int(_call("cuGraphGetNodes", graph, 0)[1])
            made = _call("cuGraphInstantiate", graph, 0)
            self._executable = int(made)
        self._words = self._gpu.target("cuGraphLaunch", self._executable)
        self.launch = self._starter()

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self._size

    def _starter(self) -> Callable[[], None]:
        """What replays it; local variables, for speed."""
        note, said = self._gpu.started.append, (f"a graph of {self._size} nodes", 0, None)
        start, target, gpu = libcuda.start_graph(), ctypes.addressof(self._words), self._gpu
        device, checks = self.device, self.checks  # and not `self`, which would never be freed then

        def launch() -> None:
            note(said)
            code = start(target)
            if code:
                raise gpu.refused(code)

        def checked() -> None:
            launch()
            get_stream(device).synchronize()
            for check in checks:
                check()

        return checked if checks or self.waits else launch

    def __del__(self) -> None:
        if hasattr(self, "_executable"):
            self._gpu.forget("cuGraphExecDestroy", self._executable)
            self._gpu.forget("cuGraphDestroy", int(self.handle))


class CudaCapture(Capture):
    """A stream that the driver captures; the GPU's current one meanwhile."""

    def __init__(self, device: Device, stream: Stream | None) -> None:
        super().__init__(device)
        self.gpu: Gpu = device.gpu
        self.waits = False
        self._outer = self.gpu.stream
        _bindings()
        own = stream is None or not stream.handle
        self._stream = Stream(device, blocking=False) if own or stream is None else stream
        self._recorded: Any = None  # the driver's graph
        self._streams = [self._stream]  # innermost last: each body of a conditional node has its own
        with self.gpu.active():
            _call("cuStreamBeginCapture", self._stream.handle, _relaxed())
        self.gpu.use(self._stream)

    def uses(self, stream: int) -> bool:
        """Whether it records what is put on this stream."""
        return any(stream == own.handle for own in self._streams)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is done in the block runs at once, on the stream that was current before."""
        with super().outside():
            self.gpu.use(self._outer)
            try:
                yield
            finally:
                self.gpu.use(self._streams[-1])

    def launch(self, launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Puts a launch on the stream."""
        if grid.count == 0:
            return
        program = launcher.gpu_program(place, all(a.plain for a in arguments))
        self.keep += [arguments, program]
        record = grid.header + b"".join([a.record for a in arguments])
        if program.waits:
            record = self._with_status(record, launcher, grid)
        program.start(grid.count, record, None)

    def _with_status(self, record: bytes, launcher: Launcher, grid: Grid) -> bytes:
        """Has a launch report failed asserts in a place of its own, which is looked at after each replay."""
        self.waits = True
        with self.outside():
            status = allocate((3,), np.dtype(np.int64), self.device, zero=True)
        self.keep.append(status)
        self.checks.append(partial(_raise_failed, self.gpu, status, launcher, grid.shape))
        return with_status(record, address(status))

    def branch(self, condition: Array, on_true: Check | None, on_false: Check | None) -> None:
        """Two conditional nodes, of which one will run."""
        self._check_driver("capture_if")
        with self.gpu.active():
            handles = [self._handle() if body else 0 for body in (on_true, on_false)]
        self._set(handles, condition)
        for handle, body in zip(handles, (on_true, on_false), strict=True):
            if body is not None:
                self._conditional(handle, "IF", body)

    def loop(self, condition: Array, body: Check) -> None:
        """A conditional node that repeats."""
        self._check_driver("capture_while")
        with self.gpu.active():
            handle = self._handle()
        self._set([handle, 0], condition)

        def turn() -> None:
            body()
            self._set([handle, 0], condition)

        self._conditional(handle, "WHILE", turn)

    def _check_driver(self, name: str) -> None:
        found = libcuda.driver_version()
        if found < _CONDITIONAL:
            raise DeviceError(
                f"device {str(self.device)!r}: {name} inside a capture needs an NVIDIA driver for CUDA "
                f"{_CONDITIONAL[0]}.{_CONDITIONAL[1]} or newer, this one is for {found[0]}.{found[1]}"
            )

    def _graph(self) -> tuple[Any, Any, Any]:
        """The graph that the innermost stream is captured into; its last nodes, and what ties to them."""
        found = _call("cuStreamGetCaptureInfo", self._streams[-1].handle)
        _, _, graph, nodes, *rest = found
        return graph, nodes, rest[0] if len(rest) > 1 else None

    def _handle(self) -> int:
        graph, _, _ = self._graph()
        return int(_call("cuGraphConditionalHandleCreate", graph, self.gpu.handle, 0, 0))

    def _set(self, handles: list[int], condition: Array) -> None:
        """Puts the kernel on the stream that sets handles by a condition."""
        self.keep.append(condition)
        program = _set_condition(self.gpu)
        with self.gpu.active():
            libcuda.launch_one(program.function, _SET(*handles, condition.ptr), self.gpu.current)

    def _conditional(self, handle: int, kind: str, body: Check) -> None:
        """Adds a node, and captures its graph."""
        inner = Stream(self.device, blocking=False)
        self.keep.append(inner)
        with self.gpu.active():
            graph = self._add_node(handle, kind)
            _call("cuStreamBeginCaptureToGraph", inner.handle, graph, None, None, 0, _relaxed())
        self._streams.append(inner)
        self.gpu.use(inner)
        try:
            body()
        finally:
            self._streams.pop()
            self.gpu.use(self._streams[-1])
            with self.gpu.active():
                _call("cuStreamEndCapture", inner.handle)

    def _add_node(self, handle: int, kind: str) -> Any:
        """A conditional node after what the stream holds, before what it will; gives the graph inside it."""
        cu = _bindings()
        parameters = cu.CUgraphNodeParams()
        parameters.type = cu.CUgraphNodeType.CU_GRAPH_NODE_TYPE_CONDITIONAL
        parameters.conditional.handle = cu.CUgraphConditionalHandle(handle)
        parameters.conditional.type = getattr(cu.CUgraphConditionalNodeType, f"CU_GRAPH_COND_TYPE_{kind}")
        parameters.conditional.size = 1
        parameters.conditional.ctx = cu.CUcontext(self.gpu.handle)
        graph, nodes, edges = self._graph()
        node = _call("cuGraphAddNode", graph, nodes, *_edges(edges), len(nodes), parameters)
        self._follow(node)
        return parameters.conditional.phGraph_out[0]

    def _follow(self, node: Any) -> None:
        """Has what comes onto the stream come after a node."""
        flags = _bindings().CUstreamUpdateCaptureDependencies_flags
        replace = int(flags.CU_STREAM_SET_CAPTURE_DEPENDENCIES.value)
        stream = self._streams[-1].handle
        _call("cuStreamUpdateCaptureDependencies", stream, [node], *_edges(None), 1, replace)

    def replay(self, graph: Graph) -> None:
        """A child node."""
        assert isinstance(graph, CudaGraph)
        self.keep.append(graph)
        self.checks += graph.checks
        self.waits = self.waits or graph.waits
        with self.gpu.active():
            outer, nodes, _ = self._graph()
            self._follow(_call("cuGraphAddChildGraphNode", outer, nodes, len(nodes), graph.handle))

    def stop(self) -> None:
        """Ends the recording.

        Raises:
            DeviceError: the driver refused a part of it.
        """
        self.gpu.use(self._outer)
        with self.gpu.active():
            self._recorded = _call("cuStreamEndCapture", self._stream.handle)

    def end(self) -> CudaGraph:
        """The driver's graph."""
        return CudaGraph(self, self._recorded)

    def abandon(self) -> None:
        """Forgets what was recorded."""
        if self._recorded is not None:
            self.gpu.forget("cuGraphDestroy", int(self._recorded))


def _raise_failed(gpu: Gpu, status: Any, launcher: Launcher, shape: tuple[int, ...]) -> None:
    found = gpu.copies.read(status)
    if found[0]:
        gpu.copies.memset(status, np.zeros(1, np.int64))
        launcher.raise_failed(int(found[1]) << 16 | int(found[0]), shape)


def _relaxed() -> Any:
    """The capture mode in which memory may be allocated meanwhile."""
    return _bindings().CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED


def _edges(edges: Any) -> tuple[Any, ...]:
    """The argument for edge data, which bindings for CUDA 12 do not have."""
    from importlib.metadata import version  # seldom needed

    return () if int(version("cuda-bindings").partition(".")[0]) < 13 else (edges,)


_setters: dict[int, Program] = {}


def _set_condition(gpu: Gpu) -> Program:
    if gpu.index not in _setters:
        _setters[gpu.index] = gpu.load(_SET_CONDITION, waits=False, name="set_condition")
    return _setters[gpu.index]
