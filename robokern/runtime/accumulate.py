"""Adding derivatives on the host: `+=` on the floats of arrays of any dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.ir.bfloat16 import bits, floats
from robokern.ir.types import ArrayType, Struct, Type, bfloat16, is_float, scalar_of
from robokern.runtime.array import Array
from robokern.runtime.hostvalue import Ndarray, elements


def accumulate(into: Array, given: Array | Ndarray) -> None:
    """Adds an array of the same type, or NumPy data for one, to `into`; what is no float stays."""
    data = given._numpy if isinstance(given, Array) else elements(given, into.dtype)[0]
    add(into._numpy, data, into.dtype)


def add(into: Ndarray, given: Ndarray, dtype: Type) -> None:
    """As `accumulate`, on the memory of arrays of `dtype`."""
    if isinstance(dtype, Struct):
        for name, field in dtype.fields:
            add(into[name], given[name], field)
    elif scalar_of(dtype) == bfloat16:
        into[...] = bits(floats(into) + floats(given))
    elif not isinstance(dtype, ArrayType) and is_float(dtype):
        into += given


def ones(dtype: Type, shape: Any) -> Ndarray:
    """NumPy data of an array of numbers, all 1."""
    return elements(np.ones(shape, np.float32), dtype)[0]
