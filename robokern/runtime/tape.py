"""Reverse mode over launches: a `Tape` records what runs and plays it backwards.

    x = rk.array(values, dtype=rk.vec3, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(...)
        rk.launch(...)
    tape.backward(loss)                  # adds to x.grad

Adjoints live beside the arrays: each memory block that takes part (a `_Storage`, found by address) has a
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

import bisect
import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from robokern.compiler.adjoint import Adjoint, Effects, adjoint, effects
from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError
from robokern.ir.nodes import Func
from robokern.ir.types import ArrayType, Struct, Type
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, wrap, zeros_of
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray, component_shape
from robokern.runtime.launch import Grid, Launcher
from robokern.runtime.memory import ALIGNMENT

try:
    from numpy.lib.array_utils import byte_bounds
except ImportError:  # NumPy before 2.0
    from numpy import byte_bounds  # type: ignore[no-redef,attr-defined]


class DerivedLauncher(Launcher):
    """Launches a Func that was made from a kernel's, not lowered from Python."""

    def __init__(self, launcher: Launcher, func: Func) -> None:
        types = tuple(p.type for p in func.params)
        kernel: Any = SimpleNamespace(
            name=func.name,
            params=tuple(zip(func.names, types, strict=True)),
            overload=SimpleNamespace(defaults={}),
            options=launcher.kernel.options,
            is_generic=False,
        )
        self.__dict__["func"] = func
        super().__init__(kernel, types)


@dataclass
class Derivative:
    """What a tape does with one kernel, for given active parameters.

    Attributes:
        effects: what the kernel reads and writes.
        rule: its adjoint.
        forward: runs it and fills the saved arrays; the kernel's own launcher where there are none.
        backward: runs the adjoint kernel; None if nothing flows back.
    """

    effects: Effects
    rule: Adjoint
    forward: Launcher
    backward: Launcher | None


def derivative(
    launcher: Launcher, active: frozenset[int], alias: tuple[int, ...], shared: bool, ndim: int
) -> Derivative:
    """The derivative of a kernel, made once.

    Raises:
        AdjointError: it has none that is exact.
    """
    known: dict[Any, Derivative] = launcher.__dict__.setdefault("derived", {})
    key = active, alias, shared, ndim
    if key not in known:
        found = effects(launcher.func, active, alias)
        rule = adjoint(launcher.func, active, ndim, shared, alias)
        forward = launcher if rule.forward is None else DerivedLauncher(launcher, rule.forward)
        backward = None if rule.func is None else DerivedLauncher(launcher, rule.func)
        known[key] = Derivative(found, rule, forward, backward)
    return known[key]


@dataclass(eq=False)
class _Storage:
    """A block of memory that arrays of the tape lie in.

    `readers` are the recorded launches whose derivative will read it as it is now.
    """

    low: int
    high: int
    owner: Any
    active: bool = False
    shadow: Ndarray | None = None
    own: tuple[int, Ndarray] | None = None  # address of the array whose grad is the shadow, and that grad
    readers: list[tuple[_Entry, int, Array]] = field(default_factory=list)

    def shadow_of(self, array: Array) -> Array:
        """The adjoints of an array in this block."""
        data = array._numpy
        if self.own is not None:
            base, memory = self.own
        else:
            if self.shadow is None:
                self.shadow = np.zeros(self.high - self.low, np.uint8)
            base, memory = self.low, self.shadow
        offset = int(data.__array_interface__["data"][0]) - base
        view: Ndarray = np.ndarray(data.shape, data.dtype, memory.data, offset, data.strides)
        return wrap(view, array.dtype, array.device)


class _Entry:
    """Something that was recorded."""

    name = "entry"

    def run(self, tape: Tape) -> None:
        """Does it, and notes what its reverse needs."""
        raise NotImplementedError

    def reverse(self, tape: Tape) -> None:
        """Hands adjoints back."""
        raise NotImplementedError

    def keep(self, number: int, content: Array) -> None:
        """Takes a copy of what argument `number` held, which is about to be overwritten."""

    def forget(self) -> None:
        """Drops copies."""

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        """Its arrays: what it calls each, whether it reads and whether it writes it."""
        raise NotImplementedError


