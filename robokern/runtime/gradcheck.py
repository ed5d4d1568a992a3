"""Jacobians of kernels and of functions that launch several, by reverse mode and by central differences.

    jacobian(kernel, dim=n, inputs=[x, 0.1], outputs=[y])     ->  {(0, 0): dy/dx}
    jacobian_fd(...)                                          the same by central differences
    gradcheck(...)                                            compares the two

A key is (number of the input, number of the output); a Jacobian is an array of the input's dtype: a row per
scalar of the output, an element per element of the input, both in C order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.function import Kernel
from robokern.errors import AdjointError, UnsupportedError
from robokern.ir.types import bfloat16, float16, float32, scalar_of
from robokern.runtime.array import Array
from robokern.runtime.device import DeviceLike
from robokern.runtime.hostvalue import Ndarray, component_shape, listed
from robokern.runtime.launch import launch
from robokern.runtime.tape import Tape

Pair = tuple[int, int]
Jacobians = dict[Pair, Array]
Mask = Sequence[tuple[int | str, int | str]]


class GradcheckError(AdjointError, ValueError):
    """Reverse mode and central differences disagree."""


class _Problem:
    """A kernel, or a function of arrays, as a map from differentiable inputs to outputs."""

    def __init__(
        self,
        function: Any,
        dim: Any,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        mask: Mask | None,
        device: DeviceLike,
    ) -> None:
        self.function, self.dim, self.device = function, dim, device
        self.inputs, self.values = list(inputs), [*inputs, *outputs]
        self.differentiable = [i for i, v in enumerate(inputs) if _is_differentiable(v)]
        if not self.differentiable:
            raise AdjointError(f"{_name(function)}: no array of floats among the inputs")
        self.mask = [(self._number(i), self._number(j, len(inputs))) for i, j in mask or ()]

    def _number(self, name: int | str, before: int = 0) -> int:
        """The number of a parameter given by number or name, counted from `before`."""
        if isinstance(name, int):
            return name
        names = _parameters(self.function)
        if name not in names:
            raise ValueError(f"{_name(self.function)}: no parameter {name!r}; choose one of: {listed(names)}")
        return names.index(name) - before

    def pairs(self, outputs: list[Any]) -> list[Pair]:
        """Those inputs and outputs whose Jacobian is asked for."""
        floats = [j for j, output in enumerate(outputs) if _is_differentiable(output)]
        every = [(i, j) for i in self.differentiable for j in floats]
        return [pair for pair in every if not self.mask or pair in self.mask]

    def run(self, given: dict[int, Ndarray], tape: Tape | None = None) -> tuple[list[Any], list[Any]]:
        """Evaluates on fresh copies, some inputs replaced; gives inputs and outputs."""
        copies = [v.clone() if isinstance(v, Array) else v for v in self.values]
        for i, data in given.items():
            copies[i].assign(data)
        for i in self.differentiable:
            copies[i].requires_grad = tape is not None
        inputs, outputs = copies[: len(self.inputs)], copies[len(self.inputs) :]
        if tape is None:
            return inputs, self._call(inputs, outputs)
        with tape:
            return inputs, self._call(inputs, outputs)

    def _call(self, inputs: list[Any], outputs: list[Any]) -> list[Any]:
        if isinstance(self.function, Kernel):
            if self.dim is None:
                raise AdjointError(f"{_name(self.function)}: pass dim, the grid to launch the kernel over")
            launch(self.function, self.dim, inputs, outputs, device=self.device)
            return outputs or [v for v in inputs if isinstance(v, Array)]
        returned = self.function(*inputs, *outputs)
        if returned is None:
            return outputs
        return [returned] if isinstance(returned, Array) else list(returned)

    def arrays(self, matrices: dict[Pair, Ndarray]) -> Jacobians:
        """Matrices with a column per scalar of the input, as arrays of the input's dtype."""
        return {pair: _as_array(matrix, self.inputs[pair[0]]) for pair, matrix in matrices.items()}


