"""What happens to a tape's arrays while it does not record: after its end, or during a tape inside it.

A launch, copy or fill that overwrites what the derivative reads again makes the tape take its copy first, as
if the tape had recorded it. After a `backward` no copies are taken, for hardly anybody plays a tape twice:
the tape notes who overwrote what, and refuses to be played again. So does a tape with checkpoints, at once.

While no tape has ended, this costs a launch nothing; then a look-up for each array argument. A graph's
replay counts as a write to all that it uses. Writes through `a.numpy()` or another library's view are not
seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import AdjointError
from robokern.ir.types import ArrayType, Struct
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array
from robokern.runtime.capture import Graph
from robokern.runtime.device import Device
from robokern.runtime.launcher import Launcher
from robokern.runtime.tape_blocks import Span, address, memory_of, overlap, span_of
from robokern.runtime.tape_launch import arrays_of
from robokern.runtime.warm_start import noted

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


Written = Callable[[], Sequence[Array]]


class Guard:
    """Is told of launches, copies and fills before they run."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody needs it any more."""
        return False

    def before(self, who: str, arrays: Sequence[Array], written: Written) -> None:
        """Somebody uses `arrays`; those that it writes are to be asked for only where that matters."""
        raise NotImplementedError

    def enter(self) -> None:
        """Begins."""
        recording.guards[:] = [g for g in recording.guards if g is not self and not g.is_gone]
        recording.guards.append(self)

    def leave(self) -> None:
        """Ends."""
        if self in recording.guards:
            recording.guards.remove(self)


class TapeGuard(Guard):
    """Stands for a tape that does not record now.

    Attributes:
        played: whether `backward` has been called.
        spoiled: who has overwritten what, so that the tape cannot be played any more.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = weakref.ref(tape)
        self.played = False
        self.spoiled: tuple[str, Array] | None = None
        self.spans: list[Span] = []

    @property
    def is_gone(self) -> bool:
        """Whether its tape is."""
        return self.tape() is None

    def stand(self, tape: Tape) -> None:
        """Begins, where the tape has something to lose."""
        self.look(tape)
        if self.spans:
            self.enter()

    def look(self, tape: Tape) -> None:
        """Learns where the tape has something to lose."""
        self.spans = [block.span for block in tape.blocks if _is_needed(tape, block)]

    def check(self, tape: Tape) -> None:
        """Raises AdjointError where the tape cannot be played any more."""
        if self.spoiled is not None:
            who, lost = self.spoiled
            raise AdjointError(
                f"tape: {who} has overwritten {_described(tape, lost)} since the tape ended; "
                "call backward before that, or record again"
            )

    def before(self, who: str, arrays: Sequence[Array], written: Written) -> None:
        """Has the tape take its copies, or notes that it cannot be played any more."""
        tape = self.tape()
        if tape is None:
            self.leave()
            return
        if not any(self._may_need(array) and _needs(tape, array) for array in arrays):
            return
        lost = [array for array in written() if _needs(tape, array)]
        if lost and (self.played or not tape.saves):
            self.spoiled = who, lost[0]
            self.leave()
        elif lost:
            tape.before_write(lost)

    def _may_need(self, array: Array) -> bool:
        """Whether an array lies where the tape has something to lose: seldom, and quickly told."""
        if not array.is_contiguous:
            return True
        first = address(array)
        last = first + array._numpy.nbytes
        for low, high in self.spans:  # noqa: SIM110 (a third of the time of any())
            if first < high and low < last:
                return True
        return False


def _needs(tape: Tape, array: Array) -> bool:
    block = tape.blocks.known(array)
    return block is not None and _is_needed(tape, block)


def _is_needed(tape: Tape, block: Any) -> bool:
    """Whether `backward` reads what a block holds now; with checkpoints, what the launches only read."""
    return bool(block.readers) if tape.saves else not block.written


def _described(tape: Tape, lost: Array) -> str:
    for step in tape.steps:
        for array, label, reads, _ in step.touched():
            if reads and overlap(span_of(array), span_of(lost)):
                return f"{label!r} of kernel {step.name!r}, which its derivative reads,"
    return "an array that a derivative reads"


def before_launch(launcher: Launcher, values: Sequence[Any], seen: bool = True) -> None:
    """Tells the guards of a launch.

    Args:
        values: arguments, packed or not.
        seen: whether an open tape is told.
    """

    def written() -> list[Array]:
        return list(_arrays(launcher, values, _written(launcher, len(values))))

    arrays = _all_arrays(launcher, values)
    unseen = [] if seen else recording.tapes[-1:]
    for tape in unseen:
        tape.guard.look(tape)
    for guard in (*recording.guards, *(tape.guard for tape in unseen)):
        guard.before(f"kernel {launcher.kernel.name!r}", arrays, written)


def before_write(array: Array) -> None:
    """Tells the guards of a copy or fill."""
    for guard in tuple(recording.guards):
        guard.before("a copy or fill", [array], lambda: [array])


def before_adjoint(name: str, arrays: Sequence[Array]) -> None:
    """Tells the guards of adjoints that a launch adds to."""
    for guard in tuple(recording.guards):
        guard.before(f"the adjoint of kernel {name!r}", arrays, lambda: arrays)


def before_replay(graph: Graph) -> None:
    """Tells the guards of a graph's replay, which may write whatever it uses."""
    arrays = list(_used(graph.keep, graph.device))
    for guard in tuple(recording.guards):
        guard.before("a graph's replay", arrays, lambda: arrays)


def _used(keep: Sequence[Any], device: Device) -> Iterator[Array]:
    for item in keep:
        if isinstance(item, np.ndarray):
            yield memory_of(item, device)
        elif isinstance(item, Graph):
            yield from _used(item.keep, device)
        elif isinstance(item, list):
            for argument in item:
                yield from arrays_of(argument) if isinstance(argument, Argument) else ()


def _all_arrays(launcher: Launcher, values: Sequence[Any]) -> Sequence[Array]:
    try:
        found = launcher.pick(list(values))
    except (TypeError, IndexError):  # structs, too few values
        found = (None,)
    for array in found:
        if array.__class__ is not Array:
            return list(_arrays(launcher, values, range(len(values))))
    return found


def _arrays(launcher: Launcher, values: Sequence[Any], numbers: Sequence[int]) -> Iterator[Array]:
    for number in numbers:
        value = values[number]
        if isinstance(value, Array):
            yield value
        elif isinstance(launcher.types[number], (ArrayType, Struct)):
            packed = value if isinstance(value, Argument) else launcher.argument(number, value)
            yield from arrays_of(packed)


def _written(launcher: Launcher, count: int) -> Sequence[int]:
    """Parameters that the kernel writes to; all where that cannot be told."""
    known: dict[str, Sequence[int]] = launcher.__dict__
    if "written" not in known:
        known["written"] = noted(launcher, "written", lambda: _found_written(launcher, count))
    return known["written"]


def _found_written(launcher: Launcher, count: int) -> list[int]:
    # not needed where an earlier process noted it
    from robokern.compiler.adjoint import effects

    try:
        return sorted(effects(launcher.func, frozenset()).writes)
    except AdjointError:
        return [*range(count)]
