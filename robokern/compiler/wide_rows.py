"""Elements of three scalars and more, one per lane: read and written by rows, turned in registers.

A gather of W scalars costs about W loads. Here each lane's element is read in pieces of four 32-bit words,
and four pieces at a time are transposed with eight shuffles: about six instructions a vector instead of two
dozen. Where elements lie anywhere, each lane's address is needed one by one; still, on a Zen 5 three words of
16 lanes take 24 cycles instead of 45, four 24 instead of 59, and to write them 28 instead of 54 and 68.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from robokern.compiler.emit_types import memory_size
from robokern.compiler.wide import WideFunction

WORDS = 4  # in a piece: 128 bits, within which shuffles are cheap on every machine
_BYTES = 4 * WORDS

Rows = Callable[[int, int], str]  # a lane and an offset in its element -> pointer
Parts = Sequence[tuple[str, int]]  # (register type, byte offset in the element) of each leaf


def pieces(parts: Parts, size: int, whole: bool) -> list[int]:
    """Offsets of the pieces worth moving as such, in an element of `size` bytes.

    Args:
        whole: every word of a piece has to be among the parts, for it is written.
    """
    words = words_of(size)
    if words < 3:
        return []
    wanted = {at for held, at in parts if memory_size(held) == 4 and held != "i1"}
    last = (size - 4 * words) // 4 * 4
    starts = dict.fromkeys(min(at // _BYTES * _BYTES, last) for at in sorted(wanted))
    least = words if whole else 2
    return [s for s in starts if len(wanted & set(range(s, s + 4 * words, 4))) >= least]


def words_of(size: int) -> int:
    """Words in a piece of an element of `size` bytes."""
    return min(WORDS, size // 4)


def evenly(f: WideFunction, address: str, stride: int) -> Rows:
    """Elements `stride` bytes from lane to lane."""
    return lambda lane, offset: f.let(f"getelementptr i8, ptr {address}, i64 {lane * stride + offset}")


def anywhere(f: WideFunction, pointers: Sequence[str]) -> Rows:
    """Elements at one pointer per lane."""
    return lambda lane, offset: (
        f.let(f"getelementptr i8, ptr {pointers[lane]}, i64 {offset}") if offset else pointers[lane]
    )


def read(f: WideFunction, rows: Rows, piece: int, words: int) -> list[str]:
    """The words of a piece of every lane's element, each as a vector of i32 over the lanes."""
    loaded = [_load(f, rows(lane, piece), words) for lane in range(f.lanes)]
    return _transposed(f, [f.joined("i32", loaded[k::WORDS], WORDS) for k in range(WORDS)])[:words]


def _load(f: WideFunction, place: str, words: int) -> str:
    vector = f"<{WORDS} x i32>"
    if words == WORDS:
        return f.let_wide(f"load {vector}, ptr {place}, align 4")
    symbol, bits = f"@llvm.masked.load.v{WORDS}i32.p0", f"<{WORDS} x i1>"
    f.module.declare(f"declare {vector} {symbol}(ptr, {bits}, {vector})")
    mask = ", ".join(f"i1 {int(k < words)}" for k in range(WORDS))
    return f.let_wide(
        f"call {vector} {symbol}(ptr align 4 {place}, {bits} <{mask}>, {vector} zeroinitializer)"
    )


def write(f: WideFunction, rows: Rows, piece: int, words: Sequence[str]) -> None:
    """The reverse of `read`; lower lanes first."""
    type = f.vector("i32")
    columns = _transposed(f, [*words, *["zeroinitializer"] * (WORDS - len(words))])
    for lane in range(f.lanes):
        block, vector = lane // WORDS * WORDS, columns[lane % WORDS]
        picked = ", ".join(f"i32 {block + word}" for word in range(WORDS))
        row = f.let_wide(f"shufflevector {type} {vector}, {type} poison, <{WORDS} x i32> <{picked}>")
        _store(f, rows(lane, piece), row, len(words))


def _store(f: WideFunction, place: str, row: str, words: int) -> None:
    vector = f"<{WORDS} x i32>"
    if words == WORDS:
        f.do(f"store {vector} {row}, ptr {place}, align 4")
        return
    # of three words; a store under a mask takes longer
    pair = f.let_wide(f"shufflevector {vector} {row}, {vector} poison, <2 x i32> <i32 0, i32 1>")
    f.do(f"store <2 x i32> {pair}, ptr {place}, align 4")
    last = f.let(f"extractelement {vector} {row}, i64 2")
    f.do(f"store i32 {last}, ptr {f.let(f'getelementptr i8, ptr {place}, i64 8')}, align 4")


def _transposed(f: WideFunction, rows: Sequence[str]) -> list[str]:
    """In each block of four columns, rows become columns."""
    low01, high01 = _merge(f, rows[0], rows[1], (0, 4, 1, 5)), _merge(f, rows[0], rows[1], (2, 6, 3, 7))
    low23, high23 = _merge(f, rows[2], rows[3], (0, 4, 1, 5)), _merge(f, rows[2], rows[3], (2, 6, 3, 7))
    first, second = (0, 1, 4, 5), (2, 3, 6, 7)
    return [
        _merge(f, low01, low23, first),
        _merge(f, low01, low23, second),
        _merge(f, high01, high23, first),
        _merge(f, high01, high23, second),
    ]


def _merge(f: WideFunction, a: str, b: str, order: tuple[int, ...]) -> str:
    """In each block, words of `a` (0 to 3) and `b` (4 to 7) in this order."""
    picked = ", ".join(
        f"i32 {block + word % WORDS + (f.lanes if word >= WORDS else 0)}"
        for block in range(0, f.lanes, WORDS)
        for word in order
    )
    vector = f.vector("i32")
    return f.let_wide(f"shufflevector {vector} {a}, {vector} {b}, <{f.lanes} x i32> <{picked}>")
