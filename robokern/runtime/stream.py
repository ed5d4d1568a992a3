"""Streams, in which a device's work is done in order, and events, which mark places in them.

On the CPU a launch is done when it returns: there streams and events are always complete, and an event holds
the time at which it was recorded.
"""

from __future__ import annotations

import time
from types import TracebackType

from robokern.errors import DeviceError
from robokern.runtime import libcuda, recording
from robokern.runtime.device import Device, DeviceLike, ScopedDevice, get_device

_EXTERNAL = 1  # CU_EVENT_RECORD_EXTERNAL: recorded again at each replay of a graph


class Event:
    """A place in a stream that others can wait for.

    Args:
        device: whose streams it is recorded in; None: the default device.
        enable_timing: whether `get_event_elapsed_time` can be asked.

    Raises:
        DeviceError: there is no such device.
    """

    def __init__(self, device: DeviceLike = None, enable_timing: bool = False) -> None:
        self.device = get_device(device)
        self.enable_timing = enable_timing
        self.handle = 0  # the driver's, on a GPU
        self._time: float | None = None
        if self.device.is_cuda:
            with self.device.gpu.active():
                self.handle = libcuda.new_event(enable_timing)

    @property
    def is_complete(self) -> bool:
        """Whether the work before it is done; True where it was never recorded."""
        if not self.handle:
            return True
        recording.refuse_waiting(self.device.ordinal, "Event.is_complete")
        with self.device.gpu.active():
            return libcuda.done("cuEventQuery", self.handle)

    def _record(self, stream: Stream) -> None:
        if not self.handle:
            self._record_on_cpu()
            return
        captured = recording.capturing(self.device.ordinal) is not None
        with self.device.gpu.active():
            if captured and self.enable_timing:
                libcuda.call("cuEventRecordWithFlags", self.handle, stream.handle, _EXTERNAL)
            else:
                libcuda.call("cuEventRecord", self.handle, stream.handle)

    def _record_on_cpu(self) -> None:
        capture = recording.capturing(self.device.ordinal)
        if capture is not None:
            capture.host(self._stamp)
        else:
            self._stamp()

    def _stamp(self) -> None:
        self._time = time.perf_counter()

    def __del__(self) -> None:
        if getattr(self, "handle", 0):
            self.device.gpu.forget("cuEventDestroy_v2", self.handle)

    def __repr__(self) -> str:
        return f"Event({str(self.device)!r}, enable_timing={self.enable_timing})"


class Stream:
    """A row of work that a device does in order; work in different streams may overlap.

    Args:
        device: None: the default device.
        priority: -1 goes before 0.
        cuda_stream: another library's stream by its handle, which must live as long; 0: the default stream.
        blocking: whether it is ordered with the default stream.

    Raises:
        DeviceError: there is no such device.
    """

    def __init__(
        self,
        device: DeviceLike = None,
        priority: int = 0,
        cuda_stream: int | None = None,
        blocking: bool = True,
    ) -> None:
        self.device = get_device(device)
        self.priority = max(-1, min(priority, 0))
        self.handle = cuda_stream or 0
        self._owned = False
        if self.device.is_cuda and cuda_stream is None:
            self._open(blocking)
        if self.handle:
            self.device.gpu.add_stream(self)

    def _open(self, blocking: bool) -> None:
        with self.device.gpu.active():
            least, greatest = libcuda.priority_range()
            self.handle = libcuda.new_stream(max(greatest, least + self.priority), blocking)
            self._owned = True

    @property
    def cuda_stream(self) -> int:
        """The driver's handle; 0 for the default stream and on the CPU."""
        return self.handle

    def __cuda_stream__(self) -> tuple[int, int]:
        """The stream as other libraries take it (nvidia.github.io/cuda-python, CUDA stream protocol)."""
        return 0, self.handle

    @property
    def is_complete(self) -> bool:
        """Whether all work put on it is done."""
        if self.device.is_cpu:
            return True
        recording.refuse_waiting(self.device.ordinal, "Stream.is_complete")
        with self.device.gpu.active():
            return libcuda.done("cuStreamQuery", self.handle)

    @property
    def is_capturing(self) -> bool:
        """Whether what is put on it is being captured."""
        capture = recording.capturing(self.device.ordinal)
        return capture is not None and (self.device.is_cpu or capture.uses(self.handle))

    def record_event(self, event: Event | None = None) -> Event:
        """Marks this place in the stream with `event`, or with a new one; returns it.

        Raises:
            DeviceError: the event is another device's.
        """
        marked = Event(self.device) if event is None else event
        if marked.device is not self.device:
            raise DeviceError(
                f"Stream.record_event: expected an event of {self.device}, got one of {marked.device}"
            )
        marked._record(self)
        return marked

    def wait_event(self, event: Event) -> None:
        """Has all later work in this stream wait for `event`; the host goes on."""
        if self.device.is_cuda and event.handle:
            with self.device.gpu.active():
                libcuda.call("cuStreamWaitEvent", self.handle, event.handle, 0)

    def wait_stream(self, other_stream: Stream, event: Event | None = None) -> None:
        """Has all later work in this stream wait for what `other_stream` holds now; the host goes on."""
        self.wait_event(other_stream.record_event(event))

    def synchronize(self) -> None:
        """Waits on the host until all work in it is done.

        Raises:
            DeviceError: a launch failed; or it is being captured.
        """
        recording.refuse_waiting(self.device.ordinal, "synchronize_stream")
        if self.device.is_cuda:
            with self.device.gpu.active():
                libcuda.call("cuStreamSynchronize", self.handle)

    def __del__(self) -> None:
        if getattr(self, "_owned", False):
            self.device.gpu.drop_stream(self)

    def __repr__(self) -> str:
        return f"Stream({str(self.device)!r}, cuda_stream={self.handle:#x})"


