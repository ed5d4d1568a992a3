"""Device side of what every plugin shares."""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import static, tid
from robokern.compiler.function import func, kernel, struct
from robokern.ir.types import ArrayType, bool_, float32, int32, uint32
from robokern.lang.exponential import exp, log
from robokern.lang.random import rand_key, randf, randn
from robokern.lang.scalar import clamp

OPERATIONS = {"scale": 0, "add": 1, "abs": 2}
DISTRIBUTIONS = {"uniform": 0, "log_uniform": 1, "gaussian": 2}


@struct
class Draw:
    """How a randomizer draws: the same bits for a world, whatever their number; see `Randomizer.draw`."""

    seed: int32
    purpose: uint32
    operation: int32  # OPERATIONS
    distribution: int32  # DISTRIBUTIONS
    first: float32  # lowest draw, or the mean
    second: float32  # highest draw, or the standard deviation
    first_world: int32  # number of world 0 in draws


@func
def number(draw: Draw, key: uint32):
    """Uniform or log-uniform over [first, second], or normal with mean and deviation."""
    if draw.distribution == static(DISTRIBUTIONS["gaussian"]):
        return draw.first + draw.second * randn(key)
    if draw.distribution == static(DISTRIBUTIONS["log_uniform"]):
        low = log(draw.first)
        return clamp(exp(low + (log(draw.second) - low) * randf(key)), draw.first, draw.second)
    return draw.first + (draw.second - draw.first) * randf(key)


@func
def randomized(draw: Draw, default: float32, count: int32, world: int32, i: int32):
    """The new value of element i in a world at its draw number `count`: made from the default, always."""
    drawn = number(draw, rand_key(draw.seed, draw.purpose, draw.first_world + world, count, i))
    if draw.operation == static(OPERATIONS["scale"]):
        return default * drawn
    if draw.operation == static(OPERATIONS["add"]):
        return default + drawn
    return drawn


@kernel
def count_draws(
    mask: ArrayType(bool_, 1),  # (worlds,)
    # out
    count: ArrayType(int32, 1),  # (worlds,)
):
    """One more draw in the masked worlds: the next is another."""
    world = tid()
    if mask[world]:
        count[world] = count[world] + 1


@kernel
def restore_worlds(
    mask: ArrayType(bool_, 1),  # (worlds,)
    initial: ArrayType(Any, 2),  # (worlds, n)
    # out
    state: ArrayType(Any, 2),  # (worlds, n)
):
    """Copies the rows of `initial` whose world is in `mask`."""
    world, i = tid()
    if mask[world]:
        state[world, i] = initial[world, i]
