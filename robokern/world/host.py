"""What a simulator looks like to the loop."""

from __future__ import annotations

from typing import Protocol

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
