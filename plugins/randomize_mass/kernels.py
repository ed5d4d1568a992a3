"""Device side of randomize_mass."""

import robokern as rk

SCALE = 0
ADD = 1
ABS = 2

UNIFORM = 0
LOG_UNIFORM = 1
GAUSSIAN = 2


@rk.func
def draw(key: rk.uint32, distribution: int, first: float, second: float) -> float:
    """One number: uniform or log-uniform over [first, second], or normal with mean and deviation."""
    if distribution == GAUSSIAN:
        return first + second * rk.randn(key)
    if distribution == LOG_UNIFORM:
        low = rk.log(first)
        return rk.clamp(rk.exp(low + (rk.log(second) - low) * rk.randf(key)), first, second)
    return first + (second - first) * rk.randf(key)


@rk.func
def applied(operation: int, default: float, drawn: float) -> float:
    """The new value: always made from the default, so that draws never accumulate."""
    if operation == SCALE:
        return default * drawn
    if operation == ADD:
        return default + drawn
    return drawn


@rk.kernel
def randomize(
    # which
    mask: rk.array(dtype=bool),  # (worlds,)
    chosen: rk.array(dtype=int),  # (n,) bodies
    # randomness
    seed: int,
    purpose: rk.uint32,
    count: rk.array(dtype=int),  # (worlds,) draws so far
    # settings
    distribution: int,
    first: float,
    second: float,
    operation: int,
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
        key = rk.rand_key(seed, purpose, world, count[world], i)
        before = default_mass[world, body]
        after = rk.max(applied(operation, before, draw(key, distribution, first, second)), least)
        body_mass[world, body] = after
        # the shape and how mass is spread in it stay: every moment is proportional to mass
        body_inertia[world, body] = (after / before) * default_inertia[world, body]
    mass[world, i] = body_mass[world, body]


@rk.kernel
def count_draws(
    mask: rk.array(dtype=bool),  # (worlds,)
    # out
    count: rk.array(dtype=int),  # (worlds,)
):
    """One more draw in the masked worlds: the next is another."""
    world = rk.tid()
    if mask[world]:
        count[world] = count[world] + 1
