"""Funcs and operators called by Python: lowered for the arguments' types and run by the interpreter.

The result has the bits it has in a kernel. Meant for trying out and for set-up code; kernels are for speed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from robokern.compiler.builtins import Builtin
from robokern.compiler.calls import Binding, Instance, find_overload, type_of
from robokern.compiler.contract import contract
from robokern.compiler.expressions import VERBS
from robokern.compiler.frontend import instantiate
from robokern.compiler.function import OPERATORS, STATIC, Function, func
from robokern.compiler.lowering import describe, rebuild
from robokern.compiler.source import from_source
from robokern.ir.composite import Composite
from robokern.ir.interpret import call as interpret
from robokern.ir.nodes import Func
from robokern.ir.types import ArrayType, IndexedArrayType, Inout, is_integer, scalar_of


def call(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the func returns; new values of inout parameters follow, and vectors passed for them change.

    Raises:
        TypeError: no overload takes these arguments.
        KernelError: the func cannot be compiled.
    """
    bound = find_overload(function, list(args), kwargs)
    if bound is None:
        given = [*map(shown, args), *(f"{name}={shown(x)}" for name, x in kwargs.items())]
        raise TypeError(f"{function.name}() does not take ({', '.join(given)})")
    instance, values = _instance(bound)
    results = list(interpret(_contracted(instance.func), *values))
    returned = None if instance.shape is None else rebuild(instance.shape, results)
    _write_back(bound, results)
    return (returned, *results) if results else returned


def _write_back(bound: Binding, results: list[Any]) -> None:
    """Vectors and the like that were passed for inout parameters take their new values."""
    passed = [a for (_, p), a in zip(bound.overload.params, bound.args, strict=True) if isinstance(p, Inout)]
    for argument, new in zip(passed, results, strict=True):
        if isinstance(argument, Composite) and isinstance(new, Composite):
            argument.data[...] = new.data


def call_builtin(builtin: Builtin, args: tuple[Any, ...]) -> Any:
    """What a builtin gives for host values.

    Raises:
        KernelError: it does not take them.
    """
    return call(_wrapped(builtin, len(args)), args, {})


@cache
def _wrapped(builtin: Builtin, count: int) -> Function:
    names = ", ".join(f"x{i}" for i in range(count))
    text = f"@func\ndef {builtin.name}({names}):\n    return builtin({names})\n"
    made: Function = from_source(text, "host", {"func": func, "builtin": builtin})[builtin.name]
    return made


def shown(x: Any) -> str:
    """An argument for messages: its type if it has one."""
    return str(type_of(x) or describe(x))


def _instance(bound: Binding) -> tuple[Instance, list[Any]]:
    statics, values, types = {}, [], []
    for (name, _), x, type_ in zip(bound.overload.params, bound.args, bound.types, strict=True):
        if type_ is STATIC:
            statics[name] = x
        else:
            values.append(_checked(x, type_))
            types.append(type_)
    return instantiate(None, None, bound.overload, tuple(types), statics), values


def _checked(x: Any, type_: Any) -> Any:
    """An argument; an array is refused, and a Python integer that the type does not have."""
    if isinstance(type_, (ArrayType, IndexedArrayType)):
        raise TypeError(f"on the host no func takes {type_}: pass elements, or call it in a kernel")
    if type(x) is int and is_integer(type_) and int(type_(x)) != x:
        raise TypeError(f"{x} does not fit {type_}")
    return x


@cache
def _contracted(func: Func) -> Func:
    return contract(func)


def operate(name: str, a: Any, b: Any) -> Any:
    """An operator on host values, at least one a composite.

    Raises:
        TypeError: the operator has no meaning for these types.
    """
    table = OPERATORS.get(name)
    scalar: Any = scalar_of(a.type if isinstance(a, Composite) else b.type)
    fits = all(_becomes(x, scalar) for x in (a, b))
    args = tuple(x if isinstance(x, Composite) else scalar(x) for x in (a, b)) if fits else (a, b)
    if table is None or not fits or find_overload(table, list(args), {}) is None:
        raise TypeError(f"cannot {VERBS[name]} {shown(a)} and {shown(b)}")
    return call(table, args, {})


def _becomes(x: Any, scalar: Any) -> bool:
    """Whether an operand may take that type: a float no integer's."""
    return scalar.kind == "f" or not isinstance(x, (float, np.floating))
