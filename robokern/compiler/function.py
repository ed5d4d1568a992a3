"""What the decorators make: `Function` (a set of overloads), `Kernel`, structs; source is read later."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType, NoneType
from typing import Any, ClassVar, dataclass_transform, get_origin

from robokern.compiler import options
from robokern.compiler.builtins import Builtin, means, static
from robokern.compiler.module import Module, get_module
from robokern.compiler.source import Source, source_of
from robokern.errors import KernelError, UnsupportedError
from robokern.ir.types import Inout, Struct, as_type, is_concrete, matches


class Static:
    """Pattern of a parameter that takes a compile-time value: a func, a type, a string."""

    def __str__(self) -> str:
        return "compile-time value"


STATIC = Static()


@dataclass(eq=False)
class Overload:
    """One Python function of the kernel language."""

    python: Callable[..., Any]
    contract: bool = True
    cold: bool = False
    instances: dict[Any, Any] = field(default_factory=dict)
    gradients: list[Overload] = field(default_factory=list)  # derivatives written by hand
    replays: list[Overload] = field(default_factory=list)  # what stands for it in derivatives
    _params: tuple[tuple[str, Any], ...] | None = None
    _source: Source | None = None

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.python.__name__

    @property
    def source(self) -> Source:
        """Its syntax tree (read on first use)."""
        if self._source is None:
            self._source = source_of(self.python)
        return self._source

    @property
    def params(self) -> tuple[tuple[str, Any], ...]:
        """Names and type patterns of the parameters."""
        if self._params is None:
            code = self.python.__code__
            names = code.co_varnames[: code.co_argcount]
            self._params = tuple((n, self._pattern(n)) for n in names)
        return self._params

    @property
    def returns(self) -> Any:
        """The return annotation's type, or None when there is none that can be checked."""
        annotation = self.python.__annotations__.get("return")
        annotation = self.evaluate(annotation) if isinstance(annotation, str) else annotation
        try:
            return None if annotation is None else as_type(annotation)
        except TypeError:
            return None

    @property
    def defaults(self) -> dict[str, Any]:
        """Default values by parameter name."""
        values = self.python.__defaults__ or ()
        names = [n for n, _ in self.params]
        return dict(zip(names[len(names) - len(values) :], values, strict=True))

    def _pattern(self, name: str) -> Any:
        annotation = self.python.__annotations__.get(name, Any)
        if isinstance(annotation, str):
            annotation = self._annotation(name, annotation)
        if _origin(annotation) in (Callable, Function, type, static):
            return STATIC
        try:
            return as_type(annotation)
        except TypeError as error:
            node = next(a for a in self.source.node.args.args if a.arg == name)
            raise self.source.error(node, f"parameter {name!r}: {error}") from None

    def _annotation(self, name: str, text: str) -> Any:
        try:
            return self.evaluate(text)
        except NameError as error:
            node = next(a for a in self.source.node.args.args if a.arg == name)
            hint = "without `from __future__ import annotations` Python finds names of an enclosing function"
            raise self.source.error(node, f"parameter {name!r}: {error}", hint) from None

    def evaluate(self, text: str) -> Any:
        """A Python expression in the scope the function was defined in."""
        return eval(text, self.python.__globals__, self.captured)

    @property
    def captured(self) -> dict[str, Any]:
        """Values of the enclosing functions' variables that it uses."""
        names = self.python.__code__.co_freevars
        cells = self.python.__closure__ or ()
        return {n: c.cell_contents for n, c in zip(names, cells, strict=True) if _filled(c)}


