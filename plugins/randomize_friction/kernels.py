"""Device side of randomize_friction."""

import robokern as rk


@rk.kernel
def randomize(
    # which
    mask: rk.array(dtype=bool),  # (worlds,)
    chosen: rk.array(dtype=int),  # (n,) geoms
    # randomness
    draw: rk.Draw,
    count: rk.array(dtype=int),  # (worlds,) draws so far
    # model
    default: rk.array2d(dtype=float),  # (worlds, geoms)
    # out
    value: rk.array2d(dtype=float),  # (worlds, geoms)
    friction: rk.array2d(dtype=float),  # (worlds, n)
):
    """Sliding friction of the chosen geoms in the masked worlds; not below zero."""
    world, i = rk.tid()
    geom = chosen[i]
    if mask[world]:
        new = rk.randomized(draw, default[world, geom], count[world], world, i)
        value[world, geom] = rk.max(new, 0.0)
    friction[world, i] = value[world, geom]
