"""Every library function against central differences in float64; a new function without a row here fails.

Random arguments, and edges: ends of domains, branches taken either way, kinks avoided by a margin.
"""

import numpy as np
import pytest

import robokern as rk
from robokern.runtime.gradcheck import gradcheck

RNG = np.random.default_rng(5)


def scalars(*values, low=-2.0, high=2.0):
    """Doubles: the given ones, then random ones."""
    return rk.array([*values, *RNG.uniform(low, high, 4 - len(values))], dtype=rk.float64)


def components(dtype, scale=1.0):
    return rk.array(scale * RNG.normal(size=(3, *dtype.shape)), dtype=dtype)


def vec(n=3):
    return components(rk.vector(n, rk.float64))


def mat(n=3):
    return rk.array(RNG.normal(size=(3, n, n)) + 2.0 * np.eye(n), dtype=rk.matrix((n, n), rk.float64))


def symmetric(n=3):
    m = RNG.normal(size=(3, n, n))
    return rk.array(
        m @ m.transpose(0, 2, 1) + np.diag(np.arange(1.0, n + 1)), dtype=rk.matrix((n, n), rk.float64)
    )


def unit_quat():
    q = RNG.normal(size=(3, 4))
    q *= np.sign(q[:, 3:])
    return rk.array(q / np.linalg.norm(q, axis=1, keepdims=True), dtype=rk.quatd)


