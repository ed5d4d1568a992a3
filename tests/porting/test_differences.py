"""What docs/porting-from-warp.md says of values where robokern and Warp differ, on both sides."""

import math
import warnings
from typing import Any

import numpy as np
import pytest

import robokern as rk

warp = pytest.importorskip("warp", reason="the peer: pip install robokern[bench]")
pytestmark = pytest.mark.slow

NAN = math.nan
ERRORS = ("ZeroDivisionError", "TypeError", "ValueError", "IndexError", "KeyError", "RuntimeError")

# an expression of a host value, what it gives here, and with Warp
HOST = [
    # one number
    ("m.vec3(1.0, 2.0, 3.0)[0]", "float32 1.0", "float 1.0"),
    ("m.vec3i(1, 2, 3)[0]", "int32 1", "int 1"),
    ("m.vec3d(1.0, 2.0, 3.0)[0]", "float64 1.0", "float64 1.0"),
    ("m.mat22(1.0, 2.0, 3.0, 4.0)[0][1]", "float32 2.0", "float 2.0"),
    ("m.dot(m.vec2(1.0, 2.0), m.vec2(1.0, 2.0))", "float32 5.0", "float 5.0"),
    ("half(0.1)", "float32 0.05000000074505806", "float 0.05"),
    ("whole(1.9)", "int32 1", "int 1"),
    ("whole(1e20)", "int32 2147483647", "int 100000000000000000000"),
    ("positive(1.0)", "bool True", "bool True"),
    ("quotient(-7, 2)", "int32 -4", "int -4"),
    ("quotient(7, 0)", "int32 0", "ZeroDivisionError"),
    ("quotient(2**40, 1)", "TypeError", "int 1099511627776"),
    ("m.randi(m.rand_init(1))", "tuple", "int -383102582"),
    # scalars
    ("m.float32(0.1) + 0.2", "float32 0.30000001192092896", "float 0.30000001192092896"),
    ("float(m.float32(0.1))", "float 0.10000000149011612", "float 0.1"),
    ("m.float32(1.5) + 1", "float32 2.5", "RuntimeError"),
    ("m.int32(3) / 2", "float64 1.5", "int 1"),
    ("m.int32(-7) % 2", "int32 1", "int -1"),
    ("m.mod(-7, 2)", "int32 -1", "int -1"),
    ("m.int8(100) + m.int8(100)", "int8 -56", "int8 -56"),
    ("int(m.int32(2**31)) == -(2**31)", "bool True", "bool False"),
    ("m.int32(math.nan)", "ValueError", "int32 nan"),
    ("hash(m.int32(5)) == hash(5)", "bool True", "bool True"),
    # vectors
    ("m.vec2(1.0, 2.0) * 2", "composite [2.0, 4.0]", "RuntimeError"),
    ("m.vec2(1.0, 2.0) * np.float64(2.0)", "composite [2.0, 4.0]", "RuntimeError"),
    ("np.float64(2.0) * m.vec2(1.0, 2.0)", "composite [2.0, 4.0]", "ndarray [2.0, 4.0]"),
    ("m.vec2i(1, 2) * 2.5", "TypeError", "RuntimeError"),
    ("m.vec2(1.0, 2.0) + 1.0", "TypeError", "composite [2.0, 3.0]"),
    ("m.vec2(5.0, 7.0) % 2.0", "TypeError", "composite [1.0, 1.0]"),
    ("m.vec2i(5, 7) / 2", "composite [2, 3]", "composite [2, 3]"),
    ("m.vec2(1.0, 2.0) + np.ones(2)", "ndarray [2.0, 3.0]", "RuntimeError"),
    ("np.ones(2) + m.vec2(1.0, 2.0)", "ndarray [2.0, 3.0]", "ndarray [2.0, 3.0]"),
    ("m.vec2i(1.7, 2)", "TypeError", "TypeError"),
    ("m.vec2ub(300, -1)", "composite [44, 255]", "composite [44, 255]"),
    ("np.array(m.mat22(1.0, 2.0, 3.0, 4.0)).shape", "tuple (2, 2)", "tuple (4,)"),
    ("m.vec2(1.0, 2.0) == m.vec2d(1.0, 2.0)", "bool False", "bool True"),
    ("m.vec2(1.0, 2.0) == (1, 2)", "bool True", "bool True"),
    ("np.array([1.0, 2.0]) == m.vec2(1.0, 2.0)", "bool True", "ndarray [True, True]"),
    ("m.vec2(math.nan, 0.0) == m.vec2(math.nan, 0.0)", "bool False", "bool False"),
    ("hash(m.vec2(1.0, 2.0)) == hash(m.vec2(1.0, 2.0))", "bool True", "TypeError"),
    ("m.vec2(1.0, 2.0)[None]", "IndexError", "KeyError"),
    # arrays and structs
    ("m.array([1, 2]).dtype == m.int32", "bool True", "bool False"),
    ("m.array([1.0, 2.0]).dtype == m.float32", "bool True", "bool False"),
    ("m.array([2**40], dtype=int)", "ValueError", "RuntimeError"),
    ("m.array([-1], dtype=m.uint8)", "ValueError", "RuntimeError"),
    ("m.zeros(1, dtype=int).fill_(2**40)", "ValueError", "NoneType None"),
    ("m.array([1.7], dtype=int)", "TypeError", "array"),
    ("m.array([1.0], dtype=float)[0]", "float32 1.0", "RuntimeError"),
    ("Body().mass", "float32 0.0", "float32 0"),
    ("Body(mass=2.0).mass", "float 2.0", "TypeError"),
    ("changed(Body(), n=1.7)", "TypeError", "TypeError"),
    ("changed(Body(), n=2**40).n", "int 1099511627776", "int 1099511627776"),
    ("changed(Body(), v=(1, 2)).v", "composite [1.0, 2.0]", "composite [1.0, 2.0]"),
    ("changed(Body(), v=1.0)", "TypeError", "TypeError"),
    ("changed(Body(), x=[1.0])", "TypeError", "TypeError"),
    ("m.array([changed(Body(), mass=2.0)], dtype=Body).list()[0].mass", "float32 2.0", "float 2.0"),
    ("m.array([changed(Body(), x=x)], dtype=Body).list()[0].x is x", "bool True", "bool False"),
]


