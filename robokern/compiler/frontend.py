"""From a Python function to a Func: statements; two ways in, `lower` for kernels, `instantiate` for funcs."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from typing import Any

from robokern.compiler import (  # noqa: F401  they fill the tables
    expressions,
    gradient_call,
    intrinsics,
    operator_calls,
)
from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.builtins import BUILTINS
from robokern.compiler.calls import Instance, inout_positions
from robokern.compiler.contract import contract
from robokern.compiler.control import branch, for_loop, while_loop
from robokern.compiler.custom_gradient import float_parameters, gradient_of, replay_of, variable
from robokern.compiler.desugar import RESULT, desugar, falls_through
from robokern.compiler.expressions import OPERATOR_NAMES, binary
from robokern.compiler.function import Kernel, Overload
from robokern.compiler.intrinsics import atomic, lower_assert, range_bounds
from robokern.compiler.lowering import (
    Lowering,
    describe,
    flatten,
    is_mergeable,
    kernel_meaning,
    rebuild,
)
from robokern.compiler.options import Options, config
from robokern.compiler.places import Element, in_memory, place, read, root, write
from robokern.compiler.simplify import simplify
from robokern.compiler.unassigned import Undefined
from robokern.errors import KernelError
from robokern.ir.composite import Composite
from robokern.ir.nodes import Func, Value
from robokern.ir.types import ArrayType, IndexedArrayType, Inout, Type, as_type, scalar_of

Statement = Callable[[Lowering, Any], None]
STATEMENTS: dict[type, Statement] = {}
_lock = threading.RLock()


def statement(*kinds: type) -> Callable[[Statement], Statement]:
    """Registers how a kind of statement is lowered."""

    def register(handler: Statement) -> Statement:
        STATEMENTS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def lower(kernel: Kernel, types: tuple[Type, ...]) -> Func:
    """A kernel's program for these argument types.

    Raises:
        KernelError: with file, line, column, and the way out.
    """
    overload, chosen = kernel.overload, kernel.options
    key = types, chosen.key()
    with _lock:
        if key not in overload.instances:
            overload.instances[key] = simplify(contract(_lower_kernel(overload, types, chosen)))
        found: Func = overload.instances[key]
        return found


def _lower_kernel(overload: Overload, types: tuple[Type, ...], chosen: Options) -> Func:
    lo = Lowering(overload, instantiate, chosen)
    params = _bind_params(lo, types, {})
    _body(lo)
    result = lo.env.get(RESULT)
    if result is not None and not isinstance(result, Undefined):
        lo.fail(None, f"kernel {overload.name} returns a value", "write it to an array argument")
    lo.builder.body.yields = ()
    return _func(lo, params, tid_ndim=lo.tid_ndim)


def instantiate(
    caller: Lowering | None, node: Any, overload: Overload, types: tuple[Type, ...], statics: dict[str, Any]
) -> Instance:
    """A func's program for these argument types and compile-time arguments."""
    chosen = config if caller is None else caller.options
    key = types, tuple((n, _identity(statics[n])) for n in sorted(statics)), chosen.key()
    found = overload.instances.get(key)
    if found is _BUSY:
        assert caller is not None
        caller.fail(
            node, f"{overload.name}() calls itself", "recursion is not possible in kernels: write a loop"
        )
    if found is None:
        overload.instances[key] = _BUSY
        try:
            found = _lower_func(overload, types, statics, chosen)
        except BaseException:
            del overload.instances[key]
            raise
        # the entry keeps compile-time arguments alive, so that their ids stay theirs
        overload.instances[key] = found
        overload.instances["kept", key] = tuple(statics.values())
    assert isinstance(found, Instance)
    return found


_BUSY = object()


def _identity(x: Any) -> Any:
    """What tells compile-time arguments apart: values of plain data, identity of everything else."""
    if isinstance(x, (bool, int, float, str)):
        return type(x), repr(x)
    return x if isinstance(x, Type) else id(x)


