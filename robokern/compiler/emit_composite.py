"""How constants and composite values are held: making one and taking it apart costs no instruction."""

from __future__ import annotations

from functools import partial

from robokern.compiler.emit_arithmetic import convert, select
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_memory import index_operand, load_leaf, store_leaf
from robokern.compiler.emit_types import literal, memory_size, register, registers, zero
from robokern.ir import layout
from robokern.ir.nodes import Op, Value
from robokern.ir.types import Scalar, int32, int64, scalar_of


def _constant(f: Function, op: Op) -> list[Operands]:
    scalar = op.results[0].type
    assert isinstance(scalar, Scalar)
    return [(literal(op.attrs["value"], scalar),)]


def _zero(f: Function, op: Op) -> list[Operands]:
    return [tuple(zero(held) for held in registers(op.results[0].type))]


def _splat(f: Function, op: Op) -> list[Operands]:
    return [f.values[op.args[0]] * len(layout.leaves(op.results[0].type))]


def _make(f: Function, op: Op) -> list[Operands]:
    held = tuple(t for a in op.args for t in registers(a.type))
    operands = tuple(o for a in op.args for o in f.values[a])
    return [_coerce(f, operands, held, registers(op.results[0].type))]


def _extract(f: Function, op: Op) -> list[Operands]:
    want = registers(op.results[0].type)
    part = slice(op.attrs["offset"], op.attrs["offset"] + len(want))
    whole = op.args[0]
    return [_coerce(f, f.values[whole][part], registers(whole.type)[part], want)]


def _insert(f: Function, op: Op) -> list[Operands]:
    whole, part = f.arguments(op)
    start, end = op.attrs["offset"], op.attrs["offset"] + len(part)
    want = registers(op.results[0].type)[start:end]
    return [whole[:start] + _coerce(f, part, registers(op.args[1].type), want) + whole[end:]]


def _coerce(f: Function, operands: Operands, have: tuple[str, ...], want: tuple[str, ...]) -> Operands:
    """An address may be taken as a uint64 and the reverse: only `ptr` and `i64` ever differ."""
    if have == want:
        return operands
    return tuple(
        o if h == w else f.lanewise(partial(_readdress, f, h, w), (h,), (o,))
        for o, h, w in zip(operands, have, want, strict=True)
    )


def _readdress(f: Function, have: str, want: str, operand: str) -> str:
    code = "inttoptr" if want == "ptr" else "ptrtoint"
    return f.let(f"{code} {f.widened(have)} {operand} to {f.widened(want)}")


def _pick(f: Function, op: Op) -> list[Operands]:
    whole, (index,) = f.arguments(op)
    types = registers(op.results[0].type)
    parts = _parts(whole, len(types))
    if len(whole) > f.longest_chain:
        return [_pick_from_memory(f, op, whole, types)]
    scalar, index = _compared(f, op.args[1], index)
    chosen = tuple(zero(t) for t in types)
    for number, part in enumerate(parts):
        chosen = select(f, types, _is_number(f, scalar, index, number), part, chosen)
    return [chosen]


def _pick_from_memory(f: Function, op: Op, whole: Operands, types: tuple[str, ...]) -> Operands:
    size = memory_size(types[0])
    stack = f.reserve(len(whole) * size, size)
    for k, leaf in enumerate(whole):
        store_leaf(f, types[0], leaf, stack, k * size)
    index = index_operand(f, op.args[1])
    inside = f.let(f"icmp ult i64 {index}, {len(whole) // len(types)}")
    safe = f.let(f"select i1 {inside}, i64 {index}, i64 0")
    place = f.let(f"getelementptr [{len(types) * size} x i8], ptr {stack}, i64 {safe}")
    loaded = tuple(load_leaf(f, held, place, k * size) for k, held in enumerate(types))
    return select(f, types, inside, loaded, tuple(zero(t) for t in types))


def _put(f: Function, op: Op) -> list[Operands]:
    whole, (index,), new = f.arguments(op)
    types = registers(op.args[2].type)
    scalar, index = _compared(f, op.args[1], index)
    changed: Operands = ()
    for number, old in enumerate(_parts(whole, len(new))):
        changed += select(f, types, _is_number(f, scalar, index, number), new, old)
    return [changed]


def _parts(whole: Operands, size: int) -> list[Operands]:
    return [whole[i : i + size] for i in range(0, len(whole), size)]


def _compared(f: Function, index: Value, operand: str) -> tuple[Scalar, str]:
    """The index wide enough that every part has a number in it."""
    scalar = scalar_of(index.type)
    wide = int64 if scalar.bits == 64 else int32
    apply = partial(convert, f, source=scalar, target=wide)
    return wide, f.lanewise(apply, (register(scalar),), (operand,))


def _is_number(f: Function, scalar: Scalar, index: str, number: int) -> str:
    apply = lambda i: f.let(f"icmp eq {f.held(scalar)} {i}, {f.number(scalar, number)}")  # noqa: E731
    return f.lanewise(apply, (register(scalar),), (index,))


ROWS: dict[str, Row] = {
    "const": _constant,
    "zero": _zero,
    "make": _make,
    "splat": _splat,
    "extract": _extract,
    "insert": _insert,
    "pick": _pick,
    "put": _put,
}
