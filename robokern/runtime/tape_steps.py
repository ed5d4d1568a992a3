"""What a tape records: launches, copies and fills, and reverse steps written by the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import AdjointError
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate
from robokern.runtime.array import Array, wrap
from robokern.runtime.hostvalue import Ndarray, elements
from robokern.runtime.memory import allocate, move, put

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape
    from robokern.runtime.tape_blocks import Block

Touched = tuple[Array, str, bool, bool]


class Step:
    """Something that was recorded. One step may stand in many places of a tape."""

    name = "step"
    reads: Sequence[Block] = ()  # blocks that its reverse reads as it leaves them
    needed: Sequence[tuple[Array, bool]] = ()  # arrays its reverse reads; whether as it leaves them

    def run(self, tape: Tape, at: int) -> None:
        """Does again what was recorded at a place of the tape, and notes what its reverse needs."""
        raise NotImplementedError

    def reverse(self, tape: Tape, at: int) -> None:
        """Hands adjoints back."""
        raise NotImplementedError

    def touched(self) -> Iterator[Touched]:
        """Its arrays: what it calls each, whether it reads and whether it writes it."""
        raise NotImplementedError


class WriteStep(Step):
    """A copy into an array, or a constant written to it.

    Args:
        target: the elements that are written.
        source: what is copied, or host values.
    """

    name = "write"

    def __init__(self, target: Array, source: Array | Ndarray) -> None:
        self.target, self.source = target, source

    def run(self, tape: Tape, at: int) -> None:
        """Writes the same again."""
        tape.before_write([self.target])
        self.write()

    def write(self) -> None:
        """Copies; elements that are fewer are repeated."""
        target, source = self.target, self.source
        place = target._numpy
        if not isinstance(source, Array):
            put(place, target.device, _fit(source, place.shape))
        elif source.dtype == target.dtype and source._numpy.size == place.size:
            move(place, target.device, source._numpy.reshape(place.shape), source.device)
        else:
            values = elements(source.numbers(), target.dtype)[0]
            put(place, target.device, _fit(values, place.shape))

    def touched(self) -> Iterator[Touched]:
        """The array that is written and the one that is read."""
        yield self.target, "target", False, True
        if isinstance(self.source, Array):
            yield self.source, "source", True, False

    def reverse(self, tape: Tape, at: int) -> None:
        """The adjoints of what was written go to what was copied, and end there."""
        if recording.forward is not None:
            raise AdjointError(
                "forward over reverse: copies and fills have no second derivative; use a kernel"
            )
        if tape.retains:
            tape.retain([self.target])
        block = tape.blocks.of(self.target)
        if block.shadow is None:
            return
        g = block.shadow_of(self.target)
        if isinstance(self.source, Array) and tape.blocks.of(self.source).active:
            accumulate(tape.blocks.of(self.source).shadow_of(self.source), _on(g, self.source))
        g.zero_()


class FuncStep(Step):
    """A reverse step written by the user.

    Args:
        backward: hands adjoints back, found and left in the `grad` of the arrays.
        arrays: all it uses.
    """

    name = "func"

    def __init__(self, backward: Callable[[], Any], arrays: Sequence[Array]) -> None:
        self.backward, self.arrays = backward, list(arrays)

    def run(self, tape: Tape, at: int) -> None:
        """What it stands for is not seen; its arrays are differentiable from here on."""
        for array in self.arrays:
            tape.activate(tape.blocks.of(array))

    def touched(self) -> Iterator[Touched]:
        """Its arrays."""
        for number, array in enumerate(self.arrays):
            yield array, f"array {number}", True, True

    def reverse(self, tape: Tape, at: int) -> None:
        """Lets the user's function see the adjoints as `grad`."""
        before = [(a, a.requires_grad, a._grad) for a in self.arrays]
        for array in self.arrays:
            array.grad = tape.blocks.of(array).shadow_of(array)
        try:
            self.backward()
        finally:
            for array, required, grad in before:
                array.requires_grad, array._grad = required, grad


def copied(array: Array) -> Array:
    """A contiguous copy that no tape sees, with its tangents where a forward mode is open."""
    data = allocate(array._numpy.shape, array._numpy.dtype, array.device)
    move(data, array.device, array._numpy, array.device)
    made = wrap(data, array.dtype, array.device, array._keep)
    if recording.forward is not None:
        recording.forward.copied(made, array)
    return made


def _on(array: Array, other: Array) -> Array:
    """An array where the other one is."""
    if array.device.ordinal == other.device.ordinal:
        return array
    return array.to(other.device)


def _fit(values: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    return values.reshape(shape) if values.size == int(np.prod(shape)) else values
