"""How wide code reads and writes memory.

    the same place in all lanes             one scalar access
    neighbouring places                     one vector access
    neighbouring small elements             one access to all, put in order by shuffles
    elements of three words and more        pieces of each, transposed (`wide_rows`)
    anything else                           gather, scatter; two words at once

A private array is interleaved: each of its scalars becomes a row of one scalar per lane, so that lanes at
equal indices touch neighbouring places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from robokern.compiler import emit_memory, wide_interleave, wide_rows
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_memory import contiguous, load_leaf, places, store_leaf
from robokern.compiler.emit_types import memory, memory_size
from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide import FIRST, FULL, WideFunction
from robokern.compiler.wide_control import highest
from robokern.compiler.wide_places import Place, apart, array_type, element, index_of, leaf_place, pointers
from robokern.ir import layout
from robokern.ir.nodes import Func, Op, walk
from robokern.ir.types import scalar_of

_MOST_INTERLEAVED = 4  # leaves of an element that shuffles put in order; wider ones are gathered


# reading


def _load(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    place = element(f, op.args[0], op.args[1:])
    parts = places(op, op.results[0].type)
    read = partial(_read, f, op, place, parts)
    return [_either(f, [held for held, _ in parts], read) if _gains(f, op, place) else read()]


def _read(f: WideFunction, op: Op, place: Place, parts: Sequence[tuple[str, int]]) -> Operands:
    width = _interleaved(op, place) if f.mask is None else 0
    if width:
        held = parts[0][0]
        wanted = [at // memory_size(held) for _, at in parts]
        return tuple(wide_interleave.read(f, place.address, held, width, wanted))
    if _is_pair(f, op, place, parts):
        return _read_pair(f, place, parts)
    words = _read_rows(f, op, place, parts)
    return tuple(
        _from_word(f, held, words[at])
        if at in words and memory_size(held) == 4
        else _load_leaf(f, held, leaf_place(f, place, held, at))
        for held, at in parts
    )


def _gains(f: WideFunction, op: Op, place: Place) -> bool:
    """Whether an access is better with all lanes active, where only the end of a row leaves some out."""
    if not f.sole or f.mask != FIRST or place.private or f.is_wide(place.address):
        return False
    plain = place.stride == layout.size_of(array_type(op.args[0]).dtype) and not f.module.target.masks
    # masked whole vectors would be less code, but run up to four times as long from memory on Zen 5
    return plain or bool(_interleaved(op, place)) or _fits_rows(f, op, place)


def _either(f: WideFunction, types: Sequence[str], write: Callable[[], Operands]) -> Operands:
    """Writes an access twice: for all lanes, and for the first few."""
    every, some, end = f.fresh("every"), f.fresh("some"), f.fresh("access")
    f.branch(FULL, every, some)
    sides = []
    for label, mask in ((every, None), (some, FIRST)):
        f.open(label)
        f.mask = mask
        sides.append((write(), f.label))
        f.jump(end)
    f.open(end)
    (whole, first), (part, second) = sides
    return tuple(
        f.phi(held, f.is_wide(a), (a, first), (b, second))
        for held, a, b in zip(types, whole, part, strict=True)
    )


def _rows(f: WideFunction, op: Op, place: Place, writes: bool) -> wide_rows.Rows | None:
    """Where each lane's element is, if whole elements are worth moving."""
    size = layout.size_of(array_type(op.args[0]).dtype)
    if place.private or f.tail or f.lanes % wide_rows.WORDS or wide_rows.words_of(size) < 3:
        return None
    if _is_scattered(f, place):
        return wide_rows.anywhere(f, apart(f, place, size, writes))
    if f.mask is None and _fits_rows(f, op, place):
        return wide_rows.evenly(f, place.address, place.stride)
    return None


def _is_scattered(f: WideFunction, place: Place) -> bool:
    return f.is_wide(place.address) or bool(place.stride and f.mask not in (None, FIRST))


