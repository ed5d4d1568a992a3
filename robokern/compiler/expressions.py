"""Expressions: literals, names, operators, conditions, tuples."""

from __future__ import annotations

import ast
import math
import operator as python_operator
from typing import Any

from robokern.compiler.calls import call_function, find_overload
from robokern.compiler.control import branch
from robokern.compiler.function import OPERATORS
from robokern.compiler.lowering import Lowering, cast_name, expression, is_weak, leaf_count, plain_value
from robokern.ir.nodes import Block, Op, Value
from robokern.ir.ops import OPS
from robokern.ir.types import COMPOSITES, Scalar, bool_, is_float, is_integer, scalar_of

OPERATOR_NAMES: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "shl", ast.RShift: "shr",
}  # fmt: skip
VERBS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "floordiv": "floor-divide",
    "mod": "take the remainder of", "pow": "raise", "matmul": "matrix-multiply", "and": "combine bits of",
    "or": "combine bits of", "xor": "combine bits of", "shl": "shift", "shr": "shift",
}  # fmt: skip
COMPARISONS: dict[type, str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
_FOLD: dict[str, Any] = {
    "add": python_operator.add, "sub": python_operator.sub, "mul": python_operator.mul,
    "div": python_operator.truediv, "pow": python_operator.pow, "and": python_operator.and_,
    "or": python_operator.or_, "xor": python_operator.xor,
    "mod": math.fmod, "floordiv": lambda a, b: float(math.floor(a / b)),
    "shl": python_operator.lshift, "shr": python_operator.rshift,
    "lt": python_operator.lt, "le": python_operator.le, "gt": python_operator.gt, "ge": python_operator.ge,
    "eq": python_operator.eq, "ne": python_operator.ne,
}  # fmt: skip
# as at run time, where Python raises an error
_BY_ZERO: dict[str, Any] = {
    "div": lambda a, b: math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b),
    "floordiv": lambda a, b: _BY_ZERO["div"](a, b),
    "mod": lambda a, b: math.nan,
}
_DIRECT = {"add", "sub", "and", "or", "xor", "shl", "shr"}  # the primitive takes equal types as they are


@expression(ast.Constant)
def _constant(lo: Lowering, node: ast.Constant) -> Any:
    return node.value


@expression(ast.Name)
def _name(lo: Lowering, node: ast.Name) -> Any:
    return plain_value(lo.lookup(node, node.id))


@expression(ast.Tuple)
def _tuple(lo: Lowering, node: ast.Tuple) -> Any:
    return tuple(lo.expr(e) for e in node.elts)


@expression(ast.NamedExpr)
def _walrus(lo: Lowering, node: ast.NamedExpr) -> Any:
    lo.assign(node.target.id, lo.expr(node.value))
    return lo.env[node.target.id]


@expression(ast.BinOp)
def _binop(lo: Lowering, node: ast.BinOp) -> Any:
    return binary(lo, node, OPERATOR_NAMES[type(node.op)], lo.expr(node.left), lo.expr(node.right))


def _plain(x: Any) -> bool:
    return isinstance(x, (bool, int, float)) and not hasattr(x, "dtype")


def binary(lo: Lowering, node: Any, name: str, a: Any, b: Any) -> Any:
    """`a <operator> b`."""
    if _plain(a) and _plain(b):
        return _fold(lo, node, name, a, b)
    literal = next((x for x in (a, b) if _plain(x)), None)
    a, b = _materialised(lo, node, name, a, b)
    result = _primitive(lo, node, name, a, b)
    if result is None:
        result = _registered(lo, node, name, a, b)
    if result is None:
        _reopen(lo, a, b)
        lo.fail(
            node, f"cannot {VERBS[name]} {a.type} and {b.type}", _operator_hint(name, a.type, b.type, literal)
        )
    return result


