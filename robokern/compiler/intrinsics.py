"""What the builtins mean: one row each, from a call's syntax to ops."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any

from robokern.compiler.builtins import BUILTINS, in_order
from robokern.compiler.calls import arguments
from robokern.compiler.expressions import binary, compare
from robokern.compiler.lowering import Lowering, describe, flatten, intrinsic, kernel_meaning
from robokern.compiler.places import Element, element, index_value, indexed_parts
from robokern.ir.layout import field_leaf
from robokern.ir.nodes import Assert, Value
from robokern.ir.types import (
    BY_NAME,
    COMPOSITES,
    ArrayType,
    IndexedArrayType,
    Scalar,
    Struct,
    Type,
    as_type,
    bool_,
    int32,
    is_float,
    is_integer,
    scalar_of,
    uint64,
)


def positional(lo: Lowering, node: ast.Call, low: int, high: int | None = None) -> list[Any]:
    """Between `low` and `high` evaluated arguments in order; by keyword those that `PARAMETERS` names."""
    args, kwargs = arguments(lo, node)
    name = getattr(node.func, "attr", getattr(node.func, "id", "it"))
    high = low if high is None else high
    args, unknown = in_order(kernel_name(lo, node) if kwargs else name, args, kwargs)
    if unknown is not None:
        lo.fail(node, f"{name}() has no argument {unknown!r}")
    if not low <= len(args) <= high:
        count = f"{low}" if low == high else f"{low} to {high}"
        lo.fail(node, f"{name}() takes {count} arguments, got {len(args)}")
    return args


def common_values(lo: Lowering, node: Any, args: list[Any]) -> list[Value]:
    """Arguments as Values of one type; weak literals take the scalar type of the first that has one."""
    known = next((a for a in args if isinstance(a, Value)), None)
    if known is None:
        known = lo.value(args[0], node)
    like = scalar_of(known.type)
    values = [lo.value(a, node, like) for a in args]
    return [_spread(lo, node, v, values) for v in values]


def _spread(lo: Lowering, node: Any, value: Value, values: list[Value]) -> Value:
    composite = next((v.type for v in values if isinstance(v.type, COMPOSITES)), None)
    if composite is None or value.type == composite or value.type != composite.dtype:
        return value
    return lo.op(node, "splat", value, type=composite)


def _literal_tid(node: ast.Call) -> int:
    return int(getattr(node, "_unpacked", 1))


@intrinsic("tid")
def _tid(lo: Lowering, node: ast.Call) -> Any:
    positional(lo, node, 0)
    ndim = _literal_tid(node)
    lo.use_grid(ndim, node)
    lo.builder.loc = lo.source.loc(node)
    results = lo.builder.ops("tid", ndim=ndim)
    return results[0] if ndim == 1 else results


@intrinsic("sqrt", "floor", "ceil", "trunc", "rint")
def _float_unary(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return lo.op(node, kernel_name(lo, node), lo.value(x, node))


@intrinsic("abs")
def _abs(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    if not isinstance(x, Value) and isinstance(x, (int, float)):
        return abs(x)
    value = lo.value(x, node)
    unsigned = getattr(scalar_of(value.type), "kind", "") == "u"
    return value if unsigned else lo.op(node, "abs", value)


@intrinsic("min", "max")
def _min_max(lo: Lowering, node: ast.Call) -> Any:
    args = positional(lo, node, 1, 64)
    name = "min" if kernel_name(lo, node) == "min" else "max"
    if args and all(isinstance(a, (int, float)) and not isinstance(a, Value) for a in args):
        return reduce(lambda a, b: a if (a < b if name == "min" else a > b) else b, args)
    values = common_values(lo, node, args)
    if len(values) == 1:
        values = _components(lo, node, values[0])
    result = values[0]
    for value in values[1:]:
        result = lo.op(node, name, result, value)
    return result


def kernel_name(lo: Lowering, node: ast.Call) -> str:
    """The name of the builtin that a call's function expression means."""
    return str(kernel_meaning(lo.expr(node.func)).name)


def _components(lo: Lowering, node: Any, value: Value) -> list[Value]:
    if not isinstance(value.type, COMPOSITES):
        lo.fail(node, f"needs two arguments or a vector, got one {value.type}")
    scalar = scalar_of(value.type)
    count = value.type.shape[0]
    return [lo.builder.extract(value, k, scalar) for k in range(count)]


@intrinsic("fma")
def _fma(lo: Lowering, node: ast.Call) -> Any:
    return lo.op(node, "fma", *common_values(lo, node, positional(lo, node, 3)))


