"""Capturing what a program launches, once, and replaying it at the price of one call.

    with ScopedCapture() as capture:
        step()
    for _ in range(1000):
        capture_launch(capture.graph)

On a GPU the graph is the driver's; on the CPU a packed list of launches that native code plays. While a
capture is on, launches, copies and fills on its device do not run. What would wait for them (`numpy()`,
`synchronize`, reading an element) is refused with the line that asked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from robokern.errors import AdjointError, DeviceError
from robokern.ir.types import int32
from robokern.runtime import recording
from robokern.runtime.array import Array
from robokern.runtime.capture import Capture, Graph
from robokern.runtime.device import DeviceLike, get_device
from robokern.runtime.stream import ScopedStream, Stream

Body = Callable[..., None] | Graph


def capture_begin(device: DeviceLike = None, stream: Stream | None = None) -> None:
    """From now on work on a device, by this thread, is recorded and not run.

    Args:
        device: None: the default device.
        stream: on a GPU, the stream to record; None: one of its own. It becomes the current one.

    Raises:
        DeviceError: there is no such device; a capture is on already.
    """
    place = get_device(device) if stream is None else stream.device
    if recording.capture is not None:
        raise DeviceError(f"capture_begin: a capture on {recording.capture.device} is on; end it first")
    recording.settle()
    recording.capture = _begun(place, stream)


def _begun(place: Any, stream: Stream | None) -> Capture:
    if place.is_cuda:
        from robokern.runtime.graph_cuda import CudaCapture  # it needs the driver

        return CudaCapture(place, stream)
    from robokern.runtime.graph_cpu import CpuCapture

    return CpuCapture(place)


def capture_end(device: DeviceLike = None, stream: Stream | None = None) -> Graph:
    """Ends the capture; gives what it recorded.

    Raises:
        DeviceError: no capture is on, on this device; the driver refused a part of it.
    """
    capture = recording.capture
    wanted = stream.device if stream is not None else None if device is None else get_device(device)
    if capture is None or (wanted is not None and wanted is not capture.device):
        raise DeviceError(f"capture_end: no capture is on{'' if wanted is None else f' on {wanted}'}")
    _stop(capture)
    return capture.end()


def _stop(capture: Capture) -> None:
    """Ends the recording; only then it is off, so that what is freed meanwhile stays out of it."""
    try:
        capture.stop()
    finally:
        recording.capture = None


class ScopedCapture:
    """`with ScopedCapture() as capture:` records the block; afterwards `capture.graph` replays it.

    An exception inside the block ends the capture without a graph.

    Args:
        device, stream: as for `capture_begin`.

    Attributes:
        graph: what was recorded; None inside the block.
    """

    def __init__(self, device: DeviceLike = None, stream: Stream | None = None, **options: Any) -> None:
        self._device, self._stream = device, stream
        self.graph: Graph | None = None
        self.active = False

    def __enter__(self) -> ScopedCapture:
        capture_begin(self._device, self._stream)
        self.active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.active = False
        if error is None:
            self.graph = capture_end()
            return
        capture = recording.capture
        if capture is not None:
            with suppress(DeviceError):
                _stop(capture)
            capture.abandon()


def capture_launch(graph: Graph, stream: Stream | None = None) -> None:
    """Replays a graph; inside a capture, records its replay.

    It returns at once on a GPU, unless a kernel in it asserts or prints.

    Raises:
        KernelAssertionError: an `assert` failed; on the CPU what follows it has not run.
        DeviceError: the stream is another device's; a launch failed.
        AdjointError: a tape is open.
    """
    if stream is not None:
        _check_stream(graph, stream)
        with ScopedStream(stream, sync_enter=False):
            capture_launch(graph)
        return
    capture = None if recording.capture is None else recording.capturing(graph.device.ordinal)
    if capture is None:
        if recording.tapes:
            raise AdjointError(
                "capture_launch: a tape cannot record a graph's replay; launch its kernels inside the tape, "
                "or capture the tape, its backward included"
            )
        if recording.guards:
            from robokern.runtime.tape_guard import before_replay  # seldom needed

            before_replay(graph)
        graph.launch()
    else:
        capture.replay(graph)


def _check_stream(graph: Graph, stream: Stream) -> None:
    if stream.device is not graph.device:
        raise DeviceError(f"capture_launch: expected a stream of {graph.device}, got one of {stream.device}")


def capture_if(
    condition: Array, on_true: Body | None = None, on_false: Body | None = None, **arguments: Any
) -> None:
    """Does one thing or the other by the content of an array; inside a capture, replays decide each time.

    Args:
        condition: an array of one int32: 0 is false.
        on_true, on_false: a function that launches, called with the further arguments; or a graph.

    Raises:
        TypeError: `condition` is no such array.
        DeviceError: inside a capture on a GPU: the driver is older than CUDA 12.4.
    """
    _check_condition("capture_if", condition)
    yes, no = _body(on_true, arguments), _body(on_false, arguments)
    capture = recording.capturing(condition.device.ordinal)
    if capture is not None:
        capture.branch(condition, yes, no)
        return
    chosen = yes if condition.numpy()[0] else no
    if chosen is not None:
        chosen()


def capture_while(condition: Array, while_body: Body, **arguments: Any) -> None:
    """Repeats something while the content of an array is not zero; inside a capture, each replay does.

    Args:
        condition: an array of one int32, which `while_body` changes.
        while_body: a function that launches, called with the further arguments; or a graph.

    Raises:
        TypeError: `condition` is no such array.
        DeviceError: inside a capture on a GPU: the driver is older than CUDA 12.4.
    """
    _check_condition("capture_while", condition)
    body = _body(while_body, arguments)
    assert body is not None
    capture = recording.capturing(condition.device.ordinal)
    if capture is not None:
        capture.loop(condition, body)
        return
    while condition.numpy()[0]:
        body()


def _body(body: Body | None, arguments: dict[str, Any]) -> Callable[[], None] | None:
    if body is None:
        return None
    if isinstance(body, Graph):
        graph = body
        return lambda: capture_launch(graph)
    function = body
    return lambda: function(**arguments)


def _check_condition(name: str, condition: Any) -> None:
    if not isinstance(condition, Array) or condition.dtype != int32 or condition.shape != (1,):
        got = f"{condition.type} of shape {condition.shape}" if isinstance(condition, Array) else condition
        raise TypeError(f"{name}: condition: expected an array of one int32, got {got}")
