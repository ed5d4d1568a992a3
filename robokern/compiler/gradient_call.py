"""`grad(f)(x, ...)` in kernels: the derivatives of a func by its arguments, as a call of a derived func."""

from __future__ import annotations

import ast
from typing import Any

from robokern.compiler.adjoint_function import pullback
from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.builtins import Builtin
from robokern.compiler.calls import arguments, resolve
from robokern.compiler.contract import contract
from robokern.compiler.function import Function, Gradient
from robokern.compiler.intrinsics import common_values, positional
from robokern.compiler.lowering import INTRINSICS, Lowering, describe, intrinsic
from robokern.errors import AdjointError
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Value
from robokern.ir.types import ArrayType, Inout, Scalar, Type


@intrinsic("grad")
def _grad(lo: Lowering, node: ast.Call) -> Gradient:
    (function,) = positional(lo, node, 1)
    if not isinstance(function, (Function, Builtin)):
        lo.fail(node, f"grad() takes a func, got {describe(function)}", "decorate it with @rk.func")
    return Gradient(function)


@intrinsic("$gradient")
def _call(lo: Lowering, node: ast.Call) -> Any:
    """A call of `grad(f)`: one derivative, or a tuple with one per argument; None for an array."""
    function = lo.expr(node.func).function
    func, values = _written(lo, node, function) if isinstance(function, Function) else _primitive(lo, node)
    if not any(carries_float(t) for t in func.results):
        lo.fail(node, f"grad: {function.name}() returns no float", "only floats have a derivative")
    lo.builder.loc = lo.source.loc(node)
    seeds = [_ones(lo, t) for t in func.results if carries_float(t)]
    found = list(lo.builder.ops("call", *values, *seeds, callee=_pullback(lo, node, func)))
    slopes = [_slope(lo, v, found) for v in values]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _pullback(lo: Lowering, node: ast.Call, func: Func) -> Func:
    try:
        return pullback(func)
    except AdjointError as error:
        error.message = f"grad({func.name}) in {lo.overload.name!r} (line {node.lineno}): {error.message}"
        raise


def _written(lo: Lowering, node: ast.Call, function: Function) -> tuple[Func, list[Value]]:
    """An overload of a func, and its arguments."""
    args, kwargs = arguments(lo, node)
    overload, instance, values = resolve(lo, node, function, args, kwargs)
    if any(isinstance(p, Inout) for _, p in overload.params):
        lo.fail(node, f"grad: {function.name}() changes an argument", "return the value instead")
    lo.use_grid(instance.grid, node)
    return contract(instance.func), values


def _primitive(lo: Lowering, node: ast.Call) -> tuple[Func, list[Value]]:
    """A builtin as a func of its arguments' types, and the arguments."""
    values = common_values(lo, node, positional(lo, node, 1, 8))
    params = [Value(v.type) for v in values]
    names = [f"$argument{k}" for k in range(len(params))]
    lo.env.update(zip(names, params, strict=True))
    lo.env["$primitive"] = builtin = lo.expr(node.func).function
    inner = ast.Call(ast.Name("$primitive", ast.Load()), [ast.Name(n, ast.Load()) for n in names], [])
    with lo.builder.region() as block:
        result = INTRINSICS[builtin.name](lo, ast.fix_missing_locations(ast.copy_location(inner, node)))
    for name in (*names, "$primitive"):  # no variables of what stands around the call
        del lo.env[name]
    if not isinstance(result, Value):
        lo.fail(node, f"grad: {builtin.name}() has no derivative")
    made = Block((), block.ops, (result,))
    return Func(builtin.name, tuple(params), tuple(names), made, lo.source.loc(node)), values


def _slope(lo: Lowering, value: Value, found: list[Value]) -> Any:
    if carries_float(value.type):
        return found.pop(0)
    return None if isinstance(value.type, ArrayType) else lo.builder.op("zero", type=value.type)


def _ones(lo: Lowering, type_: Type) -> Value:
    parts = [
        lo.builder.const(1, s) if s.kind == "f" else lo.builder.op("zero", type=s)
        for s in layout.leaves(type_)
    ]
    return parts[0] if isinstance(type_, Scalar) else lo.builder.op("make", *parts, type=type_)
