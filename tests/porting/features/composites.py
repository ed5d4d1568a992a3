"""Components, slices, in-place changes and constructors of vectors, matrices, quaternions, transforms."""

import robokern as m

vec5 = m.types.vector(length=5, dtype=float)
mat23 = m.types.matrix(shape=(2, 3), dtype=float)
mat32d = m.types.matrix(shape=(3, 2), dtype=m.float64)


@m.kernel
def components_by_name(a: m.array(dtype=m.vec4), out: m.array(dtype=m.vec4)):
    i = m.tid()
    v = a[i]
    v.x = v.y + 1.0
    v.w = v.z * v.x
    out[i] = v


@m.kernel
def components_by_index(a: m.array(dtype=m.vec3), n: m.array(dtype=int), out: m.array(dtype=m.vec3)):
    i = m.tid()
    v = a[i]
    k = m.abs(n[i]) % 3
    v[0] = v[2] * 2.0
    v[k] = v[k] + 5.0
    v[1] += 1.5
    v[2] -= 0.5
    v[0] *= 3.0
    out[i] = v


@m.kernel
def negative_indices(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    v = a[i]
    v[-1] = v[-3] + 1.0
    out[i] = v


@m.kernel
def vector_slices(a: m.array(dtype=vec5), out: m.array2d(dtype=float)):
    i = m.tid()
    v = a[i]
    w = v[1:4]
    u = v[::2]
    out[i, 0] = w[0] + w[2] * 10.0
    out[i, 1] = u[1] + u[2]
    v[0:2] = m.vec2(7.0, 8.0)
    out[i, 2] = v[0] + v[1] * 10.0 + v[2]
    out[i, 3] = float(len(w)) + float(len(v))


@m.kernel
def vector_operators(a: m.array(dtype=vec5), b: m.array(dtype=vec5), out: m.array(dtype=vec5)):
    i = m.tid()
    v = a[i] + b[i] * 2.0 - a[i] / 3.0
    v += b[i]
    v *= 0.5
    v -= a[i]
    out[i] = -v


@m.kernel
def int_vectors(a: m.array(dtype=m.vec3i), b: m.array(dtype=m.vec3i), out: m.array(dtype=m.vec3i)):
    i = m.tid()
    out[i] = a[i] * 3 + b[i] - m.vec3i(1, 2, 3) + m.cw_mul(a[i], b[i])


@m.kernel
def byte_vectors(a: m.array(dtype=m.vec3ub), out: m.array(dtype=m.vec3ub)):
    i = m.tid()
    out[i] = a[i] + m.vec3ub(m.uint8(200))


@m.kernel
def double_vectors(a: m.array(dtype=m.vec3d), b: m.array(dtype=m.vec3d), out: m.array(dtype=m.vec3d)):
    i = m.tid()
    out[i] = m.cross(a[i], b[i]) + a[i] * m.dot(a[i], b[i])


@m.kernel
def half_vectors(a: m.array(dtype=m.vec2h), b: m.array(dtype=m.vec2h), out: m.array(dtype=m.vec2h)):
    i = m.tid()
    out[i] = a[i] + b[i]


@m.kernel
def vectors_compare(a: m.array(dtype=m.vec2i), b: m.array(dtype=m.vec2i), out: m.array2d(dtype=bool)):
    i = m.tid()
    out[i, 0] = a[i] == b[i]
    out[i, 1] = a[i] == a[i]


@m.kernel
def vector_constructors(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    v = m.vector(a[i], 2.0, 3.0)
    w = m.vec3(a[i])
    u = vec5(1.0, 2.0, 3.0, 4.0, a[i])
    z = m.vec4()
    q = m.vector(a[i], length=4)
    out[i, 0] = v[0] + v[2]
    out[i, 1] = w[1]
    out[i, 2] = u[4] + u[3]
    out[i, 3] = z[0]
    out[i, 4] = q[3]


@m.kernel
def vector_conversions(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3d), out_i: m.array(dtype=m.vec3i)):
    i = m.tid()
    out[i] = m.vec3d(a[i])
    out_i[i] = m.vec3i(a[i] * 10.0)


@m.kernel
def matrix_items(a: m.array(dtype=m.mat33), n: m.array(dtype=int), out: m.array(dtype=m.mat33)):
    i = m.tid()
    w = a[i]
    k = m.abs(n[i]) % 3
    w[0, 1] = w[1, 0] + 1.0
    w[k, 2] = 5.0
    w[2, k] += 2.0
    w[1] = w[0] * 2.0
    out[i] = w


@m.kernel
def matrix_rows(a: m.array(dtype=m.mat33), n: m.array(dtype=int), out: m.array(dtype=m.vec3)):
    i = m.tid()
    w = a[i]
    out[i] = w[0] + w[m.abs(n[i]) % 3] * 2.0 + w[-1]


@m.kernel
def matrix_slices(a: m.array(dtype=m.mat44), out: m.array(dtype=m.mat22), out_v: m.array(dtype=m.vec4)):
    i = m.tid()
    w = a[i]
    out[i] = w[1:3, 0:2]
    w[0:2, 0:2] = m.mat22(1.0, 2.0, 3.0, 4.0)
    out_v[i] = w[:, 1] + w[0]


@m.kernel
def matrix_operators(a: m.array(dtype=m.mat33), b: m.array(dtype=m.mat33), out: m.array(dtype=m.mat33)):
    i = m.tid()
    w = a[i] + b[i] * 0.5 - a[i] / 4.0
    w += b[i]
    w *= 0.5
    out[i] = -w @ a[i] + a[i] * b[i]


@m.kernel
def matrices_of_any_shape(a: m.array(dtype=mat23), b: m.array(dtype=mat23), out: m.array(dtype=m.mat22)):
    i = m.tid()
    out[i] = a[i] * m.transpose(b[i])


@m.kernel
def matrix_times_vector(a: m.array(dtype=mat23), v: m.array(dtype=m.vec3), out: m.array(dtype=m.vec2)):
    i = m.tid()
    out[i] = a[i] * v[i] + a[i] @ v[i]


@m.kernel
def vector_times_matrix(a: m.array(dtype=mat23), v: m.array(dtype=m.vec2), out: m.array(dtype=m.vec3)):
    i = m.tid()
    out[i] = v[i] @ a[i]


@m.kernel
def double_matrices(a: m.array(dtype=mat32d), out: m.array(dtype=m.mat33d)):
    i = m.tid()
    out[i] = a[i] * m.transpose(a[i]) + m.mat33d(m.float64(1.0))


@m.kernel
def matrix_constructors(a: m.array(dtype=m.vec3), out: m.array2d(dtype=float)):
    i = m.tid()
    w = m.mat22(a[i][0], 1.0, 2.0, 3.0)
    rows = m.matrix_from_rows(a[i], a[i] * 2.0, m.vec3(1.0, 2.0, 3.0))
    cols = m.matrix_from_cols(a[i], a[i] * 2.0)
    made = m.matrix(1.0, 2.0, 3.0, 4.0, 5.0, a[i][0], shape=(3, 2))
    full = m.matrix(a[i][1], shape=(2, 2))
    eye = m.identity(n=3, dtype=float)
    out[i, 0] = w[0, 0] + w[1, 0]
    out[i, 1] = rows[1, 2] + rows[2, 0]
    out[i, 2] = cols[2, 1]
    out[i, 3] = made[2, 1] + made[0, 1]
    out[i, 4] = full[1, 1]
    out[i, 5] = eye[1, 1] + eye[0, 2] + 1.0


@m.kernel
def quaternion_components(a: m.array(dtype=m.quat), out: m.array(dtype=m.quat)):
    i = m.tid()
    q = a[i]
    q.x = q.w
    q[1] = 0.5
    q[3] += q[2]
    out[i] = q


@m.kernel
def quaternion_operators(a: m.array(dtype=m.quat), b: m.array(dtype=m.quat), out: m.array(dtype=m.quat)):
    i = m.tid()
    out[i] = a[i] * b[i] + a[i] * 2.0 - 0.5 * b[i]


@m.kernel
def quaternion_constructors(a: m.array(dtype=m.vec3), out: m.array2d(dtype=float)):
    i = m.tid()
    q = m.quat(a[i], 0.5)
    r = m.quaternion(1.0, 2.0, 3.0, a[i][0])
    s = m.quat()
    t = m.quat_identity()
    out[i, 0] = q[1] + q[3]
    out[i, 1] = r[3] + r[0]
    out[i, 2] = s[3]
    out[i, 3] = t[3]


@m.kernel
def double_quaternions(a: m.array(dtype=m.quatd), v: m.array(dtype=m.vec3d), out: m.array(dtype=m.vec3d)):
    i = m.tid()
    out[i] = m.quat_rotate(a[i], v[i]) + m.quat_rotate_inv(a[i] * a[i], v[i])


@m.kernel
def transform_parts(a: m.array(dtype=m.transform), v: m.array(dtype=m.vec3), out: m.array(dtype=m.transform)):
    i = m.tid()
    t = a[i]
    t.p = t.p + v[i]
    t.q = m.quat_inverse(t.q)
    out[i] = t


@m.kernel
def transform_items(a: m.array(dtype=m.transform), out: m.array(dtype=m.transform)):
    i = m.tid()
    t = a[i]
    t[0] = t[6] + t[1]
    t[2] += 1.0
    out[i] = t


@m.kernel
def transform_setters(
    a: m.array(dtype=m.transform), v: m.array(dtype=m.vec3), out: m.array(dtype=m.transform)
):
    i = m.tid()
    t = a[i]
    m.transform_set_translation(t, v[i])
    m.transform_set_rotation(t, m.quat(0.0, 0.0, 0.0, 1.0))
    out[i] = t * a[i]


@m.kernel
def double_transforms(a: m.array(dtype=m.transformd), v: m.array(dtype=m.vec3d), out: m.array(dtype=m.vec3d)):
    i = m.tid()
    out[i] = m.transform_point(a[i] * m.transform_inverse(a[i]), v[i]) + m.transform_vector(a[i], v[i])


@m.kernel
def spatial_items(
    a: m.array(dtype=m.spatial_vector),
    b: m.array(dtype=m.spatial_vector),
    out: m.array(dtype=m.spatial_vector),
):
    i = m.tid()
    s = m.spatial_vector(m.spatial_bottom(a[i]), m.spatial_top(b[i]))
    s[5] = 2.0
    s += m.spatial_vector(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    out[i] = s * m.dot(a[i], b[i])


@m.kernel
def spatial_matrices(
    a: m.array(dtype=m.mat33), s: m.array(dtype=m.spatial_vector), out: m.array(dtype=m.spatial_vector)
):
    i = m.tid()
    j = m.spatial_adjoint(a[i], m.transpose(a[i]))
    out[i] = j * s[i]


@m.kernel
def extracted(a: m.array(dtype=m.mat33), v: m.array(dtype=m.vec3), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = m.extract(v[i], 1)
    out[i, 1] = m.extract(a[i], 1, 2)
    out[i, 2] = a[i][2][0]


@m.kernel
def copied(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    v = a[i]
    w = m.copy(v)
    w[0] = 100.0
    out[i] = v + w


@m.kernel
def elements_changed_in_place(
    a: m.array(dtype=m.vec3),
    b: m.array(dtype=m.mat33),
    out: m.array(dtype=m.vec3),
    out_m: m.array(dtype=m.mat33),
):
    i = m.tid()
    out[i] = a[i]
    out[i][0] = 2.0
    out[i].y = 3.0
    out[i] += m.vec3(1.0, 1.0, 1.0)
    out_m[i] = b[i]
    out_m[i][1, 1] = 9.0
    out_m[i] -= b[i] * 0.5


@m.kernel
def components_as_values(a: m.array(dtype=m.vec3), out: m.array(dtype=float)):
    i = m.tid()
    x, y, z = a[i][0], a[i][1], a[i][2]
    out[i] = x * 100.0 + y * 10.0 + z
