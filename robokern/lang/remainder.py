"""Remainder of floats, `%`: C's fmod, exact."""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import fma, trunc, where
from robokern.compiler.function import func, operator
from robokern.ir.types import bfloat16, float16, float32, float64
from robokern.lang.scalar import copysign

# quotients below this have a truncation n that is right or one too large, so that a - n b is exact
_STEP = 1048576.0
_INFINITY = float("inf")


@func
def _reduced(a: Any, b: Any):
    """a mod b for a >= 0, b > 0, both finite."""
    step = type(a)(_STEP)
    while a >= b:
        scaled = b
        while a / scaled >= step:
            scaled = scaled * step
        a = fma(-trunc(a / scaled), scaled, a)
        a = where(a < type(a)(0), a + scaled, a)
    return a


@func
def _remainder(x: Any, y: Any):
    """x - y trunc(x / y) with the sign of x; NaN for y = 0 and for infinite x; x for infinite y."""
    infinity = type(x)(_INFINITY)
    b = abs(y)
    defined = abs(x) < infinity and b > type(x)(0)
    small = where(defined and b < infinity, abs(x), type(x)(0))
    rest = _reduced(small, where(b > type(x)(0), b, type(x)(1)))
    result = where(b < infinity, copysign(rest, x), x)
    return where(defined, result, where(y == y, infinity - infinity, y))


@operator("mod")
@func
def remainder(x: float32, y: float32) -> float32:
    """C's fmod: exact, with the sign of x."""
    return _remainder(x, y)


@operator("mod")
@func
def remainder(x: float64, y: float64) -> float64:
    return _remainder(x, y)


@operator("mod")
@func
def remainder(x: float16, y: float16) -> float16:
    return float16(_remainder(float32(x), float32(y)))


@operator("mod")
@func
def remainder(x: bfloat16, y: bfloat16) -> bfloat16:
    return bfloat16(_remainder(float32(x), float32(y)))
