"""How arrays are indexed, read and written, and how atomics combine into them.

An array is held as its address, shape and strides in bytes; offsets are 64-bit throughout.
"""

from __future__ import annotations

from collections.abc import Callable

from robokern.compiler.emit_arithmetic import compare, convert
from robokern.compiler.emit_bfloat16 import narrow, widen
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import memory, memory_size, register, registers
from robokern.ir import layout
from robokern.ir.nodes import Op, Value
from robokern.ir.types import ArrayType, Scalar, Type, bfloat16, float32, int64, scalar_of, uint64

_TWO_TO_MINUS_100 = 27 << 23  # bits of the float32

Combine = Callable[..., str]  # (function, scalar, name, place, *operands) -> the value found


def index_operand(f: Function, index: Value) -> str:
    """An integer as i64."""
    (operand,) = f.values[index]
    scalar = scalar_of(index.type)
    if not operand.startswith("%") and scalar != uint64:
        return operand  # a literal
    return convert(f, operand, scalar, int64)


def load_leaf(f: Function, held: str, address: str, offset: int, tag: str = "") -> str:
    """Reads a leaf `offset` bytes after an address."""
    place = _at(f, address, offset)
    loaded = f.let(f"load {memory(held)}, ptr {place}, align {memory_size(held)}{tag}")
    return f.let(f"icmp ne i8 {loaded}, 0") if held == "i1" else loaded


def store_leaf(f: Function, held: str, operand: str, address: str, offset: int, tag: str = "") -> None:
    """Writes a leaf `offset` bytes after an address."""
    place = _at(f, address, offset)
    if held == "i1":
        operand = f.let(f"zext i1 {operand} to i8")
    f.do(f"store {memory(held)} {operand}, ptr {place}, align {memory_size(held)}{tag}")


def _at(f: Function, address: str, offset: int) -> str:
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


def _element(f: Function, array: Value, indices: tuple[Value, ...], inbounds: str = "inbounds ") -> str:
    """Address of the element, or of the sub-array, at the leading indices."""
    ndim = _array_type(array).ndim
    address, strides = f.values[array][0], f.values[array][1 + ndim :]
    for index, stride in zip(indices, strides, strict=False):
        operand = index_operand(f, index)
        if operand == "0":
            continue
        if not stride.startswith("%") and operand.startswith("%"):
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
    address = _element(f, op.args[0], op.args[1:])
    tag = f.module.access_tag()
    return [tuple(load_leaf(f, held, address, at, tag) for held, at in places(op, op.results[0].type))]


def _store(f: Function, op: Op) -> list[Operands]:
    *_, value = op.args
    address = _element(f, op.args[0], op.args[1:-1])
    tag = f.module.access_tag()
    for (held, at), operand in zip(places(op, value.type), f.values[value], strict=True):
        store_leaf(f, held, operand, address, at, tag)
    return []