_defaults: dict[Device, Stream] = {}


def get_stream(device: DeviceLike = None) -> Stream:
    """The stream that a device's work goes to.

    Raises:
        DeviceError: there is no such device.
    """
    place = get_device(device)
    current = place.gpu.stream if place.is_cuda else None
    if current is not None:
        return current
    if place not in _defaults:
        _defaults[place] = Stream(place, cuda_stream=0)
    return _defaults[place]


def set_stream(stream: Stream, device: DeviceLike = None, sync: bool = False) -> None:
    """Has a device's work go to `stream`, from every thread.

    Args:
        stream: one of the device's.
        device: None: the stream's.
        sync: whether the stream first waits for what the current one holds.

    Raises:
        DeviceError: the stream is another device's.
    """
    place = stream.device if device is None else get_device(device)
    if stream.device is not place:
        raise DeviceError(f"set_stream: expected a stream of {place}, got one of {stream.device}")
    if sync:
        stream.wait_stream(get_stream(place))
    if place.is_cuda:
        place.gpu.use(stream if stream.handle else None)
    else:
        _defaults[place] = stream


class ScopedStream:
    """`with ScopedStream(stream):` makes a stream, and its device, the current ones inside the block.

    Args:
        stream: None: nothing changes.
        sync_enter: whether the stream first waits for what the current one holds.
        sync_exit: whether the stream used before waits for what this one holds at the end.
    """

    def __init__(self, stream: Stream | None, sync_enter: bool = True, sync_exit: bool = False) -> None:
        self.stream = stream
        self.sync_enter, self.sync_exit = sync_enter, sync_exit
        self.saved_stream: Stream | None = None
        self._scope = None if stream is None else ScopedDevice(stream.device)

    def __enter__(self) -> Stream | None:
        if self.stream is not None and self._scope is not None:
            self._scope.__enter__()
            self.saved_stream = get_stream(self.stream.device)
            set_stream(self.stream, sync=self.sync_enter)
        return self.stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.saved_stream is not None and self._scope is not None:
            set_stream(self.saved_stream, sync=self.sync_exit)
            self._scope.__exit__(kind, error, trace)


def record_event(event: Event | None = None) -> Event:
    """Marks the current place in the default device's stream; returns the event."""
    return get_stream(None if event is None else event.device).record_event(event)


def wait_event(event: Event) -> None:
    """Has later work in the default device's stream wait for `event`; the host goes on."""
    get_stream().wait_event(event)


def wait_stream(other_stream: Stream, event: Event | None = None) -> None:
    """Has later work in the default device's stream wait for what `other_stream` holds now."""
    get_stream().wait_stream(other_stream, event)


def synchronize_event(event: Event) -> None:
    """Waits on the host until the work before an event is done.

    Raises:
        DeviceError: a launch failed; or the device is being captured.
    """
    recording.refuse_waiting(event.device.ordinal, "synchronize_event")
    if event.handle:
        with event.device.gpu.active():
            libcuda.call("cuEventSynchronize", event.handle)


def synchronize_stream(stream_or_device: Stream | DeviceLike = None) -> None:
    """Waits on the host until the work in a stream, or in a device's current one, is done.

    Raises:
        DeviceError: a launch failed; there is no such device; or it is being captured.
    """
    given = stream_or_device
    (given if isinstance(given, Stream) else get_stream(given)).synchronize()


def get_event_elapsed_time(start_event: Event, end_event: Event, synchronize: bool = True) -> float:
    """The time from one event to another [ms], on a GPU to about half a microsecond.

    Args:
        start_event, end_event: made with `enable_timing=True`, and recorded.
        synchronize: whether to wait for `end_event`; else that is the caller's duty.

    Raises:
        DeviceError: an event has no time, or was not recorded.
    """
    for event in (start_event, end_event):
        if not event.enable_timing or (event.device.is_cpu and event._time is None):
            missing = "was never recorded" if event.enable_timing else "has no time: pass enable_timing=True"
            raise DeviceError(f"get_event_elapsed_time: an event of {event.device} {missing}")
    if synchronize:
        synchronize_event(end_event)
    if start_event._time is not None and end_event._time is not None:
        return (end_event._time - start_event._time) * 1e3
    with start_event.device.gpu.active():
        return libcuda.elapsed(start_event.handle, end_event.handle)
