"""Fingerprints: what changes them, what does not, and where there is none."""

import ast
import enum
import inspect
import typing
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import fingerprint as fingerprint_module
from robokern.compiler import function as function_module
from robokern.compiler.fingerprint import fingerprint
from robokern.lang import error_function

constants = ModuleType("constants")


class Mode(enum.IntEnum):
    FAST = 1


@rk.func
def inner(x: float):
    return x * constants.GAIN


@rk.func
def outer(x: float, offset: float = 1.0):
    return inner(x) + offset


@rk.kernel
def through_funcs(
    a: rk.array(dtype=float),
):
    a[0] = outer(a[0])


def made(value, other=None):
    """A kernel that captures a value."""

    @rk.kernel
    def writes(a: rk.array(dtype=rk.float64)):
        a[0] = rk.float64(value)
        if other is not None:
            a[1] = rk.float64(1.0)

    return writes


PAIRS = [
    (1.0, np.nextafter(1.0, 2.0)),
    (2**62, 2**62 + 1),
    (np.float32(0.1), np.float64(np.float32(0.1))),
    (1, 1.0),
    (0.0, -0.0),
    (True, 1),
    (rk.vec3(1.0, 2.0, 3.0), rk.vec3(1.0, 2.0, np.nextafter(np.float32(3.0), np.float32(4.0)))),
    (rk.vec3(1.0), rk.vec3d(1.0)),
    ((1.0, 2.0), (1.0, 2.0000000000000004)),
    (rk.float32, rk.float64),
    (inner, outer),
    (Mode.FAST, 1),
    (rk.sin, rk.cos),
    (rk.sqrt, rk.floor),
]


@pytest.fixture(autouse=True)
def gain(monkeypatch):
    monkeypatch.setattr(constants, "GAIN", 2.0, raising=False)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_captured_values_count_to_the_last_bit(one, other):
    assert fingerprint(made(one)) is not None
    assert fingerprint(made(one)) == fingerprint(made(one))
    assert fingerprint(made(one)) != fingerprint(made(other))


def test_a_constant_of_a_module_behind_two_funcs(monkeypatch):
    before = fingerprint(through_funcs)
    assert before == fingerprint(through_funcs)
    monkeypatch.setattr(constants, "GAIN", np.nextafter(2.0, 3.0))
    assert fingerprint(through_funcs) not in (before, None)


def test_a_func_replaced_by_another(monkeypatch):
    @rk.func
    def inner(x: float):
        return x * constants.GAIN

    before = fingerprint(through_funcs)
    monkeypatch.setitem(globals(), "inner", inner)
    assert fingerprint(through_funcs) != before


def test_types_and_options_count():
    def typed(kind):
        @rk.kernel
        def writes(a: rk.array(dtype=kind)):
            a[0] = a[1]

        return writes

    assert fingerprint(typed(rk.float32)) != fingerprint(typed(rk.float64))
    plain, fast = made(1.0), made(1.0)
    fast.given["fast_math"] = True
    assert fingerprint(plain) != fingerprint(fast)


def test_structs_count_with_their_fields():
    def typed(fields):
        kind = rk.struct(type("Same", (), {"__annotations__": fields}))

        @rk.kernel
        def writes(a: kind):
            rk.printf("%d\n", 1)

        return writes

    assert fingerprint(typed({"x": float})) != fingerprint(typed({"x": int}))


KERNELS = """
import robokern as rk
{above}
@rk.kernel
def kernel(a: rk.array(dtype=float)):
    i = rk.tid()
    {line}
"""


def from_text(line, above=""):
    return rk.from_source(KERNELS.format(line=line, above=above))["kernel"]


def test_place_counts_where_it_is_asked_for():
    one, other = from_text("a[i] = 1.0"), from_text("a[i] = 1.0", "# moved\n")
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one, placed=True) != fingerprint(other, placed=True)


@pytest.mark.parametrize(
    "line",
    ["x: float = 1.0", "a[i] = rk.static(2.0)", "a[i] = SETTINGS.inner[0]"],
)
def test_no_fingerprint_where_the_code_does_not_tell(line):
    above = "from types import SimpleNamespace\nSETTINGS = SimpleNamespace(inner=[1.0])"
    assert fingerprint(from_text(line, above)) is None


