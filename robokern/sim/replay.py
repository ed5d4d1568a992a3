"""What a step launches, captured once for each set of plugins that are due, and replayed from then on."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from robokern.errors import DeviceError, PluginError
from robokern.runtime.capture import Graph
from robokern.runtime.device import get_device
from robokern.runtime.graph import ScopedCapture, capture_launch
from robokern.sim.timing import Timing
from robokern.world.world import World

REPLAY = "replay"
CaptureMode = Literal["auto", "on", "off"]
_one_at_a_time = Lock()  # a process captures in one thread at a time
LIMIT = 64  # graphs of one loop; sets of plugins that are due together beyond them run uncaptured


@dataclass
class Captured:
    """Launches of a part of a step, and what else it did.

    Attributes:
        graph: the launches.
        touched: parameters that randomizers wrote.
        scene_is_stale: whether the scene is behind the bodies afterwards.
    """

    graph: Graph
    touched: frozenset[str]
    scene_is_stale: bool


class Replay:
    """Runs parts of steps, as graphs where that can be.

    A part runs directly the first time, when kernels are compiled and trees built; the second time it is
    captured, and replayed from then on. Python in it therefore runs twice only: what changes from step to
    step must lie in arrays. A part that waits for the device cannot be captured: with mode `on` that is an
    error, with `auto` everything runs directly from then on.

    Args:
        world: whose touched parameters are to be noticed.
        mode: `auto`: on GPUs only, where launches cost the most and a plugin's time is unknown in any case.
        timing: told what replays take.

    Attributes:
        note: why parts run directly that should be captured; empty: they do not.
        replays: how many parts were replayed.
        capturing: a part is being captured, so nothing that it launches runs.
    """

    def __init__(self, world: World, mode: CaptureMode, timing: Timing) -> None:
        self.note = ""
        self.replays = 0
        self.capturing = False
        self._world, self._mode, self._timing = world, mode, timing
        self._active = mode == "on" or (mode == "auto" and get_device(world.device).is_cuda)
        self._seen: set[Hashable] = set()
        self.captured: dict[Hashable, Captured] = {}

    def run(self, key: Hashable, part: Callable[[], bool]) -> bool:
        """Does a part of a step.

        Args:
            key: parts of equal keys launch the same.
            part: launches, and tells whether the scene is behind the bodies afterwards.

        Returns:
            Whether the scene is behind the bodies.

        Raises:
            PluginError: a hook waited for the device, in mode `on`; or what the part raised.
        """
        found = self.captured.get(key) if self._active else None
        if found is None and self._active and key in self._seen and len(self.captured) < LIMIT:
            found = self._capture(key, part)
        if found is None:
            self._seen.add(key)
            return part()
        with self._timing.of(REPLAY, "step"):
            capture_launch(found.graph)
        self._world.touched |= found.touched
        self.replays += 1
        return found.scene_is_stale

    def _capture(self, key: Hashable, part: Callable[[], bool]) -> Captured | None:
        """The part as a graph; None where it cannot be one and need not."""
        before = set(self._world.touched)
        self._world.touched.clear()
        self.capturing = True
        try:
            with _one_at_a_time, ScopedCapture(self._world.device) as capture:
                stale = part()
        except (PluginError, DeviceError) as error:
            self._give_up(error)
            return None
        finally:
            self.capturing = False
            touched = frozenset(self._world.touched)
            self._world.touched |= before
        assert capture.graph is not None
        self.captured[key] = Captured(capture.graph, touched, stale)
        return self.captured[key]

    def _give_up(self, error: PluginError | DeviceError) -> None:
        cause = error.cause if isinstance(error, PluginError) else error
        if self._mode == "on" or not isinstance(cause, DeviceError):
            raise error
        self._active, self.note = False, f"steps run uncaptured: {error}"
