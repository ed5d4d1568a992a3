"""A launch on a tape: what it reads and overwrites, worked out once for the same kernel, grid and arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from robokern.compiler.adjoint_inline import carries_float
from robokern.ir.types import ArrayType, Type
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.derivative import Derivative, derivative, start
from robokern.runtime.device import Device
from robokern.runtime.grid import Dim, Grid, grid_of
from robokern.runtime.indexed_array import IndexedArray
from robokern.runtime.launcher import Launcher, Packed
from robokern.runtime.tape_blocks import Block
from robokern.runtime.tape_overlap import Alias, Numbers
from robokern.runtime.tape_records import passed, run_recording
from robokern.runtime.tape_steps import Step, Touched, copied

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


Places = tuple[int, ...]


class Pattern:
    """What a kernel does to its arrays, as places in the list of these.

    Args:
        launcher: the kernel.
        numbers: for each array the number of the argument that it is or belongs to.
        made: the derivative; None where nothing differentiable takes part.

    Attributes:
        writes: those it may write; all where there is no derivative.
        before, after: those whose content before or after the launch its reverse reads.
        activates: those that are differentiable once it has run.
        shadows: those of each argument that has adjoints.
        spendable, storable: those whose adjoints the derivative calls so.
        is_plain: the kernel runs as it is: it has nothing to write down for its reverse.
    """

    before: Places
    after: Places
    activates: Places
    spendable: Places
    storable: Places

    def __init__(self, launcher: Launcher, numbers: Numbers, made: Derivative | None) -> None:
        self.launcher, self.numbers, self.made = launcher, numbers, made
        self.is_plain = made is None or made.forward is launcher
        if made is None:
            self.writes = tuple(range(len(numbers)))
            self.before = self.after = self.activates = ()
            return
        rule = made.rule
        self.writes, self.activates = self._places(made.effects.writes), self._places(made.effects.active)
        self.before, self.after = self._places(rule.reads), self._places(rule.finals)
        self.shadows = {n: self._places((n,)) for n in rule.shadows}
        self.spendable, self.storable = self._places(made.spendable), self._places(made.storable)

    def _places(self, arguments: Collection[int]) -> tuple[int, ...]:
        return tuple(k for k, n in enumerate(self.numbers) if n in arguments)


class LaunchStep(Step):
    """A kernel on certain arrays. Numbers and other values may differ from launch to launch.

    Args:
        pattern: what it does to its arrays.
        device, dim: where it runs and over what.
        arrays: array arguments, those of structs among them.
        blocks: where these lie.
        keep: what else must live as long.

    Attributes:
        guards: blocks whose content earlier launches may need, and which it overwrites.
        reads: blocks that its reverse reads as it leaves them.
        kept: arrays that its reverse reads and that it overwrites itself.
        light: nothing has to be done before the kernel runs.
        record: the launch record, where it is the same each time.
    """

    def __init__(
        self,
        pattern: Pattern,
        device: Device,
        dim: Dim,
        arrays: Sequence[Array],
        blocks: list[Block],
        keep: object = None,
    ) -> None:
        self.pattern, self.device, self.dim, self.keep = pattern, device, dim, keep
        self.launcher, self.made = pattern.launcher, pattern.made
        self.arrays, self.blocks = arrays, blocks
        self.record = b""
        self.guards = [blocks[k] for k in pattern.writes]
        self.reads = [blocks[k] for k in pattern.before if blocks[k] not in self.guards]
        self.kept = [arrays[k] for k in pattern.before if blocks[k] in self.guards]
        self.reads += [blocks[k] for k in pattern.after]
        self.light = pattern.is_plain and not self.kept

    @cached_property
    def grid(self) -> Grid:
        """The items of the launch."""
        return grid_of(self.launcher.kernel.name, self.dim, self.launcher.tid_ndim)

    @cached_property
    def written(self) -> list[Array]:
        """The arrays that it writes."""
        return [self.arrays[k] for k in self.pattern.writes]

    @cached_property
    def needed(self) -> list[tuple[Array, bool]]:  # type: ignore[override]
        """Arrays whose content its reverse reads and somebody else may overwrite; whether after it."""
        before = [k for k in self.pattern.before if self.blocks[k] not in self.guards]
        return [
            *((self.arrays[k], False) for k in before),
            *((self.arrays[k], True) for k in self.pattern.after),
        ]

    @property
    def name(self) -> str:  # type: ignore[override]
        """The kernel's."""
        return self.launcher.kernel.name

    def touched(self) -> Iterator[Touched]:
        """The arrays, called as the parameters are."""
        assert self.made is not None
        params, found = self.launcher.kernel.params, self.made.effects
        for number, array in zip(self.pattern.numbers, self.arrays, strict=True):
            yield array, params[number][0], number in found.reads, number in found.writes

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
        if made is None or self.pattern.is_plain or not tape.saves:
            start(self.launcher, self.device, self.grid, arguments)
            return
        before = [(a, copied(a)) for a in self.written] if made.rule.logs else []
        tape.saved[at] = run_recording(made, self.device, self.grid, arguments, before)

    def run(self, tape: Tape, at: int) -> None:
        """Launches again."""
        self.prepare(tape, at)
        self.start(tape, at, self._arguments(self.launcher.split(tape.records[at])))
        for block in self.reads:
            block.readers.append(at)

    def _arguments(self, packed: Packed) -> list[Argument]:
        """The arguments, from what was packed."""
        own: dict[int, list[Array]] = {}
        for number, array in zip(self.pattern.numbers, self.arrays, strict=True):
            own.setdefault(number, []).append(array)
        return [
            _argument(type, record, own.get(n, []))
            for n, (type, record) in enumerate(zip(self.launcher.types, packed, strict=True))
        ]

    # backwards

    def reverse(self, tape: Tape, at: int) -> None:
        """Runs the adjoint kernel."""
        if tape.retains:
            tape.retain(self.written)
        made = self.made
        if made is None or made.backward is None or self.grid.count == 0:
            return
        shares = [zeros_of(self.launcher.types[n], self.grid.shape, self.device) for n in made.rule.values]
        saved = tape.saved.get(at, [])
        packed = self.launcher.split(tape.records[at])
        if recording.forward is None:
            self._play(tape, at, packed, shares, saved)
        else:
            self._play_with_tangents(tape, at, packed, shares, saved)
        for number, share in zip(made.rule.values, shares, strict=True):
            tape.add_value(self.launcher.kernel.params[number][0], share)

    def _play(self, tape: Tape, at: int, packed: Packed, shares: list[Array], saved: list[Array]) -> None:
        made = self.made
        assert made is not None and made.backward is not None
        before, after = self._contents(tape, at, False), self._contents(tape, at, True)
        own = _placed(packed, before)
        spent = self._spent(at)
        blank = self._claim(spent)
        shadows = [self._shadowed(n, packed[n], n not in spent) for n in made.rule.shadows]
        finals = _placed(packed, after)
        given = [
            *own,
            *shadows,
            *(a.descriptor for a in shares),
            *(finals[n] for n in made.rule.finals),
            *(a.descriptor for a in saved),
        ]
        made.variant(spent, blank).play(self.device, self.grid, given, self._contiguous)
        for k in self._whole if blank else ():
            self.blocks[k].settle()

    def _claim(self, spent: frozenset[int]) -> frozenset[int]:
        """Arguments whose adjoints are zero and all written here: makes memory for these, not cleared."""
        found = set()
        for k in self._whole:
            number, block, array = self.pattern.numbers[k], self.blocks[k], self.arrays[k]
            if number not in spent and block.is_blank and block.is_filled_by(array):
                block.claim(array)
                found.add(number)
        return frozenset(found)

    @cached_property
    def _whole(self) -> tuple[int, ...]:
        """Places of arrays whose adjoints the adjoint kernel can write wholly."""
        return tuple(
            k
            for k in self.pattern.storable
            if self.arrays[k].shape == self.grid.shape and self.blocks.count(self.blocks[k]) == 1
        )

    def _spent(self, at: int) -> frozenset[int]:
        """Arguments that no step before this uses, and that it overwrites wholly: their adjoints end here."""
        found = set()
        for k in self.pattern.spendable:
            block, array = self.blocks[k], self.arrays[k]
            if block.first == at and array.shape == self.grid.shape and block.is_filled_by(array):
                block.spent = True
                found.add(self.pattern.numbers[k])
        return frozenset(found)

    @cached_property
    def _contiguous(self) -> bool:
        return all(a.is_contiguous for a in self.arrays)

    def _contents(self, tape: Tape, at: int, after: bool) -> list[tuple[int, Array, Array]]:
        """Arrays to pass in another place: argument, array, what it held before or after the launch."""
        assert self.made is not None
        copies = self.made.rule.copies if not after else frozenset()
        if not tape.copies and not copies:
            return []
        found = []
        for number, array in zip(self.pattern.numbers, self.arrays, strict=True):
            content = tape.copies.get((at, array.descriptor, after))
            if number in copies:
                content = copied(array if content is None else content)
            if content is not None:
                found.append((number, array, content))
        return found

    def _shadowed(self, number: int, record: bytes, change: bool) -> bytes:
        """An argument with adjoints in place of its arrays; `change`: whether these may be written."""
        for k in self.pattern.shadows[number]:
            array = self.arrays[k]
            if self.launcher.types[number].__class__ is not ArrayType and not carries_float(array.dtype):
                continue
            record = record.replace(array.descriptor, self.blocks[k].shadow_descriptor(array, change))
        return record

    def _play_with_tangents(
        self, tape: Tape, at: int, packed: Packed, shares: list[Array], saved: list[Array]
    ) -> None:
        """As `_play`, for a forward mode, which asks for arrays."""
        made = self.made
        assert made is not None and made.backward is not None
        plain = self._arguments(packed)
        own, finals, shadows = plain.copy(), plain.copy(), plain.copy()
        for into, after in ((own, False), (finals, True)):
            for number, array, content in self._contents(tape, at, after):
                into[number] = _replaced(into[number], array, content)
        for number, places in self.pattern.shadows.items():
            for array in (self.arrays[k] for k in places):
                shadow = tape.blocks.of(array).shadow_of(array)
                shadows[number] = _replaced(shadows[number], array, shadow)
        given = [
            *own,
            *(shadows[n] for n in made.rule.shadows),
            *map(passed, shares),
            *(finals[n] for n in made.rule.finals),
            *map(passed, saved),
        ]
        start(made.backward, self.device, self.grid, given)


