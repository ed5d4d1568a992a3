"""Writes `robokern/__init__.pyi`, from which editors and type checkers know the public names.

    python -m tools.stubs            # prints it
    python -m tools.stubs --write    # updates the file

Everything comes from the tables that the compiler itself uses: named types, operators, builtins, funcs and
their overloads; result types are those the compiler infers. Host classes and functions are imported from
their modules, lazily loaded ones too. Generic funcs are listed for the usual types, then for any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import robokern as rk
from robokern.compiler.builtins import Builtin
from robokern.compiler.calls import find_overload
from robokern.compiler.frontend import instantiate
from robokern.compiler.function import OPERATORS, STATIC, Function, Overload
from robokern.compiler.lowering import flatten, rebuild
from robokern.errors import RobokernError
from robokern.ir.nodes import Value
from robokern.ir.types import (
    COMPOSITES,
    NAMED,
    SCALARS,
    ArrayType,
    Inout,
    Matrix,
    Quaternion,
    Scalar,
    Struct,
    Transform,
    Type,
    Vector,
    float32,
    float64,
    is_concrete,
    is_float,
    scalar_of,
)

STUB = Path(rk.__file__).with_suffix(".pyi")

HEAD = '''"""robokern: typed Python kernels, geometry and plugins for robot simulators.

Written by tools/stubs.py; do not edit.
"""

# overloads begin with the narrower type
# mypy: disable-error-code="overload-overlap, overload-cannot-match, override, misc"

import builtins
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, dataclass_transform, overload as _overload

_T = TypeVar("_T")
_Class = TypeVar("_Class", bound=builtins.type)
_F = TypeVar("_F", bound=Callable[..., Any])

__version__: str

'''

DECORATORS = '''
@_overload
def func(python: _F) -> _F: ...
@_overload
def func(
    python: None = None, *, contract: bool = True, inline: bool | None = None, module: Any = None
) -> Callable[[_F], _F]: ...
def func(python: Any = None, *, contract: bool = True) -> Any:
    """Makes a Python function callable in kernels."""

@_overload
def kernel(python: Callable[..., None]) -> Kernel: ...
@_overload
def kernel(python: None = None, **given: Any) -> Callable[[Callable[..., None]], Kernel]: ...
def kernel(python: Any = None, **given: Any) -> Any:
    """Makes a Python function a kernel: run once per grid item by `rk.launch`; it returns nothing."""

@dataclass_transform(kw_only_default=True)
def struct(python: _Class) -> _Class:
    """Makes a class with annotated fields a struct of the kernel language, callable on the host too."""

def constant(x: _T) -> _T:
    """A compile-time constant; the value itself."""

def static(expression: _T) -> _T:
    """static(expression): evaluated by Python when the kernel is compiled."""

'''

ARRAYS = '''
class array(Array, Generic[_T]):
    """An array: in annotations `rk.array[rk.vec3]`, on the host `rk.array(data, dtype=rk.vec3)`."""

    @_overload
    def __new__(
        cls, data: Any, dtype: builtins.type[_T], shape: Any = ..., device: Any = ..., copy: bool = ...,
        ndim: int | None = ..., requires_grad: bool = ...
    ) -> array[_T]: ...
    @_overload
    def __new__(
        cls, data: Any = ..., dtype: Any = ..., shape: Any = ..., device: Any = ..., copy: bool = ...,
        ndim: int | None = ..., requires_grad: bool = ...
    ) -> array[Any]: ...
    def __getitem__(self, key: Any) -> _T: ...
    @_overload
    def __setitem__(
        self: array[float64] | array[float16] | array[bfloat16], key: Any, value: float
    ) -> None: ...
    @_overload
    def __setitem__(
        self: array[int8] | array[int16] | array[int64]
        | array[uint8] | array[uint16] | array[uint32] | array[uint64],
        key: Any, value: int
    ) -> None: ...
    @_overload
    def __setitem__(self, key: Any, value: _T) -> None: ...

class indexedarray(IndexedArray, Generic[_T]):
    """An array seen through lists of indices: `rk.indexedarray[rk.vec3]` in annotations."""

    def __new__(
        cls, data: Any = ..., indices: Any = ..., dtype: Any = ..., ndim: int | None = ...
    ) -> indexedarray[Any]: ...
    def __getitem__(self, key: Any) -> _T: ...
    @_overload
    def __setitem__(
        self: indexedarray[float64] | indexedarray[float16] | indexedarray[bfloat16], key: Any, value: float
    ) -> None: ...
    @_overload
    def __setitem__(
        self: indexedarray[int8] | indexedarray[int16] | indexedarray[int64]
        | indexedarray[uint8] | indexedarray[uint16] | indexedarray[uint32] | indexedarray[uint64],
        key: Any, value: int
    ) -> None: ...
    @_overload
    def __setitem__(self, key: Any, value: _T) -> None: ...

array1d = array
indexedarray1d = indexedarray
'''

ARRAY = '''
class {kind}{n}d({kind}[_T]):
    """{N} dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[{ints}]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
