"""Forms used without thinking: literals of the other kind, indices from the end, spread arguments."""

import robokern as m


@m.kernel
def floats_compared_with_integers(a: m.array(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    count = 0
    if a[i] > 0:
        count += 1
    if a[i] != 1:
        count += 2
    x = a[i]
    while x < 1:
        x += 0.5
        count += 4
    out[i] = count


@m.kernel
def integers_as_components(out: m.array(dtype=m.vec3), out_m: m.array(dtype=m.mat22d)):
    i = m.tid()
    out[i] = m.vec3(1, -2, 3)
    out_m[i] = m.mat22d(1, 2, 16777217, 4)


@m.kernel
def indices_from_the_end(a: m.array(dtype=float), b: m.array2d(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = a[-1]
    out[i, -1] = b[i, -2]
    row = b[-3]
    out[i, 1] = row[0]


@m.kernel
def components_from_the_end(v: m.array(dtype=m.vec3), k: m.array(dtype=int), out: m.array(dtype=float)):
    i = m.tid()
    index = k[i] % 3
    u = v[i]
    if index > 0:
        index = index - 3
    u[index] += 1.0
    out[i] = v[i][index] * 10.0 + u[0] + 2.0 * u[1] + 3.0 * u[2]


@m.kernel
def slices_backwards(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    back = a[::-1]
    some = a[20:3:-5]
    ends = a[-2:-7:-2]
    out[i, 0] = back[i]
    out[i, 1] = some[0] + 2.0 * some[3]
    out[i, 2] = float(some.shape[0] * 100 + ends.shape[0])
    out[i, 3] = ends[2]


@m.kernel
def slices_known_at_run_time(
    a: m.array(dtype=float),
    starts: m.array(dtype=int),
    stops: m.array(dtype=int),
    steps: m.array(dtype=int),
    out: m.array2d(dtype=float),
):
    i = m.tid()
    start = starts[i] % 24
    stop = stops[i] % 24
    step = steps[i] % 5
    if step == 0:
        step = 3
    part = a[start:stop:step]
    total = float(0.0)
    for k in range(part.shape[0]):
        total += part[k] * float(k + 1)
    out[i, 0] = float(part.shape[0])
    out[i, 1] = total


@m.kernel
def ranges_backwards(starts: m.array(dtype=int), steps: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    start = starts[i] % 10
    step = steps[i] % 4
    if step == 0:
        step = 2
    total = int(0)
    for k in reversed(range(start, 12 - start, step)):
        total = total * 3 + k
    out[i] = total


@m.kernel
def vectors_spread(v: m.array(dtype=m.vec2), a: m.array(dtype=float), out: m.array(dtype=m.vec4)):
    i = m.tid()
    u = v[i]
    largest = m.max(*u)
    out[i] = m.vec4(*u, largest, 1.0) + m.vec4(*a[1:5]) + m.vec4(*a[0:8:2])


@m.kernel
def transforms_of_one_argument(v: m.array(dtype=m.vec3), out: m.array(dtype=m.transform)):
    i = m.tid()
    t = m.transform()
    t[0] += v[i][0]
    t[6] += 2.0
    moved = m.transform(p=v[i])
    filled = m.transform(0.5)
    if i % 3 == 0:
        out[i] = t
    elif i % 3 == 1:
        out[i] = moved
    else:
        out[i] = filled


@m.kernel
def a_number_over_components(
    v: m.array(dtype=m.vec3),
    b: m.array(dtype=m.mat22),
    out: m.array(dtype=m.vec3),
    out_m: m.array(dtype=m.mat22),
):
    i = m.tid()
    out[i] = 1.5 / (v[i] + m.vec3(5.0, 6.0, 7.0))
    out_m[i] = 2.0 / (b[i] + m.mat22(5.0, 5.0, 5.0, 5.0))


@m.kernel
def remainders_of_vectors(
    v: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3), out_i: m.array(dtype=m.vec3i)
):
    i = m.tid()
    out[i] = v[i] % m.vec3(0.5, 0.75, 1.25)
    out_i[i] = m.mod(m.vec3i(i, -i, 7), m.vec3i(3, 4, 5))


@m.kernel
def quotients_of_integer_vectors(a: m.array(dtype=m.vec3i), out: m.array(dtype=m.vec3i)):
    i = m.tid()
    out[i] = m.cw_div(a[i], m.vec3i(3, -7, 11))


@m.kernel
def infinities_in_vectors(a: m.array(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    x = a[i]
    if i % 3 == 1:
        x = x / 0.0
    v = m.vec3(1.0, x, 2.0)
    q = m.quat(1.0, x, 2.0, 3.0)
    w = m.mat22(1.0, 2.0, x, 3.0)
    bits = 0
    if m.isinf(v):
        bits += 1
    if m.isfinite(v):
        bits += 2
    if m.isinf(q):
        bits += 4
    if m.isfinite(w):
        bits += 8
    out[i] = bits


@m.kernel
def arrays_over_memory(b: m.array2d(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    flat = m.array(ptr=b.ptr, shape=(b.shape[0] * b.shape[1],), dtype=float)
    rows = m.array(ptr=b.ptr, shape=(4, 6), dtype=float)
    out[i] = flat[i] * 10.0 + rows[i % 4, i % 6]


@m.kernel
def rounded_by_pythons_name(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = round(a[i] * 2.0) + 0.25


@m.kernel
def vectors_of_other_vectors(v: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3d)):
    i = m.tid()
    same = m.types.vector(v[i])
    wide = m.types.vector(same, dtype=m.float64)
    out[i] = wide


@m.kernel
def checks_of_vectors(v: m.array(dtype=m.vec3), out: m.array(dtype=float)):
    i = m.tid()
    m.expect_near(v[i], v[i] + m.vec3(1.0e-4), tolerance=1.0e-3)
    out[i] = float(v[i].length)
