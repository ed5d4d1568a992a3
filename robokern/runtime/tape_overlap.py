"""Arguments of a launch that share memory: one array passed twice is one; others may be read, not written."""

from __future__ import annotations

import numpy as np

from robokern.errors import AdjointError
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array
from robokern.runtime.derivative import Derivative
from robokern.runtime.launch import Launcher
from robokern.runtime.tape_blocks import Block, Blocks
from robokern.runtime.tape_entries import arrays_of


def overlaps(blocks: Blocks, launcher: Launcher, arguments: list[Argument]) -> tuple[tuple[int, ...], bool]:
    """For each parameter the first that is the same array; whether others overlap."""
    alias, shared = list(range(len(arguments))), False
    seen: dict[bytes, int] = {}
    placed: dict[Block, list[tuple[int, int]]] = {}
    for number, argument in enumerate(arguments):
        for array in arrays_of(argument):
            first = seen.setdefault(argument.record, number) if isinstance(argument.value, Array) else number
            if first != number and launcher.types[first] == launcher.types[number]:
                alias[number] = first
                continue
            span = blocks.span(array)
            spans = placed.setdefault(blocks.storage(array), [])
            shared |= any(a < span[1] and span[0] < b for a, b in spans)
            spans.append(span)
    return tuple(alias), shared


def refuse_overlap(
    blocks: Blocks, launcher: Launcher, made: Derivative, arguments: list[Argument], alias: tuple[int, ...]
) -> None:
    """Overlapping arrays that are not the same array may be read, not written."""
    names = launcher.func.names
    written = [
        (n, a)
        for n, x in enumerate(arguments)
        if alias[n] == n and n in made.effects.writes
        for a in arrays_of(x)
    ]
    for n, a in written:
        low, high = blocks.span(a)
        for m, x in enumerate(arguments):
            for b in arrays_of(x) if alias[m] == m and m != n else []:
                start, end = blocks.span(b)
                if start < high and low < end and np.shares_memory(a._numpy, b._numpy):
                    loc = launcher.func.loc
                    raise AdjointError(
                        f"kernel {launcher.kernel.name!r} cannot be differentiated: array {names[n]!r}, "
                        f"which it writes, overlaps array {names[m]!r}",
                        loc.file if loc else None,
                        loc.line if loc else None,
                        hint="pass a copy of one of them",
                    )