def test_members_of_objects_count_by_their_value():
    above = "from types import SimpleNamespace\nSETTINGS = SimpleNamespace(inner=SimpleNamespace(x={}))"
    line = "a[i] = SETTINGS.inner.x"
    one, two = (fingerprint(from_text(line, above.format(x))) for x in (1.0, 2.0))
    assert None not in (one, two) and one != two


def test_an_object_of_unknown_meaning_has_none():
    assert fingerprint(made(SimpleNamespace(x=1))) is None
    assert fingerprint(made(lambda x: x)) is None


def differentiated(written):
    """A kernel that asks for the derivative of a func, which `written` gives by hand."""

    @rk.func
    def f(x: rk.float64):
        return x * x

    rk.func_grad(f)(written)

    @rk.kernel
    def asks(a: rk.array(dtype=rk.float64)):
        a[0] = rk.grad(f)(a[0])

    return asks


@rk.func
def once(x: rk.float64, adj: rk.float64):
    return adj * x


@rk.func
def twice(x: rk.float64, adj: rk.float64):
    return adj * x * rk.float64(2.0)


def test_a_derivative_by_hand_counts_where_it_is_asked_for():
    assert fingerprint(differentiated(once)) == fingerprint(differentiated(once)) is not None
    assert fingerprint(differentiated(once)) != fingerprint(differentiated(twice))


TEXT = """
import robokern as rk

@rk.func
def scaled(x: float):
    return x * FACTOR

@rk.kernel
def k(out: rk.array(dtype=float)):
    out[0] = scaled(1.0)
"""


def test_one_text_run_with_different_names_around_it():
    both = [rk.from_source(TEXT, "scaling", {"FACTOR": factor})["k"] for factor in (2.0, 3.0)]
    for kernel, factor in zip(both, (2.0, 3.0), strict=True):
        out = rk.zeros(1)
        rk.launch(kernel, dim=1, inputs=[out])
        assert out.list() == [factor]


def test_names_that_code_looks_up_are_those_that_dis_tells() -> None:
    modules = (fingerprint_module, ast, inspect, typing)
    functions = [f for m in modules for f in vars(m).values() if inspect.isfunction(f)]
    codes = [c for f in functions for c in fingerprint_module._codes(f.__code__)]
    assert len(codes) > 200
    for code in codes:
        assert list(fingerprint_module.looked_up(code)) == list(fingerprint_module._disassembled(code))


def test_long_code_with_extended_arguments() -> None:
    lines = [f"    x{i} = name{i}.part{i}(y)" for i in range(400)]
    scope: dict[str, Any] = {}
    head, tail = "def outer(y):\n  z = 1\n  def f(y):\n", "\n    return z\n  return f"
    exec(head + "\n".join(lines) + tail, scope)
    code = scope["outer"](1).__code__
    assert list(fingerprint_module.looked_up(code)) == list(fingerprint_module._disassembled(code))
    assert ("name399", "part399") in set(fingerprint_module._paths(code))


def test_a_derivative_written_for_a_func_of_the_package_counts_in_every_kernel(monkeypatch) -> None:
    """Another func of the package may call it, and those are not visited."""

    def written(x: float, adj_result: float):
        rk.adjoint[x] += adj_result * constants.GAIN

    monkeypatch.setattr(constants, "GAIN", 2.0, raising=False)
    known = [fingerprint(made(1.0))]
    for overload in error_function.erf.overloads:
        monkeypatch.setattr(overload, "gradients", [])
    monkeypatch.setattr(fingerprint_module, "BY_HAND", [])
    monkeypatch.setattr(function_module, "BY_HAND", fingerprint_module.BY_HAND)
    rk.func_grad(error_function.erf)(written)
    known.append(fingerprint(made(1.0)))
    monkeypatch.setattr(constants, "GAIN", 3.0)
    known.append(fingerprint(made(1.0)))
    assert None not in known and len({*known}) == 3
