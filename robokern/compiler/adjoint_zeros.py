"""Which leaves of replayed values are zero whatever the arguments are: the derivative does without them.

    axis = (0, 0, 1)
    q = (axis * sin(a), cos(a))         x and y of q are 0, and so is what they are factors of

A product counts as zero where one factor is, as if the other were finite: where it is not, the kernel's own
result is NaN already. Else the replay finds what the kernel found, but for the sign of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from robokern.ir import layout
from robokern.ir.nodes import Op, Value

Zeros = frozenset[int]  # numbers of leaves
Known = dict[Value, Zeros]

_NONE: Zeros = frozenset()


def note_zeros(op: Op, known: Known) -> None:
    """Enters the leaves of an op's result that are zero, given those of its arguments."""
    row = _ROWS.get(op.name)
    found = row(op, [known.get(a, _NONE) for a in op.args]) if row else _NONE
    if found:
        known[op.results[0]] = found


def without_zeros(op: Op, known: Known) -> Op | Value:
    """An op that does less than the given one, where arguments are zero; or a value there is already."""
    if op.name not in ("add", "sub", "mul", "fma"):
        return op
    zero = [len(known.get(a, _NONE)) == _count(a) for a in op.args]
    *factors, last = op.args
    if op.name == "add" and any(zero):
        return op.args[zero[0]]
    if op.name == "sub" and zero[1]:
        return op.args[0]
    if op.name == "mul" and any(zero):
        return replace(op, name="zero", args=(), attrs={"type": last.type})
    if op.name == "fma" and any(zero[:2]):
        return last
    return replace(op, name="mul", args=tuple(factors)) if op.name == "fma" and zero[2] else op


def _count(value: Value) -> int:
    return len(layout.leaves(value.type))


def _zero(op: Op, args: Sequence[Zeros]) -> Zeros:
    return frozenset(range(_count(op.results[0])))


def _const(op: Op, args: Sequence[Zeros]) -> Zeros:
    return _NONE if op.attrs["value"] else _zero(op, args)


def _make(op: Op, args: Sequence[Zeros]) -> Zeros:
    starts = accumulate(map(_count, op.args), initial=0)
    return frozenset(start + k for start, zeros in zip(starts, args, strict=False) for k in zeros)


def _splat(op: Op, args: Sequence[Zeros]) -> Zeros:
    return _zero(op, args) if args[0] else _NONE


def _extract(op: Op, args: Sequence[Zeros]) -> Zeros:
    first = op.attrs["offset"]
    return frozenset(k - first for k in args[0] if first <= k < first + _count(op.results[0]))


def _insert(op: Op, args: Sequence[Zeros]) -> Zeros:
    first = op.attrs["offset"]
    part = range(first, first + _count(op.args[1]))
    return frozenset(k for k in args[0] if k not in part) | frozenset(first + k for k in args[1])


_ROWS: dict[str, Callable[[Op, Sequence[Zeros]], Zeros]] = {
    "zero": _zero,
    "const": _const,
    "make": _make,
    "splat": _splat,
    "extract": _extract,
    "insert": _insert,
    "neg": lambda op, args: args[0],
    "cast": lambda op, args: args[0],
    "add": lambda op, args: args[0] & args[1],
    "sub": lambda op, args: args[0] & args[1],
    "mul": lambda op, args: args[0] | args[1],
    "fma": lambda op, args: (args[0] | args[1]) & args[2],
    "select": lambda op, args: args[1] & args[2],
}
