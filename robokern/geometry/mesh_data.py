# mypy: ignore-errors
"""Memory of a triangle mesh, as kernels see it, and the kernels that keep it up to date."""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid
from robokern.compiler.function import func, kernel, struct
from robokern.geometry.tree import BvhData
from robokern.geometry.triangle import Triangle
from robokern.ir.types import int32, uint64, vec3
from robokern.lang.trigonometry import atan2
from robokern.lang.vector import cross, dot, length
from robokern.runtime.array import array


@struct
class MeshData:
    """What `mesh.id` points to."""

    points: array(dtype=vec3)  # (points,) [m], the mesh's own frame
    indices: array(dtype=int32)  # (3 * faces,)
    bvh: BvhData  # one group, one primitive per face
    triangles: array(dtype=Triangle)  # (faces,) in leaf order
    # for the sign of the distance; corner k of face f, and the edge that starts there, have number 3 f + k
    edge_twins: array(dtype=int32)  # (3 * faces,) the other face at an edge, -1 at a border
    sites: array(dtype=int32)  # (3 * faces,) the place of a corner: equal for corners at equal positions
    ring_starts: array(dtype=int32)  # (sites + 1,)
    ring: array(dtype=int32)  # (3 * faces,) the corners that meet at each site
    site_normals: array(dtype=vec3)  # (sites,) angle-weighted, not unit


@func
def corner(mesh: MeshData, face: int32, k: int32):
    """Position of corner k of a face."""
    return mesh.points[mesh.indices[3 * face + k]]


@func
def area_vector(mesh: MeshData, face: int32):
    """Normal of a face with twice its area as length; counter-clockwise corners seen from outside."""
    a = corner(mesh, face, 0)
    return cross(corner(mesh, face, 1) - a, corner(mesh, face, 2) - a)


@func
def unit(v: vec3):
    """v / |v|, or 0 where v has no length."""
    size = length(v)
    if size > 0.0:
        return v * (1.0 / size)
    return vec3(0.0, 0.0, 0.0)


@func
def face_normal(mesh: MeshData, face: int32):
    """Outward unit normal of a face."""
    return unit(area_vector(mesh, face))


@func
def corner_angle(mesh: MeshData, face: int32, k: int32):
    """Angle of a face at its corner k [rad]."""
    here = corner(mesh, face, k)
    u = corner(mesh, face, (k + 1) % 3) - here
    v = corner(mesh, face, (k + 2) % 3) - here
    return atan2(length(cross(u, v)), dot(u, v))


@kernel
def face_boxes(handle: uint64):
    """Boxes of the faces, for the builder."""
    face = tid()
    mesh = from_handle(handle, MeshData)
    a = corner(mesh, face, 0)
    b = corner(mesh, face, 1)
    c = corner(mesh, face, 2)
    mesh.bvh.lowers[face] = min(min(a, b), c)
    mesh.bvh.uppers[face] = max(max(a, b), c)


@kernel
def leaf_triangles(handle: uint64):
    """Copies of the corners in leaf order, so that a leaf is read in one go."""
    i = tid()
    mesh = from_handle(handle, MeshData)
    face = mesh.bvh.order[i]
    mesh.triangles[i].a = corner(mesh, face, 0)
    mesh.triangles[i].b = corner(mesh, face, 1)
    mesh.triangles[i].c = corner(mesh, face, 2)
    mesh.triangles[i].face = face


@kernel
def sum_site_normals(handle: uint64):
    """Angle-weighted normals of the places where corners meet.

    Source: Baerentzen & Aanaes, "Signed distance computation using the angle weighted pseudonormal", IEEE
    Transactions on Visualization and Computer Graphics 11(3), 2005.
    """
    site = tid()
    mesh = from_handle(handle, MeshData)
    total = vec3(0.0, 0.0, 0.0)
    for i in range(mesh.ring_starts[site], mesh.ring_starts[site + 1]):
        face = mesh.ring[i] // 3
        total = total + face_normal(mesh, face) * corner_angle(mesh, face, mesh.ring[i] % 3)
    mesh.site_normals[site] = total


@func
def edge_normal(mesh: MeshData, edge: int32):
    """Sum of the normals of the faces at an edge."""
    normal = face_normal(mesh, edge // 3)
    twin = mesh.edge_twins[edge]
    if twin >= 0:
        normal = normal + face_normal(mesh, twin)
    return normal


@func
def feature_normal(mesh: MeshData, face: int32, feature: int32):
    """Pseudonormal of the corner (0-2), edge (3-5) or inside (6) of a face; not unit."""
    if feature < 3:
        return mesh.site_normals[mesh.sites[3 * face + feature]]
    if feature < 6:
        return edge_normal(mesh, 3 * face + feature - 3)
    return face_normal(mesh, face)
