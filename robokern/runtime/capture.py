"""What a capture and the graph it ends in have in common, whatever the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from robokern.errors import DeviceError
from robokern.runtime import recording
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray

if TYPE_CHECKING:
    from robokern.runtime.arguments import Argument
    from robokern.runtime.array import Array
    from robokern.runtime.grid import Grid
    from robokern.runtime.launcher import Launcher

Check = Callable[[], None]


class Graph:
    """Launches, copies and fills that were captured, to be replayed any number of times.

    It keeps every array that it uses. A replay reads and writes the same memory as the capture named.

    Attributes:
        device: where it runs.
        launch: replays it on the device's current stream; raises what its launches would.
    """

    launch: Callable[[], None]

    def __init__(self, device: Device, keep: list[Any], checks: list[Check]) -> None:
        self.device, self.keep, self.checks = device, keep, checks

    @property
    def size(self) -> int:
        """Number of recorded launches, copies, fills and branches."""
        raise NotImplementedError


class Capture:
    """Work on one device, by one thread, that is recorded instead of run.

    Attributes:
        keep: what the graph will need alive.
        checks: what to look at after each replay: failed asserts, wrong indices.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.keep: list[Any] = []
        self.checks: list[Check] = []
        self._thread = get_ident()

    def takes(self, ordinal: int) -> bool:
        """Whether this thread's work on that device belongs to it."""
        return ordinal == self.device.ordinal and get_ident() == self._thread

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is done in the block runs at once."""
        recording.capture = None
        try:
            yield
        finally:
            recording.capture = self

    def uses(self, stream: int) -> bool:
        """Whether it records what is put on this stream."""
        return True

    def launch(self, launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Records a launch."""
        raise NotImplementedError

    def fill(self, view: Ndarray, one: Ndarray) -> None:
        """Records that one element is written everywhere."""
        raise NotImplementedError

    def copy(self, target: Ndarray, source: Ndarray) -> None:
        """Records a copy of elements."""
        raise NotImplementedError

    def host(self, action: Callable[[], None]) -> None:
        """Records a call of a Python function."""
        raise DeviceError(f"device {str(self.device)!r}: a capture cannot call Python")

    def branch(self, condition: Array, on_true: Check | None, on_false: Check | None) -> None:
        """Records what the two functions do, one of which a replay will choose by the condition."""
        raise NotImplementedError

    def loop(self, condition: Array, body: Check) -> None:
        """Records what the function does, which a replay repeats while the condition is not zero."""
        raise NotImplementedError

    def replay(self, graph: Graph) -> None:
        """Records the replay of another graph of this device."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends the recording."""

    def end(self) -> Graph:
        """What was recorded, after `stop`."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Forgets what was recorded, after `stop`."""
