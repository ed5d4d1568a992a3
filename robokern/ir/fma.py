"""Fused multiply-add, rounded once, for NumPy arrays of any float type.

float16 and float32: the product is exact in float64; the sum is rounded to odd, then to nearest, which equals
one rounding because float64 has at least two bits more than needed.
float64: error-free transformations and rounding to odd.

Source: Boldo & Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to
odd", IEEE Transactions on Computers 57(4), 2008.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]

_SPLITTER = 134217729.0  # 2**27 + 1, Veltkamp
_LARGEST, _SMALLEST = 2.0**480, 2.0**-480  # factors in between: no intermediate overflows or underflows


def fma(a: Floats, b: Floats, c: Floats) -> Floats:
    """a * b + c with a single rounding to nearest, ties to even; shapes broadcast, dtypes equal."""
    if a.dtype != np.float64:
        return fma_to_odd(a, b, c).astype(a.dtype)
    x, y, z = (np.ascontiguousarray(v) for v in np.broadcast_arrays(a, b, c))
    result = np.where(_plain(x, y), x * y + z, np.where(np.isfinite(z), _fma_moderate(x, y, z), z))
    hard = ~(_plain(x, y) | _moderate(x) & _moderate(y) & (_moderate(z) | (z == 0)) | ~np.isfinite(z))
    for lane in np.flatnonzero(hard):
        result.flat[lane] = fma_exact(float(x.flat[lane]), float(y.flat[lane]), float(z.flat[lane]))
    return result


def fma_to_odd(a: Floats, b: Floats, c: Floats) -> Doubles:
    """a * b + c of narrower floats in float64, rounded to odd: a rounding after it is the only one."""
    x, y, z = (v.astype(np.float64) for v in (a, b, c))
    return _add_to_odd(x * y, z)


def _plain(a: Doubles, b: Doubles) -> npt.NDArray[np.bool_]:
    """Where the product is exact or not finite, so that rounding twice is harmless."""
    return np.asarray((a == 0) | (b == 0) | ~np.isfinite(a) | ~np.isfinite(b))


def _moderate(x: Doubles) -> npt.NDArray[np.bool_]:
    size = np.abs(x)
    return np.asarray((size <= _LARGEST) & (size >= _SMALLEST))


def _fma_moderate(a: Doubles, b: Doubles, c: Doubles) -> Doubles:
    product, product_error = _two_product(a, b)
    low, low_error = _two_sum(c, product_error)
    high, high_error = _two_sum(product, low)
    return high + _add_to_odd(low_error, high_error)


def _two_sum(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """The rounded sum and its error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _split(a: Doubles) -> tuple[Doubles, Doubles]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _two_product(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """The rounded product and its error (Dekker)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _add_to_odd(a: Doubles, b: Doubles) -> Doubles:
    """a + b; where inexact, that neighbour of the exact sum whose last bit is one."""
    total, error = _two_sum(a, b)
    bits = total.view(np.int64)
    adjust = np.isfinite(total) & (error != 0) & (bits & 1 == 0)
    away = (error > 0) == (total > 0)
    return np.where(adjust, bits + np.where(away, 1, -1), bits).view(np.float64)


def fma_exact(a: float, b: float, c: float) -> float:
    """a * b + c rounded once, through integers, for finite arguments and a non-zero product."""
    (am, ad), (bm, bd), (cm, cd) = a.as_integer_ratio(), b.as_integer_ratio(), c.as_integer_ratio()
    numerator, denominator = am * bm * cd + cm * ad * bd, ad * bd * cd
    try:
        return numerator / denominator  # correctly rounded, subnormals included
    except OverflowError:
        return float("inf") if numerator > 0 else -float("inf")
