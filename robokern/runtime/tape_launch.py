"""A launch on a tape: what it reads and overwrites, worked out once for the same kernel, grid and arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robokern.compiler.adjoint_inline import carries_float
from robokern.ir.types import ArrayType, Type
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.derivative import Derivative, Records, start
from robokern.runtime.device import Device
from robokern.runtime.indexed_array import IndexedArray
from robokern.runtime.launch import Grid, Launcher
from robokern.runtime.tape_blocks import Block
from robokern.runtime.tape_overlap import Numbered
from robokern.runtime.tape_records import passed, run_recording
from robokern.runtime.tape_steps import Step, Touched, copied

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


class LaunchStep(Step):
    """A kernel on certain arrays. Numbers and other values may differ from launch to launch.

    Args:
        launcher, device, grid: what runs, where and over what.
        arrays: the array arguments and their numbers; those of structs under the struct's.
        blocks: where these lie.
        made: the derivative; None where nothing differentiable takes part.
        keep: what else must live as long.

    Attributes:
        guards: blocks whose content earlier launches may need, and which it overwrites.
        reads: blocks that its derivative reads as it leaves them.
        kept: arrays that its derivative reads and that it overwrites itself.
        is_plain: the kernel runs as it is: it has nothing to write down for its reverse.
        light: nothing has to be done before the kernel runs.
        records: the packed arguments, where they are the same each time.
    """

    def __init__(
        self,
        launcher: Launcher,
        device: Device,
        grid: Grid,
        arrays: Numbered,
        blocks: list[Block],
        made: Derivative | None,
        keep: object = None,
    ) -> None:
        self.launcher, self.device, self.grid, self.made, self.keep = launcher, device, grid, made, keep
        self.arrays, self.blocks = arrays, blocks
        self.records: Records = ()
        writes = range(len(launcher.types)) if made is None else made.effects.writes
        self.written = [a for n, a in arrays if n in writes]
        self.guards = tuple({b: None for b, (n, _) in zip(blocks, arrays, strict=True) if n in writes})
        reads, finals = ((), ()) if made is None else (made.rule.reads, made.rule.finals)
        placed = [(b, n, a) for b, (n, a) in zip(blocks, arrays, strict=True)]
        before = [(b, a) for b, n, a in placed if n in reads and b not in self.guards]
        after = [(b, a) for b, n, a in placed if n in finals]
        self.kept = [a for b, n, a in placed if n in reads and b in self.guards]
        self.needed = [*((a, False) for _, a in before), *((a, True) for _, a in after)]
        self.reads = tuple({b: None for b, _ in (*before, *after)})
        self.is_plain = made is None or made.forward is launcher
        self.light = self.is_plain and not self.kept

    @property
    def name(self) -> str:  # type: ignore[override]
        """The kernel's."""
        return self.launcher.kernel.name

    def touched(self) -> Iterator[Touched]:
        """The arrays, called as the parameters are."""
        assert self.made is not None
        names, found = self.launcher.func.names, self.made.effects
        for number, array in self.arrays:
            yield array, names[number], number in found.reads, number in found.writes

    # forwards

    def prepare(self, tape: Tape, at: int) -> None:
        """Keeps what the launch overwrites, for itself and for others."""
        copies = tape.before_write(self.written)
        for array in self.kept if tape.saves else ():
            tape.keep(at, array, False, copies)

    def start(self, tape: Tape, at: int, arguments: list[Argument]) -> None:
        """Runs the kernel, or the one that writes down what the reverse needs."""
        made = self.made
        if self.grid.count == 0:
            return
        if made is None or made.forward is self.launcher or not tape.saves:
            start(self.launcher, self.device, self.grid, arguments)
            return
        before = [(a, copied(a)) for a in self.written] if made.rule.logs else []
        tape.saved[at] = run_recording(made, self.device, self.grid, arguments, before)

    def run(self, tape: Tape, at: int, records: Records) -> None:
        """Launches again."""
        self.prepare(tape, at)
        self.start(tape, at, self._arguments(records))
        for block in self.reads:
            block.readers.append(at)

    def _own(self, number: int) -> list[Array]:
        return [a for n, a in self.arrays if n == number]

    def _arguments(self, records: Records) -> list[Argument]:
        """The arguments, from what was packed."""
        return [
            _argument(type, record, self._own(n))
            for n, (type, record) in enumerate(zip(self.launcher.types, records, strict=True))
        ]

    # backwards

    def reverse(self, tape: Tape, at: int, records: Records) -> None:
        """Runs the adjoint kernel."""
        tape.retain(self.written)
        made = self.made
        if made is None or made.backward is None or self.grid.count == 0:
            return
        own = self._held(tape, at, records, after=False)
        shadows = [self._shadowed(tape, n, records[n]) for n in made.rule.shadows]
        shares = [zeros_of(self.launcher.types[n], self.grid.shape, self.device) for n in made.rule.values]
        finals = self._held(tape, at, records, after=True) if made.rule.finals else []
        extra = [passed(a) for a in tape.saved.get(at, ())]
        given = [*own, *shadows, *map(passed, shares), *(finals[n] for n in made.rule.finals), *extra]
        if recording.forward is None:
            plain = all(a.plain for a in given)
            made.backward.play(self.device, self.grid, [a.record for a in given], plain)
        else:
            start(made.backward, self.device, self.grid, given)
        for number, share in zip(made.rule.values, shares, strict=True):
            tape.add_value(self.launcher.kernel.params[number][0], share)

    def _held(self, tape: Tape, at: int, records: Records, after: bool) -> list[Argument]:
        """The arguments with what their arrays held before the launch, or after it."""
        assert self.made is not None
        found = self._arguments(records)
        for number, array in self.arrays:
            content = tape.copies.get((at, array.descriptor, after))
            if number in self.made.rule.copies and not after:
                content = copied(array if content is None else content)
            if content is not None:
                found[number] = _replaced(found[number], array, content)
        return found

    def _shadowed(self, tape: Tape, number: int, record: bytes) -> Argument:
        """An argument with adjoints in place of its arrays."""
        made = _argument(self.launcher.types[number], record, self._own(number))
        for array in self._own(number):
            if carries_float(array.dtype):
                made = _replaced(made, array, tape.blocks.of(array).shadow_of(array))
        return made


def arrays_of(argument: Argument) -> list[Array]:
    """The arrays that an argument is or refers to."""
    if isinstance(argument.value, Array):
        return [argument.value]
    if isinstance(argument.value, IndexedArray):
        return [argument.value.data, *(x for x in argument.value.indices if x is not None)]
    kept = argument.keep if isinstance(argument.keep, list) else []
    return [a for a in kept if isinstance(a, Array)]


def _argument(type: Type, record: bytes, arrays: list[Array]) -> Argument:
    if isinstance(type, ArrayType):
        value = arrays[0] if arrays else None
        return Argument(record, value, value is None or value.is_contiguous, value)
    return Argument(record, None, True, arrays)


def _replaced(argument: Argument, array: Array, other: Array) -> Argument:
    """The argument with another array in place of one of its own."""
    record = argument.record.replace(array.descriptor, other.descriptor)
    if isinstance(argument.value, Array):
        return Argument(record, other, other.is_contiguous, other)
    return Argument(record, None, argument.plain, [other if a is array else a for a in arrays_of(argument)])