def _lower_func(
    overload: Overload, types: tuple[Type, ...], statics: dict[str, Any], chosen: Options
) -> Instance:
    lo = Lowering(overload, instantiate, chosen)
    params = _bind_params(lo, types, statics)
    _body(lo)
    if falls_through(lo.source.node.body):
        lo.unassigned.end(lo.source.node)
    result = lo.env.get(RESULT)
    returned = [_result(lo, x) for x in flatten(result)] if result is not None else []
    shape = None if result is None else rebuild(result, ["value"] * len(returned))
    inouts = [lo.value(lo.env[n], None, p.inner) for n, p in overload.params if isinstance(p, Inout)]
    lo.builder.body.yields = (*returned, *inouts)
    made = _func(lo, params, None)
    _attach_derivative(overload, made, statics, chosen)
    return Instance(made, shape, lo.tid_ndim)


def _attach_derivative(overload: Overload, made: Func, statics: dict[str, Any], chosen: Options) -> None:
    def returning(written: Overload, types: tuple[Type, ...], known: dict[str, Any]) -> Func:
        return _lower_func(written, types, known, chosen).func

    def adding(written: Overload, types: tuple[Type, ...], known: dict[str, Any]) -> Func:
        return _lower_adjoint(written, types, known, chosen, sum(map(carries_float, made.results)))

    made.gradient = gradient_of(overload, made, statics, returning, adding)
    made.replay = replay_of(overload, tuple(p.type for p in made.params), statics, returning)


def _lower_adjoint(
    written: Overload, types: tuple[Type, ...], statics: dict[str, Any], chosen: Options, results: int
) -> Func:
    """A derivative that adds to `adjoint[x]`: one variable per parameter, which it returns."""
    lo = Lowering(written, instantiate, chosen)
    params = _bind_params(lo, types, statics)
    names = float_parameters(lo, results)
    for name in names:
        lo.env[variable(name)] = lo.builder.op("zero", type=lo.env[name].type)
    _body(lo)
    lo.builder.body.yields = tuple(lo.value(lo.env[variable(n)], None) for n in names)
    return _func(lo, params, None)


def _result(lo: Lowering, x: Any) -> Value:
    want = lo.overload.returns
    value = lo.value(x, None, want)
    if (
        isinstance(want, Type)
        and type(want) is type(value.type)
        and want != value.type
        and scalar_of(want) not in (None, Any)
    ):
        lo.fail(None, f"{lo.overload.name}() returns {value.type}, its annotation says {want}")
    return value


def _func(lo: Lowering, params: list[Value], tid_ndim: int | None) -> Func:
    names = tuple(lo.source.node.args.args[i].arg for i in range(len(lo.source.node.args.args)))
    overload = lo.overload
    return Func(
        overload.name,
        tuple(params),
        names,
        lo.builder.body,
        lo.source.loc(lo.source.node),
        tid_ndim,
        overload.contract and not lo.options.fast_math,
        lo.asserts,
        fast_math=lo.options.fast_math,
        lanes=lo.options.lanes,
        cold=overload.cold,
    )


def _bind_params(lo: Lowering, types: tuple[Type, ...], statics: dict[str, Any]) -> list[Value]:
    arguments = lo.source.node.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
        lo.fail(None, f"{lo.overload.name}() has * or ** parameters", "name every parameter")
    params: list[Value] = []
    remaining = list(types)
    for name, _ in lo.overload.params:
        if name in statics:
            lo.env[name] = statics[name]
        else:
            params.append(Value(remaining.pop(0)))
            lo.env[name] = params[-1]
    return params


def _body(lo: Lowering) -> None:
    try:
        statements = lo.source.node.body
        if isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant):
            statements = statements[1:]
        if statements:
            lo.unassigned.statements = desugar(statements)
            block(lo, lo.unassigned.statements)
    except RecursionError:
        raise KernelError(f"{lo.overload.name}() is nested too deeply", lo.source.file) from None


