# ruff: noqa: UP018 - Warp takes a literal for a constant
"""More kernels, as they are met in ported programs; each function takes the library `m`."""

import numpy as np


def float_floordiv(m):
    @m.kernel
    def k(x: float, o: m.array(dtype=float)):
        o[0] = x // 2.0
        o[1] = x % 2.0
        o[2] = -x // 2.0
        o[3] = m.floordiv(x, 2.0)
        o[4] = m.mod(-x, 2.0)

    o = m.zeros(5, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[7.5, o], device="cpu")
    return o.numpy()


def vec_minmax(m):
    @m.kernel
    def k(o: m.array(dtype=m.vec3), s: m.array(dtype=float), n: m.array(dtype=int)):
        a = m.vec3(1.0, 5.0, 3.0)
        b = m.vec3(4.0, 2.0, 6.0)
        o[0] = m.min(a, b)
        o[1] = m.max(a, b)
        o[2] = m.cw_mul(a, b)
        o[3] = m.cw_div(a, b)
        o[4] = m.abs(-a)
        o[5] = m.sign(-a)
        o[6] = m.lerp(a, b, 0.5)
        s[0] = m.min(a)
        s[1] = m.max(a)
        s[2] = m.dot(a, b)
        s[3] = m.length_sq(a)
        s[4] = m.smoothstep(0.0, 1.0, 0.3)
        s[5] = m.clamp(5.0, 0.0, 1.0)
        s[6] = m.step(-1.0)
        n[0] = int(m.argmin(a))
        n[1] = int(m.argmax(a))
        n[2] = m.min(3, 4)
        n[3] = int(m.nonzero(5.0))
        n[4] = int(m.round(2.5))
        n[5] = int(m.rint(2.5))

    o = m.zeros(8, dtype=m.vec3, device="cpu")
    s = m.zeros(7, dtype=float, device="cpu")
    n = m.zeros(6, dtype=int, device="cpu")
    m.launch(k, dim=1, inputs=[o, s, n], device="cpu")
    return o.numpy(), s.numpy(), n.numpy()


def atomic_vec(m):
    @m.kernel
    def k(a: m.array(dtype=m.vec3), c: m.array(dtype=m.mat22), b: m.array2d(dtype=m.float64)):
        i = m.tid()
        m.atomic_add(a, 0, m.vec3(1.0, float(i), 2.0))
        m.atomic_sub(a, 1, m.vec3(1.0))
        a[2] += m.vec3(float(i))
        m.atomic_min(a, 3, m.vec3(-float(i)))
        m.atomic_max(a, 4, m.vec3(float(i)))
        c[0] += m.mat22(1.0, 2.0, 3.0, 4.0)
        m.atomic_add(b, 1, 0, m.float64(0.5))
        b[0, 1] -= m.float64(1.0)

    a = m.zeros(5, dtype=m.vec3, device="cpu")
    c = m.zeros(1, dtype=m.mat22, device="cpu")
    b = m.zeros((2, 2), dtype=m.float64, device="cpu")
    m.launch(k, dim=10, inputs=[a, c, b], device="cpu")
    return a.numpy(), c.numpy(), b.numpy()


def spatial(m):
    @m.kernel
    def k(o: m.array(dtype=m.spatial_vector), c: m.array(dtype=m.spatial_matrix), s: m.array(dtype=float)):
        a = m.spatial_vector(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
        b = m.spatial_vector(m.vec3(6.0, 5.0, 4.0), m.vec3(3.0, 2.0, 1.0))
        o[0] = m.spatial_cross(a, b)
        o[1] = m.spatial_cross_dual(a, b)
        s[0] = m.spatial_dot(a, b)
        o[2] = m.spatial_vector(m.spatial_top(a), m.spatial_bottom(b))
        c[0] = m.outer(a, b)
        o[3] = c[0] @ a
        t = m.transform(m.vec3(1.0, 2.0, 3.0), m.quat_rpy(0.1, 0.2, 0.3))
        o[4] = m.transform_twist(t, a)
        o[5] = m.transform_wrench(t, a)
        s[1] = a[4]
        s[2] = m.dot(a, b)

    o = m.zeros(6, dtype=m.spatial_vector, device="cpu")
    c = m.zeros(1, dtype=m.spatial_matrix, device="cpu")
    s = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[o, c, s], device="cpu")
    return o.numpy(), c.numpy(), s.numpy()


def mixed_returns(m):
    @m.func
    def f(x: float, n: int):
        if x > 1.0:
            return m.vec3(x), n, True
        return m.vec3(0.0), n * 2, False

    @m.kernel
    def k(o: m.array(dtype=float)):
        i = m.tid()
        v, n, b = f(float(i), i)
        o[i] = v[0] + float(n) + float(b)

    o = m.zeros(4, dtype=float, device="cpu")
    m.launch(k, dim=4, inputs=[o], device="cpu")
    return o.numpy()


