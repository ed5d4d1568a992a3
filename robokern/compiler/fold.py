"""Scalar operations on constants, computed here by the interpreter, which defines their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from robokern.ir.bfloat16 import NAN, stored
from robokern.ir.evaluate import PURE, dtype_of
from robokern.ir.nodes import Op, Value
from robokern.ir.types import Scalar, bfloat16


def folded(op: Op, made: Mapping[Value, Op]) -> Any:
    """The number that a scalar operation gives; None unless `made` knows all its arguments as constants."""
    rule = PURE.get(op.name)
    if rule is None or not op.args or not isinstance(op.results[0].type, Scalar):
        return None
    values = []
    for arg in op.args:
        value = constant(arg, made)
        if value is None:
            return None
        values.append([value])
    with np.errstate(all="ignore"):
        (leaf,) = rule(op, values)
    if np.isnan(leaf[0]) and _shows_bits(op, leaf):
        return None  # a constant would not keep the bits of the NaN
    return leaf[0].item()


def constant(value: Value, made: Mapping[Value, Op]) -> npt.NDArray[Any] | None:
    """The number that a value is, in an array of one; None unless that is known."""
    op = made.get(value)
    if op is None or op.name != "const":
        return None
    return np.asarray([op.attrs["value"]]).astype(dtype_of(op.attrs["type"]))


def _shows_bits(op: Op, nan: npt.NDArray[Any]) -> bool:
    """Whether a NaN that an operation gives differs from the NaN of a constant in bits that are specified."""
    if op.results[0].type == bfloat16:
        return bool(stored(nan)[0] != NAN)
    return op.name == "bitcast"
