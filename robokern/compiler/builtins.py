"""Names that the compiler itself gives a meaning: one object each, one row in `compiler/intrinsics.py`.

Everything else of the surface is a func in `robokern/lang`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from robokern.ir import types


class Builtin:
    """A primitive callable in kernels."""

    def __init__(self, name: str, doc: str) -> None:
        self.name = self.__name__ = name
        self.__doc__ = doc

    on_host: ClassVar[Callable[..., Any] | None] = None  # set by robokern

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs it on the host, with the result it has in a kernel, where it needs nothing of one."""
        if self.name == "static" and len(args) == 1:
            return args[0]
        if Builtin.on_host is not None and self.name in _ARITHMETIC:
            given, unknown = in_order(self.name, [*args], kwargs)
            if unknown is not None:
                raise TypeError(f"{self.name}() has no argument {unknown!r}")
            return Builtin.on_host(self, tuple(given))
        raise TypeError(f"{self.name}() belongs to the kernel language: call it in a kernel or func")

    def __repr__(self) -> str:
        return f"<builtin {self.name}>"


_ARITHMETIC = frozenset(
    {
        "abs", "add", "bit_and", "bit_or", "bit_xor", "bitcast", "cast", "ceil", "div", "div_approx", "floor",
        "floordiv", "fma", "invert", "lshift", "max", "min", "mod", "mul", "neg", "pos", "rint", "rshift",
        "select", "sqrt", "sub", "trunc", "unot", "where",
    }
)  # fmt: skip
# Warp's names of parameters, in order; of indices as many as are given
PARAMETERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("abs", "ceil", "floor", "neg", "pos", "rint", "sqrt", "trunc"), ("x",)),
    **dict.fromkeys(("invert", "unot"), ("a",)),
    **dict.fromkeys(
        ("add", "bit_and", "bit_or", "bit_xor", "div", "div_approx", "floordiv", "lshift", "max", "min",
         "mod", "mul", "rshift", "sub"),
        ("a", "b"),
    ),
    **dict.fromkeys(
        ("array_store", "atomic_add", "atomic_and", "atomic_exch", "atomic_max", "atomic_min", "atomic_or",
         "atomic_sub", "atomic_xor"),
        ("arr", "i", "j", "k", "l", "value"),
    ),
    "atomic_cas": ("arr", "i", "j", "k", "l", "compare", "value"),
    "cast": ("a", "dtype"),
    "select": ("cond", "value_if_false", "value_if_true"),
    "where": ("cond", "value_if_true", "value_if_false"),
}  # fmt: skip


def in_order(name: str, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], str | None]:
    """A builtin's arguments in order, and a keyword that it does not have, if there is one."""
    names = PARAMETERS.get(name, ())[len(args) :]
    unknown = next((k for k in kwargs if k not in names), None)
    return [*args, *(kwargs[n] for n in names if n in kwargs)], unknown


BUILTINS: dict[str, Builtin] = {}


def _builtin(name: str, doc: str) -> Any:
    BUILTINS[name] = Builtin(name, doc)
    return BUILTINS[name]


