"""The mathematics for float16 and bfloat16: computed in float32, rounded once more.

The float32 functions are right to a few units of 2^-24, so the float16 result is the correctly rounded one
but for about one argument in a thousand, where it is its neighbour; with bfloat16 one in ten thousand.
"""

from __future__ import annotations

from robokern.compiler.function import Function, Overload
from robokern.ir.types import bfloat16, float16, float32
from robokern.lang import error_function, exponential, hyperbolic, scalar, trigonometry


def _add_one_argument(function: Function) -> None:
    def half(x: float16) -> float16:
        return float16(function(float32(x)))

    def brain(x: bfloat16) -> bfloat16:
        return bfloat16(function(float32(x)))

    function.add(Overload(half))
    function.add(Overload(brain))


def _add_two_arguments(function: Function) -> None:
    def half(x: float16, y: float16) -> float16:
        return float16(function(float32(x), float32(y)))

    def brain(x: bfloat16, y: bfloat16) -> bfloat16:
        return bfloat16(function(float32(x), float32(y)))

    function.add(Overload(half))
    function.add(Overload(brain))


for _name in ("sin", "cos", "tan", "asin", "acos", "atan"):
    _add_one_argument(getattr(trigonometry, _name))
for _name in ("exp", "log", "log2", "log10", "cbrt"):
    _add_one_argument(getattr(exponential, _name))
for _name in ("sinh", "cosh", "tanh"):
    _add_one_argument(getattr(hyperbolic, _name))
for _name in ("erf", "erfc", "erfinv", "erfcinv"):
    _add_one_argument(getattr(error_function, _name))
for _function in (trigonometry.atan2, exponential.pow, scalar.copysign):
    _add_two_arguments(_function)
