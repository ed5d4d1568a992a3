"""Device side of the pictures."""

from __future__ import annotations

import math

from robokern.compiler.builtins import tid
from robokern.compiler.function import kernel
from robokern.geometry.scene_query import scene_query_ray
from robokern.ir.types import ArrayType, float32, int32, uint64, vec3

NO_GROUND = math.nan
STEP_BELOW = 1.0e-3  # how far below a body that is looked through the ray starts anew [m]


@kernel
def height_from_above(
    # world
    scene: uint64,
    world: int32,
    sky: float32,  # where rays start [m]
    x: ArrayType(float32, 1),  # (columns,) [m]
    y: ArrayType(float32, 1),  # (rows,) [m]
    # out
    heights: ArrayType(float32, 2),  # (rows, columns) [m]
):
    """Highest static surface below the sky; NaN where there is none. Moving bodies are looked through."""
    row, column = tid()
    down = vec3(0.0, 0.0, -1.0)
    origin = vec3(x[column], y[row], sky)
    hit = scene_query_ray(scene, world, origin, down, 2.0 * sky)
    while hit.hit and hit.body != 0:
        origin = origin + (hit.t + STEP_BELOW) * down
        hit = scene_query_ray(scene, world, origin, down, 2.0 * sky)
    heights[row, column] = origin[2] - hit.t if hit.hit else NO_GROUND
