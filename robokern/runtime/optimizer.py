"""Gradient descent on arrays: `SGD` and `Adam`, one launch per array and step.

optimizer = Adam([x], lr=1e-2)
...
tape.backward(loss)
optimizer.step()                     # uses and clears x.grad
optimizer.step([x.grad])             # as in Warp: uses what it is given and leaves it
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

    def __init__(self, params: Sequence[Array] | None, lr: float) -> None:
        if not lr > 0.0:
            raise ValueError(f"optimizer: lr: expected a positive step, got {lr}")
        self.lr, self.steps = lr, 0
        self.set_params(params)

    def set_params(self, params: Sequence[Array] | None) -> None:
        """Chooses what is moved, and forgets what was learnt of others."""
        self.params = list(params or ())
        for array in self.params:
            array.requires_grad = True
        self.rows = [_scalars(array) for array in self.params]
        self.reset_internal_state()

    def reset_internal_state(self) -> None:
        """Forgets all steps that were made."""
        self.steps = 0

    def _gradients(self, given: Sequence[Array] | None) -> list[Array]:
        """One row for each parameter: what is given, or its own `grad`.

        Raises:
            ValueError: there is nothing to move, or a gradient does not fit its parameter.
        """
        if not self.rows:
            raise ValueError("optimizer: there are no parameters; call set_params first")
        chosen = [a.grad for a in self.params] if given is None else given
        grads = [_scalars(g) for g in chosen if g is not None]
        if [(g.dtype, g.size) for g in grads] != [(r.dtype, r.size) for r in self.rows]:
            raise ValueError("optimizer: expected a gradient like each parameter")
        return grads

    def zero_grad(self) -> None:
        """Sets the gradients to zero."""
        for grad in self._gradients(None):
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
    share: float,
    weight_decay: float,
    nesterov: bool,
    clears: bool,
) -> None:
    i = tid()
    t = type(param[i])
    g = grad[i] + t(weight_decay) * param[i]
    v = t(momentum) * velocity[i] + t(share) * g
    velocity[i] = v
    if nesterov:
        v = g + t(momentum) * v
    param[i] = param[i] - t(lr) * v
    if clears:
        grad[i] = t(0)


class SGD(_Optimizer):
    """Stochastic gradient descent with momentum (Sutskever et al. 2013).

    Args:
        params: contiguous arrays of floats; they get `requires_grad`.
        lr: step.
        momentum: share of the last step that is kept.
        dampening: share of the gradient that does not enter the momentum, from the second step on.
        weight_decay: pull towards zero, added to the gradient.
        nesterov: looks one step of momentum ahead.
    """

    def __init__(
        self,
        params: Sequence[Array] | None = None,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.momentum, self.dampening = momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov

    def reset_internal_state(self) -> None:
        """Forgets all steps that were made."""
        super().reset_internal_state()
        self.velocities = self._like()

    def step(self, grad: Sequence[Array] | None = None) -> None:
        """Moves the parameters along `grad`, one array each; None: along their own, which it clears."""
        share = 1.0 - self.dampening if self.steps else 1.0
        settings = (self.lr, self.momentum, share, self.weight_decay, self.nesterov, grad is None)
        for row, slope, velocity in zip(self.rows, self._gradients(grad), self.velocities, strict=True):
            launch(_descend, row.size, [row, slope, velocity, *settings], device=row.device)
        self.steps += 1


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
    clears: bool,
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
    if clears:
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
        params: Sequence[Array] | None = None,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    def reset_internal_state(self) -> None:
        """Forgets all steps that were made."""
        super().reset_internal_state()
        self.means, self.squares = self._like(), self._like()

    def step(self, grad: Sequence[Array] | None = None) -> None:
        """Moves the parameters along `grad`, one array each; None: along their own, which it clears."""
        gradients = self._gradients(grad)
        self.steps += 1
        corrections = [1.0 / (1.0 - beta**self.steps) for beta in self.betas]
        shares = [1.0 - beta for beta in self.betas]  # in float32 only after the difference
        settings = (self.lr, *self.betas, *shares, self.eps, *corrections, self.weight_decay, grad is None)
        for row, slope, mean, square in zip(self.rows, gradients, self.means, self.squares, strict=True):
            launch(_adapt, row.size, [row, slope, mean, square, *settings], device=row.device)
