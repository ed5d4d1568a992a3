"""Changes to memory by compare and swap: what no atomic instruction does."""

from __future__ import annotations

from collections.abc import Callable

from robokern.compiler.emit_function import Function
from robokern.compiler.emit_types import register
from robokern.ir.types import Scalar


def retried(f: Function, t: Scalar, place: str, combined: Callable[[str], str]) -> str:
    """Replaces what is there by what `combined` makes of it, until that sticks; gives what was there.

    What would stay the same, bit for bit, is only read: that read is when it happened.
    """
    if not f.shared:  # NVIDIA GPUs have no atomics on an item's own memory
        number = f.let(f"load {register(t)}, ptr {place}, align {t.size}")
        f.do(f"store {register(t)} {combined(number)}, ptr {place}, align {t.size}")
        return number
    again, swap, done, before = f.fresh("retry"), f.fresh("swap"), f.fresh("done"), f.label
    bits = f"i{t.bits}"
    first = f.let(f"load atomic {bits}, ptr {place} monotonic, align {t.size}")
    f.jump(again)
    f.open(again)
    old, seen = f.fresh(), f.fresh()
    f.do(f"{old} = phi {bits} [ {first}, %{before} ], [ {seen}, %{swap} ]")
    number = f.let(f"bitcast {bits} {old} to {register(t)}")
    new = f.let(f"bitcast {register(t)} {combined(number)} to {bits}")
    f.branch(f.let(f"icmp eq {bits} {old}, {new}"), done, swap)
    f.open(swap)
    pair = f.let(f"cmpxchg ptr {place}, {bits} {old}, {bits} {new} monotonic monotonic")
    f.do(f"{seen} = extractvalue {{ {bits}, i1 }} {pair}, 0")
    f.branch(f.let(f"extractvalue {{ {bits}, i1 }} {pair}, 1"), done, again)
    f.open(done)
    return number


def exchange_if_equal(f: Function, t: Scalar, name: str, place: str, expected: str, value: str) -> str:
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