def loop_scope(m):
    @m.kernel
    def k(o: m.array(dtype=int)):
        i = m.tid()
        best = -1
        found = False
        for j in range(10):
            x = j * j
            if x > i * 7 and not found:
                best = j
                found = True
        o[i] = best
        n = 0
        for a in range(3):
            for b in range(a, 3):
                if b == 1:
                    continue
                n += a + b
        o[i] += n * 100

    o = m.zeros(4, dtype=int, device="cpu")
    m.launch(k, dim=4, inputs=[o], device="cpu")
    return o.numpy()


def func_writes_array(m):
    @m.func
    def put(a: m.array(dtype=float), i: int, x: float):
        a[i] = x

    @m.kernel
    def k(a: m.array(dtype=float)):
        put(a, m.tid(), 3.0)

    a = m.zeros(3, dtype=float, device="cpu")
    m.launch(k, dim=3, inputs=[a], device="cpu")
    return a.numpy()


def struct_in_func_modify(m):
    @m.struct
    class S:
        x: float

    @m.func
    def mod(s: S):
        s.x = s.x + 1.0
        return s

    @m.kernel
    def k(o: m.array(dtype=float)):
        s = S()
        s.x = 1.0
        t = mod(s)
        o[0] = t.x

    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[o], device="cpu")
    return o.numpy()


def strided_args(m):
    @m.kernel
    def k(a: m.array2d(dtype=float), o: m.array2d(dtype=float)):
        i, j = m.tid()
        o[i, j] = a[i, j] + 1.0

    base = m.array(np.arange(24, dtype=np.float32).reshape(4, 6), device="cpu")
    a = base[1:3, ::2]
    t = base.transpose()
    o = m.zeros((2, 3), dtype=float, device="cpu")
    m.launch(k, dim=(2, 3), inputs=[a, o], device="cpu")
    p = m.zeros((6, 4), dtype=float, device="cpu")
    m.launch(k, dim=(6, 4), inputs=[t, p], device="cpu")
    return o.numpy(), p.numpy(), a.numpy()


def quat_fns(m):
    @m.kernel
    def k(q: m.array(dtype=m.quat), v: m.array(dtype=m.vec3), s: m.array(dtype=float)):
        a = m.quat_from_axis_angle(m.normalize(m.vec3(1.0, 2.0, 3.0)), 0.7)
        b = m.quat_rpy(0.1, 0.2, 0.3)
        q[0] = a * b
        q[1] = m.quat_slerp(a, b, 0.3)
        q[2] = m.quat_inverse(a)
        q[3] = m.quat_from_matrix(m.quat_to_matrix(a))
        q[4] = a + b
        q[5] = a * 2.0
        q[6] = -a
        q[7] = m.normalize(a + b)
        v[0] = m.quat_rotate(a, m.vec3(1.0, 2.0, 3.0))
        v[1] = m.quat_rotate_inv(a, m.vec3(1.0, 2.0, 3.0))
        axis = m.vec3()
        angle = float(0.0)
        m.quat_to_axis_angle(a, axis, angle)
        v[2] = axis
        s[0] = angle
        s[1] = m.dot(a, b)
        s[2] = m.length(a + b)
        s[3] = a.w
        s[4] = a[0]
        r = m.quat_to_rpy(b)
        v[3] = r

    q = m.zeros(8, dtype=m.quat, device="cpu")
    v = m.zeros(4, dtype=m.vec3, device="cpu")
    s = m.zeros(5, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[q, v, s], device="cpu")
    return q.numpy().round(5), v.numpy().round(5), s.numpy().round(5)


def array_in_where(m):
    @m.kernel
    def k(a: m.array(dtype=float), b: m.array(dtype=float), n: int, o: m.array(dtype=float)):
        if n > 0:
            c = a
        else:
            c = b
        o[0] = c[1]

    a = m.array([1.0, 2.0], dtype=float, device="cpu")
    b = m.array([3.0, 4.0], dtype=float, device="cpu")
    o = m.zeros(1, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[a, b, 0, o], device="cpu")
    return o.numpy()


def scope_reuse(m):
    @m.kernel
    def k(o: m.array(dtype=float)):
        for i in range(3):
            x = float(i)
            o[i] = x
        for i in range(3):
            x = float(i) * 2.0
            o[i] += x
        i = 5
        o[3] = float(i)

    o = m.zeros(4, dtype=float, device="cpu")
    m.launch(k, dim=1, inputs=[o], device="cpu")
    return o.numpy()


def vec_args_scalar(m):
    @m.kernel
    def k(
        v: m.types.vector(length=5, dtype=float),
        c: m.types.matrix(shape=(2, 3), dtype=m.float64),
        o: m.array(dtype=float),
    ):
        o[0] = v[4] + float(c[1, 2])

    o = m.zeros(1, dtype=float, device="cpu")
    V = m.types.vector(length=5, dtype=float)
    M = m.types.matrix(shape=(2, 3), dtype=m.float64)
    m.launch(k, dim=1, inputs=[V(1.0, 2.0, 3.0, 4.0, 5.0), M(*range(6)), o], device="cpu")
    return o.numpy()
