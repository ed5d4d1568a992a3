"""What a simulator looks like to the loop."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from robokern.world.frame import Frame
from robokern.world.world import World

Mask = NDArray[np.bool_]


class Host(Protocol):
    """A simulator of `world.num_worlds` independent worlds.

    The loop calls `reset` and `read` once, then `apply`, `step`, `read` for every step. All may raise
    `HostError`.
    """

    @property
    def name(self) -> str:
        """The host's type in a run file, such as `mujoco`."""
        ...

    @property
    def world(self) -> World: ...

    @property
    def frame(self) -> Frame: ...

    def reset(self, mask: Mask) -> None:
        """Starts the worlds of `mask` (worlds,) anew, with the parameters as they are now."""
        ...

    def apply(self) -> None:
        """Gives the frame's wrenches and every touched parameter to the simulator."""
        ...

    def step(self) -> None:
        """Advances all worlds by `world.timestep`."""
        ...

    def read(self) -> None:
        """Fills the frame's state from the simulator; step and time are the loop's."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class LaunchingHost(Host, Protocol):
    """A host whose step is launches only, so that a loop can capture it together with its plugins.

    The loop calls `begin_step` and `launch_step` in place of `apply`, `step` and `read`.
    """

    def begin_step(self) -> None:
        """What a step needs on the host; called for every step, captured or not."""
        ...

    def launch_step(self) -> None:
        """Advances all worlds and fills the frame by launches; called once for many steps if captured."""
        ...
