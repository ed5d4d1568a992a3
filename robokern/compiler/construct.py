"""Calling a type: casts, and building vectors, matrices, quaternions, transforms and structs."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.compiler.lowering import Lowering, cast_name, leaf_count
from robokern.ir import layout
from robokern.ir.nodes import Value
from robokern.ir.types import (
    ArrayType,
    Matrix,
    Quaternion,
    Scalar,
    Struct,
    Transform,
    Type,
    Vector,
    is_concrete,
    scalar_of,
)


def construct(lo: Lowering, node: Any, type_: Type, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`type_(*args, **kwargs)`."""
    if isinstance(type_, Struct):
        return _struct(lo, node, type_, args, kwargs)
    if kwargs:
        args = [*args, *_named(lo, node, type_, kwargs)]
    if isinstance(type_, Scalar):
        return _scalar(lo, node, type_, args)
    if isinstance(type_, ArrayType) or not is_concrete(type_):
        lo.fail(
            node,
            f"{type_} cannot be built in a kernel",
            "rk.local(n, T) makes a small array private to the item",
        )
    return _composite(lo, node, type_, args)


def _named(lo: Lowering, node: Any, type_: Type, kwargs: dict[str, Any]) -> list[Any]:
    if isinstance(type_, Transform) and [k for k in "pq" if k in kwargs] == sorted(kwargs):
        return [kwargs[k] for k in "pq" if k in kwargs]
    # what the type says already may be said again
    own = {"length": getattr(type_, "length", None), "dtype": getattr(type_, "dtype", None)}
    own["shape"] = getattr(type_, "shape", None)
    if all(own.get(name) is not None and own[name] == x for name, x in kwargs.items()):
        return []
    lo.fail(node, f"{type_}() has no argument {next(iter(kwargs))!r}")


def _scalar(lo: Lowering, node: Any, type_: Scalar, args: list[Any]) -> Value:
    if not args:
        return lo.builder.op("zero", type=type_)
    if len(args) > 1:
        lo.fail(node, f"{type_}() takes one argument, got {len(args)}")
    if isinstance(args[0], (bool, int, float)) and not hasattr(args[0], "dtype"):
        return _literal(lo, node, type_, args[0])
    value = lo.value(args[0], node)
    return value if value.type == type_ else lo.op(node, "cast", value, type=type_)


def _literal(lo: Lowering, node: Any, type_: Scalar, x: Any) -> Value:
    if type_.kind in "iu" and isinstance(x, float):
        info = np.iinfo(type_.name)
        x = 0 if x != x else int(min(max(x, float(info.min)), float(info.max)))
        x = min(x, int(info.max))
    elif type_.kind in "iu":
        x = int(x) & (2**type_.bits - 1)
        x -= 2**type_.bits if type_.kind == "i" and x >> (type_.bits - 1) else 0
    return lo.builder.const(x, type_)


def _composite(lo: Lowering, node: Any, type_: Any, args: list[Any]) -> Value:
    if not args:
        return lo.builder.op("zero", type=type_)
    values = [lo.value(_as_component(a, type_), node, type_.dtype) for a in args]
    if isinstance(type_, Transform) and len(values) == 1:
        return _transform(lo, node, type_, values[0])
    first = values[0].type
    if len(values) == 1 and type(first) is type(type_) and first.shape == type_.shape:  # type: ignore[attr-defined]
        return values[0] if first == type_ else lo.op(node, "cast", values[0], type=type_)
    if len(values) == 1 and first == type_.dtype and isinstance(type_, (Vector, Matrix)):
        return lo.op(node, "splat", values[0], type=type_)
    _check_parts(lo, node, type_, values)
    return lo.op(node, "make", *values, type=type_)


def _as_component(x: Any, type_: Any) -> Any:
    """An integer literal among float components is a float, exactly or not at all."""
    plain = isinstance(x, int) and not isinstance(x, bool) and not hasattr(x, "dtype")
    return float(x) if plain and type_.dtype.kind == "f" and abs(x) <= 2**53 else x


def _transform(lo: Lowering, node: Any, type_: Transform, value: Value) -> Value:
    """A transform of one argument: another, a number for all components, a position or an orientation."""
    if value.type == type_:
        return value
    if isinstance(value.type, Transform):
        return lo.op(node, "cast", value, type=type_)
    if value.type == type_.dtype:
        return lo.op(node, "splat", value, type=type_)
    parts = {part: lo.builder.op("zero", type=part) for _, part in type_.parts.values()}
    position, orientation = parts
    parts[orientation] = lo.builder.insert(parts[orientation], lo.builder.const(1.0, type_.dtype), 3)
    if value.type not in parts:
        _check_parts(lo, node, type_, [value])
    parts[value.type] = value
    return lo.op(node, "make", parts[position], parts[orientation], type=type_)


def _check_parts(lo: Lowering, node: Any, type_: Any, values: list[Value]) -> None:
    for value in values:
        if scalar_of(value.type) != type_.dtype:
            hint = f"write {cast_name(type_.dtype)}(...)" if isinstance(value.type, Scalar) else None
            lo.fail(node, f"{type_}() takes {type_.dtype} components, got {value.type}", hint)
    if isinstance(type_, Matrix) and any(not isinstance(v.type, Scalar) for v in values):
        lo.fail(
            node,
            f"{type_}() does not take vectors",
            "write rk.matrix_from_rows(...) or rk.matrix_from_cols(...)",
        )
    if any(isinstance(v.type, (Matrix, Transform)) for v in values) or sum(
        leaf_count(v.type) for v in values
    ) != leaf_count(type_):
        got = ", ".join(str(v.type) for v in values)
        lo.fail(node, f"{type_}() takes {leaf_count(type_)} components, got ({got})", _forms(type_))


def _forms(type_: Any) -> str:
    if isinstance(type_, Transform):
        return "write rk.transform(position, rotation)"
    if isinstance(type_, Quaternion):
        return "write rk.quat(x, y, z, w)"
    return f"write all {leaf_count(type_)}, or one for all"


def _struct(lo: Lowering, node: Any, type_: Struct, args: list[Any], kwargs: dict[str, Any]) -> Value:
    names = [n for n, _ in type_.fields]
    if len(args) > len(names):
        lo.fail(node, f"{type_}() takes {len(names)} fields, got {len(args)}")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    whole = lo.builder.op("zero", type=type_)
    for name, x in given.items():
        if name not in names:
            lo.fail(node, f"struct {type_} has no field {name!r}", "fields: " + ", ".join(names))
        offset, field_type = layout.field_leaf(type_, name)
        whole = lo.builder.insert(whole, lo.typed(x, field_type, node, f"field {name!r}"), offset)
    return whole
