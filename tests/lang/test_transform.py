"""Rigid transforms and spatial vectors against homogeneous matrices."""

import numpy as np
from scipy.spatial.transform import Rotation

import robokern as rk

COUNT = 200


def transforms(generator, count=COUNT):
    """Random transforms as 7 numbers, and as 4x4 matrices."""
    r = Rotation.random(count, random_state=int(generator.integers(2**31)))
    p = generator.normal(size=(count, 3))
    m = np.zeros((count, 4, 4))
    m[:, :3, :3], m[:, :3, 3], m[:, 3, 3] = r.as_matrix(), p, 1
    return np.concatenate([p, r.as_quat()], axis=1), m


def test_product_and_inverse_are_those_of_matrices(evaluate, generator):
    (a, ma), (b, mb) = transforms(generator), transforms(generator)

    @rk.func
    def product(s: rk.transformd, t: rk.transformd):
        return rk.transform_to_matrix(s * t)

    @rk.func
    def inverse(t: rk.transformd):
        return rk.transform_to_matrix(rk.transform_inverse(t))

    pair = (rk.transformd, a), (rk.transformd, b)
    np.testing.assert_allclose(evaluate(product, rk.mat44d, *pair), ma @ mb, atol=1e-14)
    np.testing.assert_allclose(evaluate(inverse, rk.mat44d, pair[0]), np.linalg.inv(ma), atol=1e-14)


def test_points_and_vectors(evaluate, generator):
    t, m = transforms(generator)
    v = generator.normal(size=(COUNT, 3))
    point = np.einsum("nij,nj->ni", m[:, :3, :3], v) + m[:, :3, 3]
    for matrix_or_transform in ((rk.transformd, t), (rk.mat44d, m)):
        found = evaluate(rk.transform_point, rk.vec3d, matrix_or_transform, (rk.vec3d, v))
        np.testing.assert_allclose(found, point, atol=1e-14)
        found = evaluate(rk.transform_vector, rk.vec3d, matrix_or_transform, (rk.vec3d, v))
        np.testing.assert_allclose(found, point - m[:, :3, 3], atol=1e-14)


def test_matrix_both_ways(evaluate, generator):
    t, m = transforms(generator)
    np.testing.assert_allclose(evaluate(rk.transform_to_matrix, rk.mat44d, (rk.transformd, t)), m, atol=1e-14)
    back = evaluate(rk.transform_from_matrix, rk.transformd, (rk.mat44d, m))
    flip = np.sign(np.sum(back[:, 3:] * t[:, 3:], axis=1, keepdims=True))
    np.testing.assert_allclose(back[:, :3], t[:, :3], atol=0)
    np.testing.assert_allclose(back[:, 3:] * flip, t[:, 3:], atol=1e-14)


def test_compose_and_decompose(evaluate, generator):
    t, m = transforms(generator)
    scale = generator.uniform(0.2, 3, (COUNT, 3))
    scale[:20, 0] *= -1
    scaled = m @ (np.concatenate([scale, np.ones((COUNT, 1))], axis=1)[:, None, :] * np.eye(4))
    found = evaluate(
        rk.transform_compose, rk.mat44d, (rk.vec3d, t[:, :3]), (rk.quatd, t[:, 3:]), (rk.vec3d, scale)
    )
    np.testing.assert_allclose(found, scaled, atol=1e-14)

    @rk.func
    def round_trip(x: rk.mat44d):
        p, q, s = rk.transform_decompose(x)
        return rk.transform_compose(p, q, s)

    @rk.func
    def scale_of(x: rk.mat44d):
        return rk.transform_decompose(x)[2]

    np.testing.assert_allclose(evaluate(round_trip, rk.mat44d, (rk.mat44d, scaled)), scaled, atol=1e-13)
    np.testing.assert_allclose(evaluate(scale_of, rk.vec3d, (rk.mat44d, scaled)), scale, atol=1e-14)


