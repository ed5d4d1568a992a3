"""Derivatives of funcs inside kernels."""

import robokern as m


@m.struct
class Stiffness:
    linear: float
    cubic: float


@m.func
def spring_energy(x: float, stiffness: Stiffness):
    return 0.5 * stiffness.linear * x * x + 0.25 * stiffness.cubic * x * x * x * x


@m.func
def cubed(x: float):
    return x * x * x


@m.func
def pair_energy(p: m.vec3, q: m.vec3, scale: float, count: int):
    return scale * m.length_sq(p - q) * float(count)


@m.func
def two_results(x: float, y: float):
    return x * y, x + y * y


@m.kernel
def grad_of_one(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = m.grad(cubed)(a[i])


@m.kernel
def grad_of_a_builtin(a: m.array(dtype=float), out: m.array(dtype=m.vec2)):
    i = m.tid()
    by_y, by_x = m.grad(m.atan2)(a[i], a[i] + 0.5)
    out[i] = m.vec2(by_y, by_x)


@m.kernel
def grad_bound_to_a_name(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    slope = m.grad(m.sin)
    out[i] = slope(a[i]) + slope(a[i] * 2.0)


@m.kernel
def grad_by_struct(a: m.array(dtype=float), out: m.array(dtype=m.vec3)):
    i = m.tid()
    stiffness = Stiffness()
    stiffness.linear = 3.0
    stiffness.cubic = a[i]
    by_x, by_stiffness = m.grad(spring_energy)(a[i], stiffness)
    out[i] = m.vec3(by_x, by_stiffness.linear, by_stiffness.cubic)


@m.kernel
def grad_by_vectors(v: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3), counts: m.array(dtype=int)):
    i = m.tid()
    by_p, by_q, by_scale, by_count = m.grad(pair_energy)(v[i], m.vec3(1.0, 2.0, 3.0), 0.5, 4)
    out[i] = by_p * 2.0 + by_q + m.vec3(by_scale)
    counts[i] = by_count


@m.kernel
def grad_of_two_results(a: m.array(dtype=float), out: m.array(dtype=m.vec2)):
    i = m.tid()
    by_x, by_y = m.grad(two_results)(a[i], 2.0)
    out[i] = m.vec2(by_x, by_y)
