"""What a tape records: launches, copies and fills, and reverse steps written by the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError
from robokern.ir.types import ArrayType, Type
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, wrap
from robokern.runtime.derivative import Derivative, start
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.launch import Grid, Launcher
from robokern.runtime.tape_records import passed, run_recording

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


Use = tuple[int, int, bool]  # argument, array in it, whether as it is after the launch


class Entry:
    """Something that was recorded."""

    name = "entry"

    def run(self, tape: Tape) -> None:
        """Does it, and notes what its reverse needs."""
        raise NotImplementedError

    def reverse(self, tape: Tape) -> None:
        """Hands adjoints back."""
        raise NotImplementedError

    def keep(self, use: Use, content: Array) -> None:
        """Takes a copy of what an array held, which is about to be overwritten."""

    def forget(self) -> None:
        """Drops copies."""

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        """Its arrays: what it calls each, whether it reads and whether it writes it."""
        raise NotImplementedError


@dataclass(eq=False)
class LaunchEntry(Entry):
    launcher: Launcher
    place: Device
    grid: Grid
    arguments: list[Argument]
    made: Derivative
    versions: dict[Use, Array] = field(default_factory=dict)
    saved: list[Array] = field(default_factory=list)  # what the forward launch wrote down

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.launcher.kernel.name

    def arrays(self) -> Iterator[tuple[int, Array]]:
        """The array arguments and their numbers; those of structs under the struct's number."""
        for number, argument in enumerate(self.arguments):
            for array in arrays_of(argument):
                yield number, array

    def uses(self, numbers: frozenset[int] | tuple[int, ...], after: bool) -> Iterator[tuple[Use, Array]]:
        """The arrays in some of the arguments."""
        for number in numbers:
            for place, array in enumerate(arrays_of(self.arguments[number])):
                yield (number, place, after), array

    def run(self, tape: Tape) -> None:
        rule = self.made.rule
        written = [a for n, a in self.arrays() if n in self.made.effects.writes]
        for array in written:
            tape.before_write(array)
        touched = [tape.storage(a) for a in written]
        for use, array in self.uses(rule.reads, False) if tape.saves else ():
            storage = tape.storage(array)
            if storage in touched:
                self.versions[use] = copied(array)
            else:
                storage.readers.append((self, use, array))
        if self.grid.count:
            before = [(a, copied(a)) for a in written] if rule.logs else []
            self.saved = run_recording(self.made, self.place, self.grid, self.arguments, before)
        for use, array in self.uses(rule.finals, True) if tape.saves else ():
            tape.storage(array).readers.append((self, use, array))

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        names, found = self.launcher.func.names, self.made.effects
        for number, array in self.arrays():
            yield array, names[number], number in found.reads, number in found.writes

    def keep(self, use: Use, content: Array) -> None:
        self.versions[use] = content

    def forget(self) -> None:
        self.versions, self.saved = {}, []

    def reverse(self, tape: Tape) -> None:
        tape.retain([a for n, a in self.arrays() if n in self.made.effects.writes])
        if self.made.backward is None or self.grid.count == 0:
            return
        rule = self.made.rule
        own = [self._held(i, False) for i in range(len(self.arguments))]
        shadows = [shadow_argument(tape, self.arguments[i], self.launcher.types[i]) for i in rule.shadows]
        finals = [self._held(i, True) for i in rule.finals]
        start(self.made.backward, self.place, self.grid, [*own, *shadows, *finals, *map(passed, self.saved)])

    def _held(self, number: int, after: bool) -> Argument:
        """An argument with what its arrays held before the launch, or after it."""
        argument, overwritten = self.arguments[number], not after and number in self.made.rule.copies
        content = [self.versions.get((number, k, after), a) for k, a in enumerate(arrays_of(argument))]
        if overwritten:
            content = [copied(a) for a in content]
        if isinstance(argument.value, Array):
            return passed(content[0])
        record = argument.record
        for array, held in zip(arrays_of(argument), content, strict=True):
            record = record.replace(array.descriptor, held.descriptor)
        return Argument(
            record, argument.value, argument.plain and all(a.is_contiguous for a in content), content
        )


@dataclass(eq=False)
class WriteEntry(Entry):
    """A copy into an array, or a constant written to it."""

    target: Array
    source: Array | Ndarray
    name = "write"

    def run(self, tape: Tape) -> None:
        tape.before_write(self.target)
        values = self.source._numpy if isinstance(self.source, Array) else self.source
        self.target._numpy[...] = _fit(values, self.target._numpy.shape)

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        yield self.target, "target", False, True
        if isinstance(self.source, Array):
            yield self.source, "source", True, False

    def reverse(self, tape: Tape) -> None:
        if recording.forward is not None:
            raise AdjointError(
                "forward over reverse: copies and fills have no second derivative; use a kernel"
            )
        tape.retain([self.target])
        g = tape.storage(self.target).shadow_of(self.target)
        if isinstance(self.source, Array) and tape.storage(self.source).active:
            into = tape.storage(self.source).shadow_of(self.source)
            accumulate(into, _summed(g.numbers(), into._numpy.shape))
        g._numpy[...] = np.zeros((), g._numpy.dtype)


@dataclass(eq=False)
class FuncEntry(Entry):
    """A reverse step written by the user."""

    backward: Callable[[], None]
    arrays: Sequence[Array]
    name = "func"

    def run(self, tape: Tape) -> None:
        for array in self.arrays:
            tape.storage(array).active = True

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        for number, array in enumerate(self.arrays):
            yield array, f"array {number}", True, True

    def reverse(self, tape: Tape) -> None:
        before = [(a, a.requires_grad, a._grad) for a in self.arrays]
        for array in self.arrays:
            array.grad = tape.storage(array).shadow_of(array)
        try:
            self.backward()
        finally:
            for array, required, grad in before:
                array.requires_grad, array._grad = required, grad


def arrays_of(argument: Argument) -> list[Array]:
    if isinstance(argument.value, Array):
        return [argument.value]
    kept = argument.keep if isinstance(argument.keep, list) else []
    return [a for a in kept if isinstance(a, Array)]


def shadow_argument(tape: Tape, argument: Argument, type: Type) -> Argument:
    if isinstance(type, ArrayType):
        if argument.value is None:
            return argument
        shadow = tape.storage(argument.value).shadow_of(argument.value)
        return Argument(shadow.descriptor, shadow, shadow.is_contiguous, shadow)
    record, keep = argument.record, []
    for array in arrays_of(argument):
        if carries_float(array.dtype):
            keep.append(tape.storage(array).shadow_of(array))
            record = record.replace(array.descriptor, keep[-1].descriptor)
    return Argument(record, None, argument.plain, keep)


def copied(array: Array) -> Array:
    """A contiguous copy, with its tangents where a forward mode is open."""
    data = np.array(array._numpy, copy=True, order="C")
    made = wrap(data, array.dtype, array.device, array._keep)
    if recording.forward is not None:
        recording.forward.copied(made, array)
    return made


def copied_once(copies: dict[bytes, Array], array: Array) -> Array:
    """A copy of an array, one for all who ask for the same elements."""
    if array.descriptor not in copies:
        copies[array.descriptor] = copied(array)
    return copies[array.descriptor]


def _fit(values: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    return values.reshape(shape) if values.size == int(np.prod(shape)) else values


def _summed(g: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    """The adjoint of what was broadcast or reshaped to g's shape."""
    if g.size == int(np.prod(shape)):
        return g.reshape(shape)
    g = np.asarray(g.sum(axis=tuple(range(g.ndim - len(shape)))))
    return np.asarray(g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)).reshape(
        shape
    )
