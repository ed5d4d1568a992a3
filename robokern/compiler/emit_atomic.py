"""Atomics: the row of the table, and how each combines one scalar."""

from __future__ import annotations

from collections.abc import Callable

from robokern.compiler.emit_arithmetic import compare
from robokern.compiler.emit_bfloat16 import narrow, widen
from robokern.compiler.emit_exchange import exchange_if_equal, retried
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_memory import at, element, places
from robokern.compiler.emit_shared_adds import Parts, add, add_finding
from robokern.compiler.emit_types import register
from robokern.ir.nodes import Op
from robokern.ir.types import Scalar, bfloat16, float32, scalar_of

Combine = Callable[..., str]  # (function, scalar, name, place, *operands) -> the value found


def _atomic(f: Function, op: Op) -> list[Operands]:
    count = 2 if op.attrs["op"] == "cas" else 1
    value = op.args[-1]
    address = element(f, op.args[0], op.args[1:-count])
    operands = zip(*(f.values[v] for v in op.args[-count:]), strict=True)
    name, scalar = op.attrs["op"], scalar_of(value.type)
    parts = [
        (at(f, address, offset), *leaves)
        for (_, offset), leaves in zip(places(op, value.type), operands, strict=True)
    ]
    shared = op.args[0] not in f.own
    if shared and scalar == float32 and name == "add" and f.module.target.flushing_adds:
        return [_added(f, op, parts)]

    def write(combine: Combine) -> list[str]:
        return [combine(f, scalar, name, *part) for part in parts]

    f.shared = shared
    old = tuple(atomically(f, scalar, name, write))
    f.shared = True
    return [old]


def _added(f: Function, op: Op, parts: Parts) -> Operands:
    """What was there; poison where nobody asks."""
    if op.results[0] in f.used:
        return tuple(add_finding(f, *part) for part in parts)
    add(f, parts, op in f.module.together)
    return ("poison",) * len(parts)


def atomically(f: Function, t: Scalar, name: str, write: Callable[[Combine], list[str]]) -> list[str]:
    """What `write` gives with the rule that combines; for additions of floats, two rules: a plain addition,
    which takes a fifth of the time, while one thread runs all items.
    """
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


def _combine(f: Function, t: Scalar, name: str, place: str, value: str) -> str:
    if t == bfloat16 and name == "add":
        added = widen(f, value)
        return retried(f, t, place, lambda old: narrow(f, f.let(f"fadd float {widen(f, old)}, {added}")))
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

    return retried(f, t, place, kept)


def atomic_rule(name: str) -> Combine:
    """How one scalar is combined."""
    return _ATOMIC.get(name, _combine)


_ATOMIC: dict[str, Combine] = {"min": _least, "max": _least, "cas": exchange_if_equal}


ROWS: dict[str, Row] = {"atomic": _atomic}
