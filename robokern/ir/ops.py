"""The primitives: one row each, with the rule that types it.

`infer(name, args, attrs)` gives the result types or raises `TypeError` with what is wrong. Other tables
(`interpret.EVALUATE`, `compiler.emit.EMIT`) have one row per name here; a test holds that.

Attributes: `value` (const), `type` (result type where arguments do not tell), `offset` (first leaf, see
`layout.leaves`), `ndim`, `shape`, `op` (which atomic), `callee`, `message`, `index` (assert).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from robokern.ir import layout
from robokern.ir.types import (
    COMPOSITES,
    ArrayType,
    Matrix,
    Scalar,
    Struct,
    Type,
    Vector,
    bool_,
    int32,
    is_float,
    is_integer,
    scalar_of,
    uint64,
)

Types = tuple[Type, ...]
Rule = Callable[[Types, dict[str, Any]], Types]


@dataclass(frozen=True)
class Primitive:
    """One row: its typing rule, whether it touches memory (`effect`), and its meaning in words.

    `arity` is how many arguments it takes; None where the rule itself counts them.
    """

    name: str
    rule: Rule
    effect: bool
    meaning: str
    arity: int | None


def _same(types: Types) -> Type:
    first = types[0]
    if any(t != first for t in types[1:]):
        raise TypeError(" and ".join(map(str, types)) + " differ")
    return first


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise TypeError(message)


def _numeric(types: Types, attrs: dict[str, Any]) -> Types:
    t = _same(types)
    _need(is_float(t) or is_integer(t), f"needs numbers, got {t}")
    return (t,)


def _float(types: Types, attrs: dict[str, Any]) -> Types:
    t = _same(types)
    _need(is_float(t), f"needs floats, got {t}")
    return (t,)


def _integer(types: Types, attrs: dict[str, Any]) -> Types:
    t = _same(types)
    _need(is_integer(t), f"needs integers, got {t}")
    return (t,)


def _bits(types: Types, attrs: dict[str, Any]) -> Types:
    t = _same(types)
    _need(is_integer(t) or scalar_of(t) == bool_, f"needs integers or bool, got {t}")
    return (t,)


def _compare(types: Types, attrs: dict[str, Any]) -> Types:
    t = _same(types)
    _need(isinstance(t, Scalar), f"needs scalars, got {t}")
    return (bool_,)


def _select(types: Types, attrs: dict[str, Any]) -> Types:
    _need(types[0] == bool_, f"condition must be bool, got {types[0]}")
    return (_same(types[1:]),)


def _declared(types: Types, attrs: dict[str, Any]) -> Types:
    return (attrs["type"],)


def _make(types: Types, attrs: dict[str, Any]) -> Types:
    want = layout.leaves(attrs["type"])
    got = tuple(leaf for t in types for leaf in layout.leaves(t))
    _need(want == got, f"{attrs['type']} takes {len(want)} components of its own scalar type, got {len(got)}")
    return (attrs["type"],)


def _splat(types: Types, attrs: dict[str, Any]) -> Types:
    _need(types[0] == scalar_of(attrs["type"]), f"cannot fill {attrs['type']} with {types[0]}")
    return (attrs["type"],)


def _cast(types: Types, attrs: dict[str, Any]) -> Types:
    to = attrs["type"]
    scalars = isinstance(types[0], Scalar) and isinstance(to, Scalar)
    alike = (
        type(types[0]) is type(to)
        and isinstance(to, COMPOSITES)
        and getattr(types[0], "shape", 0) == to.shape
    )
    _need(scalars or alike, f"cannot convert {types[0]} to {to}")
    return (to,)


def _bitcast(types: Types, attrs: dict[str, Any]) -> Types:
    to = attrs["type"]
    ok = isinstance(types[0], Scalar) and isinstance(to, Scalar) and types[0].bits == to.bits
    _need(
        ok and bool_ not in (types[0], to), f"bitcast needs scalars of equal width, got {types[0]} and {to}"
    )
    return (to,)


def _slice_fits(whole: Type, part: Type, offset: int) -> bool:
    leaves = layout.leaves(part)
    return layout.leaves(whole)[offset : offset + len(leaves)] == leaves


def _extract(types: Types, attrs: dict[str, Any]) -> Types:
    _need(_slice_fits(types[0], attrs["type"], attrs["offset"]), f"{types[0]} has no such component")
    return (attrs["type"],)


def _insert(types: Types, attrs: dict[str, Any]) -> Types:
    _need(_slice_fits(types[0], types[1], attrs["offset"]), f"cannot put {types[1]} there in {types[0]}")
    return (types[0],)


def _pick(types: Types, attrs: dict[str, Any]) -> Types:
    part = attrs["type"]
    _need(isinstance(types[0], COMPOSITES), f"{types[0]} has no components")
    _need(all(is_integer(t) for t in types[1:2]), f"index must be an integer, got {types[1]}")
    _need(len(layout.leaves(types[0])) % len(layout.leaves(part)) == 0, f"{types[0]} is not made of {part}")
    return (part,)


def _put(types: Types, attrs: dict[str, Any]) -> Types:
    _pick(types[:2], {"type": types[2]})
    return (types[0],)


def _indices(types: Types, count: int | None = None) -> ArrayType:
    array = types[0]
    _need(isinstance(array, ArrayType), f"{array} cannot be indexed")
    assert isinstance(array, ArrayType)
    given = types[1:] if count is None else types[1 : 1 + count]
    _need(
        all(is_integer(t) for t in given), f"array indices must be integers, got {', '.join(map(str, given))}"
    )
    return array


def _load(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types)
    _need(len(types) - 1 == array.ndim, f"{array} takes {array.ndim} indices, got {len(types) - 1}")
    _need(_slice_fits(array.dtype, attrs["type"], attrs["offset"]), f"{array.dtype} has no such component")
    return (attrs["type"],)


def _store(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types[:-1])
    _need(len(types) - 2 == array.ndim, f"{array} takes {array.ndim} indices, got {len(types) - 2}")
    _need(_slice_fits(array.dtype, types[-1], attrs["offset"]), f"cannot store {types[-1]} in {array}")
    return ()


ATOMICS = ("add", "min", "max", "and", "or", "xor", "exch", "cas")


def _atomic(types: Types, attrs: dict[str, Any]) -> Types:
    values = 2 if attrs["op"] == "cas" else 1
    array = _indices(types[:-values])
    _need(len(types) - 1 - values == array.ndim, f"{array} takes {array.ndim} indices")
    value = _same(types[-values:])
    _need(_slice_fits(array.dtype, value, attrs["offset"]), f"cannot combine {value} into {array}")
    if attrs["op"] in ("and", "or", "xor"):
        _need(is_integer(value), f"atomic_{attrs['op']} needs integers, got {value}")
    if attrs["op"] in ("exch", "cas"):
        _need(isinstance(value, Scalar), f"atomic_{attrs['op']} needs scalars, got {value}")
    _need(scalar_of(value) is not None and scalar_of(value) != bool_, f"no atomic_{attrs['op']} for {value}")
    return (value,)


def _view(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types)
    _need(len(types) - 1 < array.ndim, f"{array} has no view with {len(types) - 1} indices")
    return (ArrayType(array.dtype, array.ndim - len(types) + 1),)


def _slice(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types)
    _need(len(types) == 4, "a slice needs start, stop and step")
    _need(0 <= attrs["dim"] < array.ndim, f"{array} has no dimension {attrs['dim']}")
    return (array,)


def _front(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types)
    _need(len(types) == 1, "front takes an array")
    _need(0 <= attrs["dim"] < array.ndim, f"{array} has no dimension {attrs['dim']}")
    return (array,)


def _components_view(types: Types, attrs: dict[str, Any]) -> Types:
    array = _indices(types[:1])
    _need(isinstance(array.dtype, COMPOSITES), f"{array.dtype} has no components")
    return (ArrayType(array.dtype.dtype, array.ndim + 1),)


def _array_at(types: Types, attrs: dict[str, Any]) -> Types:
    array = attrs["type"]
    _need(types[0] == uint64, f"an address is uint64, got {types[0]}")
    _need(len(types) - 1 == array.ndim and all(is_integer(t) for t in types[1:]), f"{array} needs its shape")
    return (array,)


def _local(types: Types, attrs: dict[str, Any]) -> Types:
    _need(len(attrs["shape"]) == attrs["type"].ndim, "shape and dimensions differ")
    return (attrs["type"],)


def _shape(types: Types, attrs: dict[str, Any]) -> Types:
    _indices(types[:1])
    return (int32,)


def _address(types: Types, attrs: dict[str, Any]) -> Types:
    _indices(types[:1])
    return (uint64,)


def _tid(types: Types, attrs: dict[str, Any]) -> Types:
    return (int32,) * int(attrs["ndim"])


def _assert(types: Types, attrs: dict[str, Any]) -> Types:
    _need(types[0] == bool_, f"assert needs a bool, got {types[0]}")
    return ()


def _print(types: Types, attrs: dict[str, Any]) -> Types:
    _need(not any(isinstance(t, (ArrayType, Struct)) for t in types), "print takes scalars and composites")
    return ()


def _call(types: Types, attrs: dict[str, Any]) -> Types:
    callee = attrs["callee"]
    want = tuple(p.type for p in callee.params)
    _need(
        want == types,
        f"{callee.name} takes ({', '.join(map(str, want))}), got ({', '.join(map(str, types))})",
    )
    return tuple(callee.results)


def _if(types: Types, attrs: dict[str, Any]) -> Types:
    _need(types[0] == bool_, f"condition must be bool, got {types[0]}")
    return tuple(attrs["types"])


def _for(types: Types, attrs: dict[str, Any]) -> Types:
    _need(is_integer(_same(types[:3])), f"range needs integers, got {types[0]}")
    return types[3:]


def _while(types: Types, attrs: dict[str, Any]) -> Types:
    return types


OPS: dict[str, Primitive] = {}


def _row(names: str, rule: Rule, meaning: str, effect: bool = False, arity: int | None = None) -> None:
    for name in names.split():
        OPS[name] = Primitive(name, rule, effect, meaning, arity)


_row("const", _declared, "the scalar `value`", arity=0)
_row("zero", _declared, "all leaves zero, of any type", arity=0)
_row("add sub mul", _numeric, "per component; integers wrap", arity=2)
_row("div", _float, "per component, IEEE", arity=2)
_row(
    "idiv mod",
    _integer,
    "truncates towards zero, remainder has the dividend's sign; both are 0 for a zero divisor",
    arity=2,
)
_row("neg abs", _numeric, "per component; integers wrap", arity=1)
_row("min max", _numeric, "a if a < b else b; a if a > b else b", arity=2)
_row("fma", _float, "a * b + c rounded once", arity=3)
_row("sqrt floor ceil trunc rint", _float, "per component, IEEE; rint to nearest even", arity=1)
_row("and or xor", _bits, "per component", arity=2)
_row("not", _bits, "bitwise; logical for bool", arity=1)
_row("shl shr", _integer, "count taken modulo the width; shr keeps the sign of signed types", arity=2)
_row("lt le gt ge eq ne", _compare, "false with NaN, except ne", arity=2)
_row("select", _select, "second if the first is true, else third", arity=3)
_row("cast", _cast, "C conversion; float to int saturates and NaN gives 0; to bool is != 0", arity=1)
_row("bitcast", _bitcast, "same bits, other type", arity=1)
_row("make", _make, "a composite or struct from its leaves in order")
_row("splat", _splat, "all components equal", arity=1)
_row("extract", _extract, "the part `type` that starts at leaf `offset`", arity=1)
_row("insert", _insert, "the whole with a part at leaf `offset` replaced", arity=2)
_row("pick", _pick, "the part number i (run-time index, 0 where out of range) of a composite", arity=2)
_row("put", _put, "the composite with part number i replaced (unchanged where out of range)", arity=3)
_row("load", _load, "part `offset` of the element at the indices", effect=True)
_row("store", _store, "writes part `offset` of the element at the indices", effect=True)
_row("atomic", _atomic, "combines into memory, gives the old value; each component is atomic", effect=True)
_row("view", _view, "the sub-array at the leading indices")
_row(
    "slice",
    _slice,
    "every `step`-th element along `dim` from start to stop, clipped to the array; backwards if step < 0",
)
_row("front", _front, "the array with `dim` before its other dimensions")
_row(
    "components",
    _components_view,
    "an array of composites as an array of scalars, one dimension more",
    arity=1,
)
_row("array_at", _array_at, "a contiguous array of `type` over raw memory")
_row("local", _local, "a zero-filled array private to the item", effect=True, arity=0)
_row("shape", _shape, "length along `dim`", arity=1)
_row("address", _address, "address of the first element", arity=1)
_row("tid", _tid, "the item's coordinates in the grid", arity=0)
_row("assert", _assert, "reports assertion `index` when false", effect=True, arity=1)
_row("print", _print, "writes `message` filled with the arguments", effect=True)
_row("call", _call, "the results of `callee`", effect=True)
_row("if", _if, "runs the first region or the second; gives what it yields", effect=True, arity=1)
_row("for", _for, "counter from start to stop by step; region(counter, carried) yields carried", effect=True)
_row(
    "while",
    _while,
    "first region(carried) yields (go on, carried); second region(carried) yields carried",
    effect=True,
)


def infer(name: str, args: Types, attrs: dict[str, Any]) -> Types:
    """Result types of a primitive.

    Raises:
        TypeError: it does not take such arguments.
    """
    if attrs.keys() <= _OF_TYPES:
        return _remembered(name, args, tuple(attrs.items()))
    return _inferred(name, args, attrs)


_OF_TYPES = frozenset({"type", "offset"})  # attributes of which there are no more than there are types


@cache
def _remembered(name: str, args: Types, attrs: tuple[tuple[str, Any], ...]) -> Types:
    return _inferred(name, args, dict(attrs))


def _inferred(name: str, args: Types, attrs: dict[str, Any]) -> Types:
    row = OPS[name]
    if row.arity is not None and len(args) != row.arity:
        raise TypeError(f"{name} takes {row.arity} arguments, got {len(args)}")
    return row.rule(args, attrs)


def component_type(type: Type) -> Type:
    """What indexing a composite once gives: a scalar, or a row of a matrix."""
    if not isinstance(type, Matrix):
        scalar = scalar_of(type)
        assert isinstance(scalar, Scalar)
        return scalar
    assert isinstance(type, Matrix)
    return Vector(type.cols, type.dtype)
