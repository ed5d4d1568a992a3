"""A kernel, or a function that launches several, as one differentiable call on NumPy data.

What the bridges to PyTorch and JAX share: `Call.forward` runs and records, `Record.backward` gives the
derivatives by the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.function import Kernel
from robokern.errors import AdjointError, LaunchError
from robokern.ir.types import ArrayType, Type
from robokern.runtime.array import Array, share, zeros_of
from robokern.runtime.device import Device, DeviceLike, get_device
from robokern.runtime.hostvalue import base_dtype, component_shape
from robokern.runtime.launch import launch
from robokern.runtime.tape import Tape
from robokern.runtime.tape_blocks import overlap, span_of
from robokern.runtime.tape_guard import Guard, Written

Shape = Callable[..., Sequence[int]] | Sequence[int] | int


@dataclass
class Call:
    """How to run it.

    Args:
        function: a kernel, whose last parameters are the outputs; or a function of arrays and other values
            that gets the outputs as its last arguments.
        dtypes: element types of the arguments, outputs included; None for what is not an array.
        outputs: for each output its shape: lengths, the number of the argument it is shaped like, or a
            function of the arguments that gives the lengths.
        dim: the kernel's grid: a shape as for outputs; None: the shape of the first output.
        device: where it runs.
    """

    function: Any
    dtypes: list[Type | None]
    outputs: list[Shape]
    dim: Shape | None
    device: DeviceLike

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self.dtypes) - len(self.outputs)

    def shape(self, spec: Shape, values: list[Any]) -> tuple[int, ...]:
        """Lengths that a shape means for these inputs."""
        if callable(spec):
            return tuple(spec(*values))
        return tuple(values[spec].shape) if isinstance(spec, int) else tuple(spec)

    def arrays(self, values: Sequence[Any]) -> list[Any]:
        """The inputs with array data wrapped, not copied."""
        self.check_count(values)
        return [self._array(k, value) for k, value in enumerate(values)]

    def check_count(self, values: Sequence[Any]) -> None:
        """Raises AdjointError where there are too many inputs or too few."""
        if len(values) != self.count:
            raise AdjointError(f"{self.name}: expected {self.count} inputs, got {len(values)}")

    def _array(self, number: int, value: Any) -> Any:
        dtype = self.dtypes[number]
        if dtype is None or (isinstance(value, Array) and value.dtype == dtype):
            return value
        try:
            made = share(value, dtype)
            place = get_device(self.device)
            return made.to(place) if place.is_cuda else made
        except (TypeError, ValueError) as error:
            wanted, data = base_dtype(dtype), np.asarray(value)
            reason = (
                f"expected {wanted} data, got {data.dtype}; convert it" if data.dtype != wanted else error
            )
            raise LaunchError(f"{self.name}: {self.label(number)}: {reason}") from None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.function.name if isinstance(self.function, Kernel) else self.function.__name__

    def label(self, number: int) -> str:
        """How an error calls an input."""
        named = isinstance(self.function, Kernel) and number < len(self.function.params)
        return f"input {number} ('{self.function.params[number][0]}')" if named else f"input {number}"

    def shapes(self, values: Sequence[Any]) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and dtype of each output's data, components included."""
        inputs = self.arrays(values)
        types = [t for t in self.dtypes[self.count :] if t is not None]
        return [
            ((*self.shape(s, inputs), *component_shape(t)), base_dtype(t))
            for s, t in zip(self.outputs, types, strict=True)
        ]

    def forward(self, values: Sequence[Any], needed: Sequence[bool]) -> tuple[list[Array], Record]:
        """Runs it.

        Args:
            values: arrays, or contiguous NumPy arrays, and other values.
            needed: which of them need a derivative.

        Raises:
            AdjointError: it has none, or it writes to an input.
        """
        inputs = self.arrays(values)
        for number, (array, need) in enumerate(zip(inputs, needed, strict=True)):
            if need and not isinstance(array, Array):
                raise AdjointError(
                    f"{self.name}: {self.label(number)} needs a gradient but is passed by value; "
                    "detach it, or make the parameter an array"
                )
            if need:
                array.requires_grad = carries_float(array.dtype)
        place = self._place(inputs)
        types = [t for t in self.dtypes[self.count :] if t is not None]
        outputs = [
            zeros_of(t, self.shape(s, inputs), place) for s, t in zip(self.outputs, types, strict=True)
        ]
        guard = _InputGuard(self, inputs)
        guard.enter()
        try:
            with Tape() as tape:
                self._run(inputs, outputs, place)
        finally:
            guard.leave()
        tape.guard.leave()  # the framework watches its own memory
        return outputs, Record(tape, inputs, outputs)

    def _run(self, inputs: list[Any], outputs: list[Array], place: Device) -> None:
        if isinstance(self.function, Kernel):
            dim = outputs[0].shape if self.dim is None else self.shape(self.dim, inputs)
            launch(self.function, dim, inputs, outputs, device=place)
        else:
            self.function(*inputs, *outputs)

    def _place(self, inputs: Sequence[Any]) -> Device:
        """Where it runs: as was said, or on the GPU that its data is on."""
        gpus = [a.device for a in inputs if isinstance(a, Array) and a.device.is_cuda]
        return gpus[0] if self.device is None and gpus else get_device(self.device)


