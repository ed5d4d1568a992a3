"""Small functions of scalars: sign, rounding to nearest, classification, interpolation, angles, bits."""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

import builtins
from typing import Any

from robokern.compiler.builtins import PYTHON, bitcast, trunc, where
from robokern.compiler.function import func
from robokern.ir.types import float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64
from robokern.lang.patterns import any_composite, any_vector

_INFINITY = float("inf")


@func
def copysign(x: float32, y: float32) -> float32:
    """Magnitude of x with the sign bit of y."""
    return bitcast((bitcast(x, uint32) & 0x7FFFFFFF) | (bitcast(y, uint32) & 0x80000000), float32)


@func
def copysign(x: float64, y: float64) -> float64:
    return bitcast(
        (bitcast(x, uint64) & 0x7FFFFFFFFFFFFFFF) | (bitcast(y, uint64) & 0x8000000000000000), float64
    )


@func
def sign(v: any_vector):
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
    signs = v
    for k in range(len(v)):
        signs[k] = sign(v[k])
    return signs


@func
def sign(x: Any):
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
def isnan(a: Any):
    """Whether a is not a number; of a vector or the like: whether some component is not."""
    return a != a


@func
def isinf(a: any_composite):
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
    found = False
    for k in range(len(a)):
        found = found or isinf(a[k])
    return found


@func
def isinf(a: Any):
    return abs(a) == type(a)(_INFINITY)


@func
def isfinite(a: any_composite):
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
    every = True
    for k in range(len(a)):
        every = every and isfinite(a[k])
    return every


@func
def isfinite(a: Any):
    return abs(a) < type(a)(_INFINITY)


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
def smoothstep(a: Any, b: Any, x: Any):
    """Cubic Hermite step from 0 at a to 1 at b."""
    t = clamp((x - a) / (b - a), type(x)(0), type(x)(1))
    return t * t * (type(x)(3) - type(x)(2) * t)


@func
def _ones(x: uint32) -> int32:
    """Number of set bits, by halving (Warren, Hacker's Delight 2012, chapter 5)."""
    x = x - ((x >> 1) & 0x55555555)
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    return int32((x * 0x01010101) >> 24)


@func
def bit_count(x: uint32) -> int32:
    """Number of set bits of an integer; negative numbers in two's complement."""
    return _ones(x)


@func
def bit_count(x: int32) -> int32:
    return _ones(uint32(x))


@func
def bit_count(x: uint64) -> int32:
    return _ones(uint32(x)) + _ones(uint32(x >> 32))


@func
def bit_count(x: int64) -> int32:
    return bit_count(uint64(x))


@func
def bit_count(x: uint16) -> int32:
    return _ones(uint32(x))


@func
def bit_count(x: int16) -> int32:
    return _ones(uint32(uint16(x)))


@func
def bit_count(x: uint8) -> int32:
    return _ones(uint32(x))


@func
def bit_count(x: int8) -> int32:
    return _ones(uint32(uint8(x)))


PYTHON[builtins.round] = round