def rotation(n=3):
    q = unit_quat().numpy()
    m = np.tile(np.eye(n), (3, 1, 1))
    for k, (x, y, z, w) in enumerate(q):
        m[k, :3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    return rk.array(m, dtype=rk.matrix((n, n), rk.float64))


def pose():
    t = np.concatenate([RNG.normal(size=(3, 3)), unit_quat().numpy()], axis=1)
    return rk.array(t, dtype=rk.transformd)


def spatial():
    return components(rk.vector(6, rk.float64))


def positive(*values):
    return scalars(*values, low=0.1, high=3.0)


def inside(*values):
    return scalars(*values, low=-0.95, high=0.95)


CASES = {
    "acos": [(inside(-0.999, 0.999),)],
    "asin": [(inside(-0.999, 0.0),)],
    "atan": [(scalars(0.0, -30.0),)],
    "atan2": [(scalars(0.5, -0.5), scalars(-1.0, -1.0)), (scalars(0.0), positive())],
    "cbrt": [(positive(8.0),), (scalars(-8.0, -0.1),)],
    "cholesky": [(symmetric(),)],
    "cholesky_solve": [(mat(), vec())],
    "clamp": [(scalars(-3.0, 3.0, 0.2), scalars(-1, -1, -1, -1), scalars(1, 1, 1, 1))],
    "closest_point_edge_edge": [(vec(), vec(), vec(), vec(), 1e-6)],
    "copysign": [(scalars(1.0, -1.0), scalars(-1.0, 1.0))],
    "cos": [(scalars(0.0, 100.0),)],
    "cosh": [(scalars(0.0, -5.0),)],
    "cross": [(vec(), vec())],
    "cw_div": [(vec(), vec())],
    "cw_mul": [(vec(), vec())],
    "ddot": [(mat(), mat())],
    "degrees": [(scalars(),)],
    "determinant": [(mat(2),), (mat(3),), (mat(4),)],
    "diag": [(vec(),)],
    "dot": [(vec(), vec()), (unit_quat(), unit_quat())],
    "eig3": [(symmetric(),)],
    "erf": [(scalars(0.0, 3.0),)],
    "erfc": [(scalars(0.0, 3.0),)],
    "erfcinv": [(positive(0.3, 1.0, 1.7, 0.9),)],
    "erfinv": [(inside(0.0),)],
    "exp": [(scalars(0.0, 20.0, -20.0),)],
    "frac": [(scalars(0.3, -1.4, 2.6, 1.2),)],
    "get_diag": [(mat(),)],
    "inverse": [(mat(2),), (mat(3),), (mat(4),)],
    "inverse_approx": [(mat(3),)],
    "length": [(vec(),), (unit_quat(),)],
    "length_sq": [(vec(),)],
    "lerp": [(scalars(), scalars(), scalars(0.0, 1.0))],
    "log": [(positive(1.0, 1e-3),)],
    "log10": [(positive(1.0, 1e-3),)],
    "log2": [(positive(1.0, 1e-3),)],
    "matrix_from_cols": [(vec(), vec()), (vec(), vec(), vec())],
    "matrix_from_rows": [(vec(), vec()), (vec(4), vec(4), vec(4), vec(4))],
    "norm_huber": [(vec(), 0.1), (vec(), 10.0)],
    "norm_l1": [(vec(),)],
    "norm_l2": [(vec(),)],
    "norm_pseudo_huber": [(vec(), 0.7)],
    "normalize": [(vec(),), (unit_quat(),)],
    "outer": [(vec(), vec(2))],
    "pow": [(positive(1.0), scalars(0.0, 3.0))],
    "qr3": [(mat(),)],
    "quat_between_vectors": [(vec(), vec())],
    "quat_from_axis_angle": [(vec(), scalars()[:3])],
    "quat_from_euler": [(vec(), 0, 1, 2), (vec(), 2, 0, 2)],
    "quat_from_matrix": [(rotation(),), (rotation(4),)],
    "quat_inverse": [(unit_quat(),)],
    "quat_multiply": [(unit_quat(), unit_quat())],
    "quat_rotate": [(unit_quat(), vec())],
    "quat_rotate_inv": [(unit_quat(), vec())],
    "quat_rpy": [(scalars(), scalars(), scalars())],
    "quat_slerp": [(unit_quat(), unit_quat(), scalars(0.0, 0.3, 0.9)[:3])],
    "quat_to_axis_angle": [(unit_quat(),)],
    "quat_to_euler": [(unit_quat(), 0, 1, 2)],
    "quat_to_matrix": [(unit_quat(),)],
    "quat_to_rpy": [(unit_quat(),)],
    "quat_twist": [(vec(), unit_quat())],
    "quat_twist_angle": [(vec(), unit_quat())],
    "quat_twist_angle_signed": [(vec(), unit_quat())],
    "radians": [(scalars(),)],
    "sin": [(scalars(0.0, 100.0),)],
    "sinh": [(scalars(0.0, -5.0),)],
    "skew": [(vec(),)],
    "smooth_normalize": [(vec(), 0.7)],
    "smoothstep": [(scalars(-1, -1, -1, -1), scalars(1, 1, 1, 1), scalars(-2.0, 2.0, 0.3, -0.6))],
    "solve": [(mat(), vec())],
    "spatial_adjoint": [(mat(), mat())],
    "spatial_bottom": [(spatial(),)],
    "spatial_cross": [(spatial(), spatial())],
    "spatial_cross_dual": [(spatial(), spatial())],
    "spatial_dot": [(spatial(), spatial())],
    "spatial_top": [(spatial(),)],
    "svd2": [(mat(2),)],
    "svd3": [(mat(),)],
    "tan": [(scalars(0.0, 1.4),)],
    "tanh": [(scalars(0.0, 5.0),)],
    "trace": [(mat(),)],
    "transform_compose": [(vec(), unit_quat(), vec())],
    "transform_decompose": [(rotation(4),)],
    "transform_from_matrix": [(rotation(4),)],
    "transform_get_rotation": [(pose(),)],
    "transform_get_translation": [(pose(),)],
    "transform_inverse": [(pose(),)],
    "transform_multiply": [(pose(), pose())],
    "transform_point": [(pose(), vec())],
    "transform_set_rotation_copy": [(pose(), unit_quat())],
    "transform_set_translation_copy": [(pose(), vec())],
    "transform_to_matrix": [(pose(),)],
    "transform_twist": [(pose(), spatial())],
    "transform_vector": [(pose(), vec())],
    "transform_wrench": [(pose(), spatial())],
    "transpose": [(mat(),)],
    "velocity_at_point": [(spatial(), vec())],
}  # fmt: skip

# results that do not change with floats, or are drawn: nothing to differentiate
CONSTANT = {
    "argmax", "argmin", "bit_count", "intersect_tri_tri", "isfinite", "isinf", "isnan", "lower_bound",
    "nonzero", "philox4x32", "poisson", "quat_identity", "rand_init", "rand_key", "randi", "randu", "randn",
    "round", "sample_cdf", "sample_triangle", "sample_unit_cube", "sample_unit_disk",
    "sample_unit_hemisphere", "sample_unit_hemisphere_surface", "sample_unit_ring", "sample_unit_sphere",
    "sample_unit_sphere_surface", "sample_unit_square", "sign", "step", "transform_identity",
}  # fmt: skip
ELSEWHERE = {
    "curlnoise", "noise", "pnoise", "randf", "transform_set_rotation", "transform_set_translation",
    "dense_chol", "dense_gemm", "dense_solve", "dense_subs",  # tests/lang/test_dense.py
}  # fmt: skip


@rk.kernel
def noises(x: rk.array(dtype=rk.vec3), y: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    state = rk.rand_init(42)
    plain = rk.noise(state, x[i])
    periodic = rk.pnoise(state, x[i], 4, 4, 4)
    y[i] = rk.curlnoise(state, x[i]) + rk.vec3(plain, periodic, rk.noise(state, x[i].x))


def test_noise_in_float32():
    x = rk.array([[0.3, 0.6, 0.2], [1.4, -0.7, 2.6]], dtype=rk.vec3)
    assert gradcheck(noises, 2, [x], [rk.zeros(2, dtype=rk.vec3)], rtol=2e-2)


@rk.kernel
def changed_poses(
    t: rk.array(dtype=rk.transformd), v: rk.array(dtype=rk.vec3d), out: rk.array(dtype=rk.transformd)
):
    i = rk.tid()
    pose = t[i]
    rk.transform_set_translation(pose, rk.transform_point(pose, v[i]))
    rk.transform_set_rotation(pose, rk.quatd(v[i].x, v[i].y, v[i].z, rk.float64(1.0)))
    out[i] = rk.transform_multiply(t[i], pose)


def test_parts_of_a_transform_set_in_place():
    assert gradcheck(changed_poses, 3, [pose(), vec()], [rk.zeros(3, dtype=rk.transformd)])


@rk.kernel
def drawn(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    state = rk.rand_init(7, i)
    y[i] = x[i] * rk.randf(state, x[i], 2.0 * x[i])


def test_random_numbers_between_differentiable_bounds():
    assert gradcheck(drawn, 3, [rk.array([1.0, 2.0, 3.0], dtype=float)], [rk.zeros(3)])


def test_every_function_has_a_row():
    missing = set(rk.lang.__all__) - set(CASES) - CONSTANT - ELSEWHERE
    assert not missing, f"no gradient check for {sorted(missing)}"


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    function = getattr(rk, name)
    for given in CASES[name]:
        values = [rk.float64(v) if isinstance(v, float) else v for v in given]
        assert gradcheck(lambda *args, f=function: rk.map(f, *args), inputs=values)
