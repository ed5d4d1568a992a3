"""The library beside Warp 1.19: one source under both imports, results compared.

Needs the extra `bench` (warp-lang); Warp compiles its module for some ten seconds.
"""

import importlib.util
import re
import warnings

import numpy as np
import pytest

import robokern as rk

pytest.importorskip("warp", reason="warp-lang is not installed: pip install robokern[bench]")
pytestmark = pytest.mark.slow

COUNT = 64
# expression: types of a, b, c; type of the result
EXPRESSIONS: dict[str, tuple[str, str]] = {
    # scalars
    **{
        f"m.{f}(a)": ("float", "float")
        for f in ["sin", "cos", "tan", "atan", "exp", "sinh", "cosh", "tanh", "erf", "erfc", "cbrt"]
    },
    **{
        f"m.{f}(a)": ("float", "float")
        for f in ["floor", "ceil", "trunc", "rint", "round", "frac", "abs", "sign", "step", "nonzero"]
    },
    **{f"m.{f}(m.abs(a))": ("float", "float") for f in ["log", "log2", "log10", "sqrt"]},
    **{f"m.{f}(m.sin(a))": ("float", "float") for f in ["asin", "acos", "erfinv"]},
    "m.erfcinv(1.0 + m.sin(a))": ("float", "float"),
    "m.degrees(a)": ("float", "float"),
    "m.radians(a)": ("float", "float"),
    "m.atan2(a, b)": ("float float", "float"),
    "m.pow(m.abs(a), b)": ("float float", "float"),
    "m.abs(a) ** b": ("float float", "float"),
    "m.min(a, b) + m.max(a, b)": ("float float", "float"),
    "m.clamp(a, -0.5, 0.7)": ("float", "float"),
    "m.lerp(a, b, 0.3)": ("float float", "float"),
    "m.lerp(a, b, 0.25)": ("vec3 vec3", "vec3"),
    "m.smoothstep(-1.0, 1.0, a)": ("float", "float"),
    "m.copysign(a, b)": ("float float", "float"),
    "m.where(m.isfinite(a), 1.0, 0.0)": ("float", "float"),
    "m.where(m.isnan(a / 0.0), 1.0, 0.0)": ("float", "float"),
    "m.where(m.isinf(a / 0.0), 1.0, 0.0)": ("float", "float"),
    "m.bit_count(a)": ("int", "int"),
    "a % 3": ("int", "int"),
    "a - float(int(a))": ("float", "float"),
    # vectors
    "m.dot(a, b)": ("vec3 vec3", "float"),
    "m.cross(a, b)": ("vec3 vec3", "vec3"),
    "m.length(a)": ("vec3", "float"),
    "m.length_sq(a)": ("vec3", "float"),
    "m.normalize(a)": ("vec3", "vec3"),
    "m.normalize(a - a)": ("vec3", "vec3"),
    "m.outer(a, b)": ("vec3 vec3", "mat33"),
    "m.skew(a)": ("vec3", "mat33"),
    "m.cw_mul(a, b)": ("vec3 vec3", "vec3"),
    "m.cw_div(a, b)": ("vec3 vec3", "vec3"),
    "m.min(a, b)": ("vec3 vec3", "vec3"),
    "m.max(a, b)": ("vec3 vec3", "vec3"),
    "m.min(a)": ("vec3", "float"),
    "m.max(a)": ("vec3", "float"),
    "m.abs(a)": ("vec3", "vec3"),
    "int(m.argmin(a))": ("vec3", "int"),
    "int(m.argmax(a))": ("vec3", "int"),
    "m.norm_l1(a)": ("vec3", "float"),
    "m.norm_l2(a)": ("vec3", "float"),
    "m.norm_huber(a)": ("vec3", "float"),
    "m.norm_huber(a, 0.4)": ("vec3", "float"),
    "m.norm_pseudo_huber(a, 0.4)": ("vec3", "float"),
    "m.smooth_normalize(a, 0.4)": ("vec3", "vec3"),
    "a * 2.0 - b / 3.0": ("vec3 vec3", "vec3"),
    "-a": ("vec3", "vec3"),
    # matrices
    "a * b": ("mat33 mat33", "mat33"),
    "a @ b": ("mat33 mat33", "mat33"),
    "a * b + b": ("mat33 vec3", "vec3"),
    "a @ b   ": ("mat33 vec3", "vec3"),
    "b @ a": ("mat33 vec3", "vec3"),
    "m.transpose(a)": ("mat33", "mat33"),
    "m.determinant(a)": ("mat33", "float"),
    "m.inverse(a)": ("mat33", "mat33"),
    "m.inverse(a) ": ("mat44", "mat44"),
    "m.determinant(a) ": ("mat44", "float"),
    "m.trace(a)": ("mat33", "float"),
    "m.diag(a)": ("vec3", "mat33"),
    "m.get_diag(a)": ("mat33", "vec3"),
    "m.ddot(a, b)": ("mat33 mat33", "float"),
    "m.cw_mul(a, b) ": ("mat33 mat33", "mat33"),
    "m.cw_div(a, b) ": ("mat33 mat33", "mat33"),
    "m.matrix_from_rows(a, b, c)": ("vec3 vec3 vec3", "mat33"),
    "m.matrix_from_cols(a, b, c)": ("vec3 vec3 vec3", "mat33"),
    # quaternions
    "a * b ": ("quat quat", "quat"),
    "m.quat_inverse(a)": ("quat", "quat"),
    "m.quat_identity() * a": ("quat", "quat"),
    "m.normalize(a) ": ("quat", "quat"),
    "m.dot(a, b) ": ("quat quat", "float"),
    "m.length(a) ": ("quat", "float"),
    "m.quat_rotate(a, b)": ("quat vec3", "vec3"),
    "m.quat_rotate_inv(a, b)": ("quat vec3", "vec3"),
    "m.quat_from_axis_angle(a, b)": ("axis float", "quat"),
    "m.quat_rpy(a[0], a[1], a[2])": ("vec3", "quat"),
    "m.quat_to_rpy(a)": ("quat", "vec3"),
    "m.quat_from_euler(a, 0, 1, 2)": ("vec3", "quat"),
    "m.quat_from_euler(a, 2, 0, 1)": ("vec3", "quat"),
    # the angles themselves may differ by whole turns: ours are in [-pi, pi]
    "m.quat_to_matrix(m.quat_from_euler(m.quat_to_euler(a, 0, 1, 2), 0, 1, 2))": ("quat", "mat33"),
    "m.quat_to_matrix(m.quat_from_euler(m.quat_to_euler(a, 2, 0, 1), 2, 0, 1))": ("quat", "mat33"),
    "m.quat_to_matrix(a)": ("quat", "mat33"),
    "m.quat_to_matrix(m.quat_from_matrix(a))": ("rotation", "mat33"),
    "m.quat_to_matrix(m.quat_slerp(a, b, 0.3))": ("quat quat", "mat33"),
    "m.quat_to_matrix(m.quat_twist(b, a))": ("quat axis", "mat33"),
    "m.quat_twist_angle(b, a)": ("quat axis", "float"),
    "m.quat_twist_angle_signed(b, a)": ("quat axis", "float"),
    # transforms and spatial vectors
    "a * b  ": ("transform transform", "transform"),
    "m.transform_multiply(a, b)": ("transform transform", "transform"),
    "m.transform_inverse(a)": ("transform", "transform"),
    "m.transform_point(a, b)": ("transform vec3", "vec3"),
    "m.transform_vector(a, b)": ("transform vec3", "vec3"),
    "m.transform_point(a, b) ": ("mat44 vec3", "vec3"),
    "m.transform_vector(a, b) ": ("mat44 vec3", "vec3"),
    "m.transform_get_translation(a)": ("transform", "vec3"),
    "m.transform_get_rotation(a)": ("transform", "quat"),
    "m.transform_to_matrix(a)": ("transform", "mat44"),
    "m.transform_to_matrix(m.transform_from_matrix(m.transform_to_matrix(a)))": ("transform", "mat44"),
    "m.transform_compose(b, a.q, c)": ("transform vec3 vec3", "mat44"),
    "m.transform_identity() * a": ("transform", "transform"),
    "m.transform(b, m.transform_get_rotation(a))": ("transform vec3", "transform"),
    "m.spatial_vector(a, b)": ("vec3 vec3", "spatial_vector"),
    "m.spatial_top(a)": ("spatial_vector", "vec3"),
    "m.spatial_bottom(a)": ("spatial_vector", "vec3"),
    "m.spatial_dot(a, b)": ("spatial_vector spatial_vector", "float"),
    "m.spatial_cross(a, b)": ("spatial_vector spatial_vector", "spatial_vector"),
    "m.spatial_cross_dual(a, b)": ("spatial_vector spatial_vector", "spatial_vector"),
    "m.spatial_adjoint(a, b)": ("mat33 mat33", "spatial_matrix"),
    "m.transform_twist(a, b)": ("transform spatial_vector", "spatial_vector"),
    "m.transform_wrench(a, b)": ("transform spatial_vector", "spatial_vector"),
    "m.velocity_at_point(a, b)": ("spatial_vector vec3", "vec3"),
    # random: equal bits
    "int(m.rand_init(a))": ("int", "int"),
    "int(m.rand_init(7, a))": ("int", "int"),
    "m.randi(state)": ("int", "int"),
    "m.randi(state, -5, 17)": ("int", "int"),
    "m.randf(state)": ("int", "float"),
    "m.randf(state, -2.0, 3.0)": ("int", "float"),
    "int(m.randu(state))": ("int", "int"),
}
EXACT = ["floor", "ceil", "trunc", "rint", "round", "frac", "abs", "sign", "step", "nonzero", "copysign"]
EXACT += ["bit_count", "argmin", "argmax", "skew", "diag", "rand_init", "randi", "randf", "randu"]

