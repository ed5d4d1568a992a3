"""Reverse mode over launches: a `Tape` records what runs and plays it backwards.

    x = rk.array(values, dtype=rk.vec3, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(...)
        rk.launch(...)
    tape.backward(loss)                  # adds to x.grad

Adjoints live beside the arrays: each memory block that takes part (`tape_blocks.py`) has a *shadow* of the
same size for the time of a `backward`, so views and slices need no rule of their own.

Memory: what a backward kernel reads again and a later launch overwrites is copied before it is overwritten,
once per content, and kept as long as the tape. A kernel that reads and writes one array has that array copied
before each of its launches, if its derivative depends on the content. Kernels that are linear in an array
keep nothing of it. `Tape(checkpoint=n)` keeps these copies for n launches at a time only, and runs the
forward launches a second time.

Writes that a tape cannot see (to `a.numpy()`, or through another library's view) must not happen between
the launches and `backward`.

Recording is cheap: what a kernel does to its arrays is a `LaunchStep`, worked out once for each kernel, grid
and list of arrays; a launch adds a reference to it and the packed arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError, KernelAssertionError
from robokern.ir.types import Struct
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate, add_total
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, wrap
from robokern.runtime.blank import clear
from robokern.runtime.device import Device
from robokern.runtime.grid import Dim, record_of
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.launcher import Launcher
from robokern.runtime.tape_backward import Grads, backward
from robokern.runtime.tape_blocks import Block, Blocks, overlap, span_of
from robokern.runtime.tape_gradients import Gradients
from robokern.runtime.tape_guard import TapeGuard
from robokern.runtime.tape_launch import LaunchStep, arrays_in, numbered
from robokern.runtime.tape_plan import plan
from robokern.runtime.tape_steps import FuncStep, Step, WriteStep, copied

if TYPE_CHECKING:
    from robokern.runtime.launch import Launch


class Segment:
    """What was recorded between two checkpoints.

    Attributes:
        start: place of its first step on the tape.
        before: of the blocks that it writes what they held before.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.before: dict[Block, Array] = {}