@dataclass(eq=False)
class _LaunchEntry(_Entry):
    launcher: Launcher
    place: Device
    grid: Grid
    arguments: list[Argument]
    made: Derivative
    versions: dict[int, Array] = field(default_factory=dict)
    saved: list[Array] = field(default_factory=list)

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.launcher.kernel.name

    def arrays(self) -> Iterator[tuple[int, Array]]:
        """The array arguments and their numbers; those of structs under the struct's number."""
        for number, argument in enumerate(self.arguments):
            for array in arrays_of(argument):
                yield number, array

    def run(self, tape: Tape) -> None:
        rule = self.made.rule
        for number, array in self.arrays():
            if number in self.made.effects.writes:
                tape.before_write(array)
        touched = [tape.storage(a) for n, a in self.arrays() if n in self.made.effects.writes]
        for number, array in self.arrays():
            if number in rule.reads and tape.saves:
                storage = tape.storage(array)
                if storage in touched:
                    self.versions[number] = _copy(array)
                else:
                    storage.readers.append((self, number, array))
        self.saved = [zeros_of(t.dtype, self.grid.shape, self.place) for t in rule.saved]
        extra = [Argument(a.descriptor, a, True, a) for a in self.saved]
        if self.grid.count:
            start(self.made.forward, self.place, self.grid, [*self.arguments, *extra])

    def touched(self) -> Iterator[tuple[Array, str, bool, bool]]:
        names, found = self.launcher.func.names, self.made.effects
        for number, array in self.arrays():
            yield array, names[number], number in found.reads, number in found.writes

    def keep(self, number: int, content: Array) -> None:
        self.versions[number] = content

    def forget(self) -> None:
        self.versions, self.saved = {}, []

    def reverse(self, tape: Tape) -> None:
        tape.retain([a for n, a in self.arrays() if n in self.made.effects.writes])
        if self.made.backward is None or self.grid.count == 0:
            return
        rule = self.made.rule
        own = [self._primal(i, a) for i, a in enumerate(self.arguments)]
        shadows = [shadow_argument(tape, self.arguments[i], self.launcher.types[i]) for i in rule.shadows]
        extra = [Argument(a.descriptor, a, True, a) for a in self.saved]
        start(self.made.backward, self.place, self.grid, [*own, *shadows, *extra])

    def _primal(self, number: int, argument: Argument) -> Argument:
        content = self.versions.get(number)
        if content is None and number not in self.made.rule.copies:
            return argument
        content = argument.value if content is None else content
        if number in self.made.rule.copies:
            content = _copy(content)
        return Argument(content.descriptor, content, content.is_contiguous, content)


@dataclass(eq=False)
class _WriteEntry(_Entry):
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
        g = tape.storage(self.target).shadow_of(self.target)._numpy
        if isinstance(self.source, Array) and tape.storage(self.source).active:
            into = tape.storage(self.source).shadow_of(self.source)._numpy
            into += _summed(g, into.shape).astype(into.dtype)
        g[...] = np.zeros((), g.dtype)


@dataclass(eq=False)
class _FuncEntry(_Entry):
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


