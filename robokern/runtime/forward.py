"""Forward mode over launches: derivatives along one direction, computed together with the values.

    with Forward({x: direction}) as mode:
        rk.launch(...)
    mode.tangent(y)                          # dy along the direction

    jvp(kernel, dim, [x], [y], [direction])  # the same for one kernel or function: tangents of the outputs

A Tape inside a Forward gives second derivatives (forward over reverse): after `tape.backward(loss)`,
`tape.grad_tangents[x]` is the Hessian of the loss times the direction; `hvp` does it in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from robokern.compiler.adjoint import effects
from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.forward import jvp as derive
from robokern.compiler.function import Kernel
from robokern.errors import AdjointError
from robokern.ir.types import ArrayType, Type
from robokern.runtime import recording
from robokern.runtime.accumulate import placed
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, wrap
from robokern.runtime.derived_launcher import DerivedLauncher
from robokern.runtime.device import Device, DeviceLike
from robokern.runtime.grid import Dim, Grid
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.launch import Launch, launch
from robokern.runtime.launcher import Launcher
from robokern.runtime.memory import put
from robokern.runtime.tape import Tape
from robokern.runtime.tape_launch import arrays_of
from robokern.runtime.tape_plan import refuse_references
from robokern.runtime.tape_steps import WriteStep


class Forward(Tape):
    """Carries tangents through the launches, copies and fills inside `with`.

    Args:
        tangents: the direction: for each array it moves, an array (or NumPy data) of the same shape.
    """

    def __init__(self, tangents: Mapping[Array, Any]) -> None:
        super().__init__()
        for array, data in tangents.items():
            self.blocks.of(array).active = True
            self.tangent(array).assign(data if isinstance(data, Array) else placed(data, array))

    def __enter__(self) -> Forward:
        if recording.tapes:
            raise AdjointError(
                "Forward: open it around the tape: forward over reverse, not reverse over forward"
            )
        super().__enter__()
        self._outer, recording.forward = recording.forward, self
        return self

    def __exit__(self, *unused: object) -> None:
        super().__exit__()
        recording.forward = self._outer

    def tangent(self, array: Array) -> Array:
        """The derivative of an array's elements along the direction; shares memory until the next launch."""
        return self.blocks.of(array).shadow_of(array)

    def launch(self, launcher: Launcher, device: Device, dim: Dim, values: list[Any]) -> None:
        """Runs a launch with tangents where something has one."""
        grid = Grid(launcher.kernel.name, dim, launcher.tid_ndim)
        self.carry(launcher, device, grid, launcher.arguments(values))

    def relaunch(self, launch: Launch) -> None:
        """As `launch`, for a recorded launch."""
        self.carry(launch.launcher, launch.device, launch.grid, launch.arguments)

    def carry(self, launcher: Launcher, device: Device, grid: Grid, arguments: list[Argument]) -> None:
        """As `launch`, for checked arguments."""
        for argument in arguments:
            for array in arrays_of(argument):
                refuse_references(self, launcher, array)
        active = self._reached(launcher, arguments)
        if grid.count == 0:
            return
        if not active:
            launcher.start(device, grid, arguments)
            return
        known = launcher.__dict__.setdefault("tangents", {})
        blocks = [self.blocks.of(a) for x in arguments for a in arrays_of(x)]
        key = active, len(set(blocks)) < len(blocks)
        if key not in known:
            rule = derive(launcher.func, active, shared=key[1])
            known[key] = rule, DerivedLauncher(launcher, rule.func)
        rule, made = known[key]
        shadows = [self._tangents(arguments[i], launcher.types[i]) for i in rule.shadows]
        made.start(device, grid, [*arguments, *shadows])

    def _tangents(self, argument: Argument, type: Type) -> Argument:
        """The argument with tangents in place of its arrays."""
        record, found = argument.record, []
        for array in arrays_of(argument):
            if carries_float(array.dtype):
                found.append(self.tangent(array))
                record = record.replace(array.descriptor, found[-1].descriptor)
        if isinstance(type, ArrayType) and found:
            return Argument(record, found[0], found[0].is_contiguous, found[0])
        return Argument(record, None, argument.plain, found)

    def _reached(self, launcher: Launcher, arguments: list[Argument]) -> frozenset[int]:
        """Parameters that have tangents before or after the launch; overlapping ones share them."""
        arrays = [(n, a) for n, x in enumerate(arguments) for a in arrays_of(x) if carries_float(a.dtype)]
        active = frozenset(n for n, a in arrays if self.blocks.of(a).active)
        while active:
            known = launcher.__dict__.setdefault("reached", {})
            if active not in known:
                known[active] = effects(launcher.func, active).active
            reached = known[active]
            for number, array in arrays:
                if number in reached:
                    self.blocks.of(array).active = True
            more = frozenset(n for n, a in arrays if self.blocks.of(a).active)
            if more == active:
                break
            active = more
        return active

    def write(self, array: Array, place: Ndarray, source: Any) -> None:
        """Copies the tangents that go with a copy; a constant has none."""
        from_active = isinstance(source, Array) and self.blocks.of(source).active
        if not (from_active or self.blocks.of(array).active):
            return
        self.blocks.of(array).active = True
        into = self.tangent(wrap(place, array.dtype, array.device))
        if from_active:
            WriteStep(into, self.tangent(source)).write()
        else:
            put(into._numpy, into.device, np.zeros((), into._numpy.dtype))

    def copied(self, made: Array, source: Array) -> None:
        """A tape has copied an array aside."""
        if self.blocks.of(source).active:
            self.write(made, made._numpy, source)


