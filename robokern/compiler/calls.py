"""Calls: which overload, how arguments meet parameters, and what comes back."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, TypeVar

from robokern.compiler.builtins import Builtin
from robokern.compiler.construct import construct
from robokern.compiler.function import STATIC, Function, Gradient, Kernel, Overload
from robokern.compiler.lowering import (
    INTRINSICS,
    Lowering,
    describe,
    expression,
    is_weak,
    kernel_meaning,
    rebuild,
)
from robokern.compiler.places import Temp, component, element, place, read, write
from robokern.ir.composite import Composite, StructValue
from robokern.ir.nodes import Func, Value
from robokern.ir.types import (
    BY_NAME,
    COMPOSITES,
    ArrayType,
    Inout,
    Scalar,
    Type,
    bool_,
    float32,
    int32,
    is_concrete,
    matches,
    scalar_of,
)


@dataclass
class Instance:
    """An overload lowered for given argument types.

    Attributes:
        func: its program; results are the returned values, then the inout parameters.
        shape: what it returns, as nested tuples of placeholders; None for nothing.
        grid: dimensions of the grid that its `tid()` asks for; 0 when it does not.
    """

    func: Func
    shape: Any
    grid: int


@dataclass
class Binding:
    """An overload with an argument for each parameter."""

    overload: Overload
    args: tuple[Any, ...]
    types: tuple[Any, ...]
    cost: tuple[int, int]


@expression(ast.Call)
def _call(lo: Lowering, node: ast.Call) -> Any:
    callee = kernel_meaning(lo.expr(node.func))
    if isinstance(callee, Builtin):
        return INTRINSICS[callee.name](lo, node)
    if isinstance(callee, Gradient):
        return INTRINSICS["$gradient"](lo, node)
    places: dict[int, Any] = dict.fromkeys(inout_positions(callee))
    args, kwargs = arguments(lo, node, places)
    if isinstance(callee, Function):
        return call_function(lo, node, callee, args, kwargs, places)
    if isinstance(callee, Type):
        return construct(lo, node, callee, args, kwargs)
    if isinstance(callee, Kernel):
        lo.fail(
            node, f"kernel {callee.name} cannot be called from a kernel", "make the shared part an @rk.func"
        )
    name = getattr(callee, "__name__", describe(callee))
    lo.fail(node, f"{name} is not a func of the kernel language", _callee_hint(callee))


def _callee_hint(callee: Any) -> str:
    module = getattr(callee, "__module__", "")
    if module in ("math", "numpy"):
        return f"use rk.{callee.__name__}"
    return (
        "decorate it with @rk.func"
        if hasattr(callee, "__code__")
        else "call an @rk.func, a type or a builtin"
    )


def arguments(
    lo: Lowering, node: ast.Call, places: dict[int, Any] | None = None
) -> tuple[list[Any], dict[str, Any]]:
    """Evaluated arguments; starred ones are spread.

    Args:
        places: positions whose arguments may be written back; their places are filled in, evaluated once.
    """
    args: list[Any] = []
    for arg in node.args:
        if isinstance(arg, ast.Starred):
            args.extend(_spread(lo, arg))
        elif places and len(args) in places:
            at = places[len(args)] = place(lo, arg)
            args.append(read(lo, at, arg))
        else:
            args.append(lo.expr(arg))
    for keyword in node.keywords:
        if keyword.arg is None:
            lo.fail(node, "** arguments are not part of the kernel language", "write the arguments out")
    return args, {k.arg: lo.expr(k.value) for k in node.keywords if k.arg}


def _spread(lo: Lowering, arg: ast.Starred) -> tuple[Any, ...]:
    items = lo.expr(arg.value)
    if isinstance(items, (Value, Composite)) and isinstance(items.type, COMPOSITES):
        value = lo.value(items, arg)
        return tuple(read(lo, component(lo, arg, Temp(value), [k]), arg) for k in range(items.type.shape[0]))
    if isinstance(items, Value) and isinstance(items.type, ArrayType):
        count = _known_length(lo, arg)
        return tuple(read(lo, element(lo, arg, items, [k]), arg) for k in range(count))
    if not isinstance(items, tuple):
        lo.fail(arg, f"only tuples, vectors and slices of arrays can be spread with *, got {describe(items)}")
    return items


def _known_length(lo: Lowering, arg: ast.Starred) -> int:
    """Elements of a 1-D array that is spread: a slice with known bounds, none from the end."""
    sliced = arg.value.slice if isinstance(arg.value, ast.Subscript) else None
    parts = (sliced.lower, sliced.upper, sliced.step) if isinstance(sliced, ast.Slice) else ()
    bounds = [None if p is None else lo.expr(p) for p in parts]
    known = all(b is None or (isinstance(b, int) and b >= 0) for b in bounds)
    if not parts or bounds[1] is None or not known:
        lo.fail(arg, "how many elements * spreads must be known at compile time", "write *a[0:3]")
    return len(range(bounds[0] or 0, bounds[1], bounds[2] or 1))


def call_function(
    lo: Lowering,
    node: Any,
    function: Function,
    args: list[Any],
    kwargs: dict[str, Any],
    places: dict[int, Any],
) -> Any:
    """Calls a func; inout arguments are written back to the `places` of their positions."""
    overload, instance, values = resolve(lo, node, function, args, kwargs)
    lo.use_grid(instance.grid, node)
    lo.builder.loc = lo.source.loc(node)
    results = list(lo.builder.ops("call", *values, callee=instance.func))
    returned = None if instance.shape is None else rebuild(instance.shape, results)
    _write_back(lo, node, overload, places, results)
    return returned


def resolve(
    lo: Lowering, node: Any, function: Function, args: list[Any], kwargs: dict[str, Any]
) -> tuple[Overload, Instance, list[Value]]:
    """The overload that takes these arguments, lowered for them, and those known at run time only."""
    bound = find_overload(function, args, kwargs)
    if bound is None:
        lo.fail(node, _no_overload(function, args, kwargs), _overload_hint(function))
    values, types, statics = [], [], {}
    for (name, _), arg, type_ in zip(bound.overload.params, bound.args, bound.types, strict=True):
        if type_ is STATIC:
            statics[name] = arg
        else:
            values.append(lo.value(arg, node, type_))
            types.append(type_)
    return bound.overload, lo.instantiate(lo, node, bound.overload, tuple(types), statics), values


def _write_back(
    lo: Lowering, node: Any, overload: Overload, places: dict[int, Any], results: list[Value]
) -> None:
    for position, (name, pattern) in enumerate(overload.params):
        if isinstance(pattern, Inout):
            at = places.get(position)
            if at is None:
                lo.fail(node, f"{overload.name}() changes {name!r}: pass a variable for it by position")
            new = results.pop(0)
            if not isinstance(at, Temp):  # an expression's new value is nobody's
                write(lo, at, new, node)


def inout_positions(function: Any) -> set[int]:
    """Argument positions that some overload writes back to."""
    if not isinstance(function, Function):
        return set()
    return {i for o in function.overloads for i, (_, p) in enumerate(o.params) if isinstance(p, Inout)}


def find_overload(function: Function, args: list[Any], kwargs: dict[str, Any]) -> Binding | None:
    """The overload that fits best: literals at their default types, then fewest generic parameters."""
    bound = [b for o in function.overloads if (b := _bind(o, args, kwargs)) is not None]
    return min(bound, key=lambda b: b.cost) if bound else None


def _bind(overload: Overload, args: list[Any], kwargs: dict[str, Any]) -> Binding | None:
    params = overload.params
    names = [n for n, _ in params]
    if len(args) > len(params) or any(k not in names[len(args) :] for k in kwargs):
        return None
    given = {**overload.defaults, **kwargs, **dict(zip(names, args, strict=False))}
    if any(n not in given for n in names):
        return None
    like = next(
        (scalar_of(t) for a in given.values() if (t := type_of(a)) is not None and scalar_of(t)), None
    )
    variables: dict[Any, Any] = {}
    types = [_fit(pattern, given[name], like, variables) for name, pattern in params]
    if any(t is None for t in types):
        return None
    odd = sum(1 for n, t in zip(names, types, strict=True) if is_weak(given[n]) and t not in (float32, int32))
    generic = sum(1 for _, p in params if p is STATIC or not is_concrete(getattr(p, "inner", p)))
    return Binding(overload, tuple(given[n] for n in names), tuple(types), (odd, generic))


def type_of(x: Any) -> Any:
    """The type of a value or host value; None for weak literals and other objects."""
    if isinstance(x, StructValue):
        return x._type  # type: ignore[attr-defined]
    if isinstance(own := getattr(x, "type", None), Type):  # of a Value, a composite, an array
        return own
    name = getattr(getattr(x, "dtype", None), "name", None)
    return BY_NAME.get(name) if isinstance(name, str) else None


def _fit(pattern: Any, x: Any, like: Any, variables: dict[Any, Any]) -> Any:
    """The type `x` takes for a parameter of this pattern; STATIC at compile time only; None if it misfits."""
    pattern = pattern.inner if isinstance(pattern, Inout) else pattern
    type_ = type_of(x)
    if pattern is STATIC:
        return None if _needs_code(x) else STATIC
    if type_ is not None:
        return type_ if matches(pattern, type_, variables) else None
    if isinstance(x, (bool, int, float)):
        return _fit_literal(pattern, x, like)
    return STATIC if pattern is Any and not _needs_code(x) else None


def _needs_code(x: Any) -> bool:
    """Whether it, or a member of it, is known at run time only."""
    return any(_needs_code(i) for i in x) if isinstance(x, tuple) else isinstance(x, Value)


def _fit_literal(pattern: Any, x: Any, like: Any) -> Any:
    default = bool_ if isinstance(x, bool) else int32 if isinstance(x, int) else float32
    kinds = "iu" if default is int32 else default.kind
    if pattern is Any or isinstance(pattern, TypeVar):
        chosen = like if isinstance(like, Scalar) and like.kind in kinds and default is not bool_ else default
        return chosen if matches(pattern, chosen) else None
    return pattern if isinstance(pattern, Scalar) and pattern.kind in kinds else None


def _no_overload(function: Function, args: list[Any], kwargs: dict[str, Any]) -> str:
    given = [describe(a) for a in args] + [f"{k}={describe(v)}" for k, v in kwargs.items()]
    return f"{function.name}() does not take ({', '.join(given)})"


def _overload_hint(function: Function) -> str:
    shown = [
        f"{function.name}({', '.join(f'{n}: {p}' for n, p in o.params)})" for o in function.overloads[:4]
    ]
    return "it takes " + " or ".join(shown)
