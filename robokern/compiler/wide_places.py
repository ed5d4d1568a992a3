"""Where the elements lie that the lanes access.

the same index in all lanes     one address
neighbouring items              one address and the bytes from lane to lane
anything else                   one address per lane; of one varying index, how they follow from it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from robokern.compiler.emit_arithmetic import convert
from robokern.compiler.emit_types import memory_size, register
from robokern.compiler.wide import WideFunction
from robokern.ir.nodes import Op, Value
from robokern.ir.types import ArrayType, int64, scalar_of, uint64


@dataclass(frozen=True)
class Place:
    """Where the lanes' elements lie.

    Args:
        address: one pointer, or one per lane.
        stride: bytes from lane to lane if there is one pointer.
        private: in an interleaved array.
        follows: where one index alone differs between lanes, how their addresses follow from it.
    """

    address: str
    stride: int = 0
    private: bool = False
    follows: Follows | None = None


@dataclass(frozen=True)
class Follows:
    """Addresses `stride` bytes times each lane's index behind one pointer."""

    origin: str
    index: Value
    stride: str


def index_of(f: WideFunction, index: Value) -> str:
    """An index as i64, one or one per lane."""
    (operand,) = f.values[index]
    scalar = scalar_of(index.type)
    if not operand.startswith("%") and not f.is_wide(operand) and scalar != uint64:
        return operand
    return f.lanewise(partial(convert, f, source=scalar, target=int64), (register(scalar),), (operand,))


def times(f: WideFunction, a: str, b: str) -> str:
    if b == "1":
        return a
    if not a.startswith("%") and not b.startswith("%") and not f.is_wide(a) and not f.is_wide(b):
        return str(int(a) * int(b))
    return f.lanewise(lambda x, y: f.let(f"mul {f.widened('i64')} {x}, {y}"), ("i64", "i64"), (a, b))


def moved(f: WideFunction, address: str, offset: str) -> str:
    """The address, or addresses, some bytes further."""
    if offset == "0":
        return address
    if not f.is_wide(address) and not f.is_wide(offset):
        return f.let(f"getelementptr i8, ptr {address}, i64 {offset}")
    base = f"{f.vector('ptr')} {address}" if f.is_wide(address) else f"ptr {address}"
    by = f"{f.vector('i64')} {offset}" if f.is_wide(offset) else f"i64 {offset}"
    return f.let_wide(f"getelementptr i8, {base}, {by}")


def array_type(array: Value) -> ArrayType:
    assert isinstance(array.type, ArrayType)
    return array.type


def indices(access: Op) -> Sequence[Value]:
    """Where in its array an operation reads or writes."""
    return access.args[1 : 1 + array_type(access.args[0]).ndim]


def element(f: WideFunction, array: Value, indices: Sequence[Value]) -> Place:
    """The place of the element, or of the sub-array, at the leading indices."""
    private = array in f.uniformity.private
    address, strides = f.values[array][0], f.values[array][1 + array_type(array).ndim :]
    total, varying = 0, list[tuple[Value, str, str]]()
    for index, stride in zip(indices, strides, strict=False):
        (step,) = f.uniformity.of(index)
        operand = index_of(f, index)
        literal = not stride.startswith("%") and not f.is_wide(stride)
        if f.is_wide(operand) and step is not None and literal and not private:
            total += step * int(stride)
            operand = f.first("i64", operand)
        if f.is_wide(operand) or f.is_wide(stride):
            varying.append((index, operand, stride))
        else:
            address = moved(f, address, times(f, operand, stride))
    if total and (varying or f.is_wide(address)):
        address, total = _spaced(f, address, total), 0
    follows = None
    if len(varying) == 1 and not f.is_wide(address) and not f.is_wide(varying[0][2]):
        follows = Follows(address, varying[0][0], varying[0][2])
    for _, operand, stride in varying:
        address = _scaled(f, address, operand, stride)
    return Place(address, total, private, follows)


def _scaled(f: WideFunction, address: str, index: str, stride: str) -> str:
    """Addresses `index` elements of `stride` bytes further; one instruction, which gathers can take in."""
    if f.is_wide(address) or not stride.isdigit() or f.is_wide(stride):
        return moved(f, address, times(f, index, stride))
    if not f.is_wide(index):
        return f.let(f"getelementptr [{stride} x i8], ptr {address}, i64 {index}")
    return f.let_wide(f"getelementptr [{stride} x i8], ptr {address}, {f.vector('i64')} {index}")


def _spaced(f: WideFunction, address: str, stride: int) -> str:
    """One address per lane, `stride` bytes apart."""
    if f.is_wide(address):
        return moved(f, address, f.numbered("i64", stride))
    # 32-bit offsets from one address: half the gathers of 64-bit addresses
    return f.let_wide(f"getelementptr i8, ptr {address}, {f.vector('i32')} {f.numbered('i32', stride)}")


def leaf_place(f: WideFunction, place: Place, held: str, offset: int) -> Place:
    """Where a leaf of the element lies."""
    if not place.private:
        return Place(moved(f, place.address, str(offset)), place.stride)
    address = moved(f, place.address, str(offset * f.lanes))
    size = memory_size(held)
    return Place(_spaced(f, address, size)) if f.is_wide(address) else Place(address, size, private=True)


def pointers(f: WideFunction, place: Place) -> str:
    """One address per lane, or one for all where they are equal."""
    return _spaced(f, place.address, place.stride) if place.stride else place.address


def apart(f: WideFunction, place: Place, size: int, writes: bool) -> list[str]:
    """One pointer for each lane, where at least one lane is active.

    Those of lanes that are not point to memory that does no harm: the element at index 0, or to be written,
    and where there is no such element, `size` bytes on the stack.
    """
    if place.follows and (f.mask is None or not writes):
        return _following(f, place.follows)
    each = f.spread("ptr", pointers(f, place))
    if f.mask is not None:
        each = f.blend("ptr", f.mask, each, f.reserve(size, 16))
    return f.spilled("ptr", each)


def _following(f: WideFunction, place: Follows) -> list[str]:
    (index,) = f.values[place.index]
    held = register(scalar_of(place.index.type))
    if held != "i32" or scalar_of(place.index.type).kind != "i":
        index, held = index_of(f, place.index), "i64"
    if f.mask is not None:
        index = f.blend(held, f.mask, index, "0")
    numbers = f.spilled(held, index)
    if held == "i32":
        numbers = [f.let(f"sext i32 {n} to i64") for n in numbers]
    return [_scaled(f, place.origin, n, place.stride) for n in numbers]
