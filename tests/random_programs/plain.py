"""Runs a program's source as ordinary Python, item after item: the compiler's front end is not involved.

The operators compute with the interpreter's rows (`ir.evaluate`, tested against exact arithmetic), so what
this checks is everything before them: control flow, evaluation order, value semantics, types of literals.

Python's own rules differ in two places, which a small rewriting of the syntax tree makes up for: assignment
copies, and an `rk.inout` argument receives the parameter's last value.
"""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np

from robokern.ir import layout
from robokern.ir.bfloat16 import floats, rounded
from robokern.ir.evaluate import PURE, into_memory
from robokern.ir.memory import COMBINE
from robokern.ir.nodes import Op
from robokern.ir.nodes import Value as Typed
from robokern.ir.ops import component_type, infer
from robokern.ir.types import (
    BY_NAME,
    COMPOSITES,
    NAMED,
    ArrayType,
    Scalar,
    Struct,
    bfloat16,
    bool_,
    int32,
    scalar_of,
    vector,
)  # fmt: skip


class Datum:
    """A value: its leaves in `cells` from `start`, shared with the whole it is a part of."""

    def __init__(self, type: Any, cells: list[Any], start: int = 0) -> None:
        self.__dict__.update(type=type, cells=cells, start=start)

    @property
    def leaves(self) -> list[Any]:
        return self.cells[self.start : self.start + len(layout.leaves(self.type))]

    def part(self, offset: int, type: Any) -> Datum:
        return Datum(type, self.cells, self.start + offset)

    def replace(self, value: Any) -> None:
        leaves = typed(value, self.type).leaves
        self.cells[self.start : self.start + len(leaves)] = leaves

    def __getattr__(self, name: str) -> Datum:
        if isinstance(self.type, Struct):
            return self.part(*layout.field_leaf(self.type, name))
        return self.part("xyzw".index(name), self.type.dtype)

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self, name).replace(value)

    def __getitem__(self, index: Any) -> Datum:
        first, *rest = index if isinstance(index, tuple) else (index,)
        inner, number = component_type(self.type), int(first)
        size = len(layout.leaves(inner))
        inside = 0 <= number < len(layout.leaves(self.type)) // size
        found = self.part(number * size, inner) if inside else apply("zero", type=inner)
        return found[tuple(rest)] if rest else found

    def __setitem__(self, index: Any, value: Any) -> None:
        self[index].replace(value)  # out of range: a zero made for the purpose, so nothing changes

    def __bool__(self) -> bool:
        return bool(self.leaves[0][0] != 0)

    def __int__(self) -> int:
        return int(self.leaves[0][0])

    __index__ = __int__

    def __abs__(self) -> Datum:
        return apply("abs", self)

    def __neg__(self) -> Datum:
        return apply("neg", self)

    def __invert__(self) -> Datum:
        return apply("not", self)

    def __eq__(self, other: Any) -> Any:
        return all(bool(apply("eq", a, b)) for a, b in self.paired(other))

    def __ne__(self, other: Any) -> Any:
        return any(bool(apply("ne", a, b)) for a, b in self.paired(other))

    __hash__ = None

    def paired(self, other: Any) -> list[tuple[Datum, Datum]]:
        scalar = scalar_of(self.type)
        right = typed(other, self.type)
        count = len(layout.leaves(self.type))
        return [(self.part(k, scalar), right.part(k, scalar)) for k in range(count)]


def apply(name: str, *args: Datum, **attrs: Any) -> Datum:
    """One primitive."""
    values = tuple(Typed(a.type) for a in args)
    (type,) = infer(name, tuple(a.type for a in args), attrs)
    op = Op(name, values, (Typed(type),), attrs, (), None)
    with np.errstate(all="ignore"):
        return Datum(type, list(PURE[name](op, [a.leaves for a in args])))


def typed(x: Any, type: Any) -> Datum:
    """A literal takes the type it meets."""
    return x if isinstance(x, Datum) else apply("const", value=x, type=scalar_of(type))


def floor_divide(a: Datum, b: Datum) -> Datum:
    """`//` on integers rounds down, while `%` has the dividend's sign; both are 0 for a zero divisor."""
    quotient, remainder = apply("idiv", a, b), apply("mod", a, b)
    below = int(remainder) != 0 and (int(remainder) < 0) != (int(b) < 0)
    return quotient - 1 if below else quotient


