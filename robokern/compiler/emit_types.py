"""How a leaf is held in a register and in memory, and how literals are spelled: the only place that knows."""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import Any

from robokern.ir import layout
from robokern.ir.bfloat16 import bits
from robokern.ir.types import ArrayType, Scalar, Struct, Type, bfloat16

_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "half": 2, "float": 4, "double": 8, "ptr": 8}
_FLOATS = {16: "half", 32: "float", 64: "double"}


@cache
def register(scalar: Scalar) -> str:
    """LLVM type of a scalar in a register; a bool is one bit."""
    if scalar.kind == "b":
        return "i1"
    if scalar == bfloat16:
        return "i16"  # its bits; see emit_bfloat16.py
    return _FLOATS[scalar.bits] if scalar.kind == "f" else f"i{scalar.bits}"


def memory(held: str) -> str:
    """LLVM type in memory of what a register of type `held` holds; a bool is one byte."""
    return "i8" if held == "i1" else held


def memory_size(held: str) -> int:
    """Bytes in memory, which is also the alignment, of what a register of type `held` holds."""
    return _BYTES[held]


@cache
def registers(type: Type) -> tuple[str, ...]:
    """Register types of a value's leaves; an array's address is a `ptr`, so LLVM sees its origin."""
    if isinstance(type, Struct):
        return tuple(held for _, field in type.fields for held in registers(field))
    if isinstance(type, ArrayType):
        return ("ptr",) + ("i64",) * (2 * type.ndim)
    return tuple(register(leaf) for leaf in layout.leaves(type))


def zero(held: str) -> str:
    """The zero literal of a register type."""
    if held in _FLOATS.values():
        return "0.0"
    return {"ptr": "null", "i1": "false"}.get(held, "0")


def literal(value: Any, scalar: Scalar) -> str:
    """A constant, exact to the last bit."""
    if scalar.kind == "b":
        return "true" if value else "false"
    if scalar == bfloat16:
        return str(int(bits(value)))
    if scalar.kind == "f":
        return _float_literal(value, scalar.bits)
    wrapped = int(value) & ((1 << scalar.bits) - 1)
    return str(wrapped - (1 << scalar.bits) if wrapped >> (scalar.bits - 1) else wrapped)


def _float_literal(value: Any, width: int) -> str:
    number = float(value)
    if width == 16:
        return f"0xH{struct.unpack('<H', _half_bytes(number))[0]:04X}"
    if width == 32 and not math.isnan(number):
        number = _to_single(number)
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def _half_bytes(number: float) -> bytes:
    try:
        return struct.pack("<e", number)
    except OverflowError:
        return struct.pack("<e", math.copysign(math.inf, number))


def _to_single(number: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)
