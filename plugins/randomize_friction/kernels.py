"""Device side of randomize_friction."""

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
    chosen: rk.array(dtype=int),  # (n,) geoms
    # randomness
    seed: int,
    purpose: rk.uint32,
    count: rk.array(dtype=int),  # (worlds,) draws so far
    # settings
    distribution: int,
    first: float,
    second: float,
    operation: int,
    default: rk.array2d(dtype=float),  # (worlds, geoms)
    # out
    value: rk.array2d(dtype=float),  # (worlds, geoms)
    friction: rk.array2d(dtype=float),  # (worlds, n)
):
    """Sliding friction of the chosen geoms in the masked worlds; not below zero."""
    world, i = rk.tid()
    if mask[world]:
        geom = chosen[i]
        key = rk.rand_key(seed, purpose, world, count[world], i)
        drawn = draw(key, distribution, first, second)
        value[world, geom] = rk.max(applied(operation, default[world, geom], drawn), 0.0)
    friction[world, i] = value[world, chosen[i]]


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
