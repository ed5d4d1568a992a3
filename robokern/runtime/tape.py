"""Reverse mode over launches: a `Tape` records what runs and plays it backwards.

    x = rk.array(values, dtype=rk.vec3, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(...)
        rk.launch(...)
    tape.backward(loss)                  # adds to x.grad

Adjoints live beside the arrays: each memory block that takes part (a `Block`, found by address) has a
*shadow* of the same size for the time of a `backward`, so views and slices need no rule of their own.

Memory: what a backward kernel reads again and a later launch overwrites is copied before it is overwritten,
once per content, and kept as long as the tape. A kernel that reads and writes one array has that array copied
before each of its launches, if its derivative depends on the content. Kernels that are linear in an array
keep nothing of it. `Tape(checkpoint=n)` keeps these copies for n launches at a time only, and runs the
forward launches a second time.

Writes that a tape cannot see (to `a.numpy()`, or through another library's view) must not happen between
the launches and `backward`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError
from robokern.ir.types import Struct
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate, ones
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, wrap
from robokern.runtime.derivative import Derivative, derivative, start
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray, component_shape
from robokern.runtime.launch import Grid, Launcher
from robokern.runtime.memory import ALIGNMENT
from robokern.runtime.tape_blocks import Block, Blocks
from robokern.runtime.tape_entries import Entry, FuncEntry, LaunchEntry, WriteEntry, arrays_of, copied_once
from robokern.runtime.tape_overlap import overlaps, refuse_overlap


@dataclass
class _Segment:
    """Entries between two checkpoints, and what the memory they change or read held before."""

    entries: list[Entry] = field(default_factory=list)
    before: dict[Block, Ndarray] = field(default_factory=dict)


class Tape:
    """Records launches, copies, fills and slices inside `with`, to play them backwards.

    Args:
        checkpoint: keep what `backward` needs for this many entries at a time, and run the launches between
            two checkpoints again; None: keep everything. For n entries the best is about sqrt(n).

    A tape inside another takes over until it ends.
    """

    def __init__(self, checkpoint: int | None = None) -> None:
        if checkpoint is not None and checkpoint < 1:
            raise ValueError(f"Tape: checkpoint: expected a number of entries from 1 up, got {checkpoint}")
        self.checkpoint = checkpoint
        self.saves = checkpoint is None  # whether entries keep copies now
        self.scopes: list[tuple[int, str, int]] = []
        self.reset()

    def __enter__(self) -> Tape:
        recording.tapes.append(self)
        return self

    def __exit__(self, *unused: object) -> None:
        recording.tapes.remove(self)

    def reset(self) -> None:
        """Forgets everything that was recorded; `grad`s stay."""
        self._segments: list[_Segment] = [_Segment()]
        self.blocks = Blocks()
        self._plans: dict[Any, Derivative] = {}
        self._arrays: dict[int, Array] = {}
        self._retained: set[int] = set()
        self.scopes = []
        self.grad_tangents: dict[Array, Array] = {}  # of the last backward inside a forward mode

    def zero(self) -> None:
        """Sets the `grad` of every array that took part to zero."""
        for array in self._arrays.values():
            if array._grad is not None:
                array._grad.zero_()

    @property
    def entries(self) -> list[Entry]:
        """What was recorded, in order."""
        return [entry for segment in self._segments for entry in segment.entries]

    @property
    def gradients(self) -> dict[Array, Array]:
        """The `grad` of each array that requires one."""
        return {a: a.grad for a in self._arrays.values() if a.grad is not None}

    @property
    def kept_bytes(self) -> int:
        """Bytes of the copies that the tape keeps now."""
        seen = {id(v): v._numpy.nbytes for e in self.entries for v in getattr(e, "versions", {}).values()}
        saved = sum(a._numpy.nbytes for e in self.entries for a in getattr(e, "saved", []))
        before = sum(b.nbytes for s in self._segments for b in s.before.values())
        return int(sum(seen.values()) + saved + before)

    # recording

    def launch(self, launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Runs a launch and records it, if something differentiable takes part."""
        arrays = [(n, a) for n, argument in enumerate(arguments) for a in arrays_of(argument)]
        active = frozenset(n for n, a in arrays if self._note(a))
        if not active and not any(self.storage(a).readers for _, a in arrays) and self.saves:
            if grid.count:
                start(launcher, place, grid, arguments)
            return
        key = id(launcher), active, tuple(id(a) for _, a in arrays), len(grid.shape)
        made = self._plans.get(key)
        if made is None:
            alias, shared = overlaps(self.blocks, launcher, arguments)
            made = self._plans[key] = derivative(launcher, active, alias, shared, len(grid.shape))
            refuse_overlap(self.blocks, launcher, made, arguments, alias)
        entry = LaunchEntry(launcher, place, grid, arguments, made)
        for number, array in arrays:
            if number in made.effects.active:
                self.storage(array).active = True
        self._add(entry)
        entry.run(self)

    def write(self, array: Array, place: Ndarray, source: Any) -> None:
        """Records that `place`, part of an array, is about to be set to `source`."""
        if recording.forward is not None:
            recording.forward.write(array, place, source)
        active = self._note(array)
        from_active = isinstance(source, Array) and self._note(source)
        target = wrap(place, array.dtype, array.device)
        self.before_write(target)
        if not (active or from_active) and self.saves:
            return
        if isinstance(array.dtype, Struct):
            raise AdjointError(
                "tape: arrays of structs cannot be copied or filled while they are differentiated"
            )
        self.storage(array).active |= from_active
        if not isinstance(source, Array):
            source = np.array(source)
        elif np.shares_memory(source._numpy, place):
            raise AdjointError("tape: an array is copied onto itself; copy it through another array")
        self._add(WriteEntry(target, source))
        if isinstance(source, Array):
            self._watch(source)

    def record_func(self, backward: Callable[[], None], arrays: Sequence[Array]) -> None:
        """Records a reverse step: `backward()` is called with each array's `grad` being its current adjoint.

        Args:
            backward: reads adjoints of outputs and adds to those of inputs; it must clear those of outputs.
            arrays: all arrays whose `grad` it uses.
        """
        for array in arrays:
            self._note(array)
        entry = FuncEntry(backward, list(arrays))
        self._add(entry)
        entry.run(self)

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names what is recorded inside, for `visualize`."""
        start = len(self.entries)
        yield
        self.scopes.append((start, name, len(self.entries)))

    def storage(self, array: Array) -> Block:
        """The memory block that an array lies in."""
        return self.blocks.storage(array)

    def _note(self, array: Array) -> bool:
        """Makes an array known; says whether it is differentiable now."""
        storage = self.storage(array)
        if array.requires_grad:
            self._arrays.setdefault(id(array), array)
            storage.active = True
        return storage.active and carries_float(array.dtype)

    def before_write(self, array: Array) -> None:
        """Copies what launches before need of an array that is about to change."""
        storage = self.storage(array)
        if not self.saves:
            self._watch(array)
        if not storage.readers:
            return
        low, high = self.blocks.span(array)
        copies: dict[bytes, Array] = {}
        left = []
        for entry, number, read in storage.readers:
            first, last = self.blocks.span(read)
            if first < high and low < last:
                entry.keep(number, copied_once(copies, read))
            else:
                left.append((entry, number, read))
        storage.readers = left

    def _watch(self, array: Array) -> None:
        """Under checkpointing: keeps a block as it was when the segment began."""
        if self.saves:
            return
        storage, before = self.storage(array), self._segments[-1].before
        if storage not in before:
            before[storage] = storage.bytes().copy()

    def _add(self, entry: Entry) -> None:
        segment = self._segments[-1]
        if self.checkpoint is not None and not self.saves and len(segment.entries) >= self.checkpoint:
            segment = _Segment()
            self._segments.append(segment)
        segment.entries.append(entry)
        if not self.saves and isinstance(entry, LaunchEntry):
            for _, array in entry.arrays():
                self._watch(array)

    # backwards

    def backward(self, loss: Array | None = None, grads: Mapping[Array, Array] | None = None) -> None:
        """Adds to the `grad` of every array with `requires_grad` the derivative by what it held at first.

        Args:
            loss: an array of one element, whose derivative by itself is 1.
            grads: for output arrays the derivative by them; their own `grad` where it is an array.

        With neither, each written array's own `grad` is the derivative by it, and is used up.

        Raises:
            AdjointError: no loss given, or one with more than one element.
        """
        for storage in self.blocks:
            storage.shadow, storage.own = None, None
        self._retained = set()
        self._adopt_grads()
        self._seed(loss, grads)
        outer, recording.tapes[:] = list(recording.tapes), []
        try:
            self._play_back()
        finally:
            recording.tapes[:] = outer
        self._hand_out()

    def _adopt_grads(self) -> None:
        """Blocks that are one array, only read, have its `grad` as their shadow: nothing to add."""
        written = self._written()
        for array in self._arrays.values():
            storage = self.storage(array)
            whole = storage.high - storage.low - array._numpy.nbytes <= ALIGNMENT
            if (
                id(storage) in written
                or not whole
                or not array.is_contiguous
                or recording.forward is not None
            ):
                continue
            grad = array.grad
            if grad is not None and grad.is_contiguous and storage.own is None:
                storage.own = (self.blocks.span(array)[0], grad._numpy.reshape(-1).view(np.uint8))

    def _written(self) -> set[int]:
        """Identities of the blocks that something recorded writes."""
        return {id(self.storage(a)) for e in self.entries for a, _, _, writes in e.touched() if writes}

    def _seed(self, loss: Array | None, grads: Mapping[Array, Array] | None) -> None:
        given = dict(grads or {})
        if loss is not None:
            if loss.size != 1 or component_shape(loss.dtype):
                raise AdjointError(
                    f"tape.backward: expected a loss of one number, got {loss.type} of shape {loss.shape}; "
                    "pass grads={array: derivative} for more"
                )
            given[loss] = wrap(ones(loss.dtype, loss.shape), loss.dtype, loss.device)
        if loss is None and grads is None:
            given = self._written_grads()
        for array, grad in given.items():
            accumulate(self.storage(array).shadow_of(array), grad)

    def _written_grads(self) -> dict[Array, Array]:
        """The `grad`s of arrays that entries write, cleared."""
        written = self._written()
        found = {}
        for array in self._arrays.values():
            if array._grad is not None and id(self.storage(array)) in written:
                found[array] = array._grad.clone()
                array._grad.zero_()
        return found

    def _play_back(self) -> None:
        if self.checkpoint is None:
            for entry in reversed(self._segments[0].entries):
                entry.reverse(self)
            return
        after = {s: s.bytes().copy() for segment in self._segments for s in segment.before}
        for segment in reversed(self._segments):
            self._replay(segment)
        for storage, content in after.items():
            storage.bytes()[...] = content

    def _replay(self, segment: _Segment) -> None:
        """Runs a segment again, now keeping what its reverse needs, and reverses it."""
        for storage, content in segment.before.items():
            storage.bytes()[...] = content
        self.saves = True
        for entry in segment.entries:
            entry.run(self)
        for entry in reversed(segment.entries):
            entry.reverse(self)
            entry.forget()
        for storage in self.blocks:
            storage.readers = []
        self.saves = False

    def retain(self, arrays: list[Array]) -> None:
        """Adds the adjoints of arrays with `retain_grad` to their `grad`, at their last write."""
        for array in arrays:
            kept = self._arrays.get(id(array))
            if kept is not None and kept.retain_grad and id(kept) not in self._retained:
                self._retained.add(id(kept))
                assert kept.grad is not None
                accumulate(kept.grad, self.storage(kept).shadow_of(kept))

    def _hand_out(self) -> None:
        """Moves adjoints to the arrays' `grad`; cleared on the way, so that a view adds nothing twice."""
        for array in self._arrays.values():
            storage = self.storage(array)
            if (
                storage.own is None
                and storage.shadow is not None
                and array.grad is not None
                and id(array) not in self._retained
            ):
                shadow = storage.shadow_of(array)
                g = shadow._numpy
                if recording.forward is not None:
                    self.grad_tangents[array] = recording.forward.tangent(shadow).clone()
                accumulate(array.grad, shadow)
                g[...] = np.zeros((), g.dtype)
        for storage in self.blocks:
            storage.shadow, storage.own = None, None

    # looking at it

    def visualize(self, path: str | None = None) -> str:
        """The graph of launches and arrays in the DOT language (graphviz.org); written to `path` if given."""
        from robokern.runtime.tape_graph import dot

        text = dot(self)
        if path is not None:
            with open(path, "w") as file:
                file.write(text)
        return text
