# mypy: ignore-errors
"""Memory of one shape, and the one place that tells the kinds apart. All in the shape's own frame."""

from __future__ import annotations

from robokern.compiler.builtins import from_handle
from robokern.compiler.function import func, struct
from robokern.geometry.capsule import nearest_on_capsule, ray_capsule
from robokern.geometry.cuboid import nearest_on_box, ray_box
from robokern.geometry.cylinder import nearest_on_cylinder, ray_cylinder
from robokern.geometry.height_field import HeightFieldData, nearest_on_height_field, ray_height_field
from robokern.geometry.mesh_data import MeshData, feature_normal, unit
from robokern.geometry.mesh_query import ray_mesh, signed_nearest_on_mesh
from robokern.geometry.plane import UNBOUNDED, nearest_on_plane, ray_plane
from robokern.geometry.sphere import nearest_on_sphere, ray_sphere
from robokern.geometry.surface import SurfaceHit, SurfacePoint, direction_or
from robokern.ir.types import float32, int32, uint64, vec3

PLANE, SPHERE, BOX, CAPSULE, CYLINDER, MESH, HEIGHT_FIELD = range(7)


@struct
class ShapeData:
    """`size`: half extents, or radius and half length [m]; `data`: handle of a mesh or height field."""

    kind: int32
    size: vec3
    data: uint64


@func
def mesh_hit(mesh: MeshData, origin: vec3, direction: vec3, max_t: float32):
    """Nearest hit with a mesh."""
    there = ray_mesh(mesh, origin, direction, max_t)
    found = SurfaceHit()
    found.hit = there.result
    found.t = there.t
    found.normal = there.normal
    found.face = there.face
    return found


@func
def mesh_point(mesh: MeshData, point: vec3, max_distance: float32):
    """Nearest point of a mesh; the normal is the distance's gradient, on the surface the pseudonormal."""
    there = signed_nearest_on_mesh(mesh, point, max_distance)
    found = SurfacePoint()
    found.hit = there.result
    if there.result:
        found.distance = there.distance * there.sign
        found.point = there.point
        found.normal = unit(feature_normal(mesh, there.face, there.feature))
        if there.feature < 6 and there.distance > 1.0e-6:
            found.normal = direction_or((point - there.point) * there.sign, found.normal)
    return found


@func
def is_round(shape: ShapeData):
    """Whether the normal changes along some of its faces."""
    return shape.kind == SPHERE or shape.kind == CAPSULE or shape.kind == CYLINDER


@func
def ray_round(shape: ShapeData, origin: vec3, direction: vec3):
    """First meeting of a ray with such a shape."""
    if shape.kind == SPHERE:
        return ray_sphere(shape.size[0], origin, direction)
    if shape.kind == CAPSULE:
        return ray_capsule(shape.size[0], shape.size[1], origin, direction)
    return ray_cylinder(shape.size[0], shape.size[1], origin, direction)


@func
def ray_shape(shape: ShapeData, origin: vec3, direction: vec3, max_t: float32):
    """First meeting of a ray with a shape's surface; may lie beyond max_t."""
    found = SurfaceHit()
    if shape.kind == MESH:
        found = mesh_hit(from_handle(shape.data, MeshData), origin, direction, max_t)
    elif shape.kind == HEIGHT_FIELD:
        found = ray_height_field(from_handle(shape.data, HeightFieldData), origin, direction, max_t)
    elif shape.kind == PLANE:
        found = ray_plane(shape.size, origin, direction)
    elif shape.kind == SPHERE:
        found = ray_sphere(shape.size[0], origin, direction)
    elif shape.kind == BOX:
        found = ray_box(shape.size, origin, direction)
    elif shape.kind == CAPSULE:
        found = ray_capsule(shape.size[0], shape.size[1], origin, direction)
    else:
        found = ray_cylinder(shape.size[0], shape.size[1], origin, direction)
    return found


@func
def nearest_on_shape(shape: ShapeData, point: vec3, max_distance: float32):
    """Nearest point of a shape's surface; may lie beyond max_distance."""
    found = SurfacePoint()
    if shape.kind == MESH:
        found = mesh_point(from_handle(shape.data, MeshData), point, max_distance)
    elif shape.kind == HEIGHT_FIELD:
        found = nearest_on_height_field(from_handle(shape.data, HeightFieldData), point, max_distance)
    elif shape.kind == PLANE:
        found = nearest_on_plane(point)
    elif shape.kind == SPHERE:
        found = nearest_on_sphere(shape.size[0], point)
    elif shape.kind == BOX:
        found = nearest_on_box(shape.size, point)
    elif shape.kind == CAPSULE:
        found = nearest_on_capsule(shape.size[0], shape.size[1], point)
    else:
        found = nearest_on_cylinder(shape.size[0], shape.size[1], point)
    return found


@func
def shape_upper(shape: ShapeData):
    """Upper corner of the box around a shape."""
    size = shape.size
    upper = vec3(size[0], size[0], size[0])  # sphere
    if shape.kind == MESH:
        upper = from_handle(shape.data, MeshData).bvh.root_uppers[0]
    elif shape.kind == HEIGHT_FIELD:
        field = from_handle(shape.data, HeightFieldData)
        upper = vec3(field.half_x, field.half_y, field.highest)
    elif shape.kind == PLANE:
        upper = vec3(UNBOUNDED, UNBOUNDED, 0.0)
    elif shape.kind == BOX:
        upper = size
    elif shape.kind == CAPSULE:
        upper = vec3(size[0], size[0], size[0] + size[1])
    elif shape.kind == CYLINDER:
        upper = vec3(size[0], size[0], size[1])
    return upper


@func
def shape_lower(shape: ShapeData):
    """Lower corner of the box around a shape; solid ground reaches down as far as it is solid."""
    lower = -shape_upper(shape)
    if shape.kind == MESH:
        lower = from_handle(shape.data, MeshData).bvh.root_lowers[0]
    elif shape.kind == HEIGHT_FIELD:
        lower[2] = -from_handle(shape.data, HeightFieldData).base
    elif shape.kind == PLANE:
        lower[2] = -UNBOUNDED
    return lower
