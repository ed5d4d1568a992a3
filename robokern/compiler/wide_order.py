"""Items in order, and the lanes that take them (`wide_stream`).

What precedes a loop is computed for the next items in order, as in step, so that memory is read by whole
vectors. From there each value goes to the free lanes, by their ranks among them:

    items in order  a b c d e f g h
    free lanes      . x . x x . . x
    taken           . a . b c . . d
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robokern.compiler.emit_types import memory_size
from robokern.compiler.wide import WideFunction

_NARROW = {"i1": "i1", "i8": "i8", "i16": "i16", "half": "i16"}  # moved as words of 32 bits
_SUFFIX = {"float": "f32", "double": "f64", "ptr": "p0"}


@dataclass(frozen=True)
class Leaf:
    """One register of a value: its type in a lane, what was made, and what stays where no item is taken."""

    held: str
    made: str
    old: str


@dataclass(frozen=True)
class Taking:
    """Lanes that take items: a mask of them, and which of the items in order each one takes."""

    lanes: str
    ranks: str

    def moved(self, f: WideFunction, leaves: Sequence[Leaf]) -> list[str]:
        """What the lanes hold then."""
        # all are stored before the first is loaded: a load that spans two stores waits for both
        places = [_placed(f, leaf) for leaf in leaves]
        return [self._fetched(f, leaf, place) for leaf, place in zip(leaves, places, strict=True)]

    def _fetched(self, f: WideFunction, leaf: Leaf, place: str) -> str:
        if not place:  # all items have the same
            return f.blend(leaf.held, self.lanes, leaf.made, leaf.old)
        held, old = _word(leaf.held), _to_words(f, leaf.held, leaf.old)
        if f.module.target.masks:
            words = self._expanded(f, held, place, old)
        else:
            words = f.blend(held, self.lanes, self._gathered(f, held, place), old)
        return _from_words(f, leaf.held, words)

    def _expanded(self, f: WideFunction, held: str, place: str, old: str) -> str:
        vector, bits = f.vector(held), f.vector("i1")
        symbol = f"@llvm.masked.expandload.v{f.lanes}{_SUFFIX.get(held, held)}"
        f.module.declare(f"declare {vector} {symbol}(ptr, {bits}, {vector})")
        return f.let_wide(
            f"call {vector} {symbol}(ptr align 64 {place}, {bits} {self.lanes}, {vector} {old})"
        )

    def _gathered(self, f: WideFunction, held: str, place: str) -> str:
        """For all lanes, by their ranks."""
        vector, pointers, bits, size = f.vector(held), f.vector("ptr"), f.vector("i1"), memory_size(held)
        symbol = f"@llvm.masked.gather.v{f.lanes}{_SUFFIX.get(held, held)}.v{f.lanes}p0"
        f.module.declare(f"declare {vector} {symbol}({pointers}, {bits}, {vector})")
        each = f.let_wide(f"getelementptr [{size} x i8], ptr {place}, {f.vector('i32')} {self.ranks}")
        every = f"{pointers} align {size} {each}, {bits} splat (i1 true), {vector} zeroinitializer"
        return f.let_wide(f"call {vector} {symbol}({every})")


def _placed(f: WideFunction, leaf: Leaf) -> str:
    """Where what was made is put on the stack; empty if it is equal for all items."""
    if not leaf.made.startswith("%") or not f.is_wide(leaf.made):
        return ""
    word = _word(leaf.held)
    place = f.reserve(memory_size(word) * f.lanes, 64)
    f.do(f"store {f.vector(word)} {_to_words(f, leaf.held, leaf.made)}, ptr {place}, align 64")
    return place


def _word(held: str) -> str:
    return "i32" if held in _NARROW else held


def _to_words(f: WideFunction, held: str, operand: str) -> str:
    if held == "half":
        operand = f.let_wide(f"bitcast {f.vector(held)} {operand} to {f.vector('i16')}")
    if held in _NARROW:
        operand = f.let_wide(f"zext {f.vector(_NARROW[held])} {operand} to {f.vector('i32')}")
    return operand


def _from_words(f: WideFunction, held: str, words: str) -> str:
    if held in _NARROW:
        words = f.let_wide(f"trunc {f.vector('i32')} {words} to {f.vector(_NARROW[held])}")
    return f.let_wide(f"bitcast {f.vector('i16')} {words} to {f.vector(held)}") if held == "half" else words
