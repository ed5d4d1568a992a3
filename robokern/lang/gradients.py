"""Derivatives of the mathematics, written by hand: where bodies go through the bits of floats, and where the
formula is much shorter than what the body gives.

`GRADIENTS[f]` takes f's arguments and the adjoint of its result, and gives the adjoint of each argument. All
other library functions are differentiated from their bodies.
"""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import sqrt, where
from robokern.compiler.function import Function, func, func_grad
from robokern.lang.error_function import erf, erfc, erfcinv, erfinv
from robokern.lang.exponential import cbrt, exp, log, log2, log10, pow
from robokern.lang.hyperbolic import cosh, sinh, tanh
from robokern.lang.scalar import copysign
from robokern.lang.trigonometry import acos, asin, atan, atan2, cos, sin, tan
from robokern.lang.vector import _inverse_root

_INFINITY = float("inf")
_LN2 = 0.6931471805599453
_LN10 = 2.302585092994046
_TWO_OVER_ROOT_PI = 1.1283791670955126
_HALF_ROOT_PI = 0.886226925452758


@func
def _sin(x: Any, adjoint: Any):
    return adjoint * cos(x)


@func
def _cos(x: Any, adjoint: Any):
    return -adjoint * sin(x)


@func
def _tan(x: Any, adjoint: Any):
    c = cos(x)
    return adjoint / (c * c)


@func
def _cosine_squared(x: Any):
    """1 - x^2; infinite at 1 and beyond, where asin and acos change no more."""
    s = (type(x)(1) - x) * (type(x)(1) + x)
    return where(s <= type(x)(0), type(x)(_INFINITY), s)


@func
def _asin(x: Any, adjoint: Any):
    return adjoint / sqrt(_cosine_squared(x))


@func
def _acos(x: Any, adjoint: Any):
    return -adjoint / sqrt(_cosine_squared(x))


@func
def _atan(x: Any, adjoint: Any):
    return adjoint / (type(x)(1) + x * x)


@func
def _atan2(y: Any, x: Any, adjoint: Any):
    zero = type(x)(0)
    square = x * x + y * y
    # the angle of the origin is taken as constant
    scale = where(square > zero, adjoint / where(square > zero, square, type(x)(1)), zero)
    return scale * x, -scale * y


@func
def _exp(x: Any, adjoint: Any):
    return adjoint * exp(x)


@func
def _log(x: Any, adjoint: Any):
    return adjoint / x


@func
def _log2(x: Any, adjoint: Any):
    return adjoint / (x * type(x)(_LN2))


@func
def _log10(x: Any, adjoint: Any):
    return adjoint / (x * type(x)(_LN10))


@func
def _pow(x: Any, y: Any, adjoint: Any):
    zero = type(x)(0)
    one = type(x)(1)
    by_x = where(y == zero, zero, y * pow(x, y - one))
    # x^y log(x), which tends to 0 at x = 0 for y > 0; no real derivative in y for x < 0
    by_y = where(x > zero, pow(x, y) * log(where(x > zero, x, one)), zero)
    return adjoint * by_x, adjoint * by_y


@func
def _by_inverse_root(square: Any, adjoint: Any):
    inverse = _inverse_root(square)
    # the square of the inverse may be too large for the type
    return (adjoint * inverse * inverse) * (type(square)(-0.5) * inverse)


@func
def _cbrt(x: Any, adjoint: Any):
    r = cbrt(x)
    return adjoint / (type(x)(3) * r * r)


@func
def _sinh(x: Any, adjoint: Any):
    return adjoint * cosh(x)


@func
def _cosh(x: Any, adjoint: Any):
    return adjoint * sinh(x)


@func
def _tanh(x: Any, adjoint: Any):
    # 1 - tanh^2 without its cancellation
    c = cosh(x)
    return adjoint / (c * c)


@func
def _erf(x: Any, adjoint: Any):
    return adjoint * (type(x)(_TWO_OVER_ROOT_PI) * exp(-x * x))


@func
def _erfc(x: Any, adjoint: Any):
    return -adjoint * (type(x)(_TWO_OVER_ROOT_PI) * exp(-x * x))


@func
def _erfinv(x: Any, adjoint: Any):
    r = erfinv(x)
    return adjoint * (type(x)(_HALF_ROOT_PI) * exp(r * r))


@func
def _erfcinv(x: Any, adjoint: Any):
    r = erfcinv(x)
    return -adjoint * (type(x)(_HALF_ROOT_PI) * exp(r * r))


@func
def _copysign(x: Any, y: Any, adjoint: Any):
    # +1 where the sign was kept, -1 where it was turned
    one = type(x)(1)
    return adjoint * copysign(one, x) * copysign(one, y), type(x)(0)


GRADIENTS: dict[Function, Function] = {
    sin: _sin, cos: _cos, tan: _tan, asin: _asin, acos: _acos, atan: _atan, atan2: _atan2,
    exp: _exp, log: _log, log2: _log2, log10: _log10, pow: _pow, cbrt: _cbrt, _inverse_root: _by_inverse_root,
    sinh: _sinh, cosh: _cosh, tanh: _tanh, erf: _erf, erfc: _erfc, erfinv: _erfinv, erfcinv: _erfcinv,
    copysign: _copysign,
}  # fmt: skip

for _function, _gradient in GRADIENTS.items():
    func_grad(_function)(_gradient)