def _view(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    ndim, given = _array_type(op.args[0]).ndim, len(op.args) - 1
    held = f.values[op.args[0]]
    address = _element(f, op.args[0], op.args[1:], inbounds="")
    return [(address, *held[1 + given : 1 + ndim], *held[1 + ndim + given :])]


def _slice(f: Function, op: Op) -> list[Operands]:
    _still_own(f, op)
    ndim, dim = _array_type(op.args[0]).ndim, int(op.attrs["dim"])
    address, *rest = f.values[op.args[0]]
    length, stride = rest[dim], rest[ndim + dim]
    start, stop, step = (index_operand(f, a) for a in op.args[1:])
    start = _clip(f, start, "0", length)
    span = f.let(f"sub i64 {_clip(f, stop, start, length)}, {start}")
    rounded = f.let(f"sub i64 {f.let(f'add i64 {span}, {step}')}, 1")
    count = f.let(f"sdiv i64 {rounded}, {f.intrinsic('smax.i64', 'i64', f'i64 {step}', 'i64 1')}")
    moved = f.let(f"getelementptr i8, ptr {address}, i64 {_times(f, start, stride)}")
    shape = (*rest[:dim], count, *rest[dim + 1 : ndim])
    strides = (*rest[ndim : ndim + dim], _times(f, stride, step), *rest[ndim + dim + 1 :])
    return [(moved, *shape, *strides)]


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


def _atomic(f: Function, op: Op) -> list[Operands]:
    count = 2 if op.attrs["op"] == "cas" else 1
    value = op.args[-1]
    address = _element(f, op.args[0], op.args[1:-count])
    operands = zip(*(f.values[v] for v in op.args[-count:]), strict=True)
    name, scalar = op.attrs["op"], scalar_of(value.type)
    parts = [
        (_at(f, address, at), *leaves)
        for (_, at), leaves in zip(places(op, value.type), operands, strict=True)
    ]

    def write(combine: Combine) -> list[str]:
        return [combine(f, scalar, name, *part) for part in parts]

    f.shared = op.args[0] not in f.own
    old = tuple(atomically(f, scalar, name, write))
    f.shared = True
    return [old]


def atomically(f: Function, t: Scalar, name: str, write: Callable[[Combine], list[str]]) -> list[str]:
    """What `write` gives with the rule that combines; for additions of floats, two rules: a plain addition,
    which takes a fifth of the time, while one thread runs all items.
    """
    if t == float32 and name == "add" and f.module.target.flushing_adds:
        return write(_add_small_numbers_too)
    if not (t.kind == "f" and t.bits > 16 and name == "add" and f.alone):
        return write(atomic_rule(name))
    plain, shared, done = f.fresh("plain"), f.fresh("shared"), f.fresh("added")
    f.branch(f.alone, plain, shared)
    f.open(plain)
    first, end = write(_add_plainly), f.label
    f.jump(done)
    f.open(shared)
    second, other = write(_combine), f.label
    f.jump(done)
    f.open(done)
    return [
        f.let(f"phi {register(t)} [ {a}, %{end} ], [ {b}, %{other} ]")
        for a, b in zip(first, second, strict=True)
    ]


def _add_plainly(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    held = register(t)
    old = f.let(f"load {held}, ptr {place}, align {t.size}")
    f.do(f"store {held} {f.let(f'fadd {held} {old}, {value}')}, ptr {place}, align {t.size}")
    return old


def _add_small_numbers_too(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    """Adds where the hardware takes subnormal numbers for zero; small values are added by exchanging bits.

    From 2^-100 on no bit is lost: what is found then is no subnormal number or less than half a unit in the
    last place of the value, and by Sterbenz' lemma the sum is zero or no less than 2^-124.
    """
    quick, retried, done = f.fresh("quick"), f.fresh("retried"), f.fresh("added")
    magnitude = f.let(f"and i32 {f.let(f'bitcast float {value} to i32')}, {0x7FFFFFFF}")
    f.branch(f.let(f"icmp uge i32 {magnitude}, {_TWO_TO_MINUS_100}"), quick, retried)
    f.open(quick)
    first, end = _combine(f, t, name, place, value), f.label
    f.jump(done)
    f.open(retried)
    second, other = _retried(f, t, place, lambda old: f.let(f"fadd float {old}, {value}")), f.label
    f.jump(done)
    f.open(done)
    return f.let(f"phi float [ {first}, %{end} ], [ {second}, %{other} ]")


def _combine(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    if t == bfloat16 and name == "add":
        added = widen(f, value)
        return _retried(f, t, place, lambda old: narrow(f, f.let(f"fadd float {widen(f, old)}, {added}")))
    code = {"exch": "xchg"}.get(name, "fadd" if t.kind == "f" and name == "add" else name)
    return f.let(f"atomicrmw {code} ptr {place}, {register(t)} {value} monotonic")


def _least(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    if t.kind == "f":
        return _least_float(f, t, name, place, value)
    code = name if t.kind == "i" else "u" + name
    return f.let(f"atomicrmw {code} ptr {place}, {register(t)} {value} monotonic")


def _least_float(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    """min(old, value) as the primitive means it, which no LLVM instruction does."""

    def kept(old: str) -> str:
        first = compare(f, t, "lt" if name == "min" else "gt", old, value)
        return f.let(f"select i1 {first}, {register(t)} {old}, {register(t)} {value}")

    return _retried(f, t, place, kept)


def _retried(f: Function, t: Scalar, place: str, combined: Callable[[str], str]) -> str:
    """Replaces what is there by what `combined` makes of it, until that sticks; gives what was there."""
    if not f.shared:  # NVIDIA GPUs have no atomics on an item's own memory
        number = f.let(f"load {register(t)}, ptr {place}, align {t.size}")
        f.do(f"store {register(t)} {combined(number)}, ptr {place}, align {t.size}")
        return number
    again, done, before = f.fresh("retry"), f.fresh("done"), f.label
    bits = f"i{t.bits}"
    first = f.let(f"load atomic {bits}, ptr {place} monotonic, align {t.size}")
    f.jump(again)
    f.open(again)
    old, seen = f.fresh(), f.fresh()
    f.do(f"{old} = phi {bits} [ {first}, %{before} ], [ {seen}, %{again} ]")
    number = f.let(f"bitcast {bits} {old} to {register(t)}")
    new = f.let(f"bitcast {register(t)} {combined(number)} to {bits}")
    pair = f.let(f"cmpxchg ptr {place}, {bits} {old}, {bits} {new} monotonic monotonic")
    f.do(f"{seen} = extractvalue {{ {bits}, i1 }} {pair}, 0")
    f.branch(f.let(f"extractvalue {{ {bits}, i1 }} {pair}, 1"), done, again)
    f.open(done)
    return number


def _exchange_if_equal(f: Function, t: Scalar, name: str, place: str, expected: str, value: str) -> str:
    """Compares bits, so that -0 and 0 differ and a NaN can be replaced."""
    bits = f"i{t.bits}"
    if t.kind == "f":
        expected, value = (f.let(f"bitcast {register(t)} {x} to {bits}") for x in (expected, value))
    if not f.shared:
        old = f.let(f"load {bits}, ptr {place}, align {t.size}")
        new = f.let(f"select i1 {f.let(f'icmp eq {bits} {old}, {expected}')}, {bits} {value}, {bits} {old}")
        f.do(f"store {bits} {new}, ptr {place}, align {t.size}")
        return f.let(f"bitcast {bits} {old} to {register(t)}") if t.kind == "f" else old
    pair = f.let(f"cmpxchg ptr {place}, {bits} {expected}, {bits} {value} monotonic monotonic")
    old = f.let(f"extractvalue {{ {bits}, i1 }} {pair}, 0")
    return f.let(f"bitcast {bits} {old} to {register(t)}") if t.kind == "f" else old


def atomic_rule(name: str) -> Combine:
    """How one scalar is combined."""
    return _ATOMIC.get(name, _combine)


_ATOMIC: dict[str, Combine] = {"min": _least, "max": _least, "cas": _exchange_if_equal}

ROWS: dict[str, Row] = {
    "load": _load,
    "store": _store,
    "atomic": _atomic,
    "view": _view,
    "slice": _slice,
    "front": _front,
    "components": _components,
    "array_at": _array_at,
    "local": _local,
    "shape": _shape,
    "address": _address,
}