def _fits_rows(f: WideFunction, op: Op, place: Place) -> bool:
    size = layout.size_of(array_type(op.args[0]).dtype)
    least = 4 * wide_rows.words_of(size)
    whole = place.stride % 4 == 0 and f.lanes % wide_rows.WORDS == 0
    return whole and abs(place.stride) >= least >= 12 and not place.private


def moves_rows(program: Func, uniformity: Uniformity) -> bool:
    """Whether neighbouring lanes access neighbouring elements that are wider than shuffles put in order."""
    return any(
        op.name in ("load", "store")
        and op.args[0] not in uniformity.private
        and len(layout.leaves(array_type(op.args[0]).dtype)) > _MOST_INTERLEAVED
        and any(uniformity.of(index)[0] for index in op.args[1 : 1 + array_type(op.args[0]).ndim])
        for op in walk(program.body)
    )


def _read_rows(f: WideFunction, op: Op, place: Place, parts: Sequence[tuple[str, int]]) -> dict[int, str]:
    """Words of the element by byte offset, where pieces are worth it."""
    size = layout.size_of(array_type(op.args[0]).dtype)
    pieces = wide_rows.pieces(parts, size, whole=False)
    rows = _rows(f, op, place, writes=False) if pieces else None
    words: dict[int, str] = {}
    for piece in pieces if rows else ():
        assert rows is not None
        found = wide_rows.read(f, rows, piece, wide_rows.words_of(size))
        words.update((piece + 4 * k, word) for k, word in enumerate(found))
    return words


def _is_pair(f: WideFunction, op: Op, place: Place, parts: Sequence[tuple[str, int]]) -> bool:
    """Whether the whole of an element of two words, each lane's apart, is accessed."""
    two = [memory_size(held) for held, _ in parts] == [4, 4] and [at for _, at in parts] == [0, 4]
    lie_apart = f.is_wide(place.address) or place.stride != 0
    return two and lie_apart and not place.private and layout.size_of(array_type(op.args[0]).dtype) == 8


def _read_pair(f: WideFunction, place: Place, parts: Sequence[tuple[str, int]]) -> Operands:
    """Both words by one gather."""
    both = _gathered(f, "i64", place, 4)
    vector = f"<{2 * f.lanes} x i32>"
    words = f.let_wide(f"bitcast {f.vector('i64')} {both} to {vector}")
    return tuple(_from_word(f, held, _every_second(f, vector, words, k)) for k, (held, _) in enumerate(parts))


def _every_second(f: WideFunction, vector: str, words: str, first: int) -> str:
    picked = ", ".join(f"i32 {first + 2 * k}" for k in range(f.lanes))
    return f.let_wide(f"shufflevector {vector} {words}, {vector} poison, <{f.lanes} x i32> <{picked}>")


def _from_word(f: WideFunction, held: str, word: str) -> str:
    return word if held == "i32" else f.let_wide(f"bitcast {f.vector('i32')} {word} to {f.vector(held)}")


def _to_word(f: WideFunction, held: str, operand: str) -> str:
    operand = f.spread(held, operand)
    return (
        operand if held == "i32" else f.let_wide(f"bitcast {f.vector(held)} {operand} to {f.vector('i32')}")
    )


def _write_rows(
    f: WideFunction, op: Op, place: Place, parts: Sequence[tuple[str, int]], operands: Operands
) -> set[int]:
    """Writes the pieces that are worth it; gives the offsets of what is written."""
    size = layout.size_of(array_type(op.args[0]).dtype)
    pieces = wide_rows.pieces(parts, size, whole=True)
    rows = _rows(f, op, place, writes=True) if pieces else None
    leaves = {at: (held, o) for (held, at), o in zip(parts, operands, strict=True)}
    written: set[int] = set()
    for piece in pieces if rows else ():
        assert rows is not None
        offsets = range(piece, piece + 4 * wide_rows.words_of(size), 4)
        wide_rows.write(f, rows, piece, [_to_word(f, *leaves[at]) for at in offsets])
        written.update(offsets)
    return written


