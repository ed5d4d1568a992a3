"""Quaternions against SciPy's rotations and the group axioms."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

import robokern as rk

COUNT = 500
PRECISIONS = [
    pytest.param(rk.float32, rk.quatf, rk.vec3f, rk.mat33f, 2e-6, id="float32"),
    pytest.param(rk.float64, rk.quatd, rk.vec3d, rk.mat33d, 2e-14, id="float64"),
]
precisions = pytest.mark.parametrize(("scalar", "quat", "vec3", "mat33", "tolerance"), PRECISIONS)


def rotations(generator, count=COUNT):
    return Rotation.random(count, random_state=int(generator.integers(2**31)))


def close_up_to_sign(a, b, tolerance):
    flip = np.sign(np.sum(a * b, axis=-1, keepdims=True))
    np.testing.assert_allclose(a * flip, b, atol=tolerance)


@precisions
def test_product_applies_the_right_factor_first(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    a, b = rotations(generator), rotations(generator)

    @rk.func
    def product(p: quat, q: quat):
        return p * q

    close_up_to_sign(
        evaluate(product, quat, (quat, a.as_quat()), (quat, b.as_quat())), (a * b).as_quat(), tolerance
    )


@precisions
def test_rotate_and_back(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    r, v = rotations(generator), generator.normal(size=(COUNT, 3))
    turned = evaluate(rk.quat_rotate, vec3, (quat, r.as_quat()), (vec3, v))
    np.testing.assert_allclose(turned, r.apply(v), atol=4 * tolerance)
    back = evaluate(rk.quat_rotate_inv, vec3, (quat, r.as_quat()), (vec3, turned))
    np.testing.assert_allclose(back, v, atol=8 * tolerance)


@precisions
def test_matrix_both_ways(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    r = rotations(generator)
    m = evaluate(rk.quat_to_matrix, mat33, (quat, r.as_quat()))
    np.testing.assert_allclose(m, r.as_matrix(), atol=tolerance)
    close_up_to_sign(evaluate(rk.quat_from_matrix, quat, (mat33, m)), r.as_quat(), tolerance)


def test_matrix_of_half_turns(evaluate):
    # w = 0: three of the four formulas divide by zero
    q = np.eye(4)[:3]
    m = Rotation.from_quat(q).as_matrix()
    close_up_to_sign(evaluate(rk.quat_from_matrix, rk.quatd, (rk.mat33d, m)), q, 1e-15)


@precisions
def test_axis_angle_both_ways(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    axis = generator.normal(size=(COUNT, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = generator.uniform(0.01, np.pi - 0.01, COUNT)
    q = evaluate(rk.quat_from_axis_angle, quat, (vec3, axis), (scalar, angle))
    np.testing.assert_allclose(
        q, Rotation.from_rotvec(axis * angle[:, None]).as_quat(canonical=True), atol=tolerance
    )

    @rk.func
    def vector_of(q: quat):
        found_axis, found_angle = rk.quat_to_axis_angle(q)
        return found_axis * found_angle

    for side in (q, -q):
        np.testing.assert_allclose(
            evaluate(vector_of, vec3, (quat, side)), axis * angle[:, None], atol=8 * tolerance
        )


@precisions
def test_roll_pitch_yaw_both_ways(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    angles = generator.uniform(-1, 1, (COUNT, 3)) * [3.1, 1.5, 3.1]

    @rk.func
    def of(e: vec3):
        return rk.quat_rpy(e[0], e[1], e[2])

    q = evaluate(of, quat, (vec3, angles))
    close_up_to_sign(q, Rotation.from_euler("xyz", angles).as_quat(), tolerance)
    # the angles are ill-conditioned by 1 / cos(pitch), at most 14 here
    np.testing.assert_allclose(evaluate(rk.quat_to_rpy, vec3, (quat, q)), angles, atol=30 * tolerance)


@pytest.mark.parametrize("sequence", ["xyz", "xzy", "yxz", "yzx", "zxy", "zyx"])
def test_euler_sequences(evaluate, generator, sequence):
    i, j, k = ("xyz".index(c) for c in sequence)
    r = rotations(generator)

    @rk.func
    def angles(q: rk.quatd):
        return rk.quat_to_euler(q, i, j, k)

    @rk.func
    def back(e: rk.vec3d):
        return rk.quat_from_euler(e, i, j, k)

    e = evaluate(angles, rk.vec3d, (rk.quatd, r.as_quat()))
    np.testing.assert_allclose(e[:, [i, j, k]], r.as_euler(sequence), atol=1e-12)
    close_up_to_sign(evaluate(back, rk.quatd, (rk.vec3d, e)), r.as_quat(), 1e-13)


def test_euler_at_gimbal_lock(evaluate):
    e = np.array([[0.3, np.pi / 2, -0.4], [0.3, -np.pi / 2, -0.4]])
    q = Rotation.from_euler("xyz", e).as_quat()
    found = evaluate(rk.quat_to_rpy, rk.vec3d, (rk.quatd, q))
    close_up_to_sign(Rotation.from_euler("xyz", found).as_quat(), q, 1e-7)


@pytest.mark.parametrize("sequence", ["xyx", "zxz", "yzy"])
def test_proper_euler_angles(evaluate, generator, sequence):
    i, j, k = ("xyz".index(c) for c in sequence)
    r = rotations(generator)

    @rk.func
    def angles(q: rk.quatd):
        return rk.quat_to_euler(q, i, j, k)

    e = evaluate(angles, rk.vec3d, (rk.quatd, r.as_quat()))
    np.testing.assert_allclose(e[:, [i, j, 3 - i - j]], r.as_euler(sequence), atol=1e-12)


@precisions
def test_slerp_follows_the_shorter_arc(evaluate, generator, scalar, quat, vec3, mat33, tolerance):
    a, b = rotations(generator, 60), rotations(generator, 60)
    t = generator.uniform(0, 1, 60)
    want = np.array(
        [Slerp([0, 1], Rotation.concatenate([p, q]))(u).as_quat() for p, q, u in zip(a, b, t, strict=True)]
    )
    found = evaluate(rk.quat_slerp, quat, (quat, a.as_quat()), (quat, -b.as_quat()), (scalar, t))
    close_up_to_sign(found, want, 4 * tolerance)


def test_slerp_between_equal_rotations(evaluate, generator):
    q = rotations(generator, 20).as_quat()
    found = evaluate(
        rk.quat_slerp, rk.quatd, (rk.quatd, q), (rk.quatd, q), (rk.float64, np.linspace(0, 1, 20))
    )
    np.testing.assert_allclose(found, q, atol=1e-15)


def test_twist_and_swing_make_the_rotation(evaluate, generator):
    r = rotations(generator)
    axis = generator.normal(size=(COUNT, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    twist = Rotation.from_quat(evaluate(rk.quat_twist, rk.quatd, (rk.vec3d, axis), (rk.quatd, r.as_quat())))
    swing = (r * twist.inv()).as_rotvec()
    np.testing.assert_allclose(np.sum(swing * twist.apply(axis), axis=1), 0, atol=1e-12)
    angle = evaluate(rk.quat_twist_angle_signed, rk.float64, (rk.vec3d, axis), (rk.quatd, r.as_quat()))
    left = Rotation.from_rotvec(axis * angle[:, None]).inv() * twist
    np.testing.assert_allclose(left.magnitude(), 0, atol=1e-12)
    unsigned = evaluate(rk.quat_twist_angle, rk.float64, (rk.vec3d, axis), (rk.quatd, r.as_quat()))
    np.testing.assert_allclose(np.cos(unsigned), np.cos(angle), atol=1e-12)


def test_between_vectors(evaluate, generator):
    a, b = generator.normal(size=(COUNT, 3)), generator.normal(size=(COUNT, 3))
    a[:3] = np.eye(3)
    b[:3] = -np.eye(3)
    q = evaluate(rk.quat_between_vectors, rk.quatd, (rk.vec3d, a), (rk.vec3d, b))
    turned = Rotation.from_quat(q).apply(a / np.linalg.norm(a, axis=1, keepdims=True))
    np.testing.assert_allclose(turned, b / np.linalg.norm(b, axis=1, keepdims=True), atol=1e-12)


def test_normalize_zero_gives_identity(evaluate):
    q = np.array([[0.0, 0, 0, 0], [0, 0, 0, 2]])
    np.testing.assert_array_equal(evaluate(rk.normalize, rk.quat, (rk.quat, q)), [[0, 0, 0, 1], [0, 0, 0, 1]])


def test_identity_and_inverse(evaluate, generator):
    r = rotations(generator, 5)

    @rk.func
    def round_trip(q: rk.quat):
        return q * rk.quat_inverse(q) * rk.quat_identity()

    np.testing.assert_allclose(
        evaluate(round_trip, rk.quat, (rk.quat, r.as_quat())), [[0, 0, 0, 1]] * 5, atol=2e-7
    )


def test_axis_and_angle_by_reference(device):
    @rk.kernel
    def turned(out: rk.array(dtype=rk.vec3), angles: rk.array(dtype=float)):
        q = rk.quat_from_axis_angle(rk.vec3(0.0, 0.6, 0.8), 0.7)
        axis = rk.vec3()
        angle = 0.0
        rk.quat_to_axis_angle(q, axis, angle)
        out[0] = axis
        angles[0] = angle

    out, angles = rk.zeros(1, dtype=rk.vec3, device=device), rk.zeros(1, dtype=float, device=device)
    rk.launch(turned, dim=1, inputs=[out, angles], device=device)
    np.testing.assert_allclose(out.numpy()[0], [0.0, 0.6, 0.8], atol=1e-6)
    np.testing.assert_allclose(angles.numpy(), 0.7, rtol=1e-6)
