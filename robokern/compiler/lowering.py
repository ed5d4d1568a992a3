"""The state while one function is turned into a Func: its builder, its variables, and how values merge.

An expression evaluates either to an `ir.nodes.Value` or to a plain Python object known at compile time: a
number (a *weak* literal, which takes its type from what it meets), a NumPy scalar (typed), a host vector, a
type, a func, a module, a tuple of such.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NoReturn

import numpy as np

from robokern.compiler.builder import Builder
from robokern.compiler.builtins import BUILTINS, PYTHON
from robokern.compiler.function import Overload
from robokern.compiler.options import Options
from robokern.compiler.unassigned import Unassigned, Undefined, flag
from robokern.ir import layout
from robokern.ir.bfloat16 import Bfloat16
from robokern.ir.composite import Composite, StructValue
from robokern.ir.nodes import Assert, Value
from robokern.ir.types import BY_NAME, NAMED, Scalar, Type, as_type, bool_, float32, int32

Handler = Callable[["Lowering", Any], Any]
EXPRESSIONS: dict[type, Handler] = {}
INTRINSICS: dict[str, Handler] = {}


def expression(*kinds: type) -> Callable[[Handler], Handler]:
    """Registers how a kind of syntax node is evaluated."""

    def register(handler: Handler) -> Handler:
        EXPRESSIONS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def intrinsic(*names: str) -> Callable[[Handler], Handler]:
    """Registers what a call of a builtin means."""

    def register(handler: Handler) -> Handler:
        INTRINSICS.update(dict.fromkeys(names, handler))
        return handler

    return register


class Lowering:
    """One function on its way to a Func."""

    def __init__(self, overload: Overload, instantiate: Callable[..., Any], options: Options) -> None:
        self.overload, self.source = overload, overload.source
        self.instantiate, self.options = instantiate, options
        self.builder = Builder()
        self.env: dict[str, Any] = {}
        self.asserts: list[Assert] = []
        self.tid_ndim = 0
        # loop variables that began as a literal: how to start the loop again with another type
        self.open_types: dict[int, Callable[[Type], Exception]] = {}
        self.captured = overload.captured
        self.unassigned = Unassigned(self, [], options.mode == "debug")

    def fail(self, node: Any, message: str, hint: str | None = None) -> NoReturn:
        """Raises the located error."""
        raise self.source.error(node, message, hint)

    def expr(self, node: ast.expr) -> Any:
        """Evaluates an expression."""
        handler = EXPRESSIONS.get(type(node))
        if handler is None:
            self.fail(node, f"{type(node).__name__} expressions are not part of the kernel language")
        self.builder.loc = self.source.loc(node)
        return handler(self, node)

    def op(self, node: Any, name: str, *args: Value, **attrs: Any) -> Value:
        """Appends an op with one result at `node`; a typing error becomes the user's."""
        self.builder.loc = self.source.loc(node)
        try:
            return self.builder.op(name, *args, **attrs)
        except TypeError as error:
            self.fail(node, f"{name}: {error}")

    def use_grid(self, ndim: int, node: Any) -> None:
        """Notes that the function needs the item's place in a grid of `ndim` dimensions (0: it does not)."""
        if ndim and self.tid_ndim not in (0, ndim):
            message = f"tid() gives {ndim} coordinates here and {self.tid_ndim} before"
            self.fail(node, message, "unpack the same number everywhere")
        self.tid_ndim = ndim or self.tid_ndim

    def assign(self, name: str, x: Any) -> None:
        """Gives a variable a value."""
        self.env[name] = x
        if flag(name) in self.env:
            self.env[flag(name)] = True

    def lookup(self, node: Any, name: str) -> Any:
        """The value of a name: local, captured, global, or Python's own."""
        if name in self.env:
            found = self.env[name]
            if isinstance(found, Undefined):
                self.fail(node, f"{name!r} may have no value here: {found.reason}", "assign it before")
            reason = self.unassigned.reason(flatten(found)) if self.unassigned.reasons else None
            if reason:
                self.unassigned.read(node, name, reason)
            return found
        for scope in (self.captured, self.overload.python.__globals__, vars(builtins)):
            if name in scope:
                return kernel_meaning(scope[name])
        if name in BUILTINS or name in NAMED:
            return BUILTINS.get(name) or NAMED[name]
        known = [*self.env, *self.captured, *self.overload.python.__globals__]
        self.fail(node, f"{name!r} is not defined", nearest(name, known))

    def value(self, x: Any, node: Any, like: Any = None) -> Value:
        """`x` as a Value; a weak literal takes the scalar type `like` if it is of its kind."""
        if isinstance(x, Value):
            return x
        if isinstance(x, Bfloat16):
            return self.builder.const(x, x.dtype)
        if isinstance(x, np.generic) and x.dtype.name in BY_NAME:  # before float, which float64 is one of
            return self.builder.const(x, BY_NAME[x.dtype.name])
        if isinstance(x, (bool, int, float)):
            return self.builder.const(x, self.literal_type(x, node, like))
        if isinstance(x, Composite):
            parts = [self.builder.const(v, x.type.dtype) for v in x.data.ravel()]  # type: ignore[attr-defined]
            return self.builder.op("make", *parts, type=x.type)
        if isinstance(x, StructValue):
            type_ = x._type  # type: ignore[attr-defined]
            return self.builder.op(
                "make", *(self.value(_field_value(x, n, t), node, t) for n, t in type_.fields), type=type_
            )
        self.fail(node, f"{describe(x)} cannot be used as a value in a kernel", value_hint(x))

    def literal_type(self, x: Any, node: Any, like: Any) -> Scalar:
        """The type a weak literal takes."""
        kinds = "b" if isinstance(x, bool) else "iu" if isinstance(x, int) else "f"
        if isinstance(like, Scalar) and like.kind in kinds:
            type_ = like
        else:
            type_ = bool_ if kinds == "b" else int32 if kinds == "iu" else float32
        if kinds == "iu" and not _fits(int(x), type_):
            self.fail(
                node, f"{x} does not fit in {type_}", f"write the type: rk.int64({x}) or rk.uint32({x})"
            )
        return type_

    def typed(self, x: Any, type_: Any, node: Any, what: str) -> Value:
        """`x` as a Value of exactly this type, or an error that says which cast to write."""
        value = self.value(x, node, type_)
        if value.type != type_:
            hint = f"write {cast_name(type_)}(...)" if isinstance(type_, Scalar) else None
            self.fail(node, f"{what}: expected {type_}, got {value.type}", hint)
        return value

    def condition(self, node: ast.expr) -> Any:
        """A truth value: a Value of bool, or a Python bool when known at compile time."""
        return self.truth(self.expr(node), node)

    def truth(self, x: Any, node: Any) -> Any:
        """`x` as a truth value: numbers are compared with zero, an array tells whether one was passed."""
        if not isinstance(x, Value):
            return bool(x)
        if x.type == bool_:
            return x
        if isinstance(x.type, Scalar):
            return self.op(node, "cast", x, type=bool_)
        if hasattr(x.type, "ndim"):
            return self.op(node, "cast", self.op(node, "address", x), type=bool_)
        self.fail(node, f"{x.type} is neither true nor false", "compare it with something")


