"""Arguments of a launch that share memory: one array passed twice is one; others may be read, not written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robokern.errors import AdjointError
from robokern.ir.types import ArrayType
from robokern.runtime.array import Array
from robokern.runtime.derivative import Derivative
from robokern.runtime.launcher import Launcher
from robokern.runtime.tape_blocks import Block, Span, overlap, span_of

Alias = tuple[int, ...]
Numbers = tuple[int, ...]  # for each array the number of the argument that it is or belongs to


def overlaps(
    launcher: Launcher, numbers: Numbers, arrays: Sequence[Array], blocks: Sequence[Block]
) -> tuple[Alias, bool]:
    """For each parameter the first that is the same array, () if all differ; whether others overlap."""
    if len(set(blocks)) == len(blocks):
        return (), False
    alias, shared = list(range(len(launcher.types))), False
    seen: dict[bytes, int] = {}
    placed: dict[Block, list[Span]] = {}
    for number, array, block in zip(numbers, arrays, blocks, strict=True):
        direct = isinstance(launcher.types[number], ArrayType)
        first = seen.setdefault(array.descriptor, number) if direct else number
        if first != number and launcher.types[first] == launcher.types[number]:
            alias[number] = first
            continue
        span, spans = span_of(array), placed.setdefault(block, [])
        shared |= any(overlap(span, other) for other in spans)
        spans.append(span)
    return tuple(alias), shared


def refuse_overlap(
    launcher: Launcher, made: Derivative, numbers: Numbers, arrays: Sequence[Array], alias: Alias
) -> None:
    """Overlapping arrays that are not the same array may be read, not written.

    Raises:
        AdjointError: one is written; names both and the kernel.
    """
    own = [(n, a) for n, a in zip(numbers, arrays, strict=True) if not alias or alias[n] == n]
    for n, a in own:
        for m, b in own if n in made.effects.writes else []:
            if m != n and overlap(span_of(a), span_of(b)) and np.shares_memory(a._numpy, b._numpy):
                raise _overlapping(launcher, n, m)


def _overlapping(launcher: Launcher, written: int, other: int) -> AdjointError:
    names, loc = launcher.func.names, launcher.func.loc
    return AdjointError(
        f"kernel {launcher.kernel.name!r} cannot be differentiated: array {names[written]!r}, "
        f"which it writes, overlaps array {names[other]!r}",
        loc.file if loc else None,
        loc.line if loc else None,
        hint="pass a copy of one of them",
    )