def _load_leaf(f: WideFunction, held: str, place: Place) -> str:
    if not f.is_wide(place.address) and not place.stride:
        return load_leaf(f, held, place.address, 0)
    stored, size = memory(held), memory_size(held)
    vector = f.vector(stored)
    if place.stride != size:
        loaded = _gathered(f, stored, place, size)
    elif f.mask is None or place.private:
        loaded = f.let_wide(f"load {vector}, ptr {place.address}, align {size}")
    else:
        pointer, mask = f"ptr align {size} {place.address}", f"{f.vector('i1')} {f.active}"
        loaded = _masked(f, "masked.load", vector, stored, [pointer, mask, f"{vector} zeroinitializer"])
    return f.let_wide(f"icmp ne {vector} {loaded}, zeroinitializer") if held == "i1" else loaded


def _gathered(f: WideFunction, stored: str, place: Place, align: int) -> str:
    vector, mask = f.vector(stored), f"{f.vector('i1')} {f.active}"
    pointer = f"{f.vector('ptr')} align {align} {f.spread('ptr', pointers(f, place))}"
    return _masked(f, "masked.gather", vector, stored, [pointer, mask, f"{vector} zeroinitializer"])


def _masked(f: WideFunction, name: str, result: str, stored: str, arguments: list[str]) -> str:
    """Calls a masked intrinsic that gives `result`, or nothing (void)."""
    own = {"half": "f16", "float": "f32", "double": "f64", "ptr": "p0"}.get(stored, stored)
    where = f"v{f.lanes}p0" if name.endswith(("gather", "scatter")) else "p0"
    symbol = f"@llvm.{name}.v{f.lanes}{own}.{where}"
    types = ", ".join(a.split("> ")[0] + ">" if a[0] == "<" else a.split(" ", 1)[0] for a in arguments)
    f.module.declare(f"declare {result} {symbol}({types})")
    call = f"call {result} {symbol}({', '.join(arguments)})"
    if result == "void":
        f.do(call)
        return ""
    return f.let_wide(call)


def _interleaved(op: Op, place: Place) -> int:
    """Leaves of an element that lanes hold side by side, if shuffles should put them in order; else 0."""
    dtype = array_type(op.args[0]).dtype
    leaves, offsets = layout.leaves(dtype), layout.leaf_offsets(dtype)
    count, size = len(leaves), leaves[0].size if leaves else 0
    alike = all(leaf == leaves[0] for leaf in leaves) and offsets == tuple(k * size for k in range(count))
    fits = 2 <= count <= _MOST_INTERLEAVED and place.stride == count * size and leaves[0].kind in "iuf"
    return count if alike and fits and not place.private and layout.size_of(dtype) == count * size else 0


# writing


