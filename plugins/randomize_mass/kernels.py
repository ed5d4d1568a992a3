"""Device side of randomize_mass."""

import robokern as rk


@rk.kernel
def randomize(
    # which
    mask: rk.array(dtype=bool),  # (worlds,)
    chosen: rk.array(dtype=int),  # (n,) bodies
    # randomness
    draw: rk.Draw,
    count: rk.array(dtype=int),  # (worlds,) draws so far
    # settings
    least: float,  # [kg]
    # model
    default_mass: rk.array2d(dtype=float),  # (worlds, bodies) [kg]
    default_inertia: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) principal moments [kg m^2]
    # out
    body_mass: rk.array2d(dtype=float),  # (worlds, bodies) [kg]
    body_inertia: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) [kg m^2]
    mass: rk.array2d(dtype=float),  # (worlds, n) [kg]
):
    """Mass of the chosen bodies in the masked worlds, not below `least`; inertia by the ratio of masses."""
    world, i = rk.tid()
    body = chosen[i]
    if mask[world]:
        before = default_mass[world, body]
        after = rk.max(rk.randomized(draw, before, count[world], world, i), least)
        body_mass[world, body] = after
        # the shape and how mass is spread in it stay: every moment is proportional to mass
        body_inertia[world, body] = (after / before) * default_inertia[world, body]
    mass[world, i] = body_mass[world, body]