def _origin(annotation: Any) -> Any:
    """`Callable` of `typing.Callable` and `Callable[[float], float]`; others as they are."""
    return get_origin(annotation) or annotation


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _no_host(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    raise TypeError(
        f"{function.name}() belongs to the kernel language: import robokern to call it on the host"
    )


class Function:
    """A named set of overloads, callable in kernels and, for trying out, on the host."""

    on_host: ClassVar[Callable[..., Any]] = staticmethod(_no_host)  # set by robokern

    def __init__(self, name: str, doc: str | None = None) -> None:
        self.name = self.__name__ = name
        self.__doc__ = doc
        self.overloads: list[Overload] = []

    def add(self, overload: Overload) -> None:
        """Adds an overload; one with the same place in the source is replaced (a re-run notebook cell)."""
        place = _place(overload)
        self.overloads = [o for o in self.overloads if _place(o) != place]
        self.overloads.append(overload)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs it on the host, with the result it has in a kernel; inout arguments follow the results."""
        return Function.on_host(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<func {self.name}>"


def _place(overload: Overload) -> tuple[str, int]:
    code = overload.python.__code__
    return code.co_filename, code.co_firstlineno


def func_grad(function: Function) -> Callable[[Any], Any]:
    """Gives a func a derivative written by hand, used instead of the one derived from its body.

    The decorated function takes the func's parameters, then an adjoint for each of its results, and adds to
    `adjoint[x]` for each parameter x, or returns the adjoints of the parameters that carry floats.
    """

    def register(python: Any) -> Any:
        for overload in function.overloads:
            overload.gradients += python.overloads if isinstance(python, Function) else [Overload(python)]
        _note_by_hand(function, python)
        return python

    return register


def func_replay(function: Function) -> Callable[[Any], Any]:
    """Gives a func another body for the time that a derivative computes it again."""

    def register(python: Any) -> Any:
        for overload in function.overloads:
            overload.replays += python.overloads if isinstance(python, Function) else [Overload(python)]
        _note_by_hand(function, python)
        return python

    return register


BY_HAND: list[Function] = []  # funcs of this package whose derivatives were written outside of the library


def _note_by_hand(function: Function, written: Any) -> None:
    of_package = any(o.python.__module__.startswith("robokern.") for o in function.overloads)
    python = written.overloads[0].python if isinstance(written, Function) else written
    of_library = str(getattr(python, "__module__", "")).startswith("robokern.lang.")
    if of_package and not of_library and function not in BY_HAND:
        BY_HAND.append(function)


class Gradient:
    """What `grad(f)` gives: called in a kernel, it gives the derivatives of f by its arguments."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.name = self.__name__ = f"grad({function.name})"

    def __call__(self, *args: Any) -> Any:
        raise TypeError(f"{self.name} belongs to the kernel language: call it in a kernel or func")

    def __repr__(self) -> str:
        return f"<gradient of {self.function.name}>"


def grad(function: Any) -> Gradient:
    """The derivatives of a func or builtin, for use in kernels: `by_x, by_y = rk.grad(f)(x, y)`.

    Called with f's arguments it gives one derivative per argument, alone if there is one argument: of the
    argument's type, 0 for integers, none (it cannot be used) for an array. Where f returns several floats
    they are those of their sum. f may have loops, branches, structs and a derivative by hand (`func_grad`);
    it may read arrays, which are constant, and not write to them. The result can be differentiated again.

    Raises:
        TypeError: not a func.
    """
    if not isinstance(function, (Function, Builtin)):
        raise TypeError(f"grad() takes a func, got {function!r}; decorate it with @rk.func")
    return Gradient(function)


means(grad, "grad")

_functions: dict[tuple[str, str, str], Function] = {}
OPERATORS: dict[str, Function] = {}


def func(
    python: Any = None,
    *,
    contract: bool = True,
    cold: bool = False,
    inline: bool | None = None,
    module: Any = None,
) -> Any:
    """Makes a Python function callable in kernels.

    Functions of one name in one module are overloads, told apart by their parameter types.

    Args:
        contract: whether `a * b + c` in it may be fused into one rounding.
        cold: it is called seldom; its code shall be short, not fast.
        inline, module: hints for Warp's compiler; taken without effect.

    Raises:
        TypeError: `inline` is no truth value.
    """
    if not isinstance(inline, (bool, NoneType)):
        raise TypeError(f"func: inline must be a bool, got {inline!r}")
    scope = sys._getframe(1)
    if python is None:
        return lambda p: _added(p, Overload(p, contract, cold), scope)
    return _added(python, Overload(python, contract, cold), scope)


def _added(python: Any, overload: Overload, scope: FrameType) -> Function:
    """The Function that an overload belongs to, with it."""
    key = python.__module__, python.__code__.co_filename, python.__qualname__
    # a factory makes new functions each time it is called
    function = _beside(overload, scope) if "<locals>" in key[2] else _functions.get(key)
    # nor does the same text run again with other names around it
    if function is None or function.overloads[-1].python.__globals__ is not python.__globals__:
        function = _functions[key] = Function(python.__name__, python.__doc__)
    others = [o for o in function.overloads if not _same_parameters(o, overload)]
    if len(others) < len(function.overloads):  # who holds the one before keeps it, as everywhere in Python
        function = _functions[key] = Function(python.__name__, python.__doc__)
        function.overloads = others
    function.__doc__ = function.__doc__ or python.__doc__
    function.add(overload)
    return function


def _same_parameters(a: Overload, b: Overload) -> bool:
    """Whether two overloads take arguments of the same types; False where that is not known yet."""
    try:
        return [p for _, p in a.params] == [p for _, p in b.params] and _place(a) != _place(b)
    except (KernelError, NameError, AttributeError):
        a._params = b._params = None
        return False


def _beside(overload: Overload, scope: FrameType) -> Function | None:
    """The Function of this name that was made a few lines above, in the same call of the factory."""
    found = scope.f_locals.get(overload.name)
    if not isinstance(found, Function):
        return None
    theirs, mine = found.overloads[-1].python.__qualname__, overload.python.__qualname__
    again = any(_place(o) == _place(overload) for o in found.overloads)
    return found if theirs == mine and not again else None


def operator(name: str) -> Callable[[Any], Function]:
    """Registers a meaning of an operator: add sub mul div floordiv mod pow matmul neg pos invert."""

    def register(python: Any) -> Function:
        function: Function = python if isinstance(python, Function) else func(python)
        table = OPERATORS.setdefault(name, Function(name))
        for overload in function.overloads:
            if overload not in table.overloads:
                table.add(overload)
        return function

    return register


class Kernel:
    """A function that runs once per item of a grid; see `rk.launch`.

    Args:
        func: the Python function; `@rk.kernel` above it makes a kernel too.
        key: name for messages.
        module: whose options hold for it, a `Module` or a name; the function's own where there is none.
        options: as those of `@rk.kernel`.

    Attributes:
        func, key, module: as given.
        params: names and types of its parameters.
        launchers: the runtime's prepared launches, by argument types.
        listed: what `overload` made of it.
        ahead: what makes a launcher of code compiled ahead of time, by the text of the argument types.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        key: str | None = None,
        module: Any = None,
        options: dict[str, Any] | None = None,
        code_transformers: Sequence[Any] = (),
    ) -> None:
        if code_transformers:
            raise UnsupportedError("rewriting a kernel's syntax tree is not supported: rk.from_source(text)")
        given = _checked_options(options or {})
        self.func = func
        self.overload = Overload(func, given.get("contract", True))
        self.given = given
        self.key = self.name = self.__name__ = key or given.get("name") or func.__name__
        self.module = _module_of(func, module or given.get("module"))
        self.__module__, self.__doc__ = func.__module__, func.__doc__
        self.launchers: dict[Any, Any] = {}
        self.listed: list[Kernel] = []
        self.ahead: dict[str, Callable[..., Any]] = {}

    def forget(self) -> None:
        """Drops the prepared launches, and with them the code that nothing else uses."""
        self.launchers.clear()

    @property
    def params(self) -> tuple[tuple[str, Any], ...]:
        """Names and types (patterns, if generic) of the parameters."""
        return self.overload.params

    def with_types(self, types: dict[str, Any]) -> Kernel:
        """The kernel with these parameters' types fixed.

        Raises:
            TypeError: no such parameter, or a type its annotation does not allow.
        """
        fixed = Kernel(self.func, self.key, self.module, self.given)
        chosen = {name: as_type(t) for name, t in types.items()}
        for name, type_ in chosen.items():
            pattern = dict(self.params).get(name)
            if pattern is None or not matches(pattern, type_):
                raise TypeError(f"kernel {self.name}: parameter {name!r} cannot be {type_}")
        fixed.overload._params = tuple((n, chosen.get(n, p)) for n, p in self.params)
        return fixed

    @property
    def options(self) -> options.Options:
        """The options that hold for it now."""
        own = {**self.given.get("module_options", {}), **self.given}
        return options.options_of(self.module.name, {n: v for n, v in own.items() if n in options.NAMES})

    @property
    def is_generic(self) -> bool:
        """Whether some parameter's type is only known at launch."""
        return not all(is_concrete(t) for _, t in self.params)

    def __call__(self, *args: Any) -> Any:
        raise TypeError(
            f"kernel {self.name}() is launched, not called: rk.launch({self.name}, dim=..., inputs=[...])"
        )

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"


# from `module` on they have a meaning for other compilers only
_OTHER_OPTIONS = (
    "contract", "name", "module_options", "module", "launch_bounds", "grid_stride", "cluster_dim",
    "cuda_max_registers", "enable_cuda_smem_spilling",
)  # fmt: skip


def kernel(python: Any = None, **given: Any) -> Any:
    """Makes a Python function a kernel: run once per grid item by `rk.launch`; it returns nothing.

    Args:
        python: the function; each parameter is annotated, with `Any` where launches bring different types.
        given: options, see `rk.config`; `name` for messages; `contract=False` rounds `a * b + c` twice.

    Raises:
        TypeError: there is no such option.
    """
    given = _checked_options(given)
    return (lambda p: Kernel(p, options=given)) if python is None else Kernel(python, options=given)


def _checked_options(given: dict[str, Any]) -> dict[str, Any]:
    """The options of a kernel, without those that only Warp has."""
    given = options.own_options(given, depth=3)
    if "module_options" in given:
        given["module_options"] = options.own_options(given["module_options"], depth=3)
    known = (*options.NAMES, *_OTHER_OPTIONS)
    unknown = [o for o in given if o not in known]
    if unknown:
        raise TypeError(f"kernel has no option {unknown[0]!r} (options: {', '.join(known)})")
    return given


def _module_of(func: Callable[..., Any], given: Any) -> Module:
    """Whose options hold for a kernel; "unique" is Warp's word for one compiled by itself, as all are."""
    if given is None or given == "unique":
        return get_module(func.__module__)
    return given if isinstance(given, Module) else get_module(given)


def overload(kernel: Any, types: Any = None) -> Kernel:
    """A generic kernel for given argument types.

    Args:
        kernel: the generic kernel; or, as a decorator, a function of its name that only annotates the types.
        types: by parameter name, or in order.

    Returns:
        The kernel for these types; as a decorator the generic one, whose name it takes.

    Raises:
        TypeError: the kernel does not take such types.
    """
    if not isinstance(kernel, Kernel):
        generic = kernel.__globals__.get(kernel.__name__) or sys._getframe(1).f_locals.get(kernel.__name__)
        if not isinstance(generic, Kernel):
            raise TypeError(f"overload: no generic kernel {kernel.__name__!r} stands above")
        _listed(generic, dict(Overload(kernel).params))
        return generic  # the name goes on to mean all of them
    if not isinstance(types, dict):
        types = dict(zip((n for n, _ in kernel.params), types or (), strict=False))
    return _listed(kernel, types)


def _listed(generic: Kernel, types: dict[str, Any]) -> Kernel:
    generic.listed.append(generic.with_types(types))
    return generic.listed[-1]


@dataclass_transform(kw_only_default=True)
def struct(python: type) -> Any:
    """Makes a class with annotated fields a struct of the kernel language, callable on the host too."""
    scope = dict(vars(sys.modules[python.__module__])) if python.__module__ in sys.modules else {}
    fields = []
    for name, annotation in python.__annotations__.items():
        annotation = eval(annotation, scope) if isinstance(annotation, str) else annotation
        try:
            fields.append((name, as_type(annotation)))
        except TypeError as error:
            raise KernelError(f"struct {python.__name__}, field {name!r}: {error}") from None
        if isinstance(fields[-1][1], Inout) or not is_concrete(fields[-1][1]):
            raise KernelError(
                f"struct {python.__name__}, field {name!r}: {fields[-1][1]} is not a complete type"
            )
    made = Struct(python.__name__, tuple(fields))
    object.__setattr__(made, "__doc__", python.__doc__)  # it is frozen; no part of what the struct is
    return made
