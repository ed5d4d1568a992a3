"""Notes on derivatives for later processes: what a tape must know of one, apart from its programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from robokern.compiler.adjoint_layout import Effects, Layout
from robokern.ir.types import BY_NAME, ArrayType, Type, int32
from robokern.runtime.derived_launcher import Outline
from robokern.runtime.launcher import Launcher
from robokern.runtime.notes import Note, leave_note, read_note


class Request(NamedTuple):
    """Which derivative of a kernel.

    Attributes:
        active: numbers of the array parameters that are differentiable before it runs.
        alias: for each parameter the first one that is the same array; (): all differ.
        shared: whether others overlap in memory.
        ndim: dimensions of the grid.
        values: numbers of the parameters by value to differentiate by as well.
    """

    active: frozenset[int]
    alias: tuple[int, ...]
    shared: bool
    ndim: int
    values: frozenset[int]

    def __str__(self) -> str:
        return f"{sorted(self.active)} {self.alias} {self.shared} {self.ndim} {sorted(self.values)}"


@dataclass(frozen=True)
class Facts:
    """What a tape must know of a derivative.

    Attributes:
        effects: what the kernel reads and writes.
        layout: the parameters of the adjoint kernel.
        spendable: arguments whose adjoints need not be cleared where nobody looks at them again.
        storable: arguments whose adjoints need not be in memory where they are zero.
        forward, backward: outlines of the programs; None: there is none.
    """

    effects: Effects
    layout: Layout
    spendable: frozenset[int]
    storable: frozenset[int]
    forward: Outline | None
    backward: Outline | None


def recall(launcher: Launcher, request: Request) -> Facts | None:
    """What an earlier process noted; None if nothing."""
    key = _key(launcher, request)
    note = None if key is None else read_note(key)
    return None if note is None else _facts_of(note, launcher.types, request.ndim)


def leave(launcher: Launcher, request: Request, facts: Facts) -> None:
    """Notes it for later processes, where the note says everything."""
    launcher.confirm()
    key = _key(launcher, request)
    note = None if key is None else _note_of(facts)
    if key is not None and note is not None and _facts_of(note, launcher.types, request.ndim) == facts:
        leave_note(key, note)


def _key(launcher: Launcher, request: Request) -> str | None:
    return launcher.note_key(f"derivative {request}")


def _note_of(facts: Facts) -> Note | None:
    """The facts as numbers and texts; None where records are not of scalars."""
    effects, layout = facts.effects, facts.layout
    saved, logs = [str(t.dtype) for t in layout.saved], [str(t) for t in layout.logs]
    if not {*saved, *logs} <= BY_NAME.keys():
        return None
    return {
        "effects": [*map(sorted, (effects.reads, effects.writes, effects.active))],
        "places": [layout.shadows, layout.values, layout.finals],
        "records": [saved, logs],
        "uses": [*map(sorted, (layout.reads, layout.copies))],
        "spendable": sorted(facts.spendable),
        "storable": sorted(facts.storable),
        "forward": _noted(facts.forward),
        "backward": _noted(facts.backward),
    }


def _noted(outline: Outline | None) -> Note | None:
    if outline is None:
        return None
    names = [name for name, _ in outline.params]
    return {
        "name": outline.name,
        "names": names,
        "tid_ndim": outline.tid_ndim,
        "keeps_rows": outline.keeps_rows,
    }


def _facts_of(note: Note, types: tuple[Type, ...], ndim: int) -> Facts:
    shadows, values, finals = map(tuple, note["places"])
    saved, logs = ([BY_NAME[name] for name in names] for names in note["records"])
    reads, copies = map(frozenset, note["uses"])
    layout = Layout(
        shadows, values, finals, tuple(ArrayType(t, ndim) for t in saved), tuple(logs), reads, copies
    )
    records = _records(layout, ndim)
    return Facts(
        Effects(*map(frozenset, note["effects"])),
        layout,
        frozenset(note["spendable"]),
        frozenset(note["storable"]),
        _outline(note["forward"], (*types, *records)),
        _outline(note["backward"], (*types, *_adjoints(layout, types, ndim), *records)),
    )


def _adjoints(layout: Layout, types: tuple[Type, ...], ndim: int) -> Iterable[Type]:
    """Types of what an adjoint kernel takes between the kernel's own parameters and the records."""
    shares = (ArrayType(types[n], ndim) for n in layout.values)
    return (*(types[n] for n in layout.shadows), *shares, *(types[n] for n in layout.finals))


def _records(layout: Layout, ndim: int) -> Iterable[Type]:
    """Types of the arrays that the forward launch fills."""
    logs = [type for t in layout.logs for type in (ArrayType(t, 2), ArrayType(int32, ndim))]
    return (*layout.saved, *logs)


def _outline(note: Note | None, types: tuple[Type, ...]) -> Outline | None:
    if note is None or len(note["names"]) != len(types):
        return None
    params = tuple(zip(note["names"], types, strict=True))
    return Outline(note["name"], params, note["tid_ndim"], note["keeps_rows"])
