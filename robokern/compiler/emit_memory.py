"""How arrays are indexed, read and written.

An array is held as its address, shape and strides in bytes; offsets are 64-bit throughout.
"""

from __future__ import annotations

from robokern.compiler.emit_arithmetic import convert
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import memory, memory_size, registers
from robokern.ir import layout
from robokern.ir.nodes import Op, Value
from robokern.ir.types import ArrayType, Type, int64, scalar_of, uint64


def index_operand(f: Function, index: Value) -> str:
    """An integer as i64."""
    (operand,) = f.values[index]
    scalar = scalar_of(index.type)
    if not operand.startswith("%") and scalar != uint64:
        return operand  # a literal
    return convert(f, operand, scalar, int64)


def load_leaf(f: Function, held: str, address: str, offset: int, tag: str = "") -> str:
    """Reads a leaf `offset` bytes after an address."""
    place = at(f, address, offset)
    loaded = f.let(f"load {memory(held)}, ptr {place}, align {memory_size(held)}{tag}")
    return f.let(f"icmp ne i8 {loaded}, 0") if held == "i1" else loaded


def store_leaf(f: Function, held: str, operand: str, address: str, offset: int, tag: str = "") -> None:
    """Writes a leaf `offset` bytes after an address."""
    place = at(f, address, offset)
    if held == "i1":
        operand = f.let(f"zext i1 {operand} to i8")
    f.do(f"store {memory(held)} {operand}, ptr {place}, align {memory_size(held)}{tag}")


def at(f: Function, address: str, offset: int) -> str:
    return f.let(f"getelementptr inbounds i8, ptr {address}, i64 {offset}") if offset else address


def contiguous(f: Function, dtype: Type, shape: Operands) -> Operands:
    """Strides in bytes of a row-major array without gaps."""
    strides = [str(layout.size_of(dtype))]
    for length in reversed(shape[1:]):
        strides.append(_times(f, length, strides[-1]))
    return tuple(reversed(strides))


def _times(f: Function, a: str, b: str) -> str:
    if not a.startswith("%") and not b.startswith("%"):
        return str(int(a) * int(b))
    return f.let(f"mul i64 {a}, {b}")


def element(f: Function, array: Value, indices: tuple[Value, ...], inbounds: str = "inbounds ") -> str:
    """Address of the element, or of the sub-array, at the leading indices."""
    ndim = _array_type(array).ndim
    address, strides = f.values[array][0], f.values[array][1 + ndim :]
    for index, stride in zip(indices, strides, strict=False):
        operand = index_operand(f, index)
        if operand == "0":
            continue
        if stride.isdigit() and operand.startswith("%"):
            address = f.let(f"getelementptr {inbounds}[{stride} x i8], ptr {address}, i64 {operand}")
            continue
        address = f.let(f"getelementptr {inbounds}i8, ptr {address}, i64 {_times(f, operand, stride)}")
    return address


def _array_type(array: Value) -> ArrayType:
    assert isinstance(array.type, ArrayType)
    return array.type


def places(op: Op, part: Type) -> list[tuple[str, int]]:
    """(register type, byte offset in the element) of each leaf of the part that an op touches."""
    offsets = layout.leaf_offsets(_array_type(op.args[0]).dtype)[op.attrs["offset"] :]
    return list(zip(registers(part), offsets, strict=False))


def _load(f: Function, op: Op) -> list[Operands]:
    address = element(f, op.args[0], op.args[1:])
    tag = f.module.access_tag()
    return [tuple(load_leaf(f, held, address, at, tag) for held, at in places(op, op.results[0].type))]


def _store(f: Function, op: Op) -> list[Operands]:
    *_, value = op.args
    address = element(f, op.args[0], op.args[1:-1])
    tag = f.module.access_tag()
    for (held, at), operand in zip(places(op, value.type), f.values[value], strict=True):
        store_leaf(f, held, operand, address, at, tag)
    return []