def _reopen(lo: Lowering, a: Value, b: Value) -> None:
    """A loop variable that began as a literal takes the other operand's type: the loop begins again."""
    for x, y in ((a, b), (b, a)):
        if id(x) in lo.open_types and is_float(x.type) == is_float(y.type) and isinstance(y.type, Scalar):
            raise lo.open_types[id(x)](y.type)


def _fold(lo: Lowering, node: Any, name: str, a: Any, b: Any) -> Any:
    try:
        if name in ("floordiv", "mod") and isinstance(a, int) and isinstance(b, int):
            return _integer_division(name, a, b)
        if name == "div" and isinstance(a, int) and isinstance(b, int):
            lo.fail(node, "cannot divide int32 and int32", "write // for integers, or float(...) around one")
        if b == 0 and name in _BY_ZERO:
            return _BY_ZERO[name](float(a), float(b))
        return _FOLD[name](a, b)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        lo.fail(node, f"cannot {VERBS.get(name, name)} {a!r} and {b!r}: {error}")


def _integer_division(name: str, a: int, b: int) -> int:
    """`//` rounds down; `%` is C's: the remainder has the sign of a."""
    if b == 0:
        return 0
    return a // b if name == "floordiv" else abs(a) % abs(b) * (-1 if a < 0 else 1)


def _materialised(lo: Lowering, node: Any, name: str, a: Any, b: Any) -> tuple[Value, Value]:
    """Both operands as Values; a weak literal takes the other's scalar type."""
    if is_weak(a) or isinstance(a, bool):
        b = lo.value(b, node)
        return lo.value(a, node, scalar_of(b.type)), b
    a = lo.value(a, node)
    return a, lo.value(b, node, scalar_of(a.type))


def _primitive(lo: Lowering, node: Any, name: str, a: Value, b: Value) -> Value | None:
    s, t = a.type, b.type
    numeric = is_float(s) or is_integer(s) or (name in ("and", "or", "xor") and s == bool_)
    if s == t and numeric and name in _DIRECT and (is_integer(s) or name in ("add", "sub") or s == bool_):
        return lo.op(node, name, a, b)
    if not (numeric and scalar_of(s) == scalar_of(t)):
        return None
    if isinstance(s, Scalar) and isinstance(t, Scalar):
        return _scalar_primitive(lo, node, name, a, b)
    if isinstance(t, Scalar) and isinstance(s, COMPOSITES) and name in ("mul", "div"):
        if name == "div" and not is_float(s):
            return None
        return lo.op(node, name, a, lo.op(node, "splat", b, type=s))
    if isinstance(s, Scalar) and isinstance(t, COMPOSITES) and name == "mul":
        return lo.op(node, "mul", lo.op(node, "splat", a, type=t), b)
    return None


def _scalar_primitive(lo: Lowering, node: Any, name: str, a: Value, b: Value) -> Value | None:
    if name == "mul" or (name == "div" and is_float(a.type)):
        return lo.op(node, name, a, b)
    if name == "floordiv":
        if is_integer(a.type):
            return _floor_division(lo, node, a, b)
        return lo.op(node, "floor", lo.op(node, "div", a, b))
    if name == "mod" and is_integer(a.type):
        return lo.op(node, "mod", a, b)
    return None


def _floor_division(lo: Lowering, node: Any, a: Value, b: Value) -> Value:
    """`a // b` rounded down, 0 for b = 0: the truncated quotient, less 1 if a remainder has not b's sign."""
    quotient = lo.op(node, "idiv", a, b)
    if scalar_of(a.type).kind == "u":
        return quotient
    zero, one = lo.value(0, node, a.type), lo.value(1, node, a.type)
    remainder = lo.op(node, "mod", a, b)
    opposed = lo.op(node, "lt", lo.op(node, "xor", remainder, b), zero)
    inexact = lo.op(node, "and", lo.op(node, "ne", remainder, zero), opposed)
    return lo.op(node, "select", inexact, lo.op(node, "sub", quotient, one), quotient)