def test_setters_and_getters(evaluate, generator):
    t, _ = transforms(generator, 10)
    other, _ = transforms(generator, 10)

    @rk.func
    def copied(a: rk.transformd, b: rk.transformd):
        moved = rk.transform_set_translation_copy(a, rk.transform_get_translation(b))
        return rk.transform_set_rotation_copy(moved, rk.transform_get_rotation(b))

    @rk.func
    def in_place(a: rk.transformd, b: rk.transformd):
        changed = rk.transform_identity(rk.float64) * a
        rk.transform_set_translation(changed, b.p)
        rk.transform_set_rotation(changed, b.q)
        return changed

    for func in (copied, in_place):
        found = evaluate(func, rk.transformd, (rk.transformd, t), (rk.transformd, other))
        np.testing.assert_array_equal(found, other)


def skew(v):
    x, y, z = v.T
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)


def motion_matrix(m):
    """6x6 matrices that map twists (w, v)."""
    result = np.zeros((len(m), 6, 6))
    r = m[:, :3, :3]
    result[:, :3, :3] = result[:, 3:, 3:] = r
    result[:, 3:, :3] = skew(m[:, :3, 3]) @ r
    return result


def test_twists_and_wrenches(evaluate, generator):
    t, m = transforms(generator)
    x, f = generator.normal(size=(COUNT, 6)), generator.normal(size=(COUNT, 6))
    spatial = rk.spatial_vectord
    twist = evaluate(rk.transform_twist, spatial, (rk.transformd, t), (spatial, x))
    np.testing.assert_allclose(twist, np.einsum("nij,nj->ni", motion_matrix(m), x), atol=1e-13)
    wrench = evaluate(rk.transform_wrench, spatial, (rk.transformd, t), (spatial, f))
    # power does not depend on the frame
    power = evaluate(rk.spatial_dot, rk.float64, (spatial, f), (spatial, x))
    np.testing.assert_allclose(
        evaluate(rk.spatial_dot, rk.float64, (spatial, wrench), (spatial, twist)), power, atol=1e-13
    )


def test_spatial_adjoint(evaluate, generator):
    _, m = transforms(generator)
    r = np.ascontiguousarray(m[:, :3, :3])
    s = skew(m[:, :3, 3]) @ r
    found = evaluate(rk.spatial_adjoint, rk.spatial_matrixd, (rk.mat33d, r), (rk.mat33d, s))
    np.testing.assert_array_equal(found, motion_matrix(m))


def test_spatial_cross_products(evaluate, generator):
    a, b, f = (generator.normal(size=(COUNT, 6)) for _ in range(3))
    spatial = rk.spatial_vectord
    ab = evaluate(rk.spatial_cross, spatial, (spatial, a), (spatial, b))
    crm = np.zeros((COUNT, 6, 6))
    crm[:, :3, :3] = crm[:, 3:, 3:] = skew(a[:, :3])
    crm[:, 3:, :3] = skew(a[:, 3:])
    np.testing.assert_allclose(ab, np.einsum("nij,nj->ni", crm, b), atol=1e-14)
    af = evaluate(rk.spatial_cross_dual, spatial, (spatial, a), (spatial, f))
    np.testing.assert_allclose(af, np.einsum("nji,nj->ni", -crm, f), atol=1e-14)


def test_parts_and_point_velocity(evaluate, generator):
    x, r = generator.normal(size=(COUNT, 6)), generator.normal(size=(COUNT, 3))
    spatial = rk.spatial_vectord
    np.testing.assert_array_equal(evaluate(rk.spatial_top, rk.vec3d, (spatial, x)), x[:, :3])
    np.testing.assert_array_equal(evaluate(rk.spatial_bottom, rk.vec3d, (spatial, x)), x[:, 3:])
    found = evaluate(rk.velocity_at_point, rk.vec3d, (spatial, x), (rk.vec3d, r))
    np.testing.assert_allclose(found, x[:, 3:] + np.cross(x[:, :3], r), atol=1e-14)