def _store(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    place = element(f, op.args[0], op.args[1:-1])
    write = partial(_write, f, op, place, places(op, op.args[-1].type))
    if _gains(f, op, place):
        _either(f, (), write)
    else:
        write()
    return []


def _write(f: WideFunction, op: Op, place: Place, parts: Sequence[tuple[str, int]]) -> Operands:
    operands = f.values[op.args[-1]]
    width = _interleaved(op, place) if f.mask is None else 0
    if width and width == len(parts):
        wide_interleave.write(f, place.address, parts[0][0], operands)
        return ()
    if _is_pair(f, op, place, parts):
        _write_pair(f, place, parts, operands)
        return ()
    written = _write_rows(f, op, place, parts, operands)
    for (held, at), operand in zip(parts, operands, strict=True):
        if at not in written:
            _store_leaf(f, held, operand, leaf_place(f, place, held, at))
    return ()


def _store_leaf(f: WideFunction, held: str, operand: str, place: Place) -> None:
    if not f.is_wide(place.address) and not place.stride:
        store_leaf(f, held, _last(f, held, operand), place.address, 0)
        return
    stored, size = memory(held), memory_size(held)
    operand, vector = f.spread(held, operand), f.vector(stored)
    if held == "i1":
        operand = f.let_wide(f"zext {f.vector('i1')} {operand} to {vector}")
    if place.private and f.mask:  # not a masked store, so that LLVM can hold the array in registers
        old = f.let_wide(f"load {vector}, ptr {place.address}, align {size}")
        operand = f.blend(stored, f.mask, operand, old)
    if place.stride != size:
        _scatter(f, stored, operand, place, size)
    elif f.mask is None or place.private:
        f.do(f"store {vector} {operand}, ptr {place.address}, align {size}")
    else:
        pointer, mask = f"ptr align {size} {place.address}", f"{f.vector('i1')} {f.active}"
        _masked(f, "masked.store", "void", stored, [f"{vector} {operand}", pointer, mask])


def _write_pair(f: WideFunction, place: Place, parts: Sequence[tuple[str, int]], operands: Operands) -> None:
    """Both words by one scatter."""
    first, second = (_to_word(f, held, o) for (held, _), o in zip(parts, operands, strict=True))
    word, order = f.vector("i32"), ", ".join(f"i32 {k}, i32 {f.lanes + k}" for k in range(f.lanes))
    words = f.let_wide(f"shufflevector {word} {first}, {word} {second}, <{2 * f.lanes} x i32> <{order}>")
    both = f.let_wide(f"bitcast <{2 * f.lanes} x i32> {words} to {f.vector('i64')}")
    _scatter(f, "i64", both, place, 4)


def _scatter(f: WideFunction, stored: str, operand: str, place: Place, align: int) -> None:
    pointer = f"{f.vector('ptr')} align {align} {f.spread('ptr', pointers(f, place))}"
    mask = f"{f.vector('i1')} {f.active}"
    _masked(f, "masked.scatter", "void", stored, [f"{f.vector(stored)} {operand}", pointer, mask])


def _last(f: WideFunction, held: str, operand: str) -> str:
    """What the highest active lane holds: it writes last."""
    if not f.is_wide(operand):
        return operand
    lane = str(f.lanes - 1) if f.mask is None else highest(f, f.mask_bits(f.mask))
    return f.element(held, operand, lane)


# arrays


def _view(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    ndim, given = array_type(op.args[0]).ndim, len(op.args) - 1
    held = f.values[op.args[0]]
    address = pointers(f, element(f, op.args[0], op.args[1:]))
    return [(address, *held[1 + given : 1 + ndim], *held[1 + ndim + given :])]


def _components(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    if op.args[0] not in f.uniformity.private:
        return list(emit_memory.ROWS["components"](f, op))
    array = array_type(op.args[0])
    address, *rest = f.values[op.args[0]]
    count, size = len(layout.leaves(array.dtype)), layout.size_of(scalar_of(array.dtype))
    return [(address, *rest[: array.ndim], str(count), *rest[array.ndim :], str(size * f.lanes))]


def _array_at(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    (handle,) = f.values[op.args[0]]
    shape = tuple(index_of(f, a) for a in op.args[1:])
    apply = lambda h: f.let(f"inttoptr {f.widened('i64')} {h} to {f.widened('ptr')}")  # noqa: E731
    address = f.lanewise(apply, ("i64",), (handle,))
    return [(address, *shape, *contiguous(f, op.attrs["type"].dtype, shape))]


def _local(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    dtype = op.attrs["type"].dtype
    shape = tuple(str(int(n)) for n in op.attrs["shape"])
    strides = contiguous(f, dtype, shape)
    size = int(shape[0]) * int(strides[0]) * f.lanes
    address = f.reserve(size, 64)
    if op.attrs.get("fill", True):
        f.module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        f.do(f"call void @llvm.memset.p0.i64(ptr align 64 {address}, i8 0, i64 {size}, i1 false)")
    return [(address, *shape, *(str(int(s) * f.lanes) for s in strides))]


ROWS: dict[str, Row] = {
    **emit_memory.ROWS,
    "load": _load,
    "store": _store,
    "view": _view,
    "components": _components,
    "array_at": _array_at,
    "local": _local,
}