def _call(function: Any, dim: Any, inputs: Sequence[Any], outputs: Sequence[Any], device: DeviceLike) -> Any:
    if isinstance(function, Kernel):
        launch(function, dim, inputs, outputs, device=device)
        return None
    return function(*inputs, *outputs)


def jvp(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    tangents: Sequence[Any] = (),
    device: DeviceLike = None,
) -> list[Array]:
    """Runs a kernel, or a function that launches several, and gives the tangents of what it writes.

    Args:
        function: a kernel; or a function of the inputs and outputs, which may return the outputs instead.
        dim: the kernel's grid.
        inputs, outputs: its arguments.
        tangents: for each input its direction; None where it does not move.

    Raises:
        AdjointError: it has no derivative.
    """
    directions = {a: t for a, t in zip(inputs, tangents, strict=False) if t is not None}
    with Forward(directions) as mode:
        returned = _call(function, dim, inputs, outputs, device)
    found = outputs if returned is None else [returned] if isinstance(returned, Array) else returned
    return [mode.tangent(a) for a in found]


def hvp(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    loss: Array | None = None,
    vectors: Sequence[Any] = (),
    device: DeviceLike = None,
) -> list[Array | None]:
    """Hessian of a loss times a vector, by forward over reverse mode.

    Args:
        function: a kernel that writes or adds to `loss`, its last argument; or a function of the inputs and
            `loss`.
        dim: the kernel's grid.
        inputs: its arguments; those with a vector are differentiated by.
        loss: an array of one element.
        vectors: for each input its part of the vector; None where it is constant.

    Returns:
        For each input its part of the product; None where it is constant.

    Raises:
        AdjointError: it has no derivative.
    """
    if loss is None:
        raise AdjointError("hvp: pass the loss, an array of one element that the function writes")
    directions = {a: v for a, v in zip(inputs, vectors, strict=False) if v is not None}
    before = {a: (a.requires_grad, a._grad) for a in directions}
    for array in directions:
        array.requires_grad, array._grad = True, None
    try:
        with Forward(directions):
            with Tape() as tape:
                _call(function, dim, inputs, [loss], device)
            tape.backward(loss)
    finally:
        for array, (required, grad) in before.items():
            array.requires_grad, array._grad = required, grad
    return [tape.grad_tangents.get(a) if isinstance(a, Array) else None for a in inputs]