@intrinsic("where")
def _where(lo: Lowering, node: ast.Call) -> Any:
    condition, a, b = positional(lo, node, 3)
    return _choose(lo, node, condition, a, b)


@intrinsic("select")
def _select(lo: Lowering, node: ast.Call) -> Any:
    condition, a, b = positional(lo, node, 3)
    return _choose(lo, node, condition, b, a)


def _choose(lo: Lowering, node: Any, condition: Any, a: Any, b: Any) -> Any:
    truth = lo.truth(condition, node)
    if isinstance(truth, bool):
        return a if truth else b
    known = a if isinstance(a, Value) else b
    like = scalar_of(known.type) if isinstance(known, Value) else None
    x, y = lo.value(a, node, like), lo.value(b, node, like)
    if x.type != y.type:
        lo.fail(node, f"where() chooses between equal types, got {x.type} and {y.type}", "cast one of them")
    return lo.op(node, "select", truth, x, y)


@intrinsic("bitcast", "cast")
def _bitcast(lo: Lowering, node: ast.Call) -> Any:
    x, type_ = positional(lo, node, 2)
    return lo.op(node, "bitcast", lo.value(x, node), type=as_type(type_))


class _Later:
    """What a static expression sees of a value that is known at run time only: its length."""

    def __init__(self, value: Value) -> None:
        self._shape = getattr(value.type, "shape", ())

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("its length is known at run time only")
        return int(self._shape[0])


@intrinsic("static")
def _static(lo: Lowering, node: ast.Call) -> Any:
    (expression,) = node.args
    known = {k: _Later(v) if isinstance(v, Value) else v for k, v in lo.env.items()}
    scope = {**lo.overload.python.__globals__, **lo.captured, **known}
    try:
        return eval(compile(ast.Expression(expression), lo.source.file, "eval"), scope)
    except Exception as error:
        lo.fail(node, f"static() failed: {type(error).__name__}: {error}")