TEMPLATE = """
@m.kernel
def k{number}({parameters}, out: m.array(dtype={result})):
    i = m.tid()
{reads}
    out[i] = {expression}
"""


def kernel_type(name):
    own = {"axis": "vec3", "rotation": "mat33"}.get(name, name)
    return own if own in ("float", "int") else f"m.{own}"


def source(library):
    text = f"import {library} as m\n"
    for number, (expression, (types, result)) in enumerate(EXPRESSIONS.items()):
        names = list(zip("abc", types.split(), strict=False))
        reads = [f"    {n} = all_{n}[i]" for n, _ in names]
        reads += ["    state = m.rand_init(7, a)"] if "state" in expression else []
        text += TEMPLATE.format(
            number=number,
            parameters=", ".join(f"all_{n}: m.array(dtype={kernel_type(t)})" for n, t in names),
            reads="\n".join(reads),
            result=kernel_type(result),
            expression=expression.strip(),
        )
    return text


def loaded(library, folder):
    path = folder / f"{library}_kernels.py"
    path.write_text(source(library))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    import warp

    warp.config.quiet = True
    folder = tmp_path_factory.mktemp("kernels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return loaded("robokern", folder), loaded("warp", folder), warp


def data(name, generator):
    if name == "int":
        return generator.integers(-1000, 1000, COUNT).astype(np.int32)
    shape = {"float": (), "vec3": (3,), "axis": (3,), "quat": (4,), "transform": (7,), "spatial_vector": (6,)}
    x = generator.uniform(-2, 2, (COUNT, *shape.get(name, (4, 4) if name == "mat44" else (3, 3))))
    if name == "rotation":
        x = np.linalg.qr(x)[0]
        x *= np.linalg.det(x)[:, None, None]
    if name in ("axis", "quat"):
        x /= np.linalg.norm(x, axis=1, keepdims=True)
    if name == "transform":
        x[:, 3:] /= np.linalg.norm(x[:, 3:], axis=1, keepdims=True)
    return x.astype(np.float32)


def launched(library, module, number, types, result, columns):
    dtype = {"float": float, "int": int}
    kinds = [dtype.get(t) or getattr(library, kernel_type(t)[2:]) for t in [*types, result]]
    arrays = [library.array(c, dtype=k, device="cpu") for c, k in zip(columns, kinds, strict=False)]
    out = library.zeros(COUNT, dtype=kinds[-1], device="cpu")
    library.launch(getattr(module, f"k{number}"), dim=COUNT, inputs=[*arrays, out], device="cpu")
    return out.numpy()


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=[e.strip() for e in EXPRESSIONS])
def test_same_meaning(modules, number):
    ours, theirs, warp = modules
    expression, (types, result) = list(EXPRESSIONS.items())[number]
    generator = np.random.default_rng(number)
    columns = [data(t, generator) for t in types.split()]
    mine = launched(rk, ours, number, types.split(), result, columns)
    other = launched(warp, theirs, number, types.split(), result, columns)
    call = re.fullmatch(r"(?:int\()?m\.(\w+)\(.*\)", expression.strip())
    if call and call[1] in EXACT:
        np.testing.assert_array_equal(mine, other)
    else:
        # both are float32; inverses, and angles near gimbal lock, amplify by their conditions
        amplified = "inverse" in expression or "euler" in expression
        scale = np.maximum(np.abs(other), 1)
        np.testing.assert_allclose(mine / scale, other / scale, atol=2e-5 if amplified else 3e-6)
