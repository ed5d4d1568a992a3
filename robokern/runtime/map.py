"""`map`: a func applied to every element of arrays, through a kernel made for that call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from robokern.compiler.builtins import Builtin, tid
from robokern.compiler.function import Function, Kernel, func, kernel
from robokern.compiler.source import from_source, lambda_source
from robokern.ir.types import COMPOSITES, Scalar, Type, is_float, scalar_of
from robokern.runtime.array import Array, share, wrap, zeros_of
from robokern.runtime.array_shape import MAX_LENGTH
from robokern.runtime.device import DeviceLike, get_device
from robokern.runtime.hostvalue import component_shape, describe, type_of
from robokern.runtime.indexed_array import IndexedArray
from robokern.runtime.launch import launch

_ARRAYS = (Array, IndexedArray)
_COORDINATES = ("i", "j", "k", "l")


def map(
    func: Any,
    *inputs: Any,
    out: Array | IndexedArray | Sequence[Array | IndexedArray] | None = None,
    return_kernel: bool = False,
    device: DeviceLike = None,
) -> Any:
    """Applies a func to every element of arrays.

    Args:
        func: an `@rk.func`, a builtin, a type such as `rk.vec3`, or a Python function that could be a func.
        inputs: its arguments: arrays, indexed arrays or NumPy arrays, whose shapes broadcast, and single
            values. A NumPy array holds vectors where the func's parameter says so, else scalars.
        out: where the results go, one array for each returned value; an input may be among them.
        return_kernel: make the kernel, but do not run it; gives the kernel.
        device: None: that of the first array.

    Returns:
        The array of results; a list of arrays where the func returns several values.

    Raises:
        TypeError: no array among the inputs, the func does not take such elements or returns nothing, or an
            array of `out` has another dtype.
        ValueError: the shapes do not broadcast, or an array of `out` has another shape.
    """
    function = _function(func)
    values = [_shared(function, i, value) for i, value in enumerate(inputs)]
    arrays = [value for value in values if isinstance(value, _ARRAYS)]
    if not arrays:
        raise TypeError(f"map: expected an array among the inputs of {_name(function)}()")
    place = arrays[0].device if device is None else get_device(device)
    values = _typed(function, values)
    returned = _returned(function, tuple(_element(value) for value in values))
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    outputs = _outputs(out, returned, shape, place, any(a.requires_grad for a in arrays))
    spread = _spread(values, outputs, shape)
    made = _kernel(function, tuple(isinstance(v, _ARRAYS) for v in values), len(outputs), len(spread[1]))
    if return_kernel:
        return made
    launch(made, spread[1], spread[0], device=place)
    return outputs if len(outputs) > 1 else outputs[0]


def _function(given: Any) -> Any:
    if isinstance(given, (Function, Builtin, Type)):
        return given
    if not hasattr(given, "__code__"):
        raise TypeError(f"map: expected a func, got {describe(given)}; define it with def and @rk.func")
    return _from_lambda(given) if given.__name__ == "<lambda>" else _as_func(given)


@lru_cache(256)
def _as_func(python: Any) -> Function:
    made: Function = func(python)
    return made


@lru_cache(256)
def _from_lambda(python: Any) -> Function:
    """A func of the lambda's text, with what it captures.

    Raises:
        TypeError: Python keeps no source for it.
    """
    text = lambda_source(python)
    if text is None:
        raise TypeError("map: no source text for the lambda; define it with def and @rk.func")
    arguments, body = text.removeprefix("lambda").split(":", 1)
    cells = zip(python.__code__.co_freevars, python.__closure__ or (), strict=True)
    scope = {**python.__globals__, **{n: c.cell_contents for n, c in cells}, "func": func}
    made: Function = from_source(
        f"@func\ndef mapped({arguments.strip()}):\n    return {body}\n", "map", scope
    )["mapped"]
    return made


def _name(function: Any) -> str:
    return str(getattr(function, "name", function))


def _shared(function: Any, index: int, value: Any) -> Any:
    """`value`, or an Array over the memory of a NumPy array."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    wanted = None
    if isinstance(function, Function):
        patterns = {o.params[index][1] for o in function.overloads if index < len(o.params)}
        wanted = patterns.pop() if len(patterns) == 1 else None
    scalar: Any = type_of(value.dtype.type(0))
    element = wanted if isinstance(wanted, COMPOSITES) and component_shape(wanted) else scalar
    return share(value if value.flags.writeable else value.copy(), element)


def _typed(function: Any, values: list[Any]) -> list[Any]:
    """Python numbers as the scalars that the func, or else the first array, makes of them."""
    chosen = _parameter_types(function, values)
    return [
        type_(value) if isinstance(value, (bool, int, float)) and isinstance(type_, Scalar) else value
        for value, type_ in zip(values, chosen, strict=True)
    ]