def _view(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    ndim, given = _array_type(op.args[0]).ndim, len(op.args) - 1
    held = f.values[op.args[0]]
    address = element(f, op.args[0], op.args[1:], inbounds="")
    return [(address, *held[1 + given : 1 + ndim], *held[1 + ndim + given :])]


def _slice(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    ndim, dim = _array_type(op.args[0]).ndim, int(op.attrs["dim"])
    address, *rest = f.values[op.args[0]]
    length, stride = rest[dim], rest[ndim + dim]
    start, stop, step = (index_operand(f, a) for a in op.args[1:])
    start, count = (
        _upwards(f, start, stop, step, length) if step.isdigit() else _stepped(f, start, stop, step, length)
    )
    moved = f.let(f"getelementptr i8, ptr {address}, i64 {_times(f, start, stride)}")
    shape = (*rest[:dim], count, *rest[dim + 1 : ndim])
    strides = (*rest[ndim : ndim + dim], _times(f, stride, step), *rest[ndim + dim + 1 :])
    return [(moved, *shape, *strides)]


def _upwards(f: Function, start: str, stop: str, step: str, length: str) -> tuple[str, str]:
    """First element and number of elements of a slice with a positive step."""
    start = _clip(f, start, "0", length)
    span = f.let(f"sub i64 {_clip(f, stop, start, length)}, {start}")
    rounded = f.let(f"sub i64 {f.let(f'add i64 {span}, {step}')}, 1")
    return start, f.let(f"sdiv i64 {rounded}, {step}")


def _stepped(f: Function, start: str, stop: str, step: str, length: str) -> tuple[str, str]:
    """The same for any step; none has no elements. -1 stands before the first one."""
    low = f.let(f"ashr i64 {step}, 63")
    high = f.let(f"add i64 {length}, {low}")
    start, stop = _clip(f, start, low, high), _clip(f, stop, low, high)
    towards = f.let(f"or i64 {low}, 1")
    span = f.let(f"add i64 {f.let(f'sub i64 {stop}, {start}')}, {f.let(f'sub i64 {step}, {towards}')}")
    none = f.let(f"icmp eq i64 {step}, 0")
    turns = f.let(f"sdiv i64 {span}, {f.let(f'select i1 {none}, i64 1, i64 {step}')}")
    return start, f.let(
        f"select i1 {none}, i64 0, i64 {f.intrinsic('smax.i64', 'i64', f'i64 {turns}', 'i64 0')}"
    )


def _front(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    return [layout.front(_array_type(op.args[0]).ndim, int(op.attrs["dim"]), f.values[op.args[0]])]


def _clip(f: Function, x: str, low: str, high: str) -> str:
    raised = f.intrinsic("smax.i64", "i64", f"i64 {x}", f"i64 {low}")
    return f.intrinsic("smin.i64", "i64", f"i64 {raised}", f"i64 {high}")


def _components(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    array = _array_type(op.args[0])
    address, *rest = f.values[op.args[0]]
    count, size = len(layout.leaves(array.dtype)), layout.size_of(scalar_of(array.dtype))
    return [(address, *rest[: array.ndim], str(count), *rest[array.ndim :], str(size))]


def _array_at(f: Function, op: Op) -> list[Operands]:
    (handle,) = f.values[op.args[0]]
    shape = tuple(index_operand(f, a) for a in op.args[1:])
    address = f.let(f"inttoptr i64 {handle} to ptr")
    return [(address, *shape, *contiguous(f, op.attrs["type"].dtype, shape))]


def _still_own(f: Function, op: Op) -> None:
    """A part of an item's own array is its own too."""
    if op.args[0] in f.own:
        f.own.add(op.results[0])


def _local(f: Function, op: Op) -> list[Operands]:
    f.own.add(op.results[0])
    dtype = op.attrs["type"].dtype
    shape = tuple(str(int(n)) for n in op.attrs["shape"])
    size = layout.size_of(dtype)
    for length in shape:
        size *= int(length)
    address = f.reserve(size, max(layout.align_of(dtype), 8))
    if op.attrs.get("fill", True):
        f.module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        f.do(f"call void @llvm.memset.p0.i64(ptr align 8 {address}, i8 0, i64 {size}, i1 false)")
    return [(address, *shape, *contiguous(f, dtype, shape))]


def _shape(f: Function, op: Op) -> list[Operands]:
    length = f.values[op.args[0]][1 + int(op.attrs["dim"])]
    return [
        (
            f.lanewise(
                lambda n: f.let(f"trunc {f.widened('i64')} {n} to {f.widened('i32')}"), ("i64",), (length,)
            ),
        )
    ]


def _address(f: Function, op: Op) -> list[Operands]:
    address = f.values[op.args[0]][0]
    apply = lambda a: f.let(f"ptrtoint {f.widened('ptr')} {a} to {f.widened('i64')}")  # noqa: E731
    return [(f.lanewise(apply, ("ptr",), (address,)),)]


ROWS: dict[str, Row] = {
    "load": _load,
    "store": _store,
    "view": _view,
    "slice": _slice,
    "front": _front,
    "components": _components,
    "array_at": _array_at,
    "local": _local,
    "shape": _shape,
    "address": _address,
}
