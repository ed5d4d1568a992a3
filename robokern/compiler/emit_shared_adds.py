"""Additions of float32 to memory that other items reach, on a GPU.

`atom.add.f32` takes subnormal numbers, found, added or left, for zero. Values from 2^-100 on lose no bit by
it: what is found then is no subnormal number or less than half a unit in the last place of the value, and by
Sterbenz' lemma the sum is zero or no less than 2^-124. Zeros, which derivatives often add, change nothing but
minus zero: a read decides. Other small values are added by compare and swap.

Where the items of a warp add to one place and nobody asks for the old value, their sum is added once: 32
additions to one place wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from robokern.compiler.emit_exchange import retried
from robokern.compiler.emit_function import Function
from robokern.ir.types import float32

_TWO_TO_MINUS_100 = 27 << 23  # bits of the float32
_MINUS_ZERO = -(2**31)
_EVERY_LANE = "i32 -1"

Parts = Sequence[tuple[str, str]]  # places, and what is added there


def add_finding(f: Function, place: str, value: str) -> str:
    """Adds; gives what was there."""
    quick, slow, done = f.fresh("quick"), f.fresh("slow"), f.fresh("added")
    f.branch(f.let(f"icmp uge i32 {_magnitude(f, value)}, {_TWO_TO_MINUS_100}"), quick, slow)
    f.open(quick)
    first, end = _at_once(f, place, value), f.label
    f.jump(done)
    f.open(slow)
    second, other = _exactly(f, place, value), f.label
    f.jump(done)
    f.open(done)
    return f.let(f"phi float [ {first}, %{end} ], [ {second}, %{other} ]")


def add(f: Function, parts: Parts, together: bool) -> None:
    """Adds the parts of an element; `together`: all items are likely to do so to the same one."""
    if together:
        _add_together(f, parts)
    else:
        _add(f, parts)


def _add(f: Function, parts: Parts) -> None:
    quick, rest, zeros, exact, done = (f.fresh(n) for n in ("quick", "rest", "zeros", "exact", "added"))
    magnitudes = [_magnitude(f, value) for _, value in parts]
    least = magnitudes[0]
    for m in magnitudes[1:]:
        least = f.intrinsic("umin.i32", "i32", f"i32 {least}", f"i32 {m}")
    f.branch(f.let(f"icmp uge i32 {least}, {_TWO_TO_MINUS_100}"), quick, rest)
    f.open(quick)
    for place, value in parts:
        _at_once(f, place, value)
    f.jump(done)
    f.open(rest)
    f.branch(f.let(f"icmp eq i32 {_or(f, 'i32', magnitudes)}, 0"), zeros, exact)
    f.open(zeros)
    found = [f.let(f"load atomic i32, ptr {place} monotonic, align 4") for place, _ in parts]
    f.branch(_or(f, "i1", [f.let(f"icmp eq i32 {old}, {_MINUS_ZERO}") for old in found]), exact, done)
    f.open(exact)
    for (place, value), magnitude in zip(parts, magnitudes, strict=True):
        _add_one(f, place, value, magnitude)
    f.jump(done)
    f.open(done)


def _add_one(f: Function, place: str, value: str, magnitude: str) -> None:
    quick, slow, done = f.fresh("quick"), f.fresh("slow"), f.fresh("added")
    f.branch(f.let(f"icmp uge i32 {magnitude}, {_TWO_TO_MINUS_100}"), quick, slow)
    f.open(quick)
    _at_once(f, place, value)
    f.jump(done)
    f.open(slow)
    _exactly(f, place, value)
    f.jump(done)
    f.open(done)


def _add_together(f: Function, parts: Parts) -> None:
    """Adds the sum over a warp, where all of its items are here and at one place."""
    full, alike, go, done = (f.fresh(n) for n in ("full", "alike", "go", "summed"))
    start = f.label
    mask = f.let('call i32 asm sideeffect "activemask.b32 $0;", "=r"() convergent nounwind')
    f.branch(f.let(f"icmp eq i32 {mask}, -1"), full, go)
    f.open(full)
    number = f.let(f"ptrtoint ptr {parts[0][0]} to i64")
    pair = f.intrinsic("nvvm.match.all.sync.i64p", "{ i32, i1 }", _EVERY_LANE, f"i64 {number}")
    f.branch(f.let(f"extractvalue {{ i32, i1 }} {pair}, 1"), alike, go)
    f.open(alike)
    sums = [_sum(f, value) for _, value in parts]
    lane = f.intrinsic("nvvm.read.ptx.sreg.laneid", "i32")
    f.branch(f.let(f"icmp eq i32 {lane}, 0"), go, done)
    f.open(go)
    values = [
        f.let(f"phi float [ {value}, %{start} ], [ {value}, %{full} ], [ {total}, %{alike} ]")
        for (_, value), total in zip(parts, sums, strict=True)
    ]
    _add(f, [(place, value) for (place, _), value in zip(parts, values, strict=True)])
    f.jump(done)
    f.open(done)


def _sum(f: Function, value: str) -> str:
    """Over a warp, in every lane; in the order of a tree."""
    for distance in (16, 8, 4, 2, 1):
        given = (_EVERY_LANE, f"float {value}", f"i32 {distance}", "i32 31")
        value = f.let(f"fadd float {value}, {f.intrinsic('nvvm.shfl.sync.bfly.f32', 'float', *given)}")
    return value


def _magnitude(f: Function, value: str) -> str:
    """Bits without the sign."""
    return f.let(f"and i32 {f.let(f'bitcast float {value} to i32')}, {0x7FFFFFFF}")


def _or(f: Function, held: str, values: Sequence[str]) -> str:
    found, *others = values
    for value in others:
        found = f.let(f"or {held} {found}, {value}")
    return found


def _at_once(f: Function, place: str, value: str) -> str:
    return f.let(f"atomicrmw fadd ptr {place}, float {value} monotonic")


def _exactly(f: Function, place: str, value: str) -> str:
    return retried(f, float32, place, lambda old: f.let(f"fadd float {old}, {value}"))