def jacobian(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    input_output_mask: Mask | None = None,
    device: DeviceLike = None,
    max_blocks: int = 0,
    block_dim: int | None = None,
    max_outputs_per_var: int = -1,
    plot_jacobians: bool = False,
    restore_inputs: bool = True,
) -> Jacobians:
    """Jacobians by reverse mode: one backward pass per scalar of the outputs.

    Args:
        function: a kernel; or a function of the inputs and outputs, which may return the outputs instead.
        dim: the kernel's grid.
        inputs: its arguments; arrays of floats are differentiated by. None is changed.
        outputs: the arguments it writes; without any, the inputs it changed.
        input_output_mask: pairs of an input and an output, by number or by the parameter's name; None: all.
        device: where the kernel runs.
        max_outputs_per_var: of each output that many scalars at most; the rows of others are NaN.
        max_blocks, block_dim, restore_inputs: as Warp has them; taken without effect.
        plot_jacobians: refused.

    Raises:
        AdjointError: it cannot be differentiated exactly, or there is nothing to differentiate by.
        ValueError: the mask names no parameter.
        UnsupportedError: a plot is asked for.
    """
    _refuse_plots(plot_jacobians)
    problem = _Problem(function, dim, inputs, outputs, input_output_mask, device)
    return problem.arrays(_by_reverse_mode(problem, max_outputs_per_var))


def jacobian_fd(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    input_output_mask: Mask | None = None,
    device: DeviceLike = None,
    max_blocks: int = 0,
    block_dim: int | None = None,
    max_inputs_per_var: int = -1,
    eps: float | None = None,
    plot_jacobians: bool = False,
    restore_inputs: bool = True,
) -> Jacobians:
    """As `jacobian`, by central differences.

    Args:
        max_inputs_per_var: of each input that many scalars at most; the columns of others are NaN.
        eps: the step; None: 1e-6 where input and outputs are float64, 1e-3 else.
    """
    _refuse_plots(plot_jacobians)
    problem = _Problem(function, dim, inputs, outputs, input_output_mask, device)
    return problem.arrays(_by_differences(problem, eps, max_inputs_per_var))


def _by_reverse_mode(problem: _Problem, most: int) -> dict[Pair, Ndarray]:
    tape = Tape()
    inputs, outputs = problem.run({}, tape)
    made = {(i, j): _unknown(outputs[j], inputs[i]) for i, j in problem.pairs(outputs)}
    for j in {j for _, j in made}:
        output, leaves = outputs[j], [i for i, of in made if of == j]
        for row in range(_up_to(most, _count(output))):
            seed = np.zeros(_count(output))
            seed[row] = 1
            tape.zero()
            tape.backward(grads={output: seed.reshape(output._numpy.shape)})
            for i in leaves:
                made[i, j][row] = inputs[i].grad.numbers().ravel()
    return made


def _by_differences(problem: _Problem, eps: float | None, most: int) -> dict[Pair, Ndarray]:
    inputs, outputs = problem.run({})
    made = {(i, j): _unknown(outputs[j], inputs[i]) for i, j in problem.pairs(outputs)}
    for i in {i for i, _ in made}:
        base = np.array(problem.inputs[i].numbers())
        step = eps or (1e-6 if _is_double([inputs[i], *outputs]) else 1e-3)
        for column in range(_up_to(most, base.size)):
            (high, above), (low, below) = (_moved(problem, i, base, column, x) for x in (step, -step))
            for j in (j for of, j in made if of == i):
                made[i, j][:, column] = (high[j] - low[j]) / (above - below)
    return made


def _moved(
    problem: _Problem, number: int, base: Ndarray, column: int, step: float
) -> tuple[dict[int, Ndarray], float]:
    """The outputs with one scalar of an input moved, and where to: what its type has."""
    moved = base.copy()
    moved.reshape(-1)[column] += step
    outputs = problem.run({number: moved})[1]
    found = {j: outputs[j].numbers().ravel().astype(float) for _, j in problem.pairs(outputs)}
    return found, float(moved.reshape(-1)[column])


