"""The ground as a sensor would see it from straight above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robokern.runtime.creation import empty, from_numpy
from robokern.runtime.launch import launch
from robokern.view.kernels import height_from_above

if TYPE_CHECKING:
    from robokern.world.world import World

CELLS = 360  # along the longer side: about one per pixel of the picture
SKY = 1000.0  # where the rays start: above everything [m]


@dataclass(frozen=True)
class HeightMap:
    """Heights on a grid.

    Attributes:
        x: (columns,) [m].
        y: (rows,) [m].
        heights: (rows, columns) [m]; NaN where there is no ground.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    heights: NDArray[np.float32]


def height_map(
    world: World, index: int, x_limits: tuple[float, float], y_limits: tuple[float, float]
) -> HeightMap:
    """The highest point of the static geometry of one world over each cell of a grid.

    Args:
        world: its scene is asked with vertical rays.
        index: which of the parallel worlds.
        x_limits: [m].
        y_limits: [m].
    """
    spacing = max(x_limits[1] - x_limits[0], y_limits[1] - y_limits[0]) / CELLS
    x, y = _grid(x_limits, spacing), _grid(y_limits, spacing)
    heights: Any = empty((len(y), len(x)), dtype=float, device=world.device)
    grid = [from_numpy(axis, device=world.device) for axis in (x, y)]
    launch(
        height_from_above,
        dim=heights.shape,
        inputs=[world.scene.id, index, SKY, *grid],
        outputs=[heights],
        device=world.device,
    )
    return HeightMap(x, y, heights.numpy().copy())


def _grid(limits: tuple[float, float], spacing: float) -> NDArray[np.float32]:
    return np.linspace(*limits, max(2, round((limits[1] - limits[0]) / spacing)), dtype=np.float32)
