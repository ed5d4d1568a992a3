"""How a damper that may not pull relates to the rebound of a free body."""

from __future__ import annotations

import math

OVERDAMPED = 50.0  # rebounds with less than 1e-3 of the impact velocity


def linear(zeta: float) -> float:
    """Coefficient of restitution of a spring-damper that acts until the overlap is zero, pulling at the end.

    One half period of m x'' + c x' + k x = 0 with zeta = c / (2 sqrt(k m)) in [0, 1).
    """
    return math.exp(-math.pi * zeta / math.sqrt(1.0 - zeta * zeta))


def without_pull(zeta: float) -> float:
    """The same where the contact ends as soon as the force is zero.

    Source: Schwager & Poeschel, "Coefficient of restitution and linear-dashpot model revisited",
    Granular Matter 9, 2007.
    """
    if zeta < 1.0:
        root = math.sqrt(1.0 - zeta * zeta)
        return math.exp(-zeta / root * (math.pi - math.atan2(2.0 * zeta * root, 1.0 - 2.0 * zeta * zeta)))
    if zeta == 1.0:
        return math.exp(-2.0)
    root = math.sqrt(zeta * zeta - 1.0)
    return math.exp(-zeta / root * math.log((zeta + root) / (zeta - root)))


def matched(zeta: float) -> float:
    """The damping ratio with which `without_pull` rebounds as `linear(zeta)` does."""
    wanted = linear(zeta)
    low, high = zeta, OVERDAMPED
    # without_pull falls as the ratio rises
    for _ in range(100):
        middle = 0.5 * (low + high)
        if without_pull(middle) > wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
