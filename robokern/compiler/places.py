"""What can stand left of `=`: variables, array elements, and parts of both.

Local(name)                       x
Temp(object)                      any expression; can be read only
Element(array, indices, part)     a[i, j]      a[i].field    a[i][2]
Part(parent, offset, type)        v.x          s.field       m[1]
Dynamic(parent, index, type)      v[k] with k known at run time
Picked(parent, offsets, type)     v[0:4:2]     m[:, 1]
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from robokern.compiler.control import branch
from robokern.compiler.fingerprint import has_members
from robokern.compiler.lowering import (
    Lowering,
    describe,
    expression,
    kernel_meaning,
    leaf_count,
    nearest,
    plain_value,
    value_hint,
)
from robokern.errors import UnsupportedError
from robokern.ir import layout
from robokern.ir.composite import Composite, StructValue
from robokern.ir.nodes import Value
from robokern.ir.ops import component_type
from robokern.ir.types import (
    COMPOSITES,
    ArrayType,
    IndexedArrayType,
    Matrix,
    Quaternion,
    Struct,
    Transform,
    Type,
    Vector,
    int32,
    is_integer,
    scalar_of,
)


@dataclass
class Local:
    """A variable."""

    name: str


@dataclass
class Temp:
    """The value of an expression."""

    object: Any


@dataclass
class Element:
    """A part (from leaf `offset`, of `type`) of an array element."""

    array: Value
    indices: tuple[Value, ...]
    offset: int
    type: Type


@dataclass
class Part:
    """A part of another place, known at compile time."""

    parent: Any
    offset: int
    type: Type


@dataclass
class Dynamic:
    """A component of another place, chosen at run time."""

    parent: Any
    index: Value
    type: Type


@dataclass
class Picked:
    """Scalars of another place, in a given order, as a vector or matrix."""

    parent: Any
    offsets: tuple[int, ...]
    type: Any


class ShapeOf:
    """`a.shape` before it is indexed: for each dimension an array, and which of its dimensions that is."""

    def __init__(self, lengths: list[tuple[Value, int]]) -> None:
        self.lengths = lengths


def place(lo: Lowering, node: ast.expr) -> Any:
    """The place an expression denotes."""
    if isinstance(node, ast.Name):
        return Local(node.id) if node.id in lo.env else Temp(lo.lookup(node, node.id))
    if isinstance(node, ast.Attribute):
        return _attribute(lo, node, place(lo, node.value))
    if isinstance(node, ast.Subscript):
        return _subscript(lo, node, place(lo, node.value))
    return Temp(lo.expr(node))


@expression(ast.Attribute, ast.Subscript)
def _read_expression(lo: Lowering, node: ast.expr) -> Any:
    return plain_value(read(lo, place(lo, node), node))


def read(lo: Lowering, at: Any, node: Any) -> Any:
    """The value in a place."""
    if isinstance(at, Temp):
        return at.object
    if isinstance(at, Local):
        return lo.lookup(node, at.name)
    if isinstance(at, Element):
        return lo.op(node, "load", at.array, *at.indices, offset=at.offset, type=at.type)
    parent = lo.value(read(lo, at.parent, node), node)
    if isinstance(at, Picked):
        scalars = [lo.builder.extract(parent, k, at.type.dtype) for k in at.offsets]
        return lo.op(node, "make", *scalars, type=at.type)
    if isinstance(at, Part):
        return lo.op(node, "extract", parent, offset=at.offset, type=at.type)
    return lo.op(node, "pick", parent, at.index, type=at.type)


def write(lo: Lowering, at: Any, x: Any, node: Any) -> None:
    """Puts a value into a place; variables are rebound."""
    if isinstance(at, Local):
        lo.assign(at.name, x)
    elif isinstance(at, Element):
        value = lo.typed(x, at.type, node, "cannot assign")
        lo.builder.loc = lo.source.loc(node)
        lo.builder.ops("store", at.array, *at.indices, value, offset=at.offset)
    elif isinstance(at, Temp):
        lo.fail(
            node,
            f"cannot assign to {describe(at.object)}",
            "assign to a variable, an array element or a part of one",
        )
    elif isinstance(root(at), Element):
        part_value = lo.typed(x, at.type, node, "cannot assign")
        in_memory(lo, at, node, lambda element: write(lo, element, part_value, node))
    else:
        _write_part(lo, at, x, node)


def root(at: Any) -> Any:
    """The place that a part is a part of, in the end."""
    while isinstance(at, (Part, Dynamic)):
        at = at.parent
    return at


def in_memory(lo: Lowering, at: Any, node: Any, act: Callable[[Element], Any]) -> None:
    """Acts on a part of an array element as an `Element` of its own, so that its neighbours stay untouched.

    A component chosen at run time is found by comparing; out of range, nothing happens.
    """
    chosen = _first_dynamic(at)
    if chosen is None:
        act(at)
        return
    width = leaf_count(chosen.type)
    for number in range(leaf_count(type_at(lo, chosen.parent, node)) // width):
        place_ = _replaced(at, chosen, part(chosen.parent, number * width, chosen.type))
        here = lo.op(node, "eq", chosen.index, lo.value(number, node, chosen.index.type))
        branch(lo, node, here, lambda p=place_: in_memory(lo, p, node, act), lambda: None)  # type: ignore[misc]


def _first_dynamic(at: Any) -> Dynamic | None:
    """The run-time choice nearest to the array element."""
    if not isinstance(at, (Part, Dynamic)):
        return None
    return _first_dynamic(at.parent) or (at if isinstance(at, Dynamic) else None)


def _replaced(at: Any, old: Dynamic, new: Any) -> Any:
    if at is old:
        return new
    parent = _replaced(at.parent, old, new)
    return part(parent, at.offset, at.type) if isinstance(at, Part) else Dynamic(parent, at.index, at.type)


def _write_part(lo: Lowering, at: Any, x: Any, node: Any) -> None:
    part = lo.typed(x, at.type, node, "cannot assign")
    whole = lo.value(read(lo, at.parent, node), node)
    if isinstance(at, Picked):
        for source, offset in enumerate(at.offsets):
            whole = lo.builder.insert(whole, lo.builder.extract(part, source, at.type.dtype), offset)
        write(lo, at.parent, whole, node)
    elif isinstance(at, Part):
        write(lo, at.parent, lo.op(node, "insert", whole, part, offset=at.offset), node)
    else:
        write(lo, at.parent, lo.op(node, "put", whole, at.index, part), node)


def type_at(lo: Lowering, at: Any, node: Any) -> Any:
    """The type of what is in a place; None when it is a compile-time object."""
    if not isinstance(at, (Temp, Local)):
        return at.type
    x = read(lo, at, node)
    if isinstance(x, (Value, Composite)):
        return x.type
    return x._type if isinstance(x, StructValue) else None  # type: ignore[attr-defined]


def part(at: Any, offset: int, type_: Type) -> Any:
    """The part of a place from leaf `offset`."""
    if isinstance(at, Element):
        return Element(at.array, at.indices, at.offset + offset, type_)
    return Part(at, offset, type_)


def _attribute(lo: Lowering, node: ast.Attribute, at: Any) -> Any:
    type_ = type_at(lo, at, node.value)
    if type_ is None:
        return Temp(_python_attribute(lo, node, read(lo, at, node.value)))
    if isinstance(type_, IndexedArrayType):
        return Temp(indexed_attribute(lo, node, lo.value(read(lo, at, node), node)))
    if isinstance(type_, Struct):
        return _field(lo, node, at, type_)
    if isinstance(type_, ArrayType):
        return Temp(_array_attribute(lo, node, at, type_))
    if node.attr in ("dtype", "shape") or (node.attr == "length" and isinstance(type_, Vector)):
        return Temp(getattr(type_, node.attr))
    if isinstance(type_, Transform) and node.attr in type_.parts:
        return part(at, *type_.parts[node.attr])
    place_ = "xyzw".find(node.attr) if len(node.attr) == 1 else -1
    if isinstance(type_, (Vector, Quaternion)) and 0 <= place_ < type_.shape[0]:
        return part(at, place_, type_.dtype)
    lo.fail(node, f"{type_} has no component {node.attr!r}", _component_hint(type_))


def _component_hint(type_: Type) -> str:
    if isinstance(type_, Transform):
        return "a transform has .p and .q"
    if isinstance(type_, Matrix):
        return "index a matrix with m[row, column]"
    return "components are " + ", ".join("." + c for c in "xyzw"[: type_.shape[0]])  # type: ignore[attr-defined]


def _field(lo: Lowering, node: ast.Attribute, at: Any, type_: Struct) -> Any:
    try:
        offset, field_type = layout.field_leaf(type_, node.attr)
    except KeyError:
        lo.fail(
            node,
            f"struct {type_.name} has no field {node.attr!r}",
            "fields: " + ", ".join(n for n, _ in type_.fields),
        )
    return part(at, offset, field_type)


def _array_attribute(lo: Lowering, node: ast.Attribute, at: Any, type_: ArrayType) -> Any:
    array = read(lo, at, node)
    if node.attr == "shape":
        return ShapeOf([(array, d) for d in range(type_.ndim)])
    if node.attr in ("ndim", "dtype"):
        return getattr(type_, node.attr)
    if node.attr == "size":
        sizes = [lo.op(node, "shape", array, dim=d) for d in range(type_.ndim)]
        total = sizes[0]
        for size in sizes[1:]:
            total = lo.op(node, "mul", total, size)
        return total
    if node.attr == "ptr":
        return lo.op(node, "address", array)
    lo.fail(node, f"an array has no {node.attr!r} in a kernel", "it has shape, size, ndim, dtype, ptr")


def _python_attribute(lo: Lowering, node: ast.Attribute, x: Any) -> Any:
    if isinstance(x, Value) or not (isinstance(x, Type) or has_members(x)):
        lo.fail(node, f"{describe(x)} has no attributes in a kernel")
    try:
        return kernel_meaning(_member(x, node.attr))
    except UnsupportedError as error:
        lo.fail(node, str(error))
    except AttributeError:
        name = x.__name__ if isinstance(x, (ModuleType, type)) else str(x)
        lo.fail(node, f"{name} has no {node.attr!r}", nearest(node.attr, dir(x)))


def _member(x: Any, name: str) -> Any:
    """An attribute; an imported folder of the package (`robokern.view`) hides no refusal of its name."""
    found = getattr(x, name)
    if isinstance(found, ModuleType) and isinstance(x, ModuleType) and hasattr(x, "__getattr__"):
        try:
            x.__getattr__(name)
        except UnsupportedError:
            raise
        except AttributeError:
            pass
    return found


def _subscript(lo: Lowering, node: ast.Subscript, at: Any) -> Any:
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    type_ = type_at(lo, at, node.value)
    if isinstance(type_, ArrayType):
        return _array_item(lo, node, at, type_, items)
    if isinstance(type_, IndexedArrayType):
        array = lo.value(read(lo, at, node), node)
        return element(lo, node, array, [lo.expr(i) for i in items])
    if isinstance(type_, COMPOSITES) and any(isinstance(i, ast.Slice) for i in items):
        return _sliced(lo, node, at, type_, items)
    indices = [lo.expr(i) for i in items]
    if isinstance(type_, COMPOSITES):
        return component(lo, node, at, indices)
    x = read(lo, at, node.value)
    if isinstance(x, ShapeOf) and isinstance(indices[0], int):
        if not -len(x.lengths) <= indices[0] < len(x.lengths):
            lo.fail(node, f"shape[{indices[0]}] of an array of {len(x.lengths)} dimensions")
        array, dim = x.lengths[indices[0]]
        return Temp(lo.op(node, "shape", array, dim=dim))
    if isinstance(x, tuple) and isinstance(indices[0], int) and -len(x) <= indices[0] < len(x):
        return Temp(x[indices[0]])
    if type_ is None:
        lo.fail(node, f"{describe(x)} cannot be indexed in a kernel", value_hint(x))
    lo.fail(node, f"{type_} cannot be indexed")


def _array_item(lo: Lowering, node: ast.Subscript, at: Any, type_: ArrayType, items: list[ast.expr]) -> Any:
    if len(items) > type_.ndim:
        lo.fail(node, f"{type_} takes {type_.ndim} indices, got {len(items)}")
    array = lo.value(read(lo, at, node), node)
    if any(isinstance(i, ast.Slice) for i in items):
        return Temp(_array_slice(lo, node, array, items))
    values = tuple(_array_index(lo, lo.expr(i), node, array, dim) for dim, i in enumerate(items))
    if len(values) == type_.ndim:
        return Element(array, values, 0, type_.dtype)
    return Temp(lo.op(node, "view", array, *values))


def _array_index(lo: Lowering, index: Any, node: Any, array: Value, dim: int) -> Value:
    """An index along a dimension of an array; a negative literal counts from the end."""
    if isinstance(index, int) and index < 0:
        return lo.op(node, "add", lo.op(node, "shape", array, dim=dim), lo.value(index, node))
    return index_value(lo, index, node)


def element(lo: Lowering, node: Any, array: Value, indices: list[Any]) -> Element:
    """The element of an array or indexed array at as many indices as it has dimensions."""
    type_: Any = array.type
    if len(indices) != type_.ndim:
        lo.fail(node, f"{type_} takes {type_.ndim} indices, got {len(indices)}")
    if isinstance(type_, IndexedArrayType):
        array, *lists = indexed_parts(lo, node, array)
        given = [_array_index(lo, i, node, own, 0) for i, own in zip(indices, lists, strict=True)]
        values = [_looked_up(lo, node, i, x) for i, x in zip(lists, given, strict=True)]
    else:
        values = [_array_index(lo, i, node, array, dim) for dim, i in enumerate(indices)]
    return Element(array, tuple(values), 0, type_.dtype)


def indexed_parts(lo: Lowering, node: Any, array: Value) -> list[Value]:
    """The array behind an indexed array, then its index arrays."""
    type_ = array.type
    assert isinstance(type_, IndexedArrayType)
    parts = [layout.field_leaf(type_, name) for name, _ in type_.fields]
    return [lo.op(node, "extract", array, offset=offset, type=part) for offset, part in parts]


def _looked_up(lo: Lowering, node: Any, indices: Value, index: Value) -> Value:
    """`indices[index]`, or `index` where there are no indices."""
    with lo.builder.region() as listed:
        found = lo.op(node, "load", indices, index, offset=0, type=int32)
        listed.yields = (found if index.type == int32 else lo.op(node, "cast", found, type=index.type),)
    with lo.builder.region() as every:
        every.yields = (index,)
    regions = listed, every
    return lo.builder.ops("if", lo.truth(indices, node), regions=regions, types=(index.type,))[0]


def indexed_attribute(lo: Lowering, node: ast.Attribute, array: Value) -> Any:
    """`.shape`, `.size`, `.ndim`, `.dtype` of an indexed array."""
    type_: Any = array.type
    if node.attr in ("ndim", "dtype"):
        return getattr(type_, node.attr)
    lengths = ShapeOf([(part, 0) for part in indexed_parts(lo, node, array)[1:]])
    if node.attr == "shape":
        return lengths
    lo.fail(node, f"an indexed array has no {node.attr!r} in a kernel", "it has shape, ndim, dtype")


def _array_slice(lo: Lowering, node: ast.Subscript, array: Value, items: list[ast.expr]) -> Value:
    """The view at the whole indices, then slices of the dimensions left, as in `a[i, 2:5]` or `a[:, i]`."""
    array = _view_at_whole(lo, node, array, items)
    for dim, item in enumerate(i for i in items if isinstance(i, ast.Slice)):
        start, stop, step = _bounds(lo, item)
        if step == 0 and isinstance(step, int):
            lo.fail(node, "the step of an array slice must not be 0")
        length = lo.op(node, "shape", array, dim=dim)
        steps = index_value(lo, step, node)
        start = _first(lo, node, step, steps, length) if start is None else _from_end(lo, node, start, length)
        stop = _behind(lo, node, step, steps, length) if stop is None else _from_end(lo, node, stop, length)
        array = lo.op(node, "slice", array, start, stop, steps, dim=dim)
    return array


def _first(lo: Lowering, node: Any, step: Any, steps: Value, length: Value) -> Value:
    """Where a slice without a start begins: at the end if it runs backwards."""
    zero, last = lo.value(0, node), lo.op(node, "sub", length, lo.value(1, node))
    if isinstance(step, int):
        return zero if step > 0 else last
    return lo.op(node, "select", lo.op(node, "lt", steps, lo.value(0, node, steps.type)), last, zero)


def _behind(lo: Lowering, node: Any, step: Any, steps: Value, length: Value) -> Value:
    """Where a slice without a stop ends: before the first element if it runs backwards."""
    before = lo.value(-1, node)
    if isinstance(step, int):
        return length if step > 0 else before
    return lo.op(node, "select", lo.op(node, "lt", steps, lo.value(0, node, steps.type)), before, length)


def _view_at_whole(lo: Lowering, node: ast.Subscript, array: Value, items: list[ast.expr]) -> Value:
    whole = [dim for dim, item in enumerate(items) if not isinstance(item, ast.Slice)]
    if whole != list(range(len(whole))):
        for moved, dim in enumerate(reversed(whole)):
            array = lo.op(node, "front", array, dim=dim + moved)
    if not whole:
        return array
    indices = [_array_index(lo, lo.expr(items[dim]), node, array, at) for at, dim in enumerate(whole)]
    return lo.op(node, "view", array, *indices)


def _from_end(lo: Lowering, node: Any, bound: Any, length: Value) -> Value:
    """A slice's bound; a negative one counts from the end."""
    value = index_value(lo, bound, node)
    if (isinstance(bound, int) and bound >= 0) or scalar_of(value.type).kind == "u":
        return value
    length = length if length.type == value.type else lo.op(node, "cast", length, type=value.type)
    from_end = lo.op(node, "add", length, value)
    if isinstance(bound, int):
        return from_end
    negative = lo.op(node, "lt", value, lo.value(0, node, value.type))
    return lo.op(node, "select", negative, from_end, value)