def gradcheck(
    function: Kernel | Callable[..., Any],
    dim: Any = None,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float = 1e-6,
    raise_exception: bool = True,
    input_output_mask: Mask | None = None,
    device: DeviceLike = None,
    max_blocks: int = 0,
    block_dim: int | None = None,
    max_inputs_per_var: int = -1,
    max_outputs_per_var: int = -1,
    plot_relative_error: bool = False,
    plot_absolute_error: bool = False,
    show_summary: bool = False,
    restore_inputs: bool = True,
) -> bool:
    """Whether reverse mode agrees with central differences; arguments as for `jacobian` and `jacobian_fd`.

    Args:
        eps: step of the differences.
        atol: absolute tolerance; default 1e-7 for float64, 1e-2 for float32.
        rtol: relative to the largest entry of the matrix; at least 1e-2 for float32.
        raise_exception: raise instead of returning False.
        show_summary: as Warp has it; taken without effect, the error tells what differs.
        plot_relative_error, plot_absolute_error: refused.

    Raises:
        GradcheckError: they disagree; names the entry and both numbers.
        AdjointError: it cannot be differentiated exactly.
        ValueError: the mask names no parameter.
        UnsupportedError: a plot is asked for.
    """
    _refuse_plots(plot_relative_error or plot_absolute_error)
    problem = _Problem(function, dim, inputs, outputs, input_output_mask, device)
    ours = _by_reverse_mode(problem, max_outputs_per_var)
    theirs = _by_differences(problem, eps, max_inputs_per_var)
    double = _is_double([*inputs, *outputs])
    for key, expected in theirs.items():
        kept = tuple(map(_up_to, (max_outputs_per_var, max_inputs_per_var), expected.shape))
        found, expected = (matrix[: kept[0], : kept[1]] for matrix in (ours[key], expected))
        limit = (atol or (1e-7 if double else 1e-2)) + max(rtol, 0 if double else 1e-2) * np.abs(
            expected
        ).max(initial=0)
        wrong = ~(np.abs(found - expected) <= limit)
        if wrong.any():
            if not raise_exception:
                return False
            row, column = (int(x[0]) for x in np.nonzero(wrong))
            raise GradcheckError(
                f"gradcheck of {_name(function)}: d output {key[1]}[{row}] / d input {key[0]}[{column}]: "
                f"reverse {found[row, column]:.9g}, central difference {expected[row, column]:.9g}"
            )
    return True


def _refuse_plots(asked: bool) -> None:
    if asked:
        raise UnsupportedError(
            "plots of Jacobians are not supported: draw what rk.jacobian(...)[i, j].numpy() gives"
        )


def _is_differentiable(value: Any) -> bool:
    return isinstance(value, Array) and carries_float(value.dtype)


def _is_double(values: Sequence[Any]) -> bool:
    """Whether no array among them is of narrower floats."""
    scalars = {scalar_of(a.dtype) for a in values if isinstance(a, Array)}
    return scalars.isdisjoint((bfloat16, float16, float32))


def _parameters(function: Any) -> list[str]:
    if isinstance(function, Kernel):
        return [name for name, _ in function.params]
    return [*inspect.signature(function).parameters]


def _unknown(output: Array, given: Array) -> Ndarray:
    return np.full((_count(output), _count(given)), np.nan)


def _as_array(matrix: Ndarray, given: Array) -> Array:
    shape = (len(matrix), given.size, *component_shape(given.dtype))
    made: Array = Array(matrix.reshape(shape), dtype=given.dtype, device=given.device)
    return made


def _up_to(most: int, count: int) -> int:
    return min(most, count) if most > 0 else count


def _count(array: Array) -> int:
    return int(array._numpy.size)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))
