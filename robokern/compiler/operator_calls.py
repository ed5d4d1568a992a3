"""Operators and constructors called by name: `rk.add(a, b)`, `rk.vector(1.0, 2.0)`, `rk.extract(v, i)`."""

from __future__ import annotations

import ast
from functools import reduce
from typing import Any

from robokern.compiler.calls import arguments
from robokern.compiler.construct import construct
from robokern.compiler.expressions import binary, compare, negated
from robokern.compiler.intrinsics import common_values, kernel_name, positional
from robokern.compiler.lowering import Lowering, describe, intrinsic, leaf_count
from robokern.compiler.places import Temp, component, element, read, write
from robokern.ir.nodes import Assert, Value
from robokern.ir.types import (
    ArrayType,
    IndexedArrayType,
    Matrix,
    Quaternion,
    Transform,
    Vector,
    as_type,
    scalar_of,
)

BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "div", "div_approx": "div",
    "floordiv": "floordiv", "mod": "mod",
    "bit_and": "and", "bit_or": "or", "bit_xor": "xor", "lshift": "shl", "rshift": "shr",
}  # fmt: skip


@intrinsic(*BINARY)
def _binary(lo: Lowering, node: ast.Call) -> Any:
    a, b = positional(lo, node, 2)
    return binary(lo, node, BINARY[kernel_name(lo, node)], a, b)


@intrinsic("neg")
def _neg(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return negated(lo, node, lo.value(x, node))


@intrinsic("pos")
def _pos(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return x


@intrinsic("invert")
def _invert(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return lo.op(node, "not", lo.value(x, node))


@intrinsic("unot")
def _unot(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return lo.op(node, "not", lo.value(lo.truth(x, node), node))


@intrinsic("copy")
def _copy(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    return x


@intrinsic("reversed")
def _reversed(lo: Lowering, node: ast.Call) -> Any:
    (x,) = positional(lo, node, 1)
    if not isinstance(x, tuple):
        lo.fail(node, f"reversed() takes a range or a tuple, got {describe(x)}")
    return x[::-1]


@intrinsic("extract")
def _extract(lo: Lowering, node: ast.Call) -> Any:
    """A component of a composite or an element of an array."""
    x, *indices = positional(lo, node, 2, 5)
    value = lo.value(x, node)
    if isinstance(value.type, (ArrayType, IndexedArrayType)):
        at: Any = element(lo, node, value, indices)
    else:
        at = component(lo, node, Temp(value), indices)
    return read(lo, at, node)


@intrinsic("array_store")
def _array_store(lo: Lowering, node: ast.Call) -> Any:
    array, *indices, x = positional(lo, node, 3, 6)
    value = lo.value(array, node)
    if not isinstance(value.type, (ArrayType, IndexedArrayType)):
        lo.fail(node, f"array_store() takes an array first, got {value.type}")
    write(lo, element(lo, node, value, indices), x, node)


def _typed_arguments(lo: Lowering, node: ast.Call) -> tuple[list[Any], Any, dict[str, Any]]:
    """Arguments, the scalar type they or `dtype=` give, and the remaining keywords."""
    args, kwargs = arguments(lo, node)
    dtype = kwargs.pop("dtype", None)
    if dtype is None and args:
        like = next((scalar_of(a.type) for a in args if isinstance(a, Value)), None)
        values = [lo.value(a, node, like) for a in args]
        return list(values), scalar_of(values[0].type), kwargs
    return args, as_type(dtype or float), kwargs


@intrinsic("vector")
def _vector(lo: Lowering, node: ast.Call) -> Any:
    args, dtype, kwargs = _typed_arguments(lo, node)
    default = sum(leaf_count(a.type) if isinstance(a, Value) else 1 for a in args)
    length = kwargs.get("length", default)
    if not isinstance(length, int) or length < 1:
        lo.fail(
            node, "a vector's length must be a positive constant", "write rk.vector(length=3, dtype=float)"
        )
    return construct(lo, node, Vector(length, dtype), args, {})


@intrinsic("matrix")
def _matrix(lo: Lowering, node: ast.Call) -> Any:
    args, dtype, kwargs = _typed_arguments(lo, node)
    shape = kwargs.get("shape")
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(isinstance(n, int) for n in shape):
        lo.fail(node, "a matrix needs a constant shape", "write rk.matrix(..., shape=(2, 3))")
    return construct(lo, node, Matrix(shape[0], shape[1], dtype), args, {})


@intrinsic("identity")
def _identity(lo: Lowering, node: ast.Call) -> Any:
    args, kwargs = arguments(lo, node)
    given = {**dict(zip(("n", "dtype"), args, strict=False)), **kwargs}
    size, dtype = given.get("n"), as_type(given.get("dtype", float))
    if not isinstance(size, int) or size < 1:
        lo.fail(node, "an identity matrix needs a constant size", "write rk.identity(n=3, dtype=float)")
    ones = [float(k % (size + 1) == 0) for k in range(size * size)]
    return construct(lo, node, Matrix(size, size, dtype), [lo.builder.const(x, dtype) for x in ones], {})


@intrinsic("quaternion")
def _quaternion(lo: Lowering, node: ast.Call) -> Any:
    args, dtype, _ = _typed_arguments(lo, node)
    return construct(lo, node, Quaternion(dtype), args, {})


@intrinsic("transformation")
def _transformation(lo: Lowering, node: ast.Call) -> Any:
    args, kwargs = arguments(lo, node)
    dtype = kwargs.pop("dtype", None)
    given = [*args, *kwargs.values()]
    known = next((scalar_of(a.type) for a in given if isinstance(a, Value)), None)
    return construct(lo, node, Transform(as_type(dtype) if dtype else known or as_type(float)), given, {})


@intrinsic("expect_eq", "expect_neq", "expect_near")
def _expect(lo: Lowering, node: ast.Call) -> Any:
    """Checks that stop nothing and are reported after the launch, as `assert` is."""
    name = kernel_name(lo, node)
    args, kwargs = arguments(lo, node)
    tolerance = args.pop() if len(args) == 3 else kwargs.pop("tolerance", 1e-6)
    if len(args) != 2 or kwargs or (len(node.args) == 3 and name != "expect_near"):
        lo.fail(node, f"{name}() takes a, b{', tolerance' if name == 'expect_near' else ''}")
    if name == "expect_near":
        holds = _near(lo, node, args[0], args[1], tolerance)
    else:
        holds = compare(lo, node, ast.Eq() if name == "expect_eq" else ast.NotEq(), *args)
    lo.asserts.append(Assert(ast.unparse(node), lo.source.loc(node)))
    lo.builder.ops("assert", lo.value(holds, node), index=len(lo.asserts) - 1)


def _near(lo: Lowering, node: Any, a: Any, b: Any, tolerance: Any) -> Any:
    """Whether no component differs by more than the tolerance."""
    first, second = common_values(lo, node, [a, b])
    distance = lo.op(node, "abs", binary(lo, node, "sub", first, second))
    scalar, count = scalar_of(distance.type), leaf_count(distance.type)
    parts = [distance] if count == 1 else [lo.builder.extract(distance, k, scalar) for k in range(count)]
    near = [compare(lo, node, ast.LtE(), part, tolerance) for part in parts]
    return reduce(lambda x, y: lo.op(node, "and", x, y), near)