def _bounds(lo: Lowering, item: ast.Slice) -> tuple[Any, Any, Any]:
    start, stop, step = (None if e is None else lo.expr(e) for e in (item.lower, item.upper, item.step))
    return start, stop, 1 if step is None else step


def _sliced(lo: Lowering, node: ast.Subscript, at: Any, type_: Any, items: list[ast.expr]) -> Any:
    """Slices of a vector or matrix, with constant bounds."""
    if len(items) > len(type_.shape):
        lo.fail(node, f"{type_} takes {len(type_.shape)} indices, got {len(items)}")
    chosen = [_chosen(lo, i, n) for i, n in zip(items, type_.shape, strict=False)]
    chosen += [(list(range(n)), True) for n in type_.shape[len(items) :]]
    rows, columns = chosen if len(chosen) == 2 else [([0], False), chosen[0]]
    offsets = tuple(r * type_.shape[-1] + c for r in rows[0] for c in columns[0])
    if not offsets:
        lo.fail(node, "this slice is empty")
    picked: Any = Vector(len(offsets), type_.dtype)
    if rows[1] and columns[1]:
        picked = Matrix(len(rows[0]), len(columns[0]), type_.dtype)
    if offsets == tuple(range(offsets[0], offsets[0] + len(offsets))):
        return part(at, offsets[0], picked)
    return Picked(at, offsets, picked)