def _placed(packed: Packed, contents: list[tuple[int, Array, Array]]) -> list[bytes]:
    """Packed arguments with some arrays in another place."""
    made = list(packed)
    for number, array, content in contents:
        made[number] = made[number].replace(array.descriptor, content.descriptor)
    return made


def pattern_of(
    launcher: Launcher,
    numbers: Numbers,
    active: frozenset[int],
    relation: tuple[Alias, bool],
    ndim: int,
    values: frozenset[int],
    begin: Callable[[], None] | None = None,
) -> Pattern:
    """The pattern of a kernel, made once.

    Args:
        launcher, numbers: as of the pattern.
        active: arguments that are differentiable before it runs.
        relation: which arguments are the same array, and whether others overlap.
        ndim: dimensions of the grid.
        values: arguments by value to differentiate by as well.
        begin: see `derivative`.

    Raises:
        AdjointError: it has no exact derivative.
    """
    known: dict[Any, Pattern] = launcher.__dict__.setdefault("patterns", {})
    key = numbers, active, relation, ndim, values
    if key not in known:
        known[key] = Pattern(launcher, numbers, derivative(launcher, active, *relation, ndim, values, begin))
    return known[key]


def arrays_of(argument: Argument) -> list[Array]:
    """The arrays that an argument is or refers to."""
    if isinstance(argument.value, Array):
        return [argument.value]
    if isinstance(argument.value, IndexedArray):
        return [argument.value.data, *(x for x in argument.value.indices if x is not None)]
    kept = argument.keep if isinstance(argument.keep, list) else []
    return [a for a in kept if isinstance(a, Array)]


def arrays_in(arguments: list[Argument]) -> tuple[Numbers, list[Array]]:
    """All arrays among the arguments, in structs too, and the numbers of these."""
    found = [(n, a) for n, argument in enumerate(arguments) for a in arrays_of(argument)]
    return tuple(n for n, _ in found), [a for _, a in found]


def numbered(launcher: Launcher, picked: Sequence[Any]) -> tuple[Numbers, Sequence[Array]] | None:
    """As `arrays_in`, for the arguments that should be arrays; None if there is something else among them."""
    for array in picked:
        if array.__class__ is not Array:
            break
    else:
        return launcher.array_numbers, picked
    found = [(n, a) for n, a in zip(launcher.array_numbers, picked, strict=True) if a is not None]
    if all(a.__class__ is Array for _, a in found):
        return tuple(n for n, _ in found), [a for _, a in found]
    return None


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
