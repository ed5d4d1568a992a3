"""What the primitives without effect compute: one row each, over leaves (see `lanes`).

Integers wrap, floats follow IEEE 754 with subnormals, and each operation rounds once in its own type; a
bfloat16 is held as the float32 of equal value (see `bfloat16`). Which
NaN an operation gives is not specified: results are compared with every NaN equal to every other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from robokern.ir import layout
from robokern.ir.bfloat16 import floats, rounded, stored
from robokern.ir.fma import fma, fma_to_odd
from robokern.ir.lanes import Leaf, Leaves
from robokern.ir.nodes import Op
from robokern.ir.types import Scalar, Type, bfloat16, scalar_of

Arguments = list[Leaves]
PureRule = Callable[[Op, Arguments], Leaves]

PURE: dict[str, PureRule] = {}


def _row(name: str) -> Callable[[PureRule], PureRule]:
    def register(rule: PureRule) -> PureRule:
        PURE[name] = rule
        return rule

    return register


_EXACT = ("neg", "abs", "min", "max")  # one of the arguments, but for its sign: nothing to round


def _per_component(name: str, function: Callable[..., Leaf]) -> None:
    # of bfloat16 values a float32 result rounds again as if it were exact, but not that of a fused sum
    wide = fma_to_odd if name == "fma" else function

    def rule(op: Op, args: Arguments) -> Leaves:
        leaves = zip(*args, strict=True)
        if name not in _EXACT and scalar_of(op.results[0].type) == bfloat16:
            return [rounded(wide(*leaf)) for leaf in leaves]
        return [function(*leaf) for leaf in leaves]

    PURE[name] = rule


def dtype_of(scalar: Scalar) -> np.dtype[Any]:
    """NumPy dtype that holds values of a scalar type."""
    return scalar.numpy


def from_memory(bits: Leaf, scalar: Type) -> Leaf:
    """Values as computed with, from values as stored."""
    return floats(bits) if scalar == bfloat16 else bits


def into_memory(values: Leaf, scalar: Type) -> Leaf:
    """The inverse of `from_memory`, in a row."""
    return stored(values) if scalar == bfloat16 else np.ascontiguousarray(values)


# constants


@_row("const")
def _const(op: Op, args: Arguments) -> Leaves:
    value, type = np.asarray([op.attrs["value"]]), op.attrs["type"]
    return [rounded(value) if type == bfloat16 else value.astype(dtype_of(type))]


@_row("zero")
def _zero(op: Op, args: Arguments) -> Leaves:
    return [np.zeros(1, dtype_of(leaf)) for leaf in layout.leaves(op.attrs["type"])]


# arithmetic


def integer_divide(a: Leaf, b: Leaf) -> Leaf:
    """Quotient truncated towards zero; 0 for a zero divisor; the smallest integer by -1 wraps."""
    one = b.dtype.type(1)
    if b.dtype.kind == "u":
        return _zero_where(b == 0, a // np.where(b == 0, one, b))
    minus = b == -1
    safe = np.where((b == 0) | minus, one, b)
    floor = a // safe
    below = (floor * safe != a) & ((a < 0) != (safe < 0))
    return _zero_where(b == 0, np.where(minus, -a, floor + below.astype(a.dtype)))


def integer_remainder(a: Leaf, b: Leaf) -> Leaf:
    """a - b * quotient; 0 for a zero divisor."""
    return _zero_where(b == 0, np.subtract(a, np.multiply(b, integer_divide(a, b))))


def _zero_where(condition: npt.NDArray[np.bool_], x: Leaf) -> Leaf:
    return np.where(condition, np.zeros_like(x), x)


def shift_left(a: Leaf, count: Leaf) -> Leaf:
    """Count taken modulo the width."""
    return np.asarray(np.left_shift(a, _masked(count)))


def shift_right(a: Leaf, count: Leaf) -> Leaf:
    """Count taken modulo the width; signed types keep the sign."""
    return np.asarray(np.right_shift(a, _masked(count)))


def _masked(count: Leaf) -> Leaf:
    return np.asarray(count & count.dtype.type(8 * count.dtype.itemsize - 1))


def minimum(a: Leaf, b: Leaf) -> Leaf:
    """a if a < b else b: the second where either is NaN."""
    return np.where(a < b, a, b)


def maximum(a: Leaf, b: Leaf) -> Leaf:
    """a if a > b else b: the second where either is NaN."""
    return np.where(a > b, a, b)


_COMPONENTWISE: dict[str, Callable[..., Leaf]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "idiv": integer_divide,
    "mod": integer_remainder,
    "neg": np.negative,
    "abs": np.abs,
    "min": minimum,
    "max": maximum,
    "fma": fma,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "shl": shift_left,
    "shr": shift_right,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
for _name, _function in _COMPONENTWISE.items():
    _per_component(_name, _function)


@_row("select")
def _select(op: Op, args: Arguments) -> Leaves:
    (condition,), yes, no = args
    return [np.where(condition, a, b) for a, b in zip(yes, no, strict=True)]


# conversions


def convert(x: Leaf, scalar: Scalar) -> Leaf:
    """C conversion; float to integer truncates and saturates, NaN gives 0; to bool is `!= 0`."""
    to = dtype_of(scalar)
    if to.kind == "b":
        return np.not_equal(x, 0)
    if scalar == bfloat16:
        return rounded(x)
    if x.dtype.kind != "f" or to.kind == "f":
        return x.astype(to)
    limits = np.iinfo(to)
    whole = np.trunc(x.astype(np.float64))
    low, end = float(limits.min), 2.0 ** (limits.bits - (to.kind == "i"))
    inside = (whole >= low) & (whole < end)
    result = np.where(inside, whole, 0.0).astype(to)
    result[whole < low] = limits.min
    result[whole >= end] = limits.max
    return result


@_row("cast")
def _cast(op: Op, args: Arguments) -> Leaves:
    return [convert(leaf, layout.leaves(op.attrs["type"])[0]) for leaf in args[0]]


@_row("bitcast")
def _bitcast(op: Op, args: Arguments) -> Leaves:
    bits = into_memory(args[0][0], op.args[0].type)
    return [from_memory(bits.view(layout.numpy_dtype(op.attrs["type"])), op.attrs["type"])]


# composites and structs


@_row("make")
def _make(op: Op, args: Arguments) -> Leaves:
    return [leaf for leaves in args for leaf in leaves]


@_row("splat")
def _splat(op: Op, args: Arguments) -> Leaves:
    return [args[0][0]] * len(layout.leaves(op.attrs["type"]))


@_row("extract")
def _extract(op: Op, args: Arguments) -> Leaves:
    start = op.attrs["offset"]
    return args[0][start : start + len(layout.leaves(op.attrs["type"]))]


@_row("insert")
def _insert(op: Op, args: Arguments) -> Leaves:
    whole, part = args
    start = op.attrs["offset"]
    return [*whole[:start], *part, *whole[start + len(part) :]]


def _is_part(index: Leaf, number: int) -> npt.NDArray[np.bool_]:
    return np.asarray(index == number)


@_row("pick")
def _pick(op: Op, args: Arguments) -> Leaves:
    whole, (index,) = args
    size = len(layout.leaves(op.attrs["type"]))
    picked = [np.zeros(1, leaf.dtype) for leaf in whole[:size]]
    for start in range(0, len(whole), size):
        here = _is_part(index, start // size)
        picked = [np.where(here, whole[start + i], picked[i]) for i in range(size)]
    return picked


@_row("put")
def _put(op: Op, args: Arguments) -> Leaves:
    whole, (index,), part = args
    return [
        np.where(_is_part(index, number // len(part)), part[number % len(part)], leaf)
        for number, leaf in enumerate(whole)
    ]