def _field_value(x: StructValue, name: str, type_: Any) -> Any:
    """A field of a host struct; a number as the field's type has it."""
    found = getattr(x, name)
    return type_(found) if isinstance(type_, Scalar) and isinstance(found, (bool, int, float)) else found


def kernel_meaning(x: Any) -> Any:
    """What a Python object means inside a kernel: `abs` the builtin, `float` the type float32."""
    try:
        if x in PYTHON:
            return PYTHON[x]
    except TypeError:
        return x
    if isinstance(x, type) and not issubclass(x, Enum):
        try:
            return as_type(x)
        except TypeError:
            return x
    return x


def plain_value(x: Any) -> Any:
    """What a member of an enumeration stands for; everything else as it is."""
    return x.value if isinstance(x, Enum) else x


def _fits(value: int, type_: Scalar) -> bool:
    info = np.iinfo(type_.name)
    return int(info.min) <= value <= int(info.max)


def describe(x: Any) -> str:
    """What a compile-time object is, for messages."""
    if isinstance(x, Value):
        return str(x.type)
    if x is None or isinstance(x, (bool, int, float, str)):
        return repr(x)
    if isinstance(x, Type):
        return f"the type {x}"
    if isinstance(x, tuple):
        return "(" + ", ".join(describe(i) for i in x) + ")"
    return f"a Python {type(x).__name__}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Points to the known name that `name` was probably meant to be."""
    import difflib  # needed for messages only

    found = difflib.get_close_matches(name, [k for k in known if not k.startswith(("_", "$"))], 1)
    return f"did you mean {found[0]!r}?" if found else None


def value_hint(x: Any) -> str | None:
    """The way out when a Python object is used as a value."""
    if isinstance(x, (list, dict, set)):
        return "capture a vector, a number or pass an array"
    return "pass it as an array argument" if isinstance(x, np.ndarray) or hasattr(x, "numpy") else None


def cast_name(type_: Any) -> str:
    """How a user writes a cast to this type."""
    return {"float32": "float", "int32": "int", "bool": "bool"}.get(str(type_), f"rk.{type_}")


def flatten(x: Any) -> list[Any]:
    """The members of a nested tuple, in order."""
    return [leaf for item in x for leaf in flatten(item)] if isinstance(x, tuple) else [x]


def rebuild(shape: Any, values: list[Any]) -> Any:
    """The inverse of `flatten`, consuming `values` from the front."""
    return tuple(rebuild(item, values) for item in shape) if isinstance(shape, tuple) else values.pop(0)


def is_mergeable(x: Any) -> bool:
    """Whether a variable's value can become a run-time value."""
    if isinstance(x, tuple):
        return all(is_mergeable(i) for i in x)
    return isinstance(x, (Value, bool, int, float, np.generic, Composite, StructValue))


def same(a: Any, b: Any) -> bool:
    """Whether two variables surely hold the same."""
    if a is b:
        return True
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return all(same(x, y) for x, y in zip(a, b, strict=True))
    plain = (bool, int, float)
    return type(a) is type(b) and isinstance(a, plain) and repr(a) == repr(b)


def is_weak(x: Any) -> bool:
    """Whether it is a literal whose type is still open."""
    return isinstance(x, (int, float)) and not isinstance(x, (bool, np.generic, Bfloat16))


def leaf_count(type_: Type) -> int:
    """Number of scalars in a value of this type."""
    return len(layout.leaves(type_))