class Tape:
    """Records launches, copies, fills and slices inside `with`, to play them backwards.

    Args:
        checkpoint: keep what `backward` needs for this many entries at a time, and run the launches between
            two checkpoints again; None: keep everything. For n entries the best is about sqrt(n).
        values: names of parameters by value (numbers, vectors, structs) to differentiate by as well; see
            `value_gradients`.

    Attributes:
        loss: what `backward` starts from when it is given nothing.
        value_gradients: for each of `values` the derivative, summed over all launches of kernels with a
            parameter of that name, as a host value of its type; from the last `backward`.

    A tape inside another takes over until it ends.
    """

    def __init__(self, checkpoint: int | None = None, values: Sequence[str] = ()) -> None:
        if checkpoint is not None and checkpoint < 1:
            raise ValueError(f"Tape: checkpoint: expected a number of entries from 1 up, got {checkpoint}")
        self.checkpoint, self.values = checkpoint, frozenset(values)
        self.saves = checkpoint is None  # whether steps keep copies now
        self._quick = self.saves  # whether a launch may just run, where nothing has to be kept before
        self.loss: Array | None = None
        self.guard = TapeGuard(self)
        self._clear()

    def __enter__(self) -> Tape:
        if self.checkpoint is not None and recording.forward is not None:
            raise AdjointError("forward over reverse: a tape with checkpoint= runs no tangents again")
        self._quick = self.saves and recording.forward is None
        self.replan()
        self.guard.leave()
        self.guard.played = False
        if recording.tapes:
            recording.tapes[-1].guard.stand(recording.tapes[-1])
        recording.tapes.append(self)
        self.has_run = True
        recording.keep(self)
        return self

    def __exit__(self, *unused: object) -> None:
        recording.tapes.remove(self)
        if recording.tapes:
            recording.tapes[-1].guard.leave()
        self.guard.stand(self)

    def reset(self) -> None:
        """Forgets everything that was recorded, and sets the `grad` of every array that took part to zero."""
        self.zero()
        self.guard.leave()
        self.guard = TapeGuard(self)
        self._clear()

    def _clear(self) -> None:
        self.has_run = False  # whether it has been entered, so that an empty one is a mistake
        self.steps: list[Step] = []
        self.records: list[bytes] = []  # of each step that is a launch its launch record
        self.segments = [Segment(0)]
        self.blocks = Blocks()
        self.leaves: dict[int, Array] = {}  # arrays that require a gradient, by identity
        # by place of the tape and array: what it held before the step there, or after it
        self.copies: dict[tuple[int, bytes, bool], Array] = {}
        self.saved: dict[int, list[Array]] = {}  # what a forward kernel left for its reverse
        self.retained: set[int] = set()
        self.retains = False
        self.scopes: list[tuple[int, str, int]] = []
        self._open_scopes: list[tuple[int, str]] = []
        self._steps: dict[Any, LaunchStep] = {}
        self.grad_tangents: dict[Array, Array] = {}  # of the last backward inside a forward mode
        self.value_gradients: dict[str, Any] = {}

    def zero(self) -> None:
        """Sets the `grad` of every array that took part to zero."""
        for array in self.leaves.values():
            clear(array)

    @property
    def entries(self) -> list[Step]:
        """What was recorded, in order."""
        return list(self.steps)

    @property
    def gradients(self) -> Gradients:
        """The `grad` of each array that requires one; of a struct, a struct of those of its arrays."""
        return Gradients({a: a.grad for a in self.leaves.values() if a.grad is not None})

    @property
    def kept_bytes(self) -> int:
        """Bytes of the copies that the tape keeps now."""
        kept = {id(a): a for a in self.copies.values()}
        saved = [a for arrays in self.saved.values() for a in arrays]
        before = [a for s in self.segments for a in s.before.values()]
        return int(sum(a._numpy.nbytes for a in [*kept.values(), *saved, *before]))

    # recording

    def launch(self, launcher: Launcher, device: Device, dim: Dim, values: list[Any]) -> None:
        """Runs a launch and records it, if something differentiable takes part."""
        try:
            key: Any = (launcher, device, dim, launcher.pick(values))
            step = self._steps.get(key)
        except (TypeError, IndexError):  # a list, a NumPy array, a struct, too few values
            key = step = None
        if step is None or not step.light or not self._quick:
            self._launch(step, key, launcher, device, dim, values)
            return
        for block in step.guards:
            if block.readers:
                self._launch(step, key, launcher, device, dim, values)
                return
        record = launcher.launch(device, dim, values)
        if step.made is not None:
            for block in step.reads:
                block.readers.append(len(self.steps))
            # two lists of plain things: a list of pairs would keep the garbage collector busy
            self.steps.append(step)
            self.records.append(record)

    def relaunch(self, launch: Launch) -> None:
        """As `launch`, for a recorded launch."""
        key = id(launch.arguments), launch.grid  # the step keeps both alive
        step = self._steps.get(key)
        if step is None or not self._is_free(step):
            self._relaunch(step, key, launch)
            return
        launch.start()
        if step.made is not None:
            self._note(step, step.record)

    def _relaunch(self, step: LaunchStep | None, key: Any, launch: Launch) -> None:
        if step is None or self._is_outdated(step):
            found = arrays_in(launch.arguments)
            step = plan(self, launch.launcher, launch.device, launch.dim, *found, launch.arguments)
            step.record = launch.record
            self._steps[key] = step
        record = step.record

        def quickly() -> bytes:
            launch.start()
            return record

        self._perform(step, quickly, lambda: launch.arguments)

    def _is_free(self, step: LaunchStep) -> bool:
        """Whether nothing has to be done before it runs."""
        if not step.light or not self._quick:
            return False
        for block in step.guards:  # noqa: SIM110 (a third of the time of any())
            if block.readers:
                return False
        return True

    def _note(self, step: Step, record: bytes) -> None:
        at = len(self.steps)
        for block in step.reads if self.saves else ():
            block.readers.append(at)
        self.steps.append(step)
        self.records.append(record)

    def _launch(
        self,
        step: LaunchStep | None,
        key: Any,
        launcher: Launcher,
        device: Device,
        dim: Dim,
        values: list[Any],
    ) -> None:
        """As `launch`, where something must be worked out or done before."""
        if step is None or self._is_outdated(step):
            found = None if key is None else numbered(launcher, key[-1])
            if found is None:
                arguments = launcher.arguments(values)
                step = plan(self, launcher, device, dim, *arrays_in(arguments), arguments)
            else:
                self._steps[key] = plan(self, launcher, device, dim, *found)
                self.launch(launcher, device, dim, values)
                return
        self._perform(step, lambda: launcher.launch(device, dim, values), lambda: launcher.arguments(values))

    def _is_outdated(self, step: LaunchStep) -> bool:
        """Whether it was of no interest when it was worked out, but overwrites what others need by now."""
        return step.made is None and (not self.saves or any(b.readers for b in step.guards))

    def add_leaf(self, array: Array, block: Block) -> None:
        """Makes an array that requires a gradient known."""
        self.leaves.setdefault(id(array), array)
        block.cover(array)
        self.activate(block)

    def is_active(self, array: Array) -> bool:
        """Makes an array known; says whether it is differentiable now."""
        block = self.blocks.of(array)
        if array.requires_grad:
            self.add_leaf(array, block)
        return block.active and carries_float(array.dtype)

    def activate(self, block: Block) -> None:
        """Makes a block differentiable from here on."""
        if not block.active:
            block.active = True
            if block.constant:
                self.replan()

    def replan(self) -> None:
        """Forgets what launches do, since what is differentiable has changed."""
        self._steps.clear()

    def _perform(
        self,
        step: LaunchStep,
        quickly: Callable[[], bytes],
        arguments: Callable[[], list[Argument]],
    ) -> None:
        """Runs a launch and records it.

        Args:
            step: what it does.
            quickly: runs the kernel as it is; gives the packed arguments.
            arguments: the arguments, to run another kernel instead.
        """
        at = self._open()
        try:
            step.prepare(self, at)
            if step.pattern.is_plain and recording.forward is None:
                record = quickly()
            else:
                given = arguments()
                step.start(self, at, given)
                record = record_of(step.grid, given)
        except KernelAssertionError:  # the other items have run
            self._note(step, record_of(step.grid, arguments()))
            raise
        except BaseException:
            self.forget_copies(at)
            raise
        if step.made is not None:
            self._note(step, record)

    def write(self, array: Array, place: Ndarray, source: Any) -> None:
        """Records that `place`, part of an array, is about to be set to `source`."""
        if recording.forward is not None:
            recording.forward.write(array, place, source)
        if isinstance(array.dtype, Struct):
            self.replan()  # its elements may refer to other arrays from now on
        active = self.is_active(array)
        copy = isinstance(source, Array)
        from_active = copy and self.is_active(source)
        self._open()
        target = wrap(place, array.dtype, array.device)
        self.before_write([target])
        if not (active or from_active) and self.saves:
            return
        if isinstance(array.dtype, Struct):
            raise AdjointError(
                "tape: arrays of structs cannot be copied or filled while they are differentiated"
            )
        if from_active:
            self.activate(self.blocks.of(array))
        self.blocks.of(array).touch(len(self.steps), array, writes=True)
        if copy:
            self.blocks.of(source).touch(len(self.steps), source, writes=False)
        if copy and np.shares_memory(source._numpy, place):
            raise AdjointError("tape: an array is copied onto itself; copy it through another array")
        self._note(WriteStep(target, source if copy else np.array(source)), b"")

    def record_func(self, backward: Callable[[], Any], arrays: Sequence[Array]) -> None:
        """Records a reverse step: `backward()` is called with each array's `grad` being its current adjoint.

        Args:
            backward: reads adjoints of outputs and adds to those of inputs; it must clear those of outputs.
            arrays: all arrays whose `grad` it uses.

        Raises:
            AdjointError: the tape has checkpoints: it could not run again what the step stands for.
        """
        if self.checkpoint is not None:
            raise AdjointError(
                "tape.record_func: a tape with checkpoint= runs launches again, not Python; make it without"
            )
        step = FuncStep(backward, arrays)
        for array in step.arrays:
            self.is_active(array)
            self.blocks.of(array).touch(len(self.steps), array, writes=True)
        step.run(self, len(self.steps))
        self._note(step, b"")

    # what a reverse needs later

    def before_write(self, arrays: Sequence[Array]) -> dict[bytes, Array]:
        """Copies what launches before need of arrays that are about to change; gives the copies."""
        copies: dict[bytes, Array] = {}
        for array in arrays:
            block = self.blocks.of(array)
            if block.readers:
                block.readers = [at for at in block.readers if self._is_needed(at, block, array, copies)]
            if not self.saves and block not in self.segments[-1].before:
                self.segments[-1].before[block] = copied(block.content())
        return copies

    def _is_needed(self, at: int, block: Block, array: Array, copies: dict[bytes, Array]) -> bool:
        """Copies what a launch needs of an array that will change; whether it needs more of the block."""
        more = False
        for needed, after in self.steps[at].needed:
            if self.blocks.of(needed) is not block:
                continue
            if not overlap(span_of(needed), span_of(array)):
                more = True
            elif (at, needed.descriptor, after) not in self.copies:
                self.keep(at, needed, after, copies)
        return more

    def keep(self, at: int, array: Array, after: bool, copies: dict[bytes, Array]) -> None:
        """Keeps what an array holds now for a place of the tape; one copy for all who ask now."""
        made = copies.get(array.descriptor)
        if made is None:
            made = copies[array.descriptor] = copied(array)
        self.copies[at, array.descriptor, after] = made

    def forget_copies(self, at: int | None = None) -> None:
        """Drops what was kept, for one place of the tape or for all."""
        if at is None:
            self.copies, self.saved = {}, {}
            for block in self.blocks:
                block.readers = []
            return
        self.saved.pop(at, None)
        for key in [k for k in self.copies if k[0] == at]:
            del self.copies[key]

    def _open(self) -> int:
        """The place of the next step; begins a segment where one is due."""
        at = len(self.steps)
        if self.checkpoint is not None and not self.saves and at - self.segments[-1].start >= self.checkpoint:
            self.segments.append(Segment(at))
        return at

    # backwards

    def backward(self, loss: Array | None = None, grads: Grads | None = None) -> None:
        """Adds to the `grad` of every array with `requires_grad` the derivative by what it held at first.

        Args:
            loss: an array of one element, whose derivative by itself is 1.
            grads: for output arrays the derivative by them, as arrays or NumPy data of the same shape.

        With neither, `tape.loss` is the loss; without that, each written array's own `grad` is the derivative
        by it, and is used up.

        Raises:
            AdjointError: a loss with more than one element, a derivative of another shape, or an array that
                is read again was overwritten since the last `backward`.
        """
        self.guard.check(self)
        backward(self, self.loss if loss is None and grads is None else loss, grads)
        self.guard.played = True

    def retain(self, arrays: Sequence[Array]) -> None:
        """Adds the adjoints of arrays with `retain_grad` to their `grad`, at their last write."""
        for array in arrays:
            kept = self.leaves.get(id(array))
            if kept is not None and kept.retain_grad and id(kept) not in self.retained:
                self.retained.add(id(kept))
                assert kept.grad is not None
                accumulate(kept.grad, self.blocks.of(kept).shadow_of(kept))

    def add_value(self, name: str, shares: Array) -> None:
        """Adds the derivative by a parameter by value: a share for each item."""
        self.value_gradients[name] = add_total(self.value_gradients.get(name), shares)

    # looking at it

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names what is recorded inside, for `visualize`."""
        self.record_scope_begin(name)
        yield
        self.record_scope_end(remove_scope_if_empty=False)

    def record_scope_begin(self, scope_name: str, metadata: Mapping[str, Any] | None = None) -> None:
        """Begins a scope: what is recorded until its end is drawn together by `visualize`.

        Args:
            scope_name: what it is called there.
            metadata: not used.
        """
        self._open_scopes.append((len(self.steps), scope_name))

    def record_scope_end(self, remove_scope_if_empty: bool = True) -> None:
        """Ends the scope begun last.

        Raises:
            AdjointError: there is none.
        """
        if not self._open_scopes:
            raise AdjointError("tape.record_scope_end: no scope is open; call record_scope_begin first")
        start, name = self._open_scopes.pop()
        if len(self.steps) > start or not remove_scope_if_empty:
            self.scopes.append((start, name, len(self.steps)))

    def visualize(
        self,
        filename: str | None = None,
        hide_readonly_arrays: bool = False,
        array_labels: Mapping[Array, str] | None = None,
        ignore_graph_scopes: bool = False,
        graph_direction: str = "LR",
    ) -> str:
        """The graph of launches and arrays in the DOT language (graphviz.org).

        Args:
            filename: where to write it, too.
            hide_readonly_arrays: leave out memory that nothing on the tape writes.
            array_labels: names for arrays, instead of those of the parameters.
            ignore_graph_scopes: leave out the scopes.
            graph_direction: `LR`, `TB`, `RL` or `BT`.
        """
        from robokern.runtime.tape_graph import dot

        text = dot(self, hide_readonly_arrays, array_labels, ignore_graph_scopes, graph_direction)
        if filename is not None:
            with open(filename, "w") as file:
                file.write(text)
        return text
