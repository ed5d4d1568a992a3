"""What `tape.gradients` gives: gradients by array, and by struct as a struct of them."""

from __future__ import annotations

from typing import Any

from robokern.ir.composite import StructValue
from robokern.ir.types import ArrayType, Struct


class Gradients(dict[Any, Any]):
    """The `grad` of arrays; asked for a struct it gives one like it, whose arrays are gradients."""

    def __missing__(self, key: Any) -> Any:
        if isinstance(key, StructValue):
            return _of_struct(key)
        raise KeyError(key)


def _of_struct(value: StructValue) -> StructValue:
    type_: Struct = value._type  # type: ignore[attr-defined]
    found = {}
    for name, field in type_.fields:
        own = getattr(value, name)
        if isinstance(field, Struct) and isinstance(own, StructValue):
            found[name] = _of_struct(own)
        elif isinstance(field, ArrayType) and own is not None:
            found[name] = own.grad
    return StructValue(type_, found)