def block(lo: Lowering, statements: list[ast.stmt]) -> None:
    """Lowers statements in order."""
    for node in statements:
        handler = STATEMENTS.get(type(node))
        if handler is None:
            kind = type(node).__name__
            lo.fail(
                node,
                f"{kind.lower()} statements are not part of the kernel language",
                _STATEMENT_HINTS.get(kind),
            )
        lo.builder.loc = lo.source.loc(node)
        handler(lo, node)


_STATEMENT_HINTS = {
    "Try": "kernels raise no exceptions; use assert",
    "Raise": "write assert condition, message",
    "With": None,
    "FunctionDef": "define funcs outside of the kernel",
    "ClassDef": "define structs outside of the kernel",
    "Import": "import at the top of the file",
    "ImportFrom": "import at the top of the file",
    "Break": "break stands only in a loop",
}


@statement(ast.Pass)
def _pass(lo: Lowering, node: ast.Pass) -> None:
    pass


@statement(ast.Expr)
def _expr(lo: Lowering, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        lo.expr(node.value)


@statement(ast.Assert)
def _assert(lo: Lowering, node: ast.Assert) -> None:
    message = lo.expr(node.msg) if node.msg is not None else ast.unparse(node.test)
    if not isinstance(message, str):
        lo.fail(node, "an assert message must be a text known at compile time")
    lower_assert(lo, node, message)


@statement(ast.Assign)
def _assign(lo: Lowering, node: ast.Assign) -> None:
    if isinstance(node.value, ast.Call):
        node.value._unpacked = _unpacked(node.targets[0])  # type: ignore[attr-defined]
    x = kernel_meaning(lo.expr(node.value))
    for target in node.targets:
        assign(lo, target, x)


def _unpacked(target: ast.expr) -> int:
    return len(target.elts) if isinstance(target, ast.Tuple) else 1


def assign(lo: Lowering, target: ast.expr, x: Any) -> None:
    """`target = x`, tuples unpacked."""
    if isinstance(target, ast.Name):
        lo.assign(target.id, x)
    elif isinstance(target, ast.Tuple):
        items = _items(lo, target, x)
        for one, item in zip(target.elts, items, strict=True):
            assign(lo, one, item)
    else:
        write(lo, place(lo, target), x, target)


def _items(lo: Lowering, target: ast.Tuple, x: Any) -> tuple[Any, ...]:
    if isinstance(x, (Value, Composite)) and hasattr(x.type, "shape") and len(x.type.shape) == 1:
        value = lo.value(x, target)
        x = tuple(lo.builder.extract(value, k, value.type.dtype) for k in range(value.type.shape[0]))  # type: ignore[attr-defined]
    if not isinstance(x, tuple):
        lo.fail(target, f"cannot unpack {describe(x)} into {len(target.elts)} names")
    if len(x) != len(target.elts):
        lo.fail(target, f"cannot unpack {len(x)} values into {len(target.elts)} names")
    return x


@statement(ast.AnnAssign)
def _annotated(lo: Lowering, node: ast.AnnAssign) -> None:
    try:
        type_ = as_type(kernel_meaning(lo.expr(node.annotation)))
    except TypeError as error:
        lo.fail(node.annotation, str(error))
    if node.value is not None:
        x = lo.expr(node.value)
        assign(lo, node.target, lo.typed(x, type_, node.value, "annotated assignment"))


@statement(ast.AugAssign)
def _augmented(lo: Lowering, node: ast.AugAssign) -> None:
    at = place(lo, node.target)
    name = OPERATOR_NAMES[type(node.op)]
    if isinstance(root(at), Element) and name in ("add", "sub", "and", "or", "xor"):
        x = lo.expr(node.value)
        in_memory(lo, at, node, lambda element: atomic(lo, node, name, element, [x]))
    else:
        before = read(lo, at, node.target)  # first, as in Python: the right side may change it
        write(lo, at, binary(lo, node, name, before, lo.expr(node.value)), node)


@statement(ast.If)
def _if(lo: Lowering, node: ast.If) -> None:
    condition = lo.condition(node.test)
    if isinstance(condition, bool):
        block(lo, node.body if condition else node.orelse)
    else:
        branch(lo, node, condition, lambda: block(lo, node.body), lambda: block(lo, node.orelse))


@statement(ast.While)
def _while(lo: Lowering, node: ast.While) -> None:
    _no_else(lo, node)
    names = assigned(lo, [*node.body, ast.Expr(node.test)])
    while_loop(lo, node, names, lambda: block(lo, node.body))


def _no_else(lo: Lowering, node: ast.For | ast.While) -> None:
    if node.orelse:
        lo.fail(
            node.orelse[0], "else of a loop is not part of the kernel language", "set a flag before break"
        )


@statement(ast.For)
def _for(lo: Lowering, node: ast.For) -> None:
    _no_else(lo, node)
    items = _static_items(lo, node)
    if items is not None:
        for item in items:
            assign(lo, node.target, item)
            block(lo, node.body)
        return
    bounds = range_bounds(lo, node.iter)
    if not isinstance(node.target, ast.Name):
        lo.fail(node.target, "the counter of a range is one name")
    target = node.target.id
    like = next((b.type for b in bounds if isinstance(b, Value)), None)
    start, stop, step = (lo.value(b, node.iter, like) for b in bounds)

    def turn(counter: Value) -> None:
        lo.assign(target, counter)
        block(lo, node.body)

    for_loop(lo, node, (start, stop, step), assigned(lo, node.body, target), turn)


def _static_items(lo: Lowering, node: ast.For) -> Any:
    """What to unroll over: a tuple, or a short constant range; None for a loop at run time."""
    if not isinstance(node.iter, ast.Call):
        x = lo.expr(node.iter)
        return x if isinstance(x, tuple) else None
    bounds = range_bounds(lo, node.iter)
    if not all(isinstance(b, int) for b in bounds):
        return None
    turns = range(*bounds)
    return turns if len(turns) <= lo.options.max_unroll or _is_static(lo, node) else None


def _is_static(lo: Lowering, node: ast.For) -> bool:
    """Whether a static expression in the body needs the counter, which then must be known."""
    target = node.target.id if isinstance(node.target, ast.Name) else None
    calls = (c for s in node.body for c in ast.walk(s) if isinstance(c, ast.Call))
    return any(
        isinstance(n, ast.Name) and n.id == target
        for c in calls
        if ast.unparse(c.func).split(".")[-1] == "static" and _callee(lo, c) is BUILTINS["static"]
        for n in ast.walk(c)
    )


def assigned(lo: Lowering, statements: list[ast.stmt], *more: str) -> list[str]:
    """Variables that the statements may rebind, in order of appearance."""
    names = dict.fromkeys(more)
    for top in statements:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] = None
            elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                _add_base(lo, names, node)
            elif isinstance(node, ast.Call):
                for position in inout_positions(_callee(lo, node)):
                    if position < len(node.args):
                        _add_base(lo, names, node.args[position])
    return [n for n in names if is_mergeable(lo.env.get(n))]


def _add_base(lo: Lowering, names: dict[str, None], node: ast.expr) -> None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    type_ = getattr(lo.env.get(node.id), "type", None) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Name) and not isinstance(type_, (ArrayType, IndexedArrayType)):
        names[node.id] = None


def _callee(lo: Lowering, node: ast.Call) -> Any:
    """The object a call's function expression names, where that needs no code."""
    try:
        return lo.overload.evaluate(ast.unparse(node.func)) if _is_path(node.func) else None
    except Exception:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        return lo.env.get(name) if name else None


def _is_path(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and not node.id.startswith("$")