def names_of(m: Any) -> dict[str, Any]:
    """What the expressions name."""

    @m.func
    def half(x: float):
        return x * 0.5

    @m.func
    def whole(x: float):
        return int(x)

    @m.func
    def positive(x: float):
        return x > 0.0

    @m.func
    def quotient(a: int, b: int):
        return a // b

    @m.struct
    class Body:
        mass: float
        n: int
        v: m.vec2
        x: m.array(dtype=float)

    def changed(value: Any, **fields: Any) -> Any:
        for name, field in fields.items():
            setattr(value, name, field)
        return value

    x = m.array([1.0], dtype=float, device="cpu")
    return {**locals(), "math": math, "np": np}


def shown(value: Any, m: Any) -> str:
    """Kind and value; of composites, arrays and types what both libraries can tell."""
    kind = type(value).__name__
    if isinstance(value, m.array):
        return "array"
    if kind == "tuple" and not isinstance(value[0], int):
        return "tuple"
    if isinstance(value, np.ndarray):
        return f"ndarray {value.tolist()}"
    if kind in ("Composite", "vec_t") or hasattr(type(value), "_wp_scalar_type_"):
        return f"composite {np.asarray(value).tolist()}"
    plain = getattr(value, "value", value)
    return f"{kind} {plain.item() if isinstance(plain, np.generic) else plain}"


@pytest.mark.parametrize("m", [rk, warp], ids=["robokern", "warp"])
def test_host_values(m: Any) -> None:
    warp.config.quiet = True
    names, wrong = names_of(m), []
    for text, ours, theirs in HOST:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = shown(eval(text, names), m)
        except Exception as error:
            found = next(k for k in ERRORS if k in [kind.__name__ for kind in type(error).__mro__])
        if found != (ours if m is rk else theirs):
            wrong.append(f"{text}: {found}")
    assert wrong == []


