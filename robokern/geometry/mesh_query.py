# mypy: ignore-errors
"""Queries on a mesh, called inside kernels with `mesh.id`; all in the mesh's own frame."""

# ruff: noqa: F811, F841 - overloads share a name, and results by reference are assigned
from __future__ import annotations

import math

from robokern.compiler.builtins import from_handle, local, sqrt
from robokern.compiler.function import func, func_grad, func_replay, struct
from robokern.geometry.box import inverse_direction
from robokern.geometry.mesh_data import MeshData, corner, face_normal, feature_normal, unit
from robokern.geometry.tree import STACK, WIDTH, leaf_count, leaf_first
from robokern.geometry.triangle import nearest_on_triangle, ray_shear, ray_triangle
from robokern.geometry.walk import child_distances, child_entries, push_children
from robokern.ir.types import float32, inout, int32, uint64, vec3
from robokern.lang.vector import cross, dot
from robokern.runtime.array import array

INFINITY = math.inf


@struct
class MeshQueryRay:
    """Nearest hit of a ray. The point is u a + v b + (1 - u - v) c on the face's corners.

    `sign` > 0 where the ray meets the front (corners run counter-clockwise), < 0 at the back; `normal` is the
    face's unit normal, whichever side was hit; `t` is in units of the direction's length.
    """

    result: bool
    sign: float32
    face: int32
    t: float32
    u: float32
    v: float32
    normal: vec3


@struct
class MeshQueryPoint:
    """Nearest point: u a + v b + (1 - u - v) c on `face`; `sign` < 0 inside; `feature` as NearestPoint's."""

    result: bool
    sign: float32
    face: int32
    u: float32
    v: float32
    point: vec3
    distance: float32
    feature: int32


@func
def ray_mesh(mesh: MeshData, origin: vec3, direction: vec3, max_t: float32):
    """Nearest hit of a ray, depth first, the nearer child first."""
    found = MeshQueryRay()
    found.face = -1
    found.t = max_t
    shear = ray_shear(direction)
    inverse = inverse_direction(direction)
    waiting = local(STACK + WIDTH, int32, fill=False)
    entries = local(STACK + WIDTH, float32, fill=False)
    waiting[0] = mesh.bvh.roots[0]
    entries[0] = 0.0
    size = 1
    while size > 0:
        size = size - 1
        reference = waiting[size]
        if entries[size] <= found.t:
            if reference >= 0:
                node = mesh.bvh.nodes[reference]
                key = child_entries(node, origin, inverse, found.t)
                size = push_children(waiting, entries, size, node.child, key)
            else:
                first = leaf_first(reference)
                for i in range(first, first + leaf_count(reference)):
                    triangle = mesh.triangles[i]
                    hit = ray_triangle(shear, origin, triangle.a, triangle.b, triangle.c, found.t)
                    if hit.hit:
                        found.result = True
                        found.t = hit.t
                        found.u = hit.u
                        found.v = hit.v
                        found.sign = hit.sign
                        found.face = triangle.face
    if found.result:
        found.normal = face_normal(mesh, found.face)
    return found


@func
def first_face(mesh: MeshData, origin: vec3, direction: vec3, max_t: float32):
    """The face that a ray hits first, -1: none; constant for derivatives."""
    return ray_mesh(mesh, origin, direction, max_t).face


@func_grad(first_face)
@func
def no_change_of_face(mesh: MeshData, origin: vec3, direction: vec3, max_t: float32):
    return vec3(0.0), vec3(0.0), 0.0


@func
def ray_on_face(origin: vec3, direction: vec3, a: vec3, b: vec3, c: vec3):
    """Where a ray meets a face that it is known to hit, as MeshQueryRay."""
    found = MeshQueryRay()
    hit = ray_triangle(ray_shear(direction), origin, a, b, c, INFINITY)
    found.result = True
    found.t = hit.t
    found.u = hit.u
    found.v = hit.v
    found.sign = hit.sign
    found.normal = unit(cross(b - a, c - a))
    return found


@func_replay(ray_mesh)
@func
def ray_mesh_again(mesh: MeshData, origin: vec3, direction: vec3, max_t: float32):
    """The same, from the face that is hit: its corners, not the walk to it, depend on the ray."""
    found = MeshQueryRay()
    face = first_face(mesh, origin, direction, max_t)
    found.t = max_t
    if face >= 0:
        found = ray_on_face(
            origin, direction, corner(mesh, face, 0), corner(mesh, face, 1), corner(mesh, face, 2)
        )
    found.face = face
    return found


@func
def nearest_on_mesh(mesh: MeshData, point: vec3, max_distance: float32):
    """Nearest point of the surface within max_distance; `sign` is left 0."""
    found = MeshQueryPoint()
    found.face = -1
    best = max_distance * max_distance
    waiting = local(STACK + WIDTH, int32, fill=False)
    keys = local(STACK + WIDTH, float32, fill=False)
    waiting[0] = mesh.bvh.roots[0]
    keys[0] = 0.0
    size = 1
    while size > 0:
        size = size - 1
        reference = waiting[size]
        if keys[size] <= best:
            if reference >= 0:
                node = mesh.bvh.nodes[reference]
                size = push_children(waiting, keys, size, node.child, child_distances(node, point, best))
            else:
                first = leaf_first(reference)
                for i in range(first, first + leaf_count(reference)):
                    triangle = mesh.triangles[i]
                    there = nearest_on_triangle(triangle.a, triangle.b, triangle.c, point)
                    away = there.point - point
                    squared = dot(away, away)
                    if squared < best:
                        best = squared
                        found.result = True
                        found.face = triangle.face
                        found.point = there.point
                        found.u = there.u
                        found.v = there.v
                        found.feature = there.feature
    found.distance = sqrt(best)
    return found


