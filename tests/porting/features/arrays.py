"""Arrays of 1-4 dimensions, views, structs, atomics, local arrays."""

import robokern as m


@m.struct
class Inner:
    weight: float
    axis: m.vec3


@m.struct
class Outer:
    count: int
    inner: Inner
    turn: m.quat


@m.kernel
def struct_fields(a: m.array(dtype=float), v: m.array(dtype=m.vec3), out: m.array(dtype=Outer)):
    i = m.tid()
    s = Outer()
    s.count = i + 1
    s.inner.weight = a[i]
    s.inner.axis = v[i]
    s.inner.axis[1] = 7.0
    s.turn = m.quat(0.0, 0.0, 0.0, 1.0)
    out[i] = s


@m.func
def weight_of(s: Outer):
    return s.inner.weight * float(s.count)


@m.func
def make_inner(x: float):
    s = Inner()
    s.weight = x
    s.axis = m.vec3(x)
    return s


@m.kernel
def structs_through_funcs(a: m.array(dtype=float), out: m.array(dtype=Inner), out_w: m.array(dtype=float)):
    i = m.tid()
    out[i] = make_inner(a[i])
    s = Outer()
    s.count = 3
    s.inner = make_inner(a[i] * 2.0)
    out_w[i] = weight_of(s)


@m.kernel
def struct_elements_changed(a: m.array(dtype=float), out: m.array(dtype=Outer)):
    i = m.tid()
    out[i].count = i
    out[i].inner.weight = a[i]
    out[i].inner.weight += 1.0
    out[i].inner.axis = m.vec3(1.0, 2.0, a[i])


@m.kernel
def struct_as_argument(single: Outer, a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = a[i] + single.inner.weight + float(single.count) + 1.0


@m.kernel
def struct_constructor(a: m.array(dtype=float), out: m.array(dtype=Inner)):
    i = m.tid()
    out[i] = Inner(a[i], m.vec3(1.0, 2.0, 3.0))


@m.kernel
def two_dimensions(a: m.array2d(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    for j in range(a.shape[1]):
        out[i, j] = a[i, a.shape[1] - 1 - j] * float(a.shape[0])


@m.kernel
def three_dimensions(a: m.array3d(dtype=float), out: m.array3d(dtype=float)):
    i = m.tid()
    for j in range(4):
        for k in range(3):
            out[i, j, k] = a[i, j, k] + float(j * 10 + k)


@m.kernel
def four_dimensions(a: m.array4d(dtype=float), out: m.array4d(dtype=float)):
    i = m.tid()
    for j in range(2):
        for k in range(3):
            for n in range(2):
                out[i, j, k, n] = a[i, 1 - j, 2 - k, 1 - n]


@m.kernel
def views_of_rows(a: m.array2d(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    row = a[i]
    s = float(0.0)
    for j in range(row.shape[0]):
        s += row[j]
    out[i] = s


@m.kernel
def views_of_planes(a: m.array3d(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    plane = a[i]
    line = plane[2]
    out[i] = plane[1, 2] + line[0] + a[i, 3][1]


@m.kernel
def slices_of_arrays(a: m.array2d(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    part = a[i, 2:6]
    out[i] = part[0] * 10.0 + part[3] + float(part.shape[0])


@m.kernel
def write_through_a_view(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    row = out[i]
    row[0] = a[i]
    row[3] += 2.0


@m.kernel
def lengths(a: m.array(dtype=float), b: m.array2d(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    out[i] = len(a) * 100 + len(b) + b.shape[1] + i


@m.kernel
def atomic_sums(a: m.array(dtype=int), out: m.array2d(dtype=int)):
    i = m.tid()
    m.atomic_add(out, 0, 0, a[i])
    m.atomic_sub(out, 0, 1, a[i])
    m.atomic_min(out, 0, 2, a[i])
    m.atomic_max(out, 0, 3, a[i])
    out[0, 4] += a[i]
    out[0, 5] -= a[i]


@m.kernel
def atomic_bits(a: m.array(dtype=m.uint32), out: m.array(dtype=m.uint32)):
    i = m.tid()
    m.atomic_or(out, 0, a[i])
    m.atomic_xor(out, 1, a[i])
    m.atomic_add(out, 2, a[i])
    m.atomic_and(out, 3, a[i])


@m.kernel
def atomic_float_extremes(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    m.atomic_min(out, 0, a[i])
    m.atomic_max(out, 1, a[i])


@m.kernel
def atomic_doubles_and_longs(n: m.array(dtype=m.int64), out: m.array(dtype=m.int64)):
    i = m.tid()
    m.atomic_add(out, 0, n[i])
    m.atomic_max(out, 1, n[i])
    m.atomic_min(out, 2, n[i])


@m.kernel
def atomic_old_values(out: m.array(dtype=int)):
    i = m.tid()
    old = m.atomic_add(out, i, 5)
    older = m.atomic_max(out, i, old + 3)
    out[i] = old * 100 + older * 10 + m.atomic_exch(out, i, 4) + m.atomic_cas(out, i, 4, 9)


@m.kernel
def atomic_vectors(a: m.array(dtype=m.vec3i), out: m.array(dtype=m.vec3i)):
    i = m.tid()
    m.atomic_add(out, 0, a[i])
    m.atomic_sub(out, 1, a[i])


@m.kernel
def local_zeros(a: m.array(dtype=float), n: m.array(dtype=int), out: m.array(dtype=float)):
    i = m.tid()
    stack = m.zeros(shape=8, dtype=float)
    for k in range(8):
        stack[k] = a[i] * float(k)
    out[i] = stack[m.abs(n[i]) % 8] + stack[7]


@m.kernel
def local_zeros_in_two_dimensions(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    table = m.zeros(shape=(2, 3), dtype=float)
    for k in range(6):
        table[k // 3, k % 3] = a[i] + float(k)
    out[i] = table[1, 2] * 10.0 + table[0, 1]


@m.kernel
def searched(n: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    steps = m.zeros(shape=10, dtype=int)
    for k in range(10):
        steps[k] = k * 50 - 200
    out[i] = m.lower_bound(steps, n[i]) + 1


@m.kernel
def searched_in_part(a: m.array2d(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    sorted_row = m.zeros(shape=8, dtype=float)
    for k in range(8):
        sorted_row[k] = float(k) * 0.5 - 2.0
    out[i] = m.lower_bound(sorted_row, 2, 7, a[i, 0])