def _registered(lo: Lowering, node: Any, name: str, *args: Value) -> Any:
    function = OPERATORS.get(name)
    if function is None or find_overload(function, list(args), {}) is None:
        return None
    return call_function(lo, node, function, list(args), {}, {})


def _operator_hint(name: str, s: Any, t: Any, literal: Any = None) -> str | None:
    if isinstance(literal, int) and (is_float(s) or is_float(t)) and not isinstance(literal, bool):
        return f"write {literal}.0"
    if name == "div" and is_integer(s):
        return "write // for integers, or float(...) around one"
    if isinstance(s, Scalar) and isinstance(t, Scalar) and s != t:
        return f"write {cast_name(s)}(...) around the {t}, or {cast_name(t)}(...) around the {s}"
    if isinstance(s, COMPOSITES) and s == t:
        return "per component: rk.cw_mul, rk.cw_div; inner product: rk.dot"
    if isinstance(s, COMPOSITES) and scalar_of(s) == t and name in ("add", "sub"):
        return f"write rk.{s}(...) around the {t} to use it for every component"
    if isinstance(s, COMPOSITES) and isinstance(t, Scalar):
        return f"write rk.{scalar_of(s)}(...) around the {t}"
    return None


_UNARY: dict[type, Any] = {
    ast.USub: python_operator.neg,
    ast.UAdd: python_operator.pos,
    ast.Invert: python_operator.invert,
}


@expression(ast.UnaryOp)
def _unary(lo: Lowering, node: ast.UnaryOp) -> Any:
    if isinstance(node.op, ast.Not):
        truth = lo.condition(node.operand)
        return lo.op(node, "not", truth) if isinstance(truth, Value) else not truth
    x = lo.expr(node.operand)
    if _plain(x):
        return _UNARY[type(node.op)](x)
    if isinstance(node.op, ast.UAdd):
        return x
    value = lo.value(x, node)
    if isinstance(node.op, ast.Invert):
        return lo.op(node, "not", value)
    return negated(lo, node, value)


def negated(lo: Lowering, node: Any, value: Value) -> Value:
    """`-value`."""
    if is_float(value.type) or is_integer(value.type):
        return lo.op(node, "neg", value)
    lo.fail(node, f"cannot negate {value.type}")


@expression(ast.Compare)
def _compare(lo: Lowering, node: ast.Compare) -> Any:
    """Chained comparisons evaluate each operand once, and all of them."""
    left = lo.expr(node.left)
    result: Any = True
    for operation, right_node in zip(node.ops, node.comparators, strict=True):
        right = lo.expr(right_node)
        result = _both(lo, node, result, compare(lo, node, operation, left, right))
        left = right
    return result


def _both(lo: Lowering, node: Any, a: Any, b: Any) -> Any:
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return lo.op(node, "and", a, b)


def compare(lo: Lowering, node: Any, operation: Any, a: Any, b: Any) -> Any:
    """One comparison; vectors compare equal when all components do."""
    if isinstance(operation, (ast.Is, ast.IsNot)):
        return _identity(lo, node, operation, a, b)
    name = COMPARISONS.get(type(operation))
    if name is None:
        lo.fail(node, f"{type(operation).__name__} comparisons are not part of the kernel language")
    if (
        not isinstance(a, Value)
        and not isinstance(b, Value)
        and not hasattr(a, "data")
        and not hasattr(b, "data")
    ):
        return bool(_FOLD[name](a, b))
    literal = next((x for x in (a, b) if _plain(x)), None)
    a, b = _materialised(lo, node, name, _like_float(a, b), _like_float(b, a))
    if a.type == b.type and isinstance(a.type, COMPOSITES) and name in ("eq", "ne"):
        return _compare_components(lo, node, name, a, b)
    if a.type != b.type or not isinstance(a.type, Scalar):
        _reopen(lo, a, b)
        lo.fail(
            node, f"cannot compare {a.type} with {b.type}", _operator_hint("compare", a.type, b.type, literal)
        )
    return lo.op(node, name, a, b)


