"""Small elements side by side, one per lane: read and written as whole vectors, put in order by shuffles.

    x0 y0 z0 x1 y1 z1 ...        <->        x0 x1 x2 ...    y0 y1 y2 ...    z0 z1 z2 ...

Each shuffle takes two vectors of one register's width: of a single shuffle over all elements LLVM makes half
as many instructions more, in longer time. Only for all lanes: masked whole vectors run up to four times as
long from memory, so `wide_memory` writes the access of the first few lanes another way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from robokern.compiler.emit_types import memory_size
from robokern.compiler.wide import WideFunction

Pick = tuple[int, int]  # which vector, and which of its scalars


def read(f: WideFunction, address: str, held: str, width: int, wanted: Sequence[int]) -> list[str]:
    """Some of the `width` scalars of each lane's element."""
    rows = [_load(f, address, held, k) for k in range(width)]
    picks = [[divmod(lane * width + k, f.lanes) for lane in range(f.lanes)] for k in range(width)]
    made = _shuffled(f, held, rows, picks)
    return [made(k) for k in wanted]


def write(f: WideFunction, address: str, held: str, operands: Sequence[str]) -> None:
    """All scalars of each lane's element."""
    width = len(operands)
    columns = [f.spread(held, o) for o in operands]
    flat = [(k, lane) for lane in range(f.lanes) for k in range(width)]
    picks = [flat[row * f.lanes : (row + 1) * f.lanes] for row in range(width)]
    made = _shuffled(f, held, columns, picks)
    for row in range(width):
        _store(f, address, held, row, made(row))


# memory


def _place(f: WideFunction, address: str, held: str, row: int) -> str:
    offset = row * f.lanes * memory_size(held)
    return f.let(f"getelementptr i8, ptr {address}, i64 {offset}") if offset else address


def _load(f: WideFunction, address: str, held: str, row: int) -> str:
    place, size = _place(f, address, held, row), memory_size(held)
    return f.let_wide(f"load {f.vector(held)}, ptr {place}, align {size}")


def _store(f: WideFunction, address: str, held: str, row: int, operand: str) -> None:
    place, size = _place(f, address, held, row), memory_size(held)
    f.do(f"store {f.vector(held)} {operand}, ptr {place}, align {size}")


# order


def _shuffled(
    f: WideFunction, held: str, sources: Sequence[str], picks: Sequence[Sequence[Pick]]
) -> Callable[[int], str]:
    """What makes vector number k of the scalars in `picks[k]`, taken from two to four vectors."""
    if len(sources) == 4 <= f.lanes:
        return _of_four(f, held, sources, picks)

    def made(number: int) -> str:
        joined = sources[0]
        for source in range(1, len(sources)):
            last = [_place_in(source, pick, at, f.lanes) for at, pick in enumerate(picks[number])]
            joined = _shuffle(f, held, joined, sources[source], last)
        return joined

    return made


def _place_in(source: int, pick: Pick, at: int, lanes: int) -> int:
    """Where a scalar is found once the vectors before `source` are joined; -1: not yet."""
    k, lane = pick
    if k == source:
        return lanes + lane
    return -1 if k > source else lane if source == 1 else at


def _of_four(
    f: WideFunction, held: str, sources: Sequence[str], picks: Sequence[Sequence[Pick]]
) -> Callable[[int], str]:
    """Each result takes half of its scalars from the first two vectors: two share a shuffle of those."""

    @cache
    def shared(pair: int, half: int) -> str:
        taken = [k % 2 * f.lanes + lane for p in picks[2 * pair :][:2] for k, lane in p if k // 2 == half]
        return _shuffle(f, held, sources[2 * half], sources[2 * half + 1], taken)

    def made(number: int) -> str:
        places = [iter(range(half * f.lanes + number % 2 * f.lanes // 2, 2 * f.lanes)) for half in (0, 1)]
        order = [next(places[k // 2]) for k, _ in picks[number]]
        return _shuffle(f, held, shared(number // 2, 0), shared(number // 2, 1), order)

    return made


def _shuffle(f: WideFunction, held: str, a: str, b: str, order: Sequence[int]) -> str:
    """The scalars of two vectors in an order; -1: any."""
    vector = f.vector(held)
    picked = ", ".join("i32 poison" if k < 0 else f"i32 {k}" for k in order)
    return f.let_wide(f"shufflevector {vector} {a}, {vector} {b}, <{f.lanes} x i32> <{picked}>")
