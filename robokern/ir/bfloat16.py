"""bfloat16 for NumPy, which has no such type: the upper half of a float32.

In memory a bfloat16 is a `uint16`, its bits. Computation on the host, the interpreter's too, holds it as a
float32 of equal value; `rounded` brings results back to values that bfloat16 has.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Bits = np.ndarray[Any, np.dtype[np.uint16]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

NAN = 0x7FC0  # what every operation gives as NaN, on every device
_WIDE_NAN = NAN << 16


def floats(bits: npt.NDArray[Any]) -> Floats:
    """The values of bit patterns, exactly."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)


def bits(values: Any) -> Bits:
    """Bit patterns of the nearest bfloat16 values, ties to even: rounded once, whatever the numbers' type."""
    return (rounded(values).view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def rounded(values: Any) -> Floats:
    """The nearest values that bfloat16 has, ties to even; NaN becomes `NAN`."""
    wide = _single(np.asarray(values))
    whole = np.ascontiguousarray(wide).view(np.uint32).reshape(wide.shape)
    with np.errstate(over="ignore"):
        up = whole + (np.uint32(0x7FFF) + ((whole >> np.uint32(16)) & np.uint32(1)))
    near = np.where(np.isnan(wide), np.uint32(_WIDE_NAN), up & np.uint32(0xFFFF0000))
    return np.ascontiguousarray(near, np.uint32).view(np.float32).reshape(wide.shape)


def stored(values: Floats) -> Bits:
    """The bits of values that bfloat16 has, a NaN's payload too."""
    flat = np.ascontiguousarray(values, np.float32)
    return (flat.view(np.uint32) >> np.uint32(16)).astype(np.uint16).reshape(np.shape(values))


def _single(values: npt.NDArray[Any]) -> Floats:
    """As float32; wider numbers rounded to odd, so that rounding again is as if it were the first time."""
    if values.dtype in (np.float32, np.float16) or values.dtype.kind == "b" or values.dtype.itemsize < 3:
        return values.astype(np.float32)
    if values.dtype.kind in "iu":
        return _single(_sticky_integer(values) if values.dtype.itemsize == 8 else values.astype(np.float64))
    wide = values.astype(np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        near = np.atleast_1d(wide.astype(np.float32))
        back = near.astype(np.float64)
    whole = near.view(np.int32)
    inexact = (back != np.atleast_1d(wide)) & (whole & 1 == 0) & ~np.isnan(near)
    towards = np.where(np.abs(back) > np.abs(np.atleast_1d(wide)), -1, 1).astype(np.int32)
    return np.where(inexact, whole + towards, whole).astype(np.int32).view(np.float32).reshape(wide.shape)


def _sticky_integer(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """64-bit integers as float64; where that loses bits, the last bit kept is set (round to odd)."""
    low = values & values.dtype.type(0xFFF)
    high = values - low
    odd = high | values.dtype.type(0x1000)
    large = (values > values.dtype.type(1 << 53)) | (
        (values < values.dtype.type(-(1 << 53))) if values.dtype.kind == "i" else np.False_
    )
    kept: npt.NDArray[np.float64] = np.where(large, np.where(low != 0, odd, high), values).astype(np.float64)
    return kept


@cache
def ml_dtype() -> np.dtype[Any] | None:
    """The bfloat16 of the package ml_dtypes, where that is installed."""
    try:
        found: np.dtype[Any] = np.dtype(import_module("ml_dtypes").bfloat16)
        return found
    except ImportError:
        return None


class Bfloat16(float):
    """A bfloat16 on the host: a Python float of a value that bfloat16 has, with its type."""

    dtype: ClassVar[Any]  # the scalar type, set by `ir.types`

    def __new__(cls, value: Any = 0.0) -> Bfloat16:
        return super().__new__(cls, float(rounded(value)))

    def item(self) -> float:
        """The plain Python float."""
        return float(self)

    def __repr__(self) -> str:
        return f"bfloat16({float(self)!r})"