@intrinsic("len")
def _len(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    type_ = getattr(x, "type", None)
    if isinstance(type_, ArrayType):
        return lo.op(node, "shape", x, dim=0)
    if isinstance(type_, IndexedArrayType):
        return lo.op(node, "shape", indexed_parts(lo, node, x)[1], dim=0)
    if isinstance(type_, COMPOSITES):
        return type_.shape[0]
    if isinstance(x, tuple):
        return len(x)
    lo.fail(node, f"{describe(x)} has no length")


@intrinsic("type")
def _type(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return lo.value(x, node).type


@intrinsic("range")
def _range(lo: Lowering, node: ast.Call) -> Any:
    lo.fail(node, "range() stands only in a for statement")


@intrinsic("$range_bounds")
def _range_bounds(lo: Lowering, node: ast.Call) -> Any:
    return range_bounds(lo, node.args[0])


def range_bounds(lo: Lowering, node: ast.expr) -> tuple[Any, Any, Any]:
    """Start, stop and step of a `range(...)` expression; Python ints where known, else Values of one type."""
    callee = kernel_meaning(lo.expr(node.func)) if isinstance(node, ast.Call) else None
    if callee is BUILTINS["reversed"] and isinstance(node, ast.Call) and len(node.args) == 1:
        return _backwards(lo, node, range_bounds(lo, node.args[0]))
    if not isinstance(node, ast.Call) or callee is not BUILTINS["range"]:
        lo.fail(node, "a for statement runs over range(...) or a tuple", "write for i in range(len(a))")
    args = positional(lo, node, 1, 3)
    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1) if len(args) == 2 else args
    if step == 0 and not isinstance(step, Value):
        lo.fail(node, "range() needs a step other than 0")
    bounds = (start, stop, step)
    if all(isinstance(b, int) for b in bounds):
        return bounds
    values = common_values(lo, node, list(bounds))
    for value in values:
        if not is_integer(value.type) or value.type != values[0].type:
            lo.fail(
                node,
                f"range() needs integers of one type, got {', '.join(str(v.type) for v in values)}",
                "write int(...)",
            )
    return values[0], values[1], values[2] if isinstance(step, Value) else step


def _backwards(lo: Lowering, node: Any, bounds: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """The range with the same numbers, last first."""
    start, stop, step = bounds
    towards: Any = 1
    if isinstance(step, Value):
        one, minus = lo.value(1, node, step.type), lo.value(-1, node, step.type)
        towards = lo.op(node, "select", lo.op(node, "gt", step, lo.value(0, node, step.type)), one, minus)
    elif step < 0:
        towards = -1
    last = binary(lo, node, "sub", step, towards)
    span = binary(lo, node, "add", binary(lo, node, "sub", stop, start), last)
    turns = binary(lo, node, "floordiv", span, step)
    if isinstance(turns, Value):
        turns = lo.op(node, "max", turns, lo.value(0, node, turns.type))
    else:
        turns = max(turns, 0)
    last = binary(lo, node, "sub", binary(lo, node, "add", start, binary(lo, node, "mul", turns, step)), step)
    return last, binary(lo, node, "sub", start, step), binary(lo, node, "sub", 0, step)


@intrinsic("$in_range")
def _in_range(lo: Lowering, node: ast.Call) -> Any:
    at, stop, step = (lo.expr(a) for a in node.args)
    up = compare(lo, node, ast.Lt(), at, stop)
    if not isinstance(step, Value):
        return up if step > 0 else compare(lo, node, ast.Gt(), at, stop)
    down = lo.op(node, "and", compare(lo, node, ast.Gt(), at, stop), compare(lo, node, ast.Lt(), step, 0))
    return lo.op(node, "select", compare(lo, node, ast.Gt(), step, 0), up, down)


@intrinsic("$after")
def _after(lo: Lowering, node: ast.Call) -> Any:
    """Never steps past `stop`, so that a counter near its type's end does not wrap around."""
    at, stop, step = (lo.expr(a) for a in node.args)
    if not isinstance(step, Value) and step in (1, -1):
        return binary(lo, node, "add", at, step)
    at, stop, step = common_values(lo, node, [at, stop, step])
    unsigned = BY_NAME[f"uint{scalar_of(at.type).bits}"]
    rising = lo.op(node, "gt", step, lo.op(node, "zero", type=at.type))
    ahead = lo.op(node, "select", rising, lo.op(node, "sub", stop, at), lo.op(node, "sub", at, stop))
    size = lo.op(node, "select", rising, step, lo.op(node, "neg", step))
    fits = lo.op(node, "lt", *(lo.op(node, "cast", x, type=unsigned) for x in (size, ahead)))
    return lo.op(node, "select", fits, lo.op(node, "add", at, step), stop)


@intrinsic("local", "zeros")
def _local(lo: Lowering, node: ast.Call) -> Any:
    args, kwargs = arguments(lo, node)
    given = {**dict(zip(("shape", "dtype"), args, strict=False)), **kwargs}
    shape = given.get("shape")
    shape = shape if isinstance(shape, tuple) else (shape,)
    if not all(isinstance(n, int) and n > 0 for n in shape) or "dtype" not in given:
        lo.fail(node, "a local array needs a constant shape and a dtype", "write rk.local(64, int)")
    if not isinstance(given.get("fill", True), bool):
        lo.fail(node, "fill: expected True or False", "write rk.local(64, int, fill=False)")
    type_ = ArrayType(as_type(given["dtype"]), len(shape))
    unfilled = {} if given.get("fill", True) else {"fill": False}
    return lo.op(node, "local", shape=tuple(int(n) for n in shape), type=type_, **unfilled)


@intrinsic("address")
def _address(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return lo.op(node, "address", lo.value(x, node))


@intrinsic("array_at")
def _array_at(lo: Lowering, node: ast.Call) -> Any:
    handle, *shape, dtype = positional(lo, node, 3, 6)
    values = [index_value(lo, n, node) for n in shape]
    return lo.op(
        node, "array_at", lo.value(handle, node, uint64), *values, type=ArrayType(as_type(dtype), len(shape))
    )


@intrinsic("array")
def _array_from_address(lo: Lowering, node: ast.Call) -> Any:
    args, given = arguments(lo, node)
    if args or set(given) != {"ptr", "shape", "dtype"}:
        lo.fail(
            node, "in a kernel an array is made over memory", "write rk.array(ptr=p, shape=(n, m), dtype=T)"
        )
    shape = given["shape"] if isinstance(given["shape"], tuple) else (given["shape"],)
    values = [index_value(lo, n, node) for n in shape]
    address = lo.typed(given["ptr"], uint64, node, "ptr")
    return lo.op(node, "array_at", address, *values, type=ArrayType(as_type(given["dtype"]), len(shape)))


@intrinsic("from_handle")
def _from_handle(lo: Lowering, node: ast.Call) -> Any:
    handle, type_ = positional(lo, node, 2)
    if not isinstance(type_, Struct):
        lo.fail(node, f"from_handle() needs a struct, got {describe(type_)}")
    address = lo.typed(handle, uint64, node, "a handle")
    one, zero = lo.builder.const(1, int32), lo.builder.const(0, int32)
    array = lo.op(node, "array_at", address, one, type=ArrayType(type_, 1))
    return lo.op(node, "load", array, zero, offset=0, type=type_)


_ATOMIC_VALUES = {"cas": 2}


@intrinsic(*(f"atomic_{op}" for op in ("add", "sub", "min", "max", "and", "or", "xor", "exch", "cas")))
def _atomic(lo: Lowering, node: ast.Call) -> Any:
    name = kernel_name(lo, node).removeprefix("atomic_")
    values = _ATOMIC_VALUES.get(name, 1)
    args = positional(lo, node, 2 + values, 5 + values)
    array = lo.value(args[0], node)
    if not isinstance(array.type, (ArrayType, IndexedArrayType)):
        lo.fail(node, f"atomic_{name}() needs an array first, got {array.type}")
    return atomic(lo, node, name, element(lo, node, array, args[1:-values]), args[-values:])


def atomic(lo: Lowering, node: Any, name: str, at: Element, values: list[Any]) -> Value:
    """Combines into an array element; gives its old value."""
    parts = [lo.typed(v, at.type, node, f"atomic_{name}") for v in values]
    if name == "sub":
        name, parts = "add", [lo.op(node, "neg", parts[0])]
    return lo.op(node, "atomic", at.array, *at.indices, *parts, op=name, offset=at.offset)


@intrinsic("print")
def _print(lo: Lowering, node: ast.Call) -> Any:
    args, kwargs = arguments(lo, node)
    if kwargs:
        lo.fail(node, f"print() has no argument {next(iter(kwargs))!r}", "printf() prints as its format says")
    shown = [
        part
        for a in args
        for x in flatten(a)
        for part in ([str(x)] if isinstance(x, (str, Type)) else _printed(lo, lo.value(x, node)))
    ]
    values = [x for x in shown if isinstance(x, Value)]
    _print_op(lo, node, values, tuple(None if isinstance(x, Value) else x for x in shown))


def _printed(lo: Lowering, x: Value) -> Iterator[str | Value]:
    """What is printed of a value: of an array its type, of a struct its name and fields."""
    if isinstance(x.type, (ArrayType, IndexedArrayType)):
        yield str(x.type)
    elif isinstance(x.type, Struct):
        yield str(x.type)
        for name, field in x.type.fields:
            yield f"{name} ="
            yield from _printed(lo, lo.builder.extract(x, field_leaf(x.type, name)[0], field))
    else:
        yield x


@intrinsic("printf")
def _printf(lo: Lowering, node: ast.Call) -> Any:
    form, *args = positional(lo, node, 1, 65)
    if not isinstance(form, str):
        lo.fail(node, f"printf() takes a format first, got {describe(form)}")
    specs = [s for _, s in _SPEC.findall(form) if s]
    values = [lo.value(a, node) for a in args]
    if len(specs) != len(values):
        lo.fail(node, f"the format has {len(specs)} places for {len(values)} arguments")
    for spec, value in zip(specs, values, strict=True):
        fits = is_float(value.type) if spec in "eEfFgG" else not is_float(value.type)
        if not isinstance(value.type, Scalar) or not fits:
            lo.fail(node, f"%{spec} cannot print {value.type}", "use %d for integers and %g for floats")
    _print_op(lo, node, values, _SPEC.sub(lambda m: f"%{m[1]}{m[2]}" if m[2] else "%%", form))


# C's sizes (%lld) are left out: the argument's type says it
_SPEC = re.compile(r"%(?:%|([-+ #0]*\d*(?:\.\d+)?)(?:hh|h|ll|l|z|j|t)?([diuxXoceEfFgG]))")


def _print_op(lo: Lowering, node: Any, values: list[Value], message: Any) -> None:
    lo.builder.loc = lo.source.loc(node)
    try:
        lo.builder.ops("print", *values, message=message)
    except TypeError as error:
        lo.fail(node, str(error))


def lower_assert(lo: Lowering, node: ast.Assert, message: str) -> None:
    """An `assert` statement."""
    truth = lo.value(lo.condition(node.test), node, bool_)
    lo.asserts.append(Assert(message, lo.source.loc(node)))
    lo.builder.loc = lo.source.loc(node)
    lo.builder.ops("assert", truth, index=len(lo.asserts) - 1)
