"""Small functions of one or a few scalars: sign, rounding to nearest, classification, interpolation, angles."""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import bitcast, floor, trunc, where
from robokern.compiler.function import func
from robokern.ir.types import float32, float64, int32, int64, uint32, uint64

_INFINITY = float("inf")


@func
def copysign(x: float32, y: float32) -> float32:
    """Magnitude of x with the sign bit of y."""
    return bitcast((bitcast(x, uint32) & 0x7FFFFFFF) | (bitcast(y, uint32) & 0x80000000), float32)


@func
def copysign(x: float64, y: float64) -> float64:
    return bitcast((bitcast(x, uint64) & 0x7FFFFFFFFFFFFFFF) | (bitcast(y, uint64) & 0x8000000000000000), float64)


@func
def sign(x: Any):
    """-1 for x < 0, otherwise 1 (zero and NaN included)."""
    return where(x < type(x)(0), type(x)(-1), type(x)(1))


@func
def step(x: Any):
    """1 for x < 0, otherwise 0."""
    return where(x < type(x)(0), type(x)(1), type(x)(0))


@func
def nonzero(x: Any):
    """0 for x == 0, otherwise 1."""
    return where(x == type(x)(0), type(x)(0), type(x)(1))


@func
def clamp(x: Any, low: Any, high: Any):
    """x limited to [low, high]."""
    return min(max(low, x), high)


@func
def isnan(x: Any):
    """Whether x is not a number."""
    return x != x


@func
def isinf(x: Any):
    """Whether x is plus or minus infinity."""
    return abs(x) == type(x)(_INFINITY)


@func
def isfinite(x: Any):
    """Whether x is neither infinite nor NaN."""
    return abs(x) < type(x)(_INFINITY)


@func
def round(x: Any):
    """Nearest integer, halves away from zero."""
    whole = trunc(x)
    # x - whole is exact, which x + 0.5 is not
    away = abs(x - whole) >= type(x)(0.5)
    return whole + where(away, sign(x), type(x)(0))


@func
def frac(x: Any):
    """Fractional part, x - trunc(x): it keeps the sign of x."""
    return x - trunc(x)


@func
def radians(x: Any):
    """Degrees to radians."""
    return x * type(x)(0.017453292519943295)


@func
def degrees(x: Any):
    """Radians to degrees."""
    return x * type(x)(57.29577951308232)


@func
def lerp(a: Any, b: Any, t: Any):
    """a (1 - t) + b t."""
    return a * (type(t)(1) - t) + b * t


@func
def smoothstep(edge0: Any, edge1: Any, x: Any):
    """Cubic Hermite step from 0 at edge0 to 1 at edge1."""
    t = clamp((x - edge0) / (edge1 - edge0), type(x)(0), type(x)(1))
    return t * t * (type(x)(3) - type(x)(2) * t)
