"""Elements of four scalars and more, one per lane: read and written by rows, turned in registers.

A gather of W scalars costs about W loads. Here each lane's element is read in pieces of four 32-bit words,
and four pieces at a time are transposed with eight shuffles: about six instructions a vector instead of two
dozen.
"""

from __future__ import annotations

from collections.abc import Sequence

from robokern.compiler.emit_types import memory_size
from robokern.compiler.wide import WideFunction

WORDS = 4  # in a piece: 128 bits, within which shuffles are cheap on every machine
_BYTES = 4 * WORDS

Parts = Sequence[tuple[str, int]]  # (register type, byte offset in the element) of each leaf


def pieces(parts: Parts, size: int, whole: bool) -> list[int]:
    """Offsets of the pieces worth moving as such, in an element of `size` bytes.

    Args:
        whole: every word of a piece has to be among the parts, for it is written.
    """
    if size < _BYTES:
        return []
    wanted = {at for held, at in parts if memory_size(held) == 4 and held != "i1"}
    starts = dict.fromkeys(min(at // _BYTES * _BYTES, (size - _BYTES) // 4 * 4) for at in sorted(wanted))
    least = WORDS if whole else 2
    return [s for s in starts if len(wanted & set(range(s, s + _BYTES, 4))) >= least]


def read(f: WideFunction, address: str, stride: int, piece: int) -> list[str]:
    """The four words of a piece of every lane's element, each as a vector of i32 over the lanes."""
    rows = []
    for lane in range(f.lanes):
        place = f.let(f"getelementptr i8, ptr {address}, i64 {lane * stride + piece}")
        rows.append(f.let_wide(f"load <{WORDS} x i32>, ptr {place}, align 4"))
    return _transposed(f, [_joined(f, rows[k::WORDS]) for k in range(WORDS)])


def write(f: WideFunction, address: str, stride: int, piece: int, words: Sequence[str]) -> None:
    """The reverse of `read`."""
    type = f.vector("i32")
    for k, vector in enumerate(_transposed(f, words)):
        for block in range(f.lanes // WORDS):
            picked = ", ".join(f"i32 {block * WORDS + word}" for word in range(WORDS))
            shuffle = f"shufflevector {type} {vector}, {type} poison, <{WORDS} x i32> <{picked}>"
            row = f.let_wide(shuffle)
            offset = (block * WORDS + k) * stride + piece
            place = f.let(f"getelementptr i8, ptr {address}, i64 {offset}")
            f.do(f"store <{WORDS} x i32> {row}, ptr {place}, align 4")


def _joined(f: WideFunction, rows: list[str]) -> str:
    """Rows one after the other in one vector."""
    width = WORDS
    while len(rows) > 1:
        every = ", ".join(f"i32 {k}" for k in range(2 * width))
        vector = f"<{width} x i32>"
        rows = [
            f.let_wide(f"shufflevector {vector} {a}, {vector} {b}, <{2 * width} x i32> <{every}>")
            for a, b in zip(rows[::2], rows[1::2], strict=True)
        ]
        width *= 2
    return rows[0]


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