'''

_BASES: dict[type, str] = {
    Vector: "_Vector",
    Matrix: "_Matrix",
    Quaternion: "_Quaternion",
    Transform: "_Transform",
}

BASES = """
class _Vector: ...
class _Matrix: ...
class _Quaternion: ...
class _Transform: ...
"""

# builtins that give what they take; all others give Any
_SAME = ("abs", "ceil", "floor", "rint", "sqrt", "trunc", "copy", "pos", "neg", "invert")
_ALIKE = ("min", "max", "fma")
_WRITTEN = frozenset(
    {
        "func",
        "kernel",
        "struct",
        "constant",
        "static",
        "array",
        "array1d",
        "indexedarray1d",
        "Float",
        "Int",
        "Scalar",
    }
)

_TEXT = {"float32": "float", "int32": "int", "bool": "bool"}
_SYMBOLS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "matmul": "matmul"}


def main() -> None:
    """Prints the stub, or writes it."""
    if "--write" in sys.argv:
        STUB.write_text(stub())
    else:
        sys.stdout.write(stub())


def stub() -> str:
    """The whole text."""
    names = {name: getattr(rk, name) for name in sorted(vars(rk)["__all__"])}
    parts = [HEAD, *_imports(names), DECORATORS, *_scalars(), BASES, *_composites(), ARRAYS]
    parts += [
        ARRAY.format(kind=kind, n=n, N=word, ints=", ".join(["int"] * n))
        for kind in ("array", "indexedarray")
        for n, word in ((2, "Two"), (3, "Three"), (4, "Four"))
    ]
    parts += [_constant(name, x) for name, x in names.items() if isinstance(x, (float, int))]
    parts.append("config: Config\nDeviceLike = Device | str | None\n")
    parts += [
        _builtin(name, x) for name, x in names.items() if isinstance(x, Builtin) and name not in _WRITTEN
    ]
    parts += [_function(name, x) for name, x in names.items() if isinstance(x, Function)]
    parts += [_struct(name, x) for name, x in names.items() if isinstance(x, Struct)]
    return "".join(parts)


def _imports(names: dict[str, Any]) -> Iterator[str]:
    """Host classes and functions, from the modules that define them."""
    yield "from robokern.compiler.options import Config\nfrom robokern.ir.composite import Composite\n"
    for name, x in names.items():
        if isinstance(x, ModuleType):
            package, _, module = x.__name__.rpartition(".")
            yield f"from {package} import {module} as {name}\n"
        elif hasattr(x, "__qualname__") and name not in _WRITTEN and name != "indexedarray":
            yield f"from {x.__module__} import {x.__name__} as {name}\n"


def _constant(name: str, x: Any) -> str:
    return f"{name}: {type(x).__name__}\n"


def _scalars() -> Iterator[str]:
    """Classes of the scalars that Python has not.

    `float` and `int` mean float32 and int32 in kernels, so these are Python's. The others are no kinds of
    them: what takes a float takes no float64 without a cast. A literal meets any scalar of its kind; a
    checker cannot tell it from a variable, so that is where mixed scalars remain the compiler's to find.
    """
    yield "\nfloat32 = float\nint32 = int\nhandle = uint64\n"
    for scalar in SCALARS:
        if scalar.name not in _TEXT:
            yield "\n".join(_scalar(scalar)) + "\n"
    yield _VARIABLES.format(**{kind: ", ".join(_of_kind(kind)) for kind in ("f", "iu", "fiu")})


def _scalar(scalar: Scalar) -> Iterator[str]:
    name, literal = scalar.name, "float" if scalar.kind == "f" else "int"
    yield f'\nclass {name}:\n    """{scalar.bits}-bit {_KINDS[scalar.kind]}."""\n'
    yield "    def __init__(self, value: Any = 0) -> None: ..."
    for symbol in ("add", "sub", "mul", "mod", *_OF_KIND[literal]):
        for side in ("", "r"):
            yield f"    def __{side}{symbol}__(self, other: {name} | {literal}) -> {name}: ..."
    for symbol in ("lt", "le", "gt", "ge"):
        yield f"    def __{symbol}__(self, other: {name} | {literal}) -> bool: ..."
    for symbol in ("neg", "pos", "abs", *(["invert"] if literal == "int" else [])):
        yield f"    def __{symbol}__(self) -> {name}: ..."
    yield "    def __float__(self) -> float: ...\n    def __int__(self) -> int: ..."
    yield "    def __bool__(self) -> bool: ..."
    if literal == "int":
        yield "    def __index__(self) -> int: ..."


_OF_KIND = {
    "float": ("truediv", "pow"),
    "int": ("floordiv", "and", "or", "xor", "lshift", "rshift"),
}
_VARIABLES = """
Float = TypeVar("Float", {f})
Int = TypeVar("Int", {iu})
Scalar = TypeVar("Scalar", {fiu})
"""


def _of_kind(kinds: str) -> list[str]:
    return [text(s) for s in SCALARS if s.kind in kinds]


_KINDS = {"f": "floating-point number", "i": "signed integer", "u": "unsigned integer", "b": "truth value"}


def _composites() -> Iterator[str]:
    seen: dict[Type, str] = {}
    for name in sorted(NAMED, key=lambda n: (n[:-1] if n.endswith("f") else n, n.endswith("f"))):
        type_ = NAMED[name]
        if type_ in seen:
            yield f"{name} = {seen[type_]}\n"
        else:
            seen[type_] = name
            yield _composite(name, type_)


def _composite(name: str, type_: Any) -> str:
    scalar = text(type_.dtype)
    lines = [
        f"\nclass {name}({_BASES[type(type_)]}):",
        f'    """{_summary(type_)}"""\n',
        f"    dtype: builtins.type[{scalar}]",
    ]
    lines += [f"    {part}: {kind}" for part, kind in _members(type_)]
    lines += [f"    def __init__(self, *components: Any{_keywords(type_)}) -> None: ...", *_indexing(type_)]
    lines += [
        "    def __len__(self) -> int: ...",
        f"    def __iter__(self) -> Iterator[{_row(type_)}]: ...",
        f"    def __neg__(self) -> {name}: ...",
    ]
    for operator, symbol in _SYMBOLS.items():
        lines += _method(f"__{symbol}__", _meanings(operator, type_))
    lines += _method("__rmul__", [(type_.dtype, type_)])
    return "\n".join(lines) + "\n"


def _summary(type_: Any) -> str:
    shape = " x ".join(map(str, type_.shape))
    return {
        Vector: f"Vector of {shape} {type_.dtype} components.",
        Matrix: f"Matrix of {shape} {type_.dtype} components, row by row.",
        Quaternion: f"Quaternion x, y, z, w of {type_.dtype}.",
        Transform: f"Rigid transform of {type_.dtype}: position p, then orientation q.",
    }[type(type_)]


def _members(type_: Any) -> list[tuple[str, str]]:
    if isinstance(type_, Transform):
        return [(part, text(kind)) for part, (_, kind) in type_.parts.items()]
    if isinstance(type_, Matrix):
        return []
    return [(c, text(type_.dtype)) for c in "xyzw"[: type_.shape[0]]]


def _keywords(type_: Any) -> str:
    return ", p: Any = ..., q: Any = ..." if isinstance(type_, Transform) else ""


def _row(type_: Any) -> str:
    return text(Vector(type_.cols, type_.dtype)) if isinstance(type_, Matrix) else text(type_.dtype)


def _indexing(type_: Any) -> list[str]:
    lines = ["    @_overload", f"    def __getitem__(self, index: int) -> {_row(type_)}: ..."]
    if isinstance(type_, Matrix):
        lines += [
            "    @_overload",
            f"    def __getitem__(self, index: tuple[int, int]) -> {text(type_.dtype)}: ...",
        ]
    return [
        *lines,
        "    @_overload",
        "    def __getitem__(self, index: Any) -> Any: ...",
        "    def __setitem__(self, index: Any, value: Any) -> None: ...",
    ]


def _meanings(operator: str, type_: Any) -> list[tuple[Any, Any]]:
    """Right operands of an operator after `type_`, and what comes out."""
    found = [(type_, type_)] if operator in ("add", "sub") else []
    if operator == "mul" or (operator == "div" and is_float(type_)):
        found.append((type_.dtype, type_))
    others = [t for t in dict.fromkeys(NAMED.values()) if scalar_of(t) == type_.dtype]
    table = OPERATORS.get(operator)
    for other in others:
        bound = None if table is None else find_overload(table, [Value(type_), Value(other)], {})
        if bound is not None and (other, type_) not in found:
            result = _result(bound.overload, (type_, other))
            if result is not None:
                found.append((other, result))
    return found


def _method(name: str, meanings: list[tuple[Any, Any]]) -> list[str]:
    many = len(meanings) > 1
    return [
        line
        for other, result in meanings
        for line in (
            *(["    @_overload"] if many else []),
            f"    def {name}(self, other: {text(other)}) -> {text(result)}: ...",
        )
    ]


def text(type_: Any) -> str:
    """A type as the stub writes it."""
    if isinstance(type_, tuple):
        return f"tuple[{', '.join(map(text, type_))}]"
    if type_ is None:
        return "None"
    if isinstance(type_, Inout):
        return text(type_.inner)
    if isinstance(type_, Scalar):
        return _TEXT.get(type_.name, type_.name)
    if isinstance(type_, ArrayType):
        digits = "" if type_.ndim == 1 else f"{type_.ndim}d"
        return f"array{digits}[{text(type_.dtype)}]"
    if isinstance(type_, COMPOSITES):
        return next((n for n, t in NAMED.items() if t == type_), f"{_BASES[type(type_)]} | Composite")
    if isinstance(type_, Struct):
        return type_.name if getattr(rk, type_.name, None) == type_ else "Any"
    return "Any"


def _builtin(name: str, builtin: Builtin) -> str:
    if name in _SAME:
        signature, result = "x: _T", "_T"
    elif name in _ALIKE:
        signature, result = "x: _T, *more: _T", "_T"
    else:
        signature, result = "*args: Any, **options: Any", "Any"
    return f'\ndef {name}({signature}) -> {result}:\n    """{builtin.__doc__}"""\n'


def _function(name: str, function: Function) -> str:
    """A func with all overloads, each with the type it returns."""
    signatures = list(dict.fromkeys(s for o in function.overloads for s in _signatures(o)))
    doc = (function.__doc__ or "").strip().split("\n")[0].replace("\\", "\\\\")
    body = f':\n    """{doc}"""\n' if doc else ": ...\n"
    if len(signatures) == 1:
        return f"\ndef {name}{signatures[0]}{body}"
    return "\n" + "".join(f"@_overload\ndef {name}{signature}{body}" for signature in signatures)


def _signatures(overload: Overload) -> Iterator[str]:
    patterns = [p.inner if isinstance(p, Inout) else p for _, p in overload.params]
    for types in _candidates(patterns):
        result = _result(overload, types)
        if result is not None:
            yield _signature(overload, types, text(result))
    if any(not _is_fixed(p) for p in patterns):
        yield _signature(overload, tuple(patterns), "Any")
    elif _result(overload, tuple(patterns)) is None:
        yield _signature(overload, tuple(patterns), "None")


def _signature(overload: Overload, types: tuple[Any, ...], result: str) -> str:
    defaults = overload.defaults
    params = [
        f"{name}: {text(type_)}{' = ...' if name in defaults else ''}"
        for (name, _), type_ in zip(overload.params, types, strict=True)
    ]
    return f"({', '.join(params)}) -> {result}"


def _is_fixed(pattern: Any) -> bool:
    return pattern is not STATIC and is_concrete(pattern)


def _candidates(patterns: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The usual types for patterns: one scalar type and length throughout."""
    if any(p is STATIC for p in patterns):
        return
    if all(map(_is_fixed, patterns)):
        yield tuple(patterns)
        return
    for scalar, length, mode in product((float32, float64), (2, 3, 4), ("scalars", "vectors", "mixed")):
        last = len(patterns) - 1
        kinds = [mode == "vectors" or (mode == "mixed" and i < last) for i in range(len(patterns))]
        yield tuple(_chosen(p, scalar, length, kind) for p, kind in zip(patterns, kinds, strict=True))


def _chosen(pattern: Any, scalar: Scalar, length: int, as_vector: bool) -> Any:
    def known(x: Any, other: Any) -> Any:
        return other if x is Any or isinstance(x, TypeVar) else x

    if pattern is Any or isinstance(pattern, TypeVar):
        return Vector(length, scalar) if as_vector else scalar
    if isinstance(pattern, Vector):
        return Vector(known(pattern.length, length), known(pattern.dtype, scalar))
    if isinstance(pattern, Matrix):
        return Matrix(known(pattern.rows, length), known(pattern.cols, length), known(pattern.dtype, scalar))
    if isinstance(pattern, (Quaternion, Transform)):
        return type(pattern)(known(pattern.dtype, scalar))
    if isinstance(pattern, ArrayType):
        return ArrayType(known(pattern.dtype, scalar), pattern.ndim)
    return pattern


def _result(overload: Overload, types: tuple[Any, ...]) -> Any:
    """What an overload returns for these types, as nested tuples; None for nothing or a misfit."""
    try:
        instance = instantiate(None, None, overload, types, {})
    except (RobokernError, TypeError, AttributeError):
        return None
    if instance.shape is None:
        return None
    count = len(flatten(instance.shape))
    return rebuild(instance.shape, [v.type for v in instance.func.body.yields[:count]])


def _struct(name: str, struct: Struct) -> str:
    fields = "".join(f"    {field}: {text(type_)}\n" for field, type_ in struct.fields)
    parameters = "".join(f", {field}: {text(type_)} = ..." for field, type_ in struct.fields)
    init = f"    def __init__(self, *{parameters}) -> None: ...\n"
    return f"\nclass {name}:\n{fields}{init}"


if __name__ == "__main__":
    main()