tid = _builtin("tid", "Coordinates of the item in the grid: one int32, or a tuple unpacked into up to four.")
sqrt = _builtin("sqrt", "Square root, correctly rounded, per component.")
floor = _builtin("floor", "Largest integer not above, per component.")
ceil = _builtin("ceil", "Smallest integer not below, per component.")
trunc = _builtin("trunc", "Towards zero, per component.")
rint = _builtin("rint", "Nearest integer, ties to even, per component.")
fma = _builtin("fma", "a * b + c rounded once, per component.")
where = _builtin("where", "where(condition, a, b): a if the condition holds, else b; both are evaluated.")
select = _builtin("select", "select(condition, a, b): b if the condition holds, else a (the older order).")
bitcast = _builtin("bitcast", "bitcast(x, T): the same bits as type T of equal width.")
atomic_add = _builtin("atomic_add", "atomic_add(array, i, ..., value): adds, gives the old value.")
atomic_sub = _builtin("atomic_sub", "atomic_sub(array, i, ..., value): subtracts, gives the old value.")
atomic_min = _builtin(
    "atomic_min", "atomic_min(array, i, ..., value): keeps the smaller, gives the old value."
)
atomic_max = _builtin(
    "atomic_max", "atomic_max(array, i, ..., value): keeps the larger, gives the old value."
)
atomic_and = _builtin("atomic_and", "atomic_and(array, i, ..., value): bitwise and, gives the old value.")
atomic_or = _builtin("atomic_or", "atomic_or(array, i, ..., value): bitwise or, gives the old value.")
atomic_xor = _builtin(
    "atomic_xor", "atomic_xor(array, i, ..., value): bitwise exclusive or, gives the old value."
)
atomic_exch = _builtin("atomic_exch", "atomic_exch(array, i, ..., value): writes, gives the old value.")
atomic_cas = _builtin(
    "atomic_cas", "atomic_cas(array, i, ..., compare, value): writes if equal, gives the old value."
)
local = _builtin(
    "local",
    "local(n, T): a zero-filled array private to the item; fill=False: what was not written is undefined.",
)
from_handle = _builtin("from_handle", "from_handle(handle, S): the struct S at a uint64 address.")
address = _builtin("address", "address(array): address of its first element, uint64.")
array_at = _builtin("array_at", "array_at(handle, n, ..., T): an array over raw memory at a uint64 address.")
array = _builtin("array", "array(ptr=, shape=, dtype=): an array over raw memory at a uint64 address.")
cast = _builtin("cast", "cast(x, T): the same bits as type T; another name of bitcast.")
static = _builtin("static", "static(expression): evaluated by Python when the kernel is compiled.")
printf = _builtin("printf", "printf(format, ...): C-style formatted print.")
abs_ = _builtin("abs", "Absolute value, per component.")
min_ = _builtin(
    "min", "min(a, b, ...): a if a < b else b, per component; of one vector: its smallest component."
)
max_ = _builtin(
    "max", "max(a, b, ...): a if a > b else b, per component; of one vector: its largest component."
)
len_ = _builtin("len", "Length of an array's first dimension, or of a vector.")
print_ = _builtin("print", "Prints its arguments.")
range_ = _builtin("range", "range(stop), range(start, stop), range(start, stop, step).")
type_ = _builtin("type", "The type of a value, callable.")
for _name, _doc in {
    "add": "a + b", "sub": "a - b", "mul": "a * b", "div": "a / b", "div_approx": "a / b, exact here",
    "floordiv": "a // b", "mod": "a % b",
    "neg": "-a", "pos": "a", "invert": "~a", "unot": "not a", "bit_and": "a & b", "bit_or": "a | b",
    "bit_xor": "a ^ b", "lshift": "a << b", "rshift": "a >> b", "copy": "a, by value",
    "extract": "extract(x, i, ...): a component of a composite or an element of an array",
    "array_store": "array_store(array, i, ..., value): array[i, ...] = value",
    "expect_eq": "reports after the launch unless a == b", "expect_neq": "reports unless a != b",
    "expect_near": "expect_near(a, b, tolerance): reports after the launch unless |a - b| <= tolerance",
}.items():  # fmt: skip
    _builtin(_name, _doc)
reversed_ = _builtin("reversed", "reversed(range(...)): the same numbers, last first.")
vector = _builtin("vector", "vector(x, ..., length=, dtype=): a vector of any length.")
matrix = _builtin("matrix", "matrix(x, ..., shape=, dtype=): a matrix of any shape, row by row.")
identity = _builtin("identity", "identity(n=, dtype=): the n x n matrix with ones on the diagonal.")
quaternion = _builtin("quaternion", "quaternion(x, y, z, w, dtype=).")
transformation = _builtin("transformation", "transformation(p, q, dtype=).")
zeros = _builtin("zeros", "zeros(shape=n, dtype=T): a zero-filled array private to the item.")
adjoint = _builtin(
    "adjoint", "adjoint[x] += g: adds to the adjoint of parameter x, in a derivative (`func_grad`)."
)
_builtin("grad", "grad(f): what gives the derivatives of f by its arguments, when called with these.")
gradient = _builtin("$gradient", "A call of what `grad` gave.")
range_bounds = _builtin("$range_bounds", "Start, stop and step of a range.")
in_range = _builtin("$in_range", "Whether a counter is still inside its range.")
after = _builtin("$after", "What follows a counter in its range; stop after the last.")

# what Python's own names mean inside a kernel; `means` adds host functions that have a meaning there
PYTHON: dict[Any, Any] = {
    abs: abs_,
    min: min_,
    max: max_,
    len: len_,
    print: print_,
    range: range_,
    reversed: reversed_,
    types.vector: vector,
    types.matrix: matrix,
    types.quaternion: quaternion,
    types.transformation: transformation,
    type: type_,
}


def means(host: Any, name: str) -> Any:
    """Makes a host function stand for a builtin inside kernels."""
    PYTHON[host] = BUILTINS[name]
    return host
