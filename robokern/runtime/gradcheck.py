"""Jacobians of kernels and of functions that launch several, by reverse mode and by central differences.

    jacobian(kernel, dim=n, inputs=[x, 0.1], outputs=[y])     ->  {(0, 0): dy/dx as a matrix}
    jacobian_fd(...)                                          the same by central differences
    gradcheck(...)                                            compares the two

A matrix has a row per scalar of the output and a column per scalar of the input, both in C order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.function import Kernel
from robokern.errors import AdjointError
from robokern.ir.types import bfloat16, float16, float32, scalar_of
from robokern.runtime.array import Array
from robokern.runtime.device import DeviceLike
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.launch import launch
from robokern.runtime.tape import Tape

Jacobians = dict[tuple[int, int], Ndarray]


class GradcheckError(AdjointError):
    """Reverse mode and central differences disagree."""


class _Problem:
    """A kernel, or a function of arrays, as a map from differentiable inputs to outputs."""

    def __init__(
        self, function: Any, dim: Any, inputs: Sequence[Any], outputs: Sequence[Any], device: DeviceLike
    ) -> None:
        self.function, self.dim, self.device = function, dim, device
        self.inputs, self.outputs = list(inputs), list(outputs)
        values = [*inputs, *outputs]
        self.differentiable = [
            i for i, v in enumerate(inputs) if isinstance(v, Array) and carries_float(v.dtype)
        ]
        if not self.differentiable:
            raise AdjointError(f"{_name(function)}: no array of floats among the inputs")
        self.values = values

    def run(self, given: dict[int, Ndarray], tape: Tape | None = None) -> tuple[list[Array], list[Array]]:
        """Evaluates on fresh copies, some inputs replaced; gives differentiable inputs and outputs."""
        copies = [v.clone() if isinstance(v, Array) else v for v in self.values]
        for i, data in given.items():
            copies[i].assign(data)
        for i in self.differentiable:
            copies[i].requires_grad = tape is not None
        inputs, outputs = copies[: len(self.inputs)], copies[len(self.inputs) :]
        if tape is None:
            found = self._call(inputs, outputs)
        else:
            with tape:
                found = self._call(inputs, outputs)
        return [copies[i] for i in self.differentiable], [a for a in found if carries_float(a.dtype)]

    def _call(self, inputs: list[Any], outputs: list[Any]) -> list[Array]:
        if isinstance(self.function, Kernel):
            if self.dim is None:
                raise AdjointError(f"{_name(self.function)}: pass dim, the grid to launch the kernel over")
            launch(self.function, self.dim, inputs, outputs, device=self.device)
            return outputs or [v for v in inputs if isinstance(v, Array)]
        returned = self.function(*inputs, *outputs)
        if returned is None:
            return outputs
        return [returned] if isinstance(returned, Array) else list(returned)


def jacobian(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    device: DeviceLike = None,
) -> Jacobians:
    """Jacobians by reverse mode: one backward pass per scalar of the outputs.

    Args:
        function: a kernel; or a function of the inputs and outputs, which may return the outputs instead.
        dim: the kernel's grid.
        inputs: its arguments; arrays of floats are differentiated by. None is changed.
        outputs: the arguments it writes; without any, the inputs it changed.

    Returns:
        For each pair (number of the input among the differentiable ones, number of the output) a matrix.

    Raises:
        AdjointError: it cannot be differentiated exactly, or there is nothing to differentiate by.
    """
    problem, tape = _Problem(function, dim, inputs, outputs, device), Tape()
    leaves, found = problem.run({}, tape)
    made = {
        (i, j): np.zeros((_count(o), _count(a))) for i, a in enumerate(leaves) for j, o in enumerate(found)
    }
    for j, output in enumerate(found):
        for row in range(_count(output)):
            seed = np.zeros(_count(output))
            seed[row] = 1
            tape.zero()
            tape.backward(grads={output: seed.reshape(output._numpy.shape)})
            for i, leaf in enumerate(leaves):
                assert leaf.grad is not None
                made[i, j][row] = leaf.grad.numbers().ravel()
    return made


def jacobian_fd(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    device: DeviceLike = None,
    eps: float | None = None,
) -> Jacobians:
    """As `jacobian`, by central differences of step `eps` (default: 1e-6 for float64, 1e-3 else)."""
    problem = _Problem(function, dim, inputs, outputs, device)
    made: Jacobians = {}
    for i, number in enumerate(problem.differentiable):
        base = np.array(problem.inputs[number].numbers())
        step = eps or (1e-6 if base.dtype == np.float64 else 1e-3)
        for column in range(base.size):
            ends = []
            for sign in (1, -1):
                moved = base.copy()
                moved.reshape(-1)[column] += sign * step
                ends.append(
                    (
                        [np.array(o.numbers()) for o in problem.run({number: moved})[1]],
                        moved.reshape(-1)[column],
                    )
                )
            (high, above), (low, below) = ends
            for j, (p, m) in enumerate(zip(high, low, strict=True)):
                into = made.setdefault((i, j), np.zeros((p.size, base.size)))
                into[:, column] = (p.ravel().astype(float) - m.ravel()) / (float(above) - float(below))
    return made


def gradcheck(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    device: DeviceLike = None,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float = 1e-6,
    raise_exception: bool = True,
) -> bool:
    """Whether reverse mode agrees with central differences; arguments as for `jacobian`.

    Args:
        eps: step of the differences.
        atol: absolute tolerance; default 1e-7 for float64, 1e-2 for float32.
        rtol: relative to the largest entry of the matrix; at least 1e-2 for float32.
        raise_exception: raise instead of returning False.

    Raises:
        GradcheckError: they disagree; names the entry and both numbers.
        AdjointError: it cannot be differentiated exactly.
    """
    ours = jacobian(function, dim, inputs, outputs, device)
    theirs = jacobian_fd(function, dim, inputs, outputs, device, eps)
    double = all(
        scalar_of(a.dtype) not in (bfloat16, float16, float32)
        for a in (*inputs, *outputs)
        if isinstance(a, Array)
    )
    for key, expected in theirs.items():
        limit = (atol or (1e-7 if double else 1e-2)) + max(rtol, 0 if double else 1e-2) * np.abs(
            expected
        ).max(initial=0)
        wrong = ~(np.abs(ours[key] - expected) <= limit)
        if wrong.any():
            if not raise_exception:
                return False
            row, column = (int(x[0]) for x in np.nonzero(wrong))
            raise GradcheckError(
                f"gradcheck of {_name(function)}: d output {key[1]}[{row}] / d input {key[0]}[{column}]: "
                f"reverse {ours[key][row, column]:.9g}, central difference {expected[row, column]:.9g}"
            )
    return True


def _count(array: Array) -> int:
    return int(array._numpy.size)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))