# a function, its arguments; what it gives and its derivatives here, and with Warp
GRADIENTS = [
    ("min", (1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 0.0, 1.0)),
    ("max", (1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 0.0, 1.0)),
    ("min", (NAN, 1.0), (1.0, 0.0, 1.0), (1.0, 0.0, 1.0)),
    ("min", (1.0, NAN), (NAN, 0.0, 1.0), (1.0, 1.0, 0.0)),
    ("max", (1.0, NAN), (NAN, 0.0, 1.0), (1.0, 1.0, 0.0)),
    ("smallest", (1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)),
    ("largest", (1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)),
    ("clamp", (-1.0, -1.0, 1.0), (-1.0, 1.0, 0.0, 0.0), (-1.0, 1.0, 0.0, 0.0)),
    ("clamp", (1.0, -1.0, 1.0), (1.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 1.0)),
    ("clamp", (NAN, -1.0, 1.0), (1.0, 0.0, 0.0, 1.0), (-1.0, 0.0, 1.0, 0.0)),
    ("clamp", (0.0, -1.0, NAN), (NAN, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0)),
    ("abs", (0.0,), (0.0, 1.0), (0.0, 1.0)),
    ("abs", (NAN,), (NAN, 1.0), (NAN, 1.0)),
    ("sqrt", (0.0,), (0.0, 0.0), (0.0, math.inf)),
    ("frac", (1.5,), (0.5, 1.0), (0.5, 0.0)),
    ("acos", (1.0,), (0.0, 0.0), (0.0, 0.0)),
    ("acos", (2.0,), (0.0, 0.0), (0.0, 0.0)),
    ("asin", (2.0,), (1.5707963705062866, 0.0), (1.5707963705062866, 0.0)),
    ("asin", (-1.0,), (-1.5707963705062866, 0.0), (-1.5707963705062866, 0.0)),
    ("pow", (-2.0, 2.0), (4.0, -4.0, 0.0), (4.0, -4.0, NAN)),
    ("pow", (0.0, 0.0), (1.0, 0.0, 0.0), (1.0, NAN, -math.inf)),
    ("length", (0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ("first_of_normalized", (NAN, 1.0), (NAN, NAN, NAN), (0.0, 0.0, 0.0)),
]


def kernels_of(m: Any) -> dict[int, Any]:
    """Kernels of one to three arguments that choose a function by number."""

    @m.kernel(module="unique")
    def one(which: int, x: m.array(dtype=float), out: m.array(dtype=float)):
        if which == 0:
            out[0] = m.abs(x[0])
        elif which == 1:
            out[0] = m.sqrt(x[0])
        elif which == 2:
            out[0] = m.frac(x[0])
        elif which == 3:
            out[0] = m.acos(x[0])
        elif which == 4:
            out[0] = m.asin(x[0])

    @m.kernel(module="unique")
    def two(which: int, x: m.array(dtype=float), y: m.array(dtype=float), out: m.array(dtype=float)):
        v = m.vec2(x[0], y[0])
        if which == 0:
            out[0] = m.min(x[0], y[0])
        elif which == 1:
            out[0] = m.max(x[0], y[0])
        elif which == 2:
            out[0] = m.min(v)
        elif which == 3:
            out[0] = m.max(v)
        elif which == 4:
            out[0] = m.pow(x[0], y[0])
        elif which == 5:
            out[0] = m.length(v)
        elif which == 6:
            out[0] = m.normalize(v)[0]

    @m.kernel(module="unique")
    def three(
        which: int,
        x: m.array(dtype=float),
        y: m.array(dtype=float),
        z: m.array(dtype=float),
        out: m.array(dtype=float),
    ):
        out[0] = m.clamp(x[0], y[0], z[0])

    return {1: one, 2: two, 3: three}


NUMBERS = {
    1: ["abs", "sqrt", "frac", "acos", "asin"],
    2: ["min", "max", "smallest", "largest", "pow", "length", "first_of_normalized"],
    3: ["clamp"],
}


@pytest.mark.parametrize("m", [rk, warp], ids=["robokern", "warp"])
def test_gradients_at_corners(m: Any) -> None:
    warp.config.quiet = True
    warp.config.enable_backward = True
    kernels, wrong = kernels_of(m), []
    for name, arguments, ours, theirs in GRADIENTS:
        given = [m.array([x], dtype=float, requires_grad=True, device="cpu") for x in arguments]
        out = m.zeros(1, dtype=float, requires_grad=True, device="cpu")
        which = NUMBERS[len(given)].index(name)
        with m.Tape() as tape:
            m.launch(kernels[len(given)], dim=1, inputs=[which, *given, out], device="cpu")
        tape.backward(loss=out)
        found = [float(x.numpy()[0]) for x in (out, *(a.grad for a in given))]
        if not np.array_equal(found, ours if m is rk else theirs, equal_nan=True):
            wrong.append(f"{name}{arguments}: {found}")
    assert wrong == []
