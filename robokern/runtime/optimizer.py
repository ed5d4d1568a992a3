"""Gradient descent on arrays: `SGD` and `Adam`, one launch per array and step.

optimizer = Adam([x], lr=1e-2)
...
tape.backward(loss)
optimizer.step()                     # uses and clears x.grad
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robokern.compiler.builtins import sqrt, tid
from robokern.compiler.function import kernel
from robokern.errors import AdjointError
from robokern.ir.types import ArrayType, Scalar, Struct, scalar_of
from robokern.runtime.array import Array, wrap, zeros_of
from robokern.runtime.launch import launch


def _scalars(array: Array) -> Array:
    """All components of an array as one row that shares its memory."""
    scalar = None if isinstance(array.dtype, Struct) else scalar_of(array.dtype)
    if not (isinstance(scalar, Scalar) and scalar.kind == "f" and array.is_contiguous):
        raise AdjointError(
            f"optimizer: expected a contiguous array of floats, got {array.type} of {array.shape}"
        )
    return wrap(array._numpy.reshape(-1), scalar, array.device)


class _Optimizer:
    """Parameters as rows of scalars; `step` is the subclass's."""

    def __init__(self, params: Sequence[Array], lr: float) -> None:
        if not lr > 0.0:
            raise ValueError(f"optimizer: lr: expected a positive step, got {lr}")
        self.params, self.lr = list(params), lr
        for array in self.params:
            array.requires_grad = True
        self.rows = [_scalars(array) for array in self.params]

    def _gradients(self) -> list[Array]:
        grads = [array.grad for array in self.params]
        return [_scalars(g) for g in grads if g is not None]

    def zero_grad(self) -> None:
        """Sets the gradients to zero."""
        for grad in self._gradients():
            grad.zero_()

    def _like(self) -> list[Array]:
        return [zeros_of(row.dtype, row.shape, row.device) for row in self.rows]


@kernel
def _descend(
    param: ArrayType(Any, 1),  # type: ignore[valid-type]
    grad: ArrayType(Any, 1),  # type: ignore[valid-type]
    velocity: ArrayType(Any, 1),  # type: ignore[valid-type]
    lr: float,
    momentum: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    i = tid()
    t = type(param[i])
    g = grad[i] + t(weight_decay) * param[i]
    v = t(momentum) * velocity[i] + g
    velocity[i] = v
    if nesterov:
        v = g + t(momentum) * v
    param[i] = param[i] - t(lr) * v
    grad[i] = t(0)


class SGD(_Optimizer):
    """Stochastic gradient descent with momentum (Sutskever et al. 2013).

    Args:
        params: contiguous arrays of floats; they get `requires_grad`.
        lr: step.
        momentum: share of the last step that is kept.
        weight_decay: pull towards zero, added to the gradient.
        nesterov: looks one step of momentum ahead.
    """

    def __init__(
        self,
        params: Sequence[Array],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov
        self.velocities = self._like()

    def step(self) -> None:
        """Moves the parameters along their `grad`, which it clears."""
        settings = (self.lr, self.momentum, self.weight_decay, self.nesterov)
        for row, grad, velocity in zip(self.rows, self._gradients(), self.velocities, strict=True):
            launch(_descend, row.size, [row, grad, velocity, *settings], device=row.device)


@kernel
def _adapt(
    param: ArrayType(Any, 1),  # type: ignore[valid-type]
    grad: ArrayType(Any, 1),  # type: ignore[valid-type]
    mean: ArrayType(Any, 1),  # type: ignore[valid-type]
    square: ArrayType(Any, 1),  # type: ignore[valid-type]
    lr: float,
    beta1: float,
    beta2: float,
    share1: float,
    share2: float,
    eps: float,
    correction1: float,
    correction2: float,
    weight_decay: float,
) -> None:
    i = tid()
    t = type(param[i])
    g = grad[i]
    m = t(beta1) * mean[i] + t(share1) * g
    v = t(beta2) * square[i] + t(share2) * g * g
    mean[i] = m
    square[i] = v
    direction = (m * t(correction1)) / (sqrt(v * t(correction2)) + t(eps))
    param[i] = param[i] - t(lr) * (direction + t(weight_decay) * param[i])
    grad[i] = t(0)


class Adam(_Optimizer):
    """Adam (Kingma & Ba 2015), with decoupled weight decay (Loshchilov & Hutter 2019).

    Args:
        params: contiguous arrays of floats; they get `requires_grad`.
        lr: step.
        betas: decay of the averages of the gradient and of its square.
        eps: added to the root of the average square.
        weight_decay: share of the parameter taken off per unit of step.
    """

    def __init__(
        self,
        params: Sequence[Array],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self.means, self.squares, self.steps = self._like(), self._like(), 0

    def step(self) -> None:
        """Moves the parameters along their `grad`, which it clears."""
        self.steps += 1
        corrections = [1.0 / (1.0 - beta**self.steps) for beta in self.betas]
        shares = [1.0 - beta for beta in self.betas]  # in float32 only after the difference
        settings = (self.lr, *self.betas, *shares, self.eps, *corrections, self.weight_decay)
        for row, grad, mean, square in zip(
            self.rows, self._gradients(), self.means, self.squares, strict=True
        ):
            launch(_adapt, row.size, [row, grad, mean, square, *settings], device=row.device)
