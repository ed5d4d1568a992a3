"""Kernels as JAX functions, differentiable by `jax.grad` and usable under `jax.jit` (custom_vjp).

    advance = jax_function(step, outputs=[0, 1])
    x1, v1 = advance(x, v, 0.01)

JAX asks for pure functions: the backward pass runs the kernel again. `jax.vmap` calls it once per element.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from robokern.errors import AdjointError
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
        AdjointError: when called: no exact derivative, the kernel writes to an input, or what is passed by
            value is traced; when differentiated a second time.
        LaunchError: when called: an input's data has another type than the kernel's parameter.
    """
    made = call(function, outputs, dtypes, dim, device)
    places = [i for i, t in enumerate(made.dtypes[: made.count]) if t is not None]
    others = [i for i in range(made.count) if i not in places]

    # JAX compiles a call once for each function that it meets
    @lru_cache(maxsize=64)
    def known(types: Any, *constants: Any) -> Any:
        return _differentiable(made, places, dict(zip(others, constants, strict=True)))

    def apply(*values: Any) -> Any:
        made.check_count(values)
        constants = [_constant(made, number, values[number]) for number in others]
        make = known if all(isinstance(c, Hashable) for c in constants) else known.__wrapped__
        return make(tuple(map(type, constants)), *constants)(*(values[i] for i in places))

    return apply


def _constant(made: Call, number: int, value: Any) -> Any:
    """An input that is passed by value."""
    import jax  # type: ignore[import-not-found,unused-ignore]

    if isinstance(value, jax.core.Tracer):
        raise AdjointError(
            f"{made.name}: {made.label(number)} is passed by value, so jax.jit and jax.grad cannot trace it; "
            "make it a constant (static_argnums), or the parameter an array"
        )
    return value


def _refusing(function: Any, name: str) -> Any:
    """The function, with an error as its derivative."""
    import jax

    def refuse(*unused: Any) -> Any:
        raise AdjointError(f"{name}: the gradient of a jax_function cannot be differentiated again")

    made = jax.custom_jvp(function)
    made.defjvp(refuse)
    return made


def _differentiable(made: Call, places: list[int], constants: dict[int, Any]) -> Any:
    """The function of the arrays alone."""
    import jax

    def complete(arrays: Sequence[Any]) -> list[Any]:
        values = {**constants, **dict(zip(places, (np.array(a) for a in arrays), strict=True))}
        return [values[i] for i in range(made.count)]

    def run(*arrays: Any) -> tuple[Any, ...]:
        return tuple(a.numpy() for a in made.forward(complete(arrays), [False] * made.count)[0])

    def reverse(*given: Any) -> tuple[Any, ...]:
        arrays, grads = given[: len(places)], given[len(places) :]
        _, record = made.forward(complete(arrays), [i in places for i in range(made.count)])
        found = record.backward([np.asarray(g) for g in grads])
        return tuple(
            np.zeros_like(a) if (g := found[i]) is None else g.numpy()
            for i, a in zip(places, arrays, strict=True)
        )

    def forward(*arrays: Any) -> Any:
        blank = [np.zeros(a.shape, a.dtype) for a in arrays]
        kinds = tuple(jax.ShapeDtypeStruct(s, t) for s, t in made.shapes(complete(blank)))
        found = jax.pure_callback(run, kinds, *arrays, vmap_method="sequential")
        return found if len(kinds) > 1 else found[0]

    def play(*given: Any) -> Any:
        kinds = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in given[: len(places)])
        return jax.pure_callback(reverse, kinds, *given, vmap_method="sequential")

    once, back = _refusing(forward, made.name), _refusing(play, made.name)

    def backward(arrays: Any, grads: Any) -> Any:
        return back(*arrays, *(grads if isinstance(grads, (tuple, list)) else (grads,)))

    made_function = jax.custom_vjp(forward)
    made_function.defvjp(lambda *arrays: (once(*arrays), arrays), backward)
    return made_function
