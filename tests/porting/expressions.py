"""Functions of the surface, one expression a line: what it takes, what it gives, how closely they must agree.

`m` is the library; arguments are named a, b, c in order. Results of integers and booleans are equal; floats
agree within the group's tolerance (relative above 1, absolute below). 0 means equal bits.
"""

from __future__ import annotations

FLOAT = 4e-6  # some roundings of float32
DOUBLE = 1e-14
HALF = 2e-3  # two roundings of float16

_ONE_ARGUMENT = "sin cos tan atan exp sinh cosh tanh erf erfc cbrt degrees radians"
_ROUNDINGS = "floor ceil trunc rint round frac abs sign step nonzero"


def _each(names: str, form: str) -> str:
    return "\n".join(form.replace("F", name) for name in names.split())


# group: tolerance, lines `expression : types -> type`
GROUPS: dict[str, tuple[float, str]] = {
    "float32 functions": (
        FLOAT,
        _each(_ONE_ARGUMENT, "m.F(a) : float32 -> float32")
        + "\n"
        + _each("log log2 log10 sqrt", "m.F(m.abs(a) + 0.1) : float32 -> float32")
        + """
m.asin(a * 0.5) : float32 -> float32
m.acos(a * 0.5) : float32 -> float32
m.erfinv(a * 0.4) : float32 -> float32
m.erfcinv(1.0 + a * 0.4) : float32 -> float32
m.atan2(a, b) : float32 float32 -> float32
m.pow(m.abs(a), b) : float32 float32 -> float32
m.lerp(a, b, 0.3) : float32 float32 -> float32
m.smoothstep(-1.0, 1.0, a) : float32 -> float32
m.mod(a, 0.3) : float32 -> float32
""",
    ),
    "float64 functions": (
        DOUBLE,
        _each(_ONE_ARGUMENT, "m.F(a) : float64 -> float64")
        + "\n"
        + _each("log log2 log10 sqrt", "m.F(m.abs(a) + m.float64(0.1)) : float64 -> float64")
        + """
m.asin(a * m.float64(0.5)) : float64 -> float64
m.acos(a * m.float64(0.5)) : float64 -> float64
m.erfinv(a * m.float64(0.4)) : float64 -> float64
m.atan2(a, b) : float64 float64 -> float64
m.pow(m.abs(a), b) : float64 float64 -> float64
m.lerp(a, b, m.float64(0.3)) : float64 float64 -> float64
m.smoothstep(m.float64(-1.0), m.float64(1.0), a) : float64 -> float64
""",
    ),
    "float16 functions": (
        HALF,
        _each("sin cos tan exp sinh cosh tanh", "m.F(a) : float16 -> float16")
        + "\n"
        + _each("log sqrt", "m.F(m.abs(a) + m.float16(0.5)) : float16 -> float16")
        + """
m.min(a, b) : float16 float16 -> float16
m.lerp(a, b, m.float16(0.25)) : float16 float16 -> float16
""",
    ),
    "rounding": (
        0,
        _each(_ROUNDINGS, "m.F(a) : float32 -> float32")
        + "\n"
        + _each(_ROUNDINGS, "m.F(a) : float64 -> float64")
        + "\n"
        + _each("floor ceil trunc rint round abs sign", "m.F(a) : float16 -> float16")
        + """
m.copysign(a, b) : float32 float32 -> float32
m.copysign(a, b) : float64 float64 -> float64
m.clamp(a, -0.5, 0.7) : float32 -> float32
m.clamp(a, b, c) : float64 float64 float64 -> float64
m.min(a, b) : float32 float32 -> float32
m.max(a, b) : float64 float64 -> float64
m.isfinite(a / b) : float32 float32 -> bool
m.isnan(m.sqrt(a)) : float32 -> bool
m.isinf(a / 0.0) : float32 -> bool
m.isfinite(a) : float64 -> bool
m.isnan(m.sqrt(a)) : float64 -> bool
m.where(a > b, a, b) : float32 float32 -> float32
m.where(a, b, c) : bool vec3 vec3 -> vec3
m.where(a, b, c) : int32 int32 int32 -> int32
""",
    ),
    "integer functions": (
        0,
        "\n".join(
            _each("abs sign step nonzero", f"m.F(a) : {t} -> {t}")
            for t in ("int32", "int64", "int16", "int8")
        )
        + "\n"
        + "\n".join(
            f"m.min(a, b) : {t} {t} -> {t}\n"
            f"m.max(a, b) : {t} {t} -> {t}\n"
            f"m.clamp(a, b, c) : {t} {t} {t} -> {t}"
            for t in ("int32", "int64", "int16", "int8", "uint32", "uint64", "uint16", "uint8")
        )
        + "\n"
        + "\n".join(f"int(m.bit_count(a)) : {t} -> int32" for t in ("int32", "int64", "uint32", "uint64"))
        + """
m.min(a) : vec3i -> int32
m.max(a) : vec3i -> int32
m.dot(a, b) : vec3i vec3i -> int32
m.cross(a, b) : vec3i vec3i -> vec3i
m.cw_mul(a, b) : vec4i vec4i -> vec4i
m.abs(a) : vec3i -> vec3i
m.min(a, b) : vec2i vec2i -> vec2i
m.max(a, b) : vec2i vec2i -> vec2i
int(m.argmin(a)) : vec4i -> int32
int(m.argmax(a)) : vec4i -> int32
m.trace(a) : mat22 -> float32
""",
    ),
    "vectors": (
        FLOAT,
        """
m.dot(a, b) : vec2 vec2 -> float32
m.dot(a, b) : vec4 vec4 -> float32
m.length(a) : vec2 -> float32
m.length(a) : vec4 -> float32
m.length_sq(a) : vec4 -> float32
m.normalize(a) : vec2 -> vec2
m.normalize(a) : vec4 -> vec4
m.normalize(a) : spatial_vector -> spatial_vector
m.cw_mul(a, b) : vec4 vec4 -> vec4
m.cw_div(a, b) : vec2 vec2 -> vec2
m.outer(a, b) : vec2 vec2 -> mat22
m.outer(a, b) : vec4 vec4 -> mat44
m.skew(a) : vec3 -> mat33
m.norm_l1(a) : vec4 -> float32
m.norm_l2(a) : vec2 -> float32
m.norm_huber(a, 0.6) : vec4 -> float32
m.norm_pseudo_huber(a, 0.6) : vec4 -> float32
m.smooth_normalize(a, 0.6) : vec4 -> vec4
m.lerp(a, b, 0.6) : vec4 vec4 -> vec4
m.min(a) : vec4 -> float32
m.max(a) : vec4 -> float32
m.abs(a) : vec4 -> vec4
m.sign(a) : vec3 -> vec3
2.0 * a + b / 3.0 : vec4 vec4 -> vec4
a * b : float32 vec3 -> vec3
""",
    ),
    "float64 vectors": (
        DOUBLE,
        """
m.dot(a, b) : vec3d vec3d -> float64
m.cross(a, b) : vec3d vec3d -> vec3d
m.length(a) : vec3d -> float64
m.length_sq(a) : vec3d -> float64
m.normalize(a) : vec3d -> vec3d
m.outer(a, b) : vec3d vec3d -> mat33d
m.skew(a) : vec3d -> mat33d
m.cw_mul(a, b) : vec3d vec3d -> vec3d
m.determinant(a) : mat33d -> float64
m.trace(a) : mat33d -> float64
m.transpose(a) : mat33d -> mat33d
a * b : mat33d mat33d -> mat33d
a @ b : mat33d vec3d -> vec3d
m.ddot(a, b) : mat33d mat33d -> float64
m.get_diag(a) : mat44d -> vec4d
m.diag(a) : vec4d -> mat44d
m.quat_rotate(a, b) : quatd vec3d -> vec3d
m.quat_to_matrix(a) : quatd -> mat33d
m.quat_inverse(a) : quatd -> quatd
m.transform_point(a, b) : transformd vec3d -> vec3d
m.transform_inverse(a) : transformd -> transformd
""",
    ),
    "inverses": (
        2e-4,  # random matrices: condition numbers of some tens
        """
a * m.inverse(a) : mat22 -> mat22
a * m.inverse(a) : mat33 -> mat33
a * m.inverse(a) : mat44 -> mat44
a * m.inverse(a) : mat33d -> mat33d
a * m.inverse(a) : mat44d -> mat44d
""",
    ),
    "matrices": (
        FLOAT,
        """
m.determinant(a) : mat22 -> float32
m.determinant(a) : mat33 -> float32
m.trace(a) : mat44 -> float32
m.transpose(a) : mat44 -> mat44
m.diag(a) : vec4 -> mat44
m.get_diag(a) : mat22 -> vec2
m.ddot(a, b) : mat44 mat44 -> float32
m.cw_mul(a, b) : mat22 mat22 -> mat22
m.cw_div(a, b) : mat22 mat22 -> mat22
a * b : mat44 mat44 -> mat44
a @ b : mat44 vec4 -> vec4
b @ a : mat44 vec4 -> vec4
a * 2.0 - b / 4.0 : mat22 mat22 -> mat22
m.mul(a, b) : mat33 vec3 -> vec3
""",
    ),
    "rotations and transforms": (
        FLOAT,
        """
m.quat_from_axis_angle(m.normalize(a), b) : vec3 float32 -> quat
m.quat_rpy(a, b, c) : float32 float32 float32 -> quat
m.quat_to_matrix(a * b) : quat quat -> mat33
m.quat_rotate(a, b) : quat vec3 -> vec3
m.quat_rotate_inv(a, b) : quat vec3 -> vec3
m.quat_inverse(a) * b : quat quat -> quat
m.quat_to_rpy(a) : quat -> vec3
m.dot(a, b) : quat quat -> float32
m.length(a) : quat -> float32
m.normalize(a * 3.0) : quat -> quat
m.quat_slerp(a, a * m.quat_rpy(0.1, 0.2, 0.3), b) : quat float32 -> quat
m.quat_from_matrix(m.quat_to_matrix(a)) * m.quat_from_matrix(m.quat_to_matrix(a)) : quat -> quat
m.quat_from_euler(a, 0, 1, 2) : vec3 -> quat
m.quat_twist_angle(m.normalize(b), a) : quat vec3 -> float32
m.transform_multiply(a, b) : transform transform -> transform
m.transform_point(m.transform_inverse(a), b) : transform vec3 -> vec3
m.transform_vector(a, b) : transform vec3 -> vec3
m.transform_get_rotation(a) : transform -> quat
m.transform_get_translation(a * b) : transform transform -> vec3
m.transform_to_matrix(a) : transform -> mat44
m.transform_from_matrix(m.transform_to_matrix(a)).p : transform -> vec3
m.transform_compose(b, a.q, c) : transform vec3 vec3 -> mat44
m.transformation(b, m.transform_get_rotation(a)) : transform vec3 -> transform
m.transform_identity() * a : transform -> transform
m.velocity_at_point(a, b) : spatial_vector vec3 -> vec3
m.transform_twist(a, b) : transform spatial_vector -> spatial_vector
m.transform_wrench(a, b) : transform spatial_vector -> spatial_vector
m.spatial_cross(a, b) : spatial_vector spatial_vector -> spatial_vector
m.spatial_cross_dual(a, b) : spatial_vector spatial_vector -> spatial_vector
m.spatial_dot(a, b) : spatial_vector spatial_vector -> float32
""",
    ),
    "geometry of edges": (
        FLOAT,
        "m.closest_point_edge_edge(a, a + b, b, c, 1.0e-6) : vec3 vec3 vec3 -> vec3",
    ),
}


def rows() -> list[tuple[str, float, str, list[str], str]]:
    """Group, tolerance, expression, types of its arguments, type of its result."""
    found = []
    for group, (tolerance, lines) in GROUPS.items():
        for line in filter(None, map(str.strip, lines.splitlines())):
            expression, signature = line.rsplit(" : ", 1)
            types, result = signature.split(" -> ")
            found.append((group, tolerance, expression, types.split(), result))
    return found
