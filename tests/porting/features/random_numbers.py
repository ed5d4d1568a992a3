"""Random numbers with equal bits, and distributions by their first draws' ranges."""

import robokern as m


@m.kernel
def uniform_draws(n: m.array(dtype=int), out: m.array2d(dtype=float)):
    i = m.tid()
    state = m.rand_init(42, i)
    out[i, 0] = m.randf(state)
    out[i, 1] = m.randf(state)
    out[i, 2] = m.randf(state, -3.0, 5.0)
    out[i, 3] = float(m.randi(state) % 1000)
    out[i, 4] = float(m.randi(state, 10, 20))
    out[i, 5] = float(m.randu(state) % m.uint32(1000))
    out[i, 6] = float(m.randu(state, m.uint32(5), m.uint32(50)))


@m.kernel
def seeded_by_one_number(n: m.array(dtype=int), out: m.array(dtype=float)):
    i = m.tid()
    state = m.rand_init(n[i])
    out[i] = m.randf(state)


@m.kernel
def squares_and_cubes(out: m.array(dtype=m.vec2), out_c: m.array(dtype=m.vec3)):
    i = m.tid()
    state = m.rand_init(7, i)
    out[i] = m.sample_unit_square(state)
    out_c[i] = m.sample_unit_cube(state)


@m.kernel
def triangles(out: m.array(dtype=m.vec2)):
    i = m.tid()
    state = m.rand_init(7, i)
    out[i] = m.sample_triangle(state)


@m.kernel
def cumulative(out: m.array(dtype=int)):
    i = m.tid()
    cdf = m.zeros(shape=4, dtype=float)
    cdf[0] = 0.1
    cdf[1] = 0.4
    cdf[2] = 0.8
    cdf[3] = 1.0
    state = m.rand_init(7, i)
    out[i] = m.sample_cdf(state, cdf) + 1


@m.kernel
def draw_from_a_new_state(n: m.array(dtype=int), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = m.randf(m.rand_init(n[i], i))