@dataclass
class _Segment:
    """Entries between two checkpoints, and what the memory they change or read held before."""

    entries: list[_Entry] = field(default_factory=list)
    before: dict[_Storage, Ndarray] = field(default_factory=dict)


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
        self._storages: dict[tuple[int, int], _Storage] = {}
        self._bounds: list[tuple[int, int]] = []
        self._placed: dict[
            int, tuple[_Storage, int, int, Array]
        ] = {}  # by the array's id, which it keeps alive
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
    def entries(self) -> list[_Entry]:
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
            alias, shared = self._overlaps(launcher, arguments)
            made = self._plans[key] = derivative(launcher, active, alias, shared, len(grid.shape))
            self._refuse_overlap(launcher, made, arguments, alias)
        entry = _LaunchEntry(launcher, place, grid, arguments, made)
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
        self._add(_WriteEntry(target, source))
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
        entry = _FuncEntry(backward, list(arrays))
        self._add(entry)
        entry.run(self)

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names what is recorded inside, for `visualize`."""
        start = len(self.entries)
        yield
        self.scopes.append((start, name, len(self.entries)))

    def storage(self, array: Array) -> _Storage:
        """The memory block that an array lies in."""
        found = self._placed.get(id(array))
        return found[0] if found is not None else self._find(array)[0]

    def span(self, array: Array) -> tuple[int, int]:
        """Addresses of an array's first byte and of the one after its last."""
        found = self._placed.get(id(array)) or self._find(array)
        return found[1], found[2]

    def _find(self, array: Array) -> tuple[_Storage, int, int, Array]:
        owner: Any = array._numpy
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        low, high = byte_bounds(owner)
        storage = self._storages.get((low, high)) or self._place(low, high, owner)
        placed = self._placed[id(array)] = (storage, *byte_bounds(array._numpy), array)
        return placed

    def _place(self, low: int, high: int, owner: Any) -> _Storage:
        """A block for memory not seen yet, or the known one that contains it."""
        at = bisect.bisect_right(self._bounds, (low, high))
        for near in self._bounds[max(at - 1, 0) : at + 1]:
            if near[0] <= low and high <= near[1]:
                return self._storages[near]
            if low < near[1] and near[0] < high and low < high:
                raise AdjointError(
                    "tape: two arrays overlap in memory of another library; wrap the whole, then slice it"
                )
        made = self._storages[low, high] = _Storage(low, high, owner)
        self._bounds.insert(at, (low, high))
        return made

    def _note(self, array: Array) -> bool:
        """Makes an array known; says whether it is differentiable now."""
        storage = self.storage(array)
        if array.requires_grad:
            self._arrays.setdefault(id(array), array)
            storage.active = True
        return storage.active and _differentiable(array.dtype)

    def before_write(self, array: Array) -> None:
        """Copies what launches before need of an array that is about to change."""
        storage = self.storage(array)
        if not self.saves:
            self._watch(array)
        if not storage.readers:
            return
        low, high = self.span(array)
        copies: dict[bytes, Array] = {}
        left = []
        for entry, number, read in storage.readers:
            first, last = self.span(read)
            if first < high and low < last:
                entry.keep(number, _cached(copies, read))
            else:
                left.append((entry, number, read))
        storage.readers = left

    def _watch(self, array: Array) -> None:
        """Under checkpointing: keeps a block as it was when the segment began."""
        if self.saves:
            return
        storage, before = self.storage(array), self._segments[-1].before
        if storage not in before:
            before[storage] = _bytes(storage).copy()

    def _add(self, entry: _Entry) -> None:
        segment = self._segments[-1]
        if self.checkpoint is not None and not self.saves and len(segment.entries) >= self.checkpoint:
            segment = _Segment()
            self._segments.append(segment)
        segment.entries.append(entry)
        if not self.saves and isinstance(entry, _LaunchEntry):
            for _, array in entry.arrays():
                self._watch(array)

    def _overlaps(self, launcher: Launcher, arguments: list[Argument]) -> tuple[tuple[int, ...], bool]:
        """For each parameter the first that is the same array; whether others overlap."""
        alias, shared = list(range(len(arguments))), False
        seen: dict[bytes, int] = {}
        placed: dict[_Storage, list[tuple[int, int]]] = {}
        for number, argument in enumerate(arguments):
            for array in arrays_of(argument):
                first = (
                    seen.setdefault(argument.record, number) if isinstance(argument.value, Array) else number
                )
                if first != number and launcher.types[first] == launcher.types[number]:
                    alias[number] = first
                    continue
                span = self.span(array)
                spans = placed.setdefault(self.storage(array), [])
                shared |= any(a < span[1] and span[0] < b for a, b in spans)
                spans.append(span)
        return tuple(alias), shared

    def _refuse_overlap(
        self, launcher: Launcher, made: Derivative, arguments: list[Argument], alias: tuple[int, ...]
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
            low, high = self.span(a)
            for m, x in enumerate(arguments):
                for b in arrays_of(x) if alias[m] == m and m != n else []:
                    start, end = self.span(b)
                    if start < high and low < end and np.shares_memory(a._numpy, b._numpy):
                        loc = launcher.func.loc
                        raise AdjointError(
                            f"kernel {launcher.kernel.name!r} cannot be differentiated: array {names[n]!r}, "
                            f"which it writes, overlaps array {names[m]!r}",
                            loc.file if loc else None,
                            loc.line if loc else None,
                            hint="pass a copy of one of them",
                        )

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
        for storage in self._storages.values():
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
                storage.own = (self.span(array)[0], grad._numpy.reshape(-1).view(np.uint8))

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
            given[loss] = wrap(np.ones_like(loss._numpy), loss.dtype, loss.device)
        if loss is None and grads is None:
            given = self._written_grads()
        for array, grad in given.items():
            into = self.storage(array).shadow_of(array)._numpy
            into += np.asarray(grad._numpy if isinstance(grad, Array) else grad, into.dtype)

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
        after = {s: _bytes(s).copy() for segment in self._segments for s in segment.before}
        for segment in reversed(self._segments):
            self._replay(segment)
        for storage, content in after.items():
            _bytes(storage)[...] = content

    def _replay(self, segment: _Segment) -> None:
        """Runs a segment again, now keeping what its reverse needs, and reverses it."""
        for storage, content in segment.before.items():
            _bytes(storage)[...] = content
        self.saves = True
        for entry in segment.entries:
            entry.run(self)
        for entry in reversed(segment.entries):
            entry.reverse(self)
            entry.forget()
        for storage in self._storages.values():
            storage.readers = []
        self.saves = False

    def retain(self, arrays: list[Array]) -> None:
        """Adds the adjoints of arrays with `retain_grad` to their `grad`, at their last write."""
        for array in arrays:
            kept = self._arrays.get(id(array))
            if kept is not None and kept.retain_grad and id(kept) not in self._retained:
                self._retained.add(id(kept))
                assert kept.grad is not None
                kept.grad._numpy[...] += self.storage(kept).shadow_of(kept)._numpy

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
                _add_in_place(array.grad._numpy, g)
                g[...] = np.zeros((), g.dtype)
        for storage in self._storages.values():
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


def start(launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
    """Runs a launch; with tangents where a forward mode is open (forward over reverse)."""
    around = recording.forward
    if around is None:
        launcher.start(place, grid, arguments)
    else:
        around.launch(launcher, place, grid, arguments)


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


def _differentiable(dtype: Type) -> bool:
    return carries_float(dtype)


def _copy(array: Array) -> Array:
    data = np.array(array._numpy, copy=True, order="C")
    made = wrap(data, array.dtype, array.device, array._keep)
    if recording.forward is not None:
        recording.forward.copied(made, array)
    return made


def _cached(copies: dict[bytes, Array], array: Array) -> Array:
    """A copy of an array, one for all who ask for the same elements."""
    if array.descriptor not in copies:
        copies[array.descriptor] = _copy(array)
    return copies[array.descriptor]


def _bytes(storage: _Storage) -> Ndarray:
    size = storage.high - storage.low
    data: Ndarray = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(storage.low))
    return data


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


def _add_in_place(into: Ndarray, g: Ndarray) -> None:
    if into.dtype.names is None:
        into += g
        return
    for name in into.dtype.names:
        if into.dtype[name].base.kind in "fV":
            _add_in_place(into[name], g[name])
