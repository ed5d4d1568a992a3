"""Triangle mesh with a hierarchy over its faces."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.errors import GeometryError, UnsupportedError
from robokern.geometry.bvh import LEAF, Bvh
from robokern.geometry.checks import check_constructor, positions, whole_numbers
from robokern.geometry.mesh_data import MeshData, face_boxes, leaf_triangles, sum_site_normals
from robokern.geometry.topology import Topology
from robokern.geometry.triangle import Triangle
from robokern.ir.types import int32, vec3
from robokern.runtime.array import Array
from robokern.runtime.creation import empty
from robokern.runtime.device import DeviceLike, get_device
from robokern.runtime.launch import launch


class Mesh:
    """Triangles for `mesh_query_ray`, `mesh_query_point_sign_normal` and the like in kernels.

    Args:
        points: (points,) vec3 [m], in the mesh's own frame. An array is kept, not copied: write to it, then
            `refit`.
        indices: (3 * faces,) or (faces, 3) int32; corners run counter-clockwise seen from outside.
        device: None: the device of `points`, or the default device.
        velocities: kept as it is, for the caller; no query reads it.
        support_winding_number: taken without effect; queries by winding number are not there.
        groups: refused; make a mesh of each.
        bvh_constructor, bvh_leaf_size: as `constructor` and `leaf_size` of `Bvh`.

    Raises:
        GeometryError: wrong shape or type, no faces, a position that is not finite, an index out of range.
        UnsupportedError: groups are given.

    Attributes:
        id: uint64 handle for kernels, valid as long as the object lives.
        bvh: the hierarchy over the faces.
    """

    def __init__(
        self,
        points: Any,
        indices: Any,
        device: DeviceLike = None,
        *,
        velocities: Any = None,
        support_winding_number: bool = False,
        groups: Any = None,
        bvh_constructor: str | None = None,
        bvh_leaf_size: int | None = None,
    ) -> None:
        check_constructor(bvh_constructor)
        if groups is not None:
            raise UnsupportedError(
                "Mesh(groups=...) is not supported: make a mesh of each, or rk.Bvh(groups=...)"
            )
        self.velocities = velocities
        own = device is None and isinstance(points, Array)
        self.device = points.device if own else get_device(device)
        self.points = positions("Mesh points", points, self.device)
        self.indices = whole_numbers("Mesh indices", indices, self.device)
        _check_faces(self.points, self.indices)
        self.num_faces = len(self.indices) // 3
        lower, upper = self._corner_extremes()
        self.bvh = Bvh(lower, upper, leaf_size=bvh_leaf_size or LEAF, device=self.device)
        self.data = self._allocate()
        self._record: Array = Array([self.data], MeshData, device=self.device)
        self.id = np.uint64(self._record.ptr)
        self._follow()

    def _corner_extremes(self) -> tuple[Any, Any]:
        corners = self.points.numpy()[self.indices.numpy()].reshape(-1, 3, 3)
        return corners.min(axis=1), corners.max(axis=1)

    def _allocate(self) -> Any:
        topology = Topology(self.points.numpy(), self.indices.numpy())
        return MeshData(
            points=self.points,
            indices=self.indices,
            bvh=self.bvh.data,
            triangles=empty(self.num_faces, Triangle, self.device),
            edge_twins=Array(topology.edge_twins, int32, device=self.device),
            sites=Array(topology.sites, int32, device=self.device),
            ring_starts=Array(topology.ring_starts, int32, device=self.device),
            ring=Array(topology.ring, int32, device=self.device),
            site_normals=empty(topology.num_sites, vec3, self.device),
        )

    def refit(self) -> None:
        """Follows points that moved a little; only launches."""
        launch(face_boxes, self.num_faces, [self.id], device=self.device)
        self.bvh.refit()
        self._follow()

    def rebuild(self) -> None:
        """Follows points that moved a lot: builds the hierarchy anew; only launches."""
        launch(face_boxes, self.num_faces, [self.id], device=self.device)
        self.bvh.rebuild()
        self._follow()

    def _follow(self) -> None:
        launch(leaf_triangles, self.num_faces, [self.id], device=self.device)
        launch(sum_site_normals, len(self.data.site_normals), [self.id], device=self.device)


def _check_faces(points: Array, indices: Array) -> None:
    if len(indices) == 0 or len(indices) % 3:
        raise GeometryError(
            f"Mesh indices: expected three for each face, and at least one face, got {len(indices)}"
        )
    numbers = indices.numpy()
    wrong = (numbers < 0) | (numbers >= len(points))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise GeometryError(
            f"Mesh indices: expected points 0 to {len(points) - 1}, got {numbers[first]} at face {first // 3}"
        )