def _operator(name: str) -> tuple[Any, Any]:
    def forward(a: Datum, b: Any) -> Datum:
        right = typed(b, a.type)
        if a.type != right.type:  # a composite and a scalar
            whole = a.type if isinstance(a.type, COMPOSITES) else right.type
            a, right = (x if x.type == whole else apply("splat", x, type=whole) for x in (a, right))
        return floor_divide(a, right) if name == "idiv" else apply(name, a, right)

    return forward, lambda b, a: forward(typed(a, b.type), b)


_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "idiv", "mod": "mod",
    "and": "and", "or": "or", "xor": "xor", "lshift": "shl", "rshift": "shr",
}  # fmt: skip
for _python, _primitive in _BINARY.items():
    _forward, _backward = _operator(_primitive)
    setattr(Datum, f"__{_python}__", _forward)
    setattr(Datum, f"__r{_python}__", _backward)
for _relation in ("lt", "le", "gt", "ge"):
    setattr(Datum, f"__{_relation}__", _operator(_relation)[0])


class Kind:
    """A type as a program calls it."""

    def __init__(self, type: Any) -> None:
        self.type = type

    def __call__(self, *args: Any, **fields: Any) -> Datum:
        if isinstance(self.type, Struct):
            whole = apply("zero", type=self.type)
            for name, value in fields.items():
                setattr(whole, name, value)
            return whole
        if isinstance(self.type, Scalar):
            (x,) = args
            if isinstance(x, Datum) and x.type != self.type:  # a cast to its own type keeps a NaN's bits
                return apply("cast", x, type=self.type)
            return typed(x, self.type)
        parts = [typed(a, self.type.dtype) for a in args]
        return apply("splat" if len(parts) == 1 else "make", *parts, type=self.type)


class Element(Datum):
    """A value that stands in an array: changing it, or a part of it, changes the array."""

    def __init__(self, array: Elements, place: tuple[int, ...]) -> None:
        super().__init__(array.type, from_numpy(array.type, array.data[place]).cells)
        self.__dict__.update(array=array, place=place)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.array[self.place] = self

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self.array[self.place] = self


class Elements:
    """An array of a program: a NumPy array of the element type."""

    def __init__(self, type: Any, data: np.ndarray) -> None:
        self.type, self.data = type, data

    def __getitem__(self, index: Any) -> Any:
        place = self.place(index)
        lead = self.data.ndim - len(getattr(self.type, "shape", ()))
        if len(place) < lead:
            return Elements(self.type, self.data[place])
        return Element(self, place)

    def __setitem__(self, index: Any, value: Any) -> None:
        into_numpy(self.type, self.data, self.place(index), typed(value, self.type).leaves)

    def place(self, index: Any) -> tuple[int, ...]:
        return tuple(int(k) for k in (index if isinstance(index, tuple) else (index,)))


def from_numpy(type: Any, element: Any) -> Datum:
    """An element of an array, or an argument."""
    if isinstance(type, Struct):
        return Datum(type, [leaf for n, t in type.fields for leaf in from_numpy(t, element[n]).leaves])
    given = np.asarray(element)
    if scalar_of(type) == bfloat16:
        flat = (floats(given) if given.dtype == np.uint16 else rounded(given)).ravel()
    else:
        flat = given.astype(layout.numpy_dtype(type).base).ravel()
    return Datum(type, [flat[k : k + 1].copy() for k in range(flat.size)])


def into_numpy(type: Any, data: np.ndarray, place: tuple[int, ...], leaves: list[Any]) -> None:
    """Writes an element."""
    if isinstance(type, Struct):
        for name, field in type.fields:
            start, _ = layout.field_leaf(type, name)
            into_numpy(field, data[name], place, leaves[start : start + len(layout.leaves(field))])
    else:
        stored = into_memory(np.array([leaf[0] for leaf in leaves]), scalar_of(type)).astype(data.dtype)
        data[place] = stored[0] if isinstance(type, Scalar) else stored.reshape(type.shape)


def copied(x: Any) -> Any:
    """What assignment stores: composites and structs are values."""
    if isinstance(x, tuple):
        return tuple(copied(item) for item in x)
    return Datum(x.type, x.leaves) if isinstance(x, Datum) else x


def _struct(python: type) -> Kind:
    fields = python.__annotations__.items()
    return Kind(Struct(python.__name__, tuple((n, bool_ if t is bool else t.type) for n, t in fields)))