def _parameter_types(function: Any, values: list[Any]) -> Sequence[Any]:
    from robokern.compiler.calls import find_overload  # the front end is not needed to import robokern
    from robokern.ir.nodes import Value

    if isinstance(function, Function):
        known = [Value(v.dtype) if isinstance(v, _ARRAYS) else v for v in values]
        bound = find_overload(function, known, {})
        if bound is None:
            given = ", ".join(str(v.dtype) if isinstance(v, _ARRAYS) else describe(v) for v in values)
            raise TypeError(f"map: {function.name}() does not take ({given})")
        return bound.types[: len(values)]
    first = next(scalar_of(v.dtype) for v in values if isinstance(v, _ARRAYS))
    alike = {"f": float, "i": int, "u": int}.get(getattr(first, "kind", ""))
    return [first if type(v) is alike else type_of(v) for v in values]


def _element(value: Any) -> Type:
    found = value.dtype if isinstance(value, _ARRAYS) else type_of(value)
    if not isinstance(found, Type):
        raise TypeError(f"map: {describe(value)} is neither an array nor a value of the kernel language")
    return found


@lru_cache(1024)
def _returned(function: Any, elements: tuple[Type, ...]) -> tuple[Type, ...]:
    """Types of what the func returns for such elements."""
    from robokern.compiler.frontend import instantiate

    names = ", ".join(f"x{i}" for i in range(len(elements)))
    text = f"@func\ndef mapped({names}):\n    return function({names})\n"
    wrapper = from_source(text, "map", {"func": func, "function": function})["mapped"]
    instance = instantiate(None, None, wrapper.overloads[-1], elements, {})
    if instance.shape is None:
        raise TypeError(f"map: {_name(function)}() returns nothing; launch a kernel instead")
    return tuple(value.type for value in instance.func.body.yields)


def _outputs(
    out: Any, returned: tuple[Type, ...], shape: tuple[int, ...], device: Any, requires_grad: bool
) -> Sequence[Array | IndexedArray]:
    if out is None:
        made = [zeros_of(dtype, shape, device, zero=False) for dtype in returned]
        for array in made:
            array.requires_grad = requires_grad and is_float(array.dtype)
        return made
    given = [*out] if isinstance(out, (list, tuple)) else [out]
    if len(given) != len(returned):
        raise ValueError(f"map: expected {len(returned)} arrays in out, got {len(given)}")
    for i, (array, dtype) in enumerate(zip(given, returned, strict=True)):
        if not isinstance(array, _ARRAYS) or array.dtype != dtype:
            raise TypeError(f"map: out[{i}]: expected an array of {dtype}, got {describe(array)}")
        if array.shape != shape:
            raise ValueError(f"map: out[{i}]: expected shape {shape}, got {array.shape}")
    return given


def _spread(
    values: list[Any], outputs: Sequence[Any], shape: tuple[int, ...]
) -> tuple[list[Any], tuple[int, ...]]:
    """Arguments of the kernel and its grid: one dimension when all arrays are alike and contiguous."""
    arrays = [a for a in (*values, *outputs) if isinstance(a, _ARRAYS)]
    if all(a.is_contiguous and a.shape == shape for a in arrays) and outputs[0].size <= MAX_LENGTH:
        flat = [a.flatten() if isinstance(a, Array) else a for a in (*values, *outputs)]
        return flat, (outputs[0].size,)
    return [_broadcast(a, shape) if isinstance(a, _ARRAYS) else a for a in (*values, *outputs)], shape


def _broadcast(given: Array | IndexedArray, shape: tuple[int, ...]) -> Array | IndexedArray:
    """A view whose repeated dimensions have stride 0; of an indexed array a copy of what it shows."""
    if given.shape == shape:
        return given
    array = given.contiguous() if isinstance(given, IndexedArray) else given
    data, components = array._numpy, component_shape(array.dtype)
    lengths = (1,) * (len(shape) - array.ndim) + data.shape
    return wrap(
        np.broadcast_to(data.reshape(lengths), shape + components), array.dtype, array.device, array._keep
    )


@lru_cache(1024)
def _kernel(function: Any, is_array: tuple[bool, ...], outputs: int, ndim: int) -> Kernel:
    """A kernel that stores `function` of the inputs, element by element."""
    place = ", ".join(_COORDINATES[:ndim])
    inputs = [f"x{i}" for i in range(len(is_array))]
    results = [f"y{i}" for i in range(outputs)]
    read = ", ".join(f"{x}[{place}]" if array else x for x, array in zip(inputs, is_array, strict=True))
    written = ", ".join(f"{y}[{place}]" for y in results)
    text = (
        f"@kernel\ndef map({', '.join(inputs + results)}):\n"
        f"    {place} = tid()\n    {written} = function({read})\n"
    )
    scope = {"kernel": kernel, "function": function, "tid": tid}
    made: Kernel = from_source(text, "map", scope)["map"]
    return made
