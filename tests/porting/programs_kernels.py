# ruff: noqa: F811 - overloads share a name
"""Kernels as programs make them, to run under both imports: each function takes the library `m`."""

import types
from typing import Any

import numpy as np


def struct_with_arrays(m):
    @m.struct
    class S:
        a: m.array(dtype=float)
        n: int
        v: m.vec3

    @m.kernel
    def k(s: S, o: m.array(dtype=float)):
        i = m.tid()
        s.a[i] = s.a[i] * 2.0 + s.v[1]
        o[i] = s.a[i] + float(s.n)

    s = S()
    s.a = m.array([1.0, 2.0, 3.0], dtype=float, device="cpu")
    s.n = 4
    s.v = m.vec3(1.0, 2.0, 3.0)
    o = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=3, inputs=[s, o], device="cpu")
    return o.numpy(), s.a.numpy()


def overloads(m):
    @m.kernel
    def scale(x: m.array(dtype=Any), s: Any):
        i = m.tid()
        x[i] = s * x[i]

    m.overload(scale, {"x": m.array(dtype=float), "s": float})
    sd = m.overload(scale, [m.array(dtype=m.float64), m.float64])
    x = m.array([1.0, 2.0], dtype=float, device="cpu")
    y = m.array([1.0, 2.0], dtype=m.float64, device="cpu")
    v = m.array([[1.0, 2.0, 3.0]], dtype=m.vec3, device="cpu")
    m.launch(scale, dim=2, inputs=[x, 3.0], device="cpu")
    m.launch(sd, dim=2, inputs=[y, 3.0], device="cpu")
    m.launch(scale, dim=1, inputs=[v, 2.0], device="cpu")
    return x.numpy(), y.numpy(), v.numpy()


def none_array(m):
    @m.kernel
    def k(a: m.array(dtype=float), o: m.array(dtype=float)):
        i = m.tid()
        if a:
            o[i] = a[i]
        else:
            o[i] = -1.0

    o = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=3, inputs=[None, o], device="cpu")
    return o.numpy()


def kernel_options(m):
    @m.kernel(enable_backward=False, module="unique")
    def k(a: m.array(dtype=float)):
        a[m.tid()] = 1.0

    a = m.zeros(2, dtype=float, device="cpu")
    m.launch(k, dim=2, inputs=[a], device="cpu")
    m.launch(k, dim=0, inputs=[a], device="cpu")
    return a.numpy()


def func_overloads(m):
    @m.func
    def f(x: int):
        return 1

    @m.func
    def f(x: float):
        return 2

    @m.func
    def f(x: m.vec3):
        return 3

    @m.kernel
    def k(o: m.array(dtype=int)):
        o[0] = f(1)
        o[1] = f(1.0)
        o[2] = f(m.vec3())

    o = m.zeros(3, dtype=int, device="cpu")
    m.launch(k, dim=1, inputs=[o], device="cpu")
    return o.numpy()


def struct_array_none(m):
    @m.struct
    class S:
        a: m.array(dtype=float)
        n: int

    @m.kernel
    def k(s: S, o: m.array(dtype=float)):
        if s.a:
            o[0] = s.a[0]
        else:
            o[0] = -5.0

    s = S()
    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[s, o], device="cpu")
    return o.numpy()


def func_module_attr(m):
    held = types.SimpleNamespace()

    @m.func
    def g(x: float):
        return x + 5.0

    held.g = g

    @m.kernel
    def k(o: m.array(dtype=float)):
        o[0] = held.g(1.0)

    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[o], device="cpu")
    return o.numpy()


def closures(m):
    def make(n, op):
        @m.kernel
        def k(o: m.array(dtype=float)):
            i = m.tid()
            o[i] = op(float(i)) * float(n)

        return k

    @m.func
    def f(x: float):
        return x + 1.0

    @m.func
    def g(x: float):
        return x * 3.0

    r = []
    for n, op in ((1, f), (2, g), (3, f)):
        o = m.zeros(3, dtype=float, device="cpu")
        m.launch(make(n, op), dim=3, inputs=[o], device="cpu")
        r.append(o.numpy())
    return tuple(r)


def bf16(m):
    @m.kernel
    def k(a: m.array(dtype=m.bfloat16), s: m.bfloat16, o: m.array(dtype=float)):
        i = m.tid()
        b = a[i] * s + m.bfloat16(1.0)
        o[i] = float(b)
        a[i] = m.sin(b)
        m.atomic_add(a, 0, m.bfloat16(0.0))

    a = m.array([1.0, 2.5, 3.3], dtype=m.bfloat16, device="cpu")
    o = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=3, inputs=[a, m.bfloat16(0.1), o], device="cpu")
    return o.numpy(), np.array([float(x) for x in a.list()])


def static_funcs(m):
    funcs = []
    for i in range(3):

        def mk(i):
            @m.func
            def f(x: float):
                return x * float(i + 1)

            return f

        funcs.append(mk(i))

    @m.kernel
    def k(o: m.array(dtype=float)):
        o[0] = m.static(funcs[2])(2.0)
        for i in range(m.static(3)):
            o[1] += float(i)
        o[2] = m.static(float(len(funcs)) * 2.0)

    o = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[o], device="cpu")
    return o.numpy()


def array_of_struct_elems(m):
    @m.struct
    class S:
        x: float
        v: m.vec3

    a = m.zeros(3, dtype=S, device="cpu")
    s = S()
    s.x = 2.0
    s.v = m.vec3(1.0, 2.0, 3.0)
    a.fill_(s)
    b = m.array([s, s], dtype=S, device="cpu")

    @m.kernel
    def k(a: m.array(dtype=S), b: m.array(dtype=S)):
        i = m.tid()
        t = a[i]
        t.x += 1.0
        a[i] = t
        b[0].v = t.v * 2.0
        b[1] = S(9.0, m.vec3(1.0))

    m.launch(k, dim=3, inputs=[a, b], device="cpu")
    return a.numpy()["x"], b.numpy()["v"], b.numpy()["x"]


def constants(m):
    G = m.constant(9.81)
    V = m.constant(m.vec3(1.0, 2.0, 3.0))
    N = m.constant(2**40)

    @m.kernel
    def k(o: m.array(dtype=float), total: m.array(dtype=m.int64)):
        o[0] = G
        o[1] = V[2]
        total[0] = m.int64(N)
        o[2] = m.pi
        o[3] = m.float32(m.PI)

    o = m.zeros(4, dtype=float, device="cpu")
    total = m.zeros(1, dtype=m.int64, device="cpu")
    m.launch(k, dim=1, inputs=[o, total], device="cpu")
    return o.numpy(), total.numpy()


def annotations(m):
    @m.kernel
    def k(
        a: m.array[m.vec3],
        b: m.array2d[float],
        c: m.array(dtype=m.int32, ndim=2),
        n: "int",
        s: "m.array(dtype=float)",
    ):
        i = m.tid()
        a[i] = m.vec3(b[i, 0])
        c[i, 1] = n
        s[i] = 2.0

    a = m.zeros(2, dtype=m.vec3, device="cpu")
    b = m.ones((2, 2), dtype=float, device="cpu")
    c = m.zeros((2, 2), dtype=int, device="cpu")
    s = m.zeros(2, dtype=float, device="cpu")
    m.launch(k, dim=2, inputs=[a, b, c, 7, s], device="cpu")
    return a.numpy(), c.numpy(), s.numpy()