@func
def signed_nearest_on_mesh(mesh: MeshData, point: vec3, max_distance: float32):
    """Nearest point with `sign` < 0 inside a closed mesh, behind the surface of an open one.

    Source: Baerentzen & Aanaes 2005, see mesh_data.py.
    """
    found = nearest_on_mesh(mesh, point, max_distance)
    if found.result:
        outward = dot(feature_normal(mesh, found.face, found.feature), point - found.point)
        found.sign = -1.0 if outward < 0.0 else 1.0
    return found


@func
def mesh_query_ray(id: uint64, start: vec3, dir: vec3, max_t: float32, root: int32 = -1):
    """Nearest hit of a ray with a mesh, of either side of its faces.

    Derivatives by the ray are those of `t`, `u`, `v` on the face that is hit; which one that is, and the
    mesh, are constant (`mesh_eval_ray` for derivatives by its points).

    Args:
        id: `Mesh.id`.
        start: where the ray starts, mesh frame [m].
        dir: need not be unit; `t` counts in its length.
        max_t: hits beyond are left out.
        root: as Warp has it; -1, the whole mesh, is all there is.

    Returns:
        MeshQueryRay
    """
    return ray_mesh(from_handle(id, MeshData), start, dir, max_t)


@func
def mesh_query_ray(
    id: uint64,
    start: vec3,
    dir: vec3,
    max_t: float32,
    t: inout(float32),
    bary_u: inout(float32),
    bary_v: inout(float32),
    sign: inout(float32),
    normal: inout(vec3),
    face: inout(int32),
    root: int32 = -1,
):
    """The same with results by reference, which keep their values where nothing is hit; whether it hit."""
    query = ray_mesh(from_handle(id, MeshData), start, dir, max_t)
    if query.result:
        t = query.t
        bary_u = query.u
        bary_v = query.v
        sign = query.sign
        normal = query.normal
        face = query.face
    return query.result


@func
def mesh_eval_ray(
    points: array(dtype=vec3), indices: array(dtype=int32), face: int32, origin: vec3, direction: vec3
):
    """Where a ray meets the plane of a face, for derivatives by a mesh's points as well as by the ray.

        hit = mesh_query_ray(mesh, origin, direction, max_t)
        if hit.result:
            hit = mesh_eval_ray(points, indices, hit.face, origin, direction)

    Args:
        points: `Mesh.points`, mesh frame [m].
        indices: `Mesh.indices`.
        face: number of a face that the ray hits.
        origin, direction: as for `mesh_query_ray`.

    Returns:
        MeshQueryRay, equal to the query's: with n = (b - a) x (c - a), t n . direction = n . (a - origin).
    """
    a = points[indices[3 * face]]
    b = points[indices[3 * face + 1]]
    c = points[indices[3 * face + 2]]
    found = ray_on_face(origin, direction, a, b, c)
    found.face = face
    return found


@func
def mesh_query_point_no_sign(id: uint64, point: vec3, max_dist: float32):
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign 0."""
    return nearest_on_mesh(from_handle(id, MeshData), point, max_dist)


@func
def mesh_query_point_no_sign(
    id: uint64,
    point: vec3,
    max_dist: float32,
    face: inout(int32),
    bary_u: inout(float32),
    bary_v: inout(float32),
):
    """The same with results by reference, which keep their values where nothing is near; whether it is."""
    query = mesh_query_point_no_sign(id, point, max_dist)
    if query.result:
        face = query.face
        bary_u = query.u
        bary_v = query.v
    return query.result


@func
def mesh_query_point_sign_normal(id: uint64, point: vec3, max_dist: float32, epsilon: float32 = 1.0e-3):
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign < 0 inside.

    `epsilon` is as Warp has it and without effect: the sign is from the feature that is nearest, exactly.
    """
    return signed_nearest_on_mesh(from_handle(id, MeshData), point, max_dist)


@func
def mesh_query_point_sign_normal(
    id: uint64,
    point: vec3,
    max_dist: float32,
    inside: inout(float32),
    face: inout(int32),
    bary_u: inout(float32),
    bary_v: inout(float32),
    epsilon: float32 = 1.0e-3,
):
    """The same with results by reference, which keep their values where nothing is near; whether it is."""
    query = mesh_query_point_sign_normal(id, point, max_dist)
    if query.result:
        inside = query.sign
        face = query.face
        bary_u = query.u
        bary_v = query.v
    return query.result


@func
def mesh_eval_position(id: uint64, face: int32, bary_u: float32, bary_v: float32):
    """The point at barycentric coordinates (u, v, 1 - u - v) of a face [m]."""
    data = from_handle(id, MeshData)
    return (
        corner(data, face, 0) * bary_u
        + corner(data, face, 1) * bary_v
        + corner(data, face, 2) * (1.0 - bary_u - bary_v)
    )


@func
def mesh_eval_face_normal(id: uint64, face: int32):
    """Unit normal of a face, outward where its corners run counter-clockwise."""
    return face_normal(from_handle(id, MeshData), face)


@func
def mesh_get_point(id: uint64, index: int32):
    """Position of corner `index` (3 * face + k) [m]."""
    data = from_handle(id, MeshData)
    return data.points[data.indices[index]]


@func
def mesh_get_index(id: uint64, index: int32):
    """Point number of corner `index` (3 * face + k)."""
    return from_handle(id, MeshData).indices[index]
