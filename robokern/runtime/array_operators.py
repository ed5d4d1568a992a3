"""Arithmetic on whole arrays: each operator is `map` of what it means in kernels."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from robokern.compiler.builtins import BUILTINS
from robokern.compiler.function import OPERATORS
from robokern.ir.composite import Composite


def _applied(name: str, *operands: Any, out: Any = None) -> Any:
    from robokern.runtime.map import map  # it builds on arrays

    if not all(
        isinstance(x, ArrayOperators | Composite | Number | np.generic | np.ndarray) for x in operands
    ):
        return NotImplemented
    return map(BUILTINS.get(name) or OPERATORS[name], *operands, out=out)


class ArrayOperators:
    """`+ - * / // % **` between arrays, and arrays and values, element by element; in place with `=`."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return _applied("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _applied("add", other, self)

    def __iadd__(self, other: Any) -> Any:
        return _applied("add", self, other, out=self)

    def __sub__(self, other: Any) -> Any:
        return _applied("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _applied("sub", other, self)

    def __isub__(self, other: Any) -> Any:
        return _applied("sub", self, other, out=self)

    def __mul__(self, other: Any) -> Any:
        return _applied("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _applied("mul", other, self)

    def __imul__(self, other: Any) -> Any:
        return _applied("mul", self, other, out=self)

    def __truediv__(self, other: Any) -> Any:
        return _applied("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _applied("div", other, self)

    def __itruediv__(self, other: Any) -> Any:
        return _applied("div", self, other, out=self)

    def __floordiv__(self, other: Any) -> Any:
        return _applied("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _applied("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return _applied("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _applied("mod", other, self)

    def __pow__(self, other: Any) -> Any:
        return _applied("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _applied("pow", other, self)

    def __neg__(self) -> Any:
        return _applied("neg", self)

    def __pos__(self) -> Any:
        return _applied("pos", self)