def _chosen(lo: Lowering, item: ast.expr, length: int) -> tuple[list[int], bool]:
    """The numbers an index or slice takes along a dimension of a composite, and whether it was a slice."""
    known = _bounds(lo, item) if isinstance(item, ast.Slice) else (lo.expr(item),)
    if any(isinstance(k, Value) for k in known):
        lo.fail(item, "a slice of a vector or matrix needs bounds known at compile time")
    if isinstance(item, ast.Slice):
        return list(range(length))[slice(*known)], True
    if not -length <= known[0] < length:
        lo.fail(item, f"index {known[0]} is out of range", f"use 0 to {length - 1}")
    return [list(range(length))[known[0]]], False


def index_value(lo: Lowering, index: Any, node: Any) -> Value:
    """An index as an integer Value."""
    value = lo.value(index, node)
    if not is_integer(value.type):
        lo.fail(node, f"an index must be an integer, got {value.type}", "write int(...)")
    return value


def component(lo: Lowering, node: Any, at: Any, indices: list[Any]) -> Any:
    """The part of a composite in a place that the indices name, one level each."""
    for index in indices:
        type_ = type_at(lo, at, node)
        if not isinstance(type_, COMPOSITES):
            lo.fail(node, f"too many indices: {type_} has no components")
        inner = component_type(type_)
        count = leaf_count(type_) // leaf_count(inner)
        if not isinstance(index, int):
            at = Dynamic(at, _from_end(lo, node, index, lo.value(count, node)), inner)
        elif -count <= index < count:
            at = part(at, index % count * leaf_count(inner), inner)
        else:
            lo.fail(node, f"index {index} is out of range for {type_}", f"it has components 0 to {count - 1}")
    return at