class _InputGuard(Guard):
    """Refuses that a call overwrites an input: its framework would not see that."""

    def __init__(self, made: Call, inputs: list[Any]) -> None:
        self.made = made
        self.spans = [(n, span_of(a)) for n, a in enumerate(inputs) if isinstance(a, Array)]

    def before(self, who: str, arrays: Sequence[Array], written: Written) -> None:
        """Raises AdjointError where an input is written."""
        for span in map(span_of, written()):
            for number, own in self.spans:
                if overlap(own, span):
                    raise AdjointError(
                        f"{self.made.name}: {self.made.label(number)} is overwritten by {who}, which its "
                        "framework would not see; write to an output"
                    )


@dataclass
class Record:
    """A forward run that can be played back."""

    tape: Tape
    inputs: list[Any]
    outputs: list[Array]

    @property
    def arrays(self) -> list[Any]:
        """Inputs and outputs; among the inputs what is passed by value."""
        return [*self.inputs, *self.outputs]

    def reads_again(self, array: Any) -> bool:
        """Whether `backward` reads what an array holds now, so that it must not change."""
        return isinstance(array, Array) and bool(self.tape.blocks.of(array).readers)

    def backward(self, grads: Sequence[Any]) -> list[Array | None]:
        """Derivatives by the inputs (None: not needed), from those by the outputs (None: zero)."""
        given: Any = {a: g for a, g in zip(self.outputs, grads, strict=True) if g is not None}
        self.tape.zero()
        self.tape.backward(grads=given)
        return [
            a.grad if isinstance(a, Array) and a.requires_grad and a.grad is not None else None
            for a in self.inputs
        ]


def call(
    function: Any,
    outputs: Sequence[Shape],
    dtypes: Sequence[Any] | None,
    dim: Shape | None,
    device: DeviceLike,
) -> Call:
    """A checked `Call`; a kernel's dtypes come from its annotations.

    Raises:
        AdjointError: dtypes missing.
    """
    if dtypes is None:
        if not isinstance(function, Kernel) or function.is_generic:
            raise AdjointError("bridge: pass dtypes, the element type of each argument (None: not an array)")
        dtypes = [t.dtype if isinstance(t, ArrayType) else None for _, t in function.params]
    made = Call(function, list(dtypes), list(outputs), dim, device)
    _check(made)
    return made


def _check(made: Call) -> None:
    if made.count < 0 or not made.outputs:
        raise AdjointError(
            f"{made.name}: outputs: expected 1 to {len(made.dtypes)} shapes, one for each of its last "
            f"parameters; got {len(made.outputs)}"
        )
    for shape in (*made.outputs, made.dim):
        if isinstance(shape, int) and not (0 <= shape < made.count and made.dtypes[shape] is not None):
            arrays = [k for k, t in enumerate(made.dtypes[: made.count]) if t is not None]
            raise AdjointError(
                f"{made.name}: a shape like that of input {shape}: expected the number of an input array, "
                f"one of {arrays}; lengths are written as a tuple, ({shape},)"
            )