def _like_float(x: Any, other: Any) -> Any:
    """An integer literal that is compared with a float is one."""
    floating = isinstance(other, Value) and is_float(other.type)
    return float(x) if floating and is_weak(x) and abs(x) <= 2**24 else x


def _identity(lo: Lowering, node: Any, operation: Any, a: Any, b: Any) -> Any:
    if b is not None:
        lo.fail(node, "'is' compares with None only", "write == for values")
    if not isinstance(a, Value):
        return (a is None) == isinstance(operation, ast.Is)
    given = lo.truth(a, node)
    return lo.op(node, "not", given) if isinstance(operation, ast.Is) else given


def _compare_components(lo: Lowering, node: Any, name: str, a: Value, b: Value) -> Value:
    scalar = scalar_of(a.type)
    count = leaf_count(a.type)
    result: Value | None = None
    for k in range(count):
        parts = [lo.builder.extract(x, k, scalar) for x in (a, b)]
        one = lo.op(node, name, *parts)
        result = one if result is None else lo.op(node, "and" if name == "eq" else "or", result, one)
    assert result is not None
    return result


@expression(ast.BoolOp)
def _boolop(lo: Lowering, node: ast.BoolOp) -> Any:
    result = lo.condition(node.values[0])
    for right in node.values[1:]:
        result = _short_circuit(lo, node, isinstance(node.op, ast.And), result, right)
    return result


def _short_circuit(lo: Lowering, node: Any, is_and: bool, left: Any, right: ast.expr) -> Any:
    if isinstance(left, bool):
        return lo.condition(right) if left == is_and else left
    block, env = _speculated(lo, lambda: lo.condition(right))
    value = env.pop("$value")
    if not _has_effect(block) and env == lo.env:
        lo.builder.block.ops.extend(block.ops)
        return lo.op(node, "and" if is_and else "or", left, lo.value(value, node))
    known = not is_and
    if is_and:
        return branch(lo, node, left, lambda: lo.condition(right), lambda: known)
    return branch(lo, node, left, lambda: known, lambda: lo.condition(right))


def _speculated(lo: Lowering, run: Any) -> tuple[Block, dict[str, Any]]:
    """Lowers code into a loose block, and gives what the variables would be."""
    before, asserts = dict(lo.env), len(lo.asserts)
    with lo.builder.region() as block:
        value = run()
        env, lo.env = {**lo.env, "$value": value}, before
    if _has_effect(block):
        del lo.asserts[asserts:]
    return block, env


def _has_effect(block: Block) -> bool:
    return len(block.ops) > 16 or any(_op_has_effect(op) for op in block.ops)


def _op_has_effect(op: Op) -> bool:
    if op.name == "call":
        return any(_op_has_effect(inner) for inner in op.attrs["callee"].body.ops)
    return OPS[op.name].effect


@expression(ast.IfExp)
def _conditional(lo: Lowering, node: ast.IfExp) -> Any:
    condition = lo.condition(node.test)
    if isinstance(condition, bool):
        return lo.expr(node.body if condition else node.orelse)
    return branch(lo, node, condition, lambda: lo.expr(node.body), lambda: lo.expr(node.orelse))


@expression(ast.JoinedStr)
def _fstring(lo: Lowering, node: ast.JoinedStr) -> Any:
    lo.fail(node, "f-strings are not part of the kernel language", "print(a, b) prints values side by side")


@expression(ast.List, ast.Dict, ast.Set, ast.ListComp)
def _container(lo: Lowering, node: ast.expr) -> Any:
    lo.fail(
        node,
        "lists, dicts and sets are not part of the kernel language",
        "use a vector, rk.local(n, T) or an array argument",
    )