def _atomic(name: str) -> Any:
    def atomic(array: Elements, index: Any, value: Any) -> None:
        new = typed(value, array.type)
        with np.errstate(all="ignore"):
            if name == "sub":
                combined = [
                    COMBINE["add"](a, -b) for a, b in zip(array[index].leaves, new.leaves, strict=True)
                ]
            else:
                combined = [COMBINE[name](a, b) for a, b in zip(array[index].leaves, new.leaves, strict=True)]
        array[index] = Datum(array.type, combined)

    return atomic


def _local(length: int, kind: Any) -> Elements:
    type = bool_ if kind is bool else kind.type
    element = layout.numpy_dtype(type)
    return Elements(type, np.zeros((length, *element.shape), element.base))


def _range(*bounds: Any) -> range:
    numbers = [int(b) for b in bounds]
    return range(*numbers) if len(numbers) < 3 or numbers[2] else range(0)


def _ordered(name: str) -> Any:
    return lambda a, b: apply(name, a, typed(b, a.type))


def _decorator(*args: Any, **options: Any) -> Any:
    return args[0] if args else lambda python: python


def language(item: list[int]) -> dict[str, Any]:
    """The global names of a program; `item[0]` is the running item's number."""
    rk = SimpleNamespace(**{n: Kind(t) for n, t in {**BY_NAME, **NAMED}.items()})
    rk.vector = lambda length, kind: Kind(vector(length, kind.type))
    rk.kernel = rk.func = _decorator
    rk.struct, rk.local, rk.inout = _struct, _local, lambda type: type
    rk.array = rk.array2d = lambda dtype: None
    rk.tid = lambda: typed(item[0], int32)
    rk.where = lambda condition, a, b: a if condition else b
    rk.bitcast = lambda x, kind: apply("bitcast", x, type=kind.type)
    rk.fma = lambda a, b, c: apply("fma", a, b, c)
    for name in ("sqrt", "floor", "ceil", "trunc", "rint"):
        setattr(rk, name, lambda x, name=name: apply(name, x))
    for name in ("add", "sub", "min", "max", "and", "or", "xor"):
        setattr(rk, f"atomic_{name}", _atomic(name))
    return {"rk": rk, "range": _range, "min": _ordered("min"), "max": _ordered("max"), "$copied": copied}


class _Rewriting(ast.NodeTransformer):
    """Copies at assignment and at calls of funcs; hands back inout parameters."""

    def __init__(self, tree: ast.Module) -> None:
        self.funcs = {d.name: _has_inout(d) for d in tree.body if isinstance(d, ast.FunctionDef)}
        self.returns_inout = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.returns_inout = self.funcs[node.name]
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        node.value = _copy_of(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        self.generic_visit(node)
        if self.returns_inout:
            node.value = ast.Tuple([node.value, ast.Name("p0", ast.Load())], ast.Load())
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = getattr(node.func, "id", None)
        if name not in self.funcs:
            return node
        variable = node.args[0]
        node.args = [_copy_of(a) for a in node.args]
        if not self.funcs[name]:
            return node
        # [made := f(x, ...), x := made[1], made[0]][-1]
        made = ast.NamedExpr(ast.Name("$made", ast.Store()), node)
        changed = ast.NamedExpr(ast.Name(variable.id, ast.Store()), _item("$made", 1))
        several = ast.List([made, changed, _item("$made", 0)], ast.Load())
        return ast.Subscript(several, ast.Constant(-1), ast.Load())


def _has_inout(node: ast.FunctionDef) -> bool:
    return bool(node.args.args) and "inout" in ast.unparse(node.args.args[0])


def _copy_of(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("$copied", ast.Load()), [node], [])


def _item(name: str, index: int) -> ast.expr:
    return ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(index), ast.Load())


def run(source: str, items: int, params: list[tuple[str, Any]], args: list[Any]) -> None:
    """Runs kernel `k` of a program for each item, on NumPy arrays and host values."""
    tree = ast.parse(source.replace("import robokern as rk", ""))
    rewritten = ast.fix_missing_locations(_Rewriting(tree).visit(tree))
    item = [0]
    scope = language(item)
    exec(compile(rewritten, "<program>", "exec", dont_inherit=True), scope)
    for number in range(items):
        item[0] = number
        scope["k"](*(_argument(t, a) for (_, t), a in zip(params, args, strict=True)))


def _argument(type: Any, value: Any) -> Any:
    if isinstance(type, ArrayType):
        return Elements(type.dtype, value)
    if isinstance(type, Struct):
        return Datum(type, [leaf for n, t in type.fields for leaf in _argument(t, getattr(value, n)).leaves])
    return from_numpy(type, np.asarray(value))
