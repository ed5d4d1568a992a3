"""Kernels as JAX functions, differentiable by `jax.grad` and usable under `jax.jit` (custom_vjp).

    advance = jax_function(step, outputs=[0, 1])
    x1, v1 = advance(x, v, 0.01)

JAX asks for pure functions: the backward pass runs the kernel again. `jax.vmap` calls it once per element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from robokern.runtime.bridge import Call, Shape, call
from robokern.runtime.device import DeviceLike


def jax_function(
    function: Any,
    outputs: Sequence[Shape],
    dtypes: Sequence[Any] | None = None,
    dim: Shape | None = None,
    device: DeviceLike = None,
) -> Callable[..., Any]:
    """A function of JAX arrays; arguments as for `torch_function`. What is not an array must be a constant.

    Raises:
        AdjointError: when called: no exact derivative, or the kernel writes to an input.
    """
    made = call(function, outputs, dtypes, dim, device)

    def apply(*values: Any) -> Any:
        places = [i for i, t in enumerate(made.dtypes[: made.count]) if t is not None]
        constants = {i: v for i, v in enumerate(values) if i not in places}
        return _differentiable(made, places, constants)(*(values[i] for i in places))

    return apply


def _differentiable(made: Call, places: list[int], constants: dict[int, Any]) -> Any:
    """The function of the arrays alone."""
    import jax  # type: ignore[import-not-found,unused-ignore]

    def complete(arrays: Sequence[Any]) -> list[Any]:
        values = {**constants, **dict(zip(places, (np.array(a) for a in arrays), strict=True))}
        return [values[i] for i in range(made.count)]

    def run(*arrays: Any) -> tuple[Any, ...]:
        return tuple(made.forward(complete(arrays), [False] * made.count)[0])

    def reverse(*given: Any) -> tuple[Any, ...]:
        arrays, grads = given[: len(places)], given[len(places) :]
        _, record = made.forward(complete(arrays), [i in places for i in range(made.count)])
        found = record.backward([np.asarray(g) for g in grads])
        return tuple(
            np.zeros_like(a) if found[i] is None else found[i] for i, a in zip(places, arrays, strict=True)
        )

    def forward(*arrays: Any) -> Any:
        blank = [np.zeros(a.shape, a.dtype) for a in arrays]
        kinds = tuple(jax.ShapeDtypeStruct(s, t) for s, t in made.shapes(complete(blank)))
        found = jax.pure_callback(run, kinds, *arrays, vmap_method="sequential")
        return found if len(kinds) > 1 else found[0]

    def backward(arrays: Any, grads: Any) -> Any:
        kinds = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays)
        given = grads if isinstance(grads, (tuple, list)) else (grads,)
        return jax.pure_callback(reverse, kinds, *arrays, *given, vmap_method="sequential")

    made_function = jax.custom_vjp(forward)
    made_function.defvjp(lambda *arrays: (forward(*arrays), arrays), backward)
    return made_function
