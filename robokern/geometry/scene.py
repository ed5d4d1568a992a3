"""Shapes placed in many worlds by moving bodies: two levels, so that all worlds share each mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robokern.errors import GeometryError
from robokern.geometry.bvh import Bvh
from robokern.geometry.checks import pose
from robokern.geometry.mesh import Mesh
from robokern.geometry.scene_data import InstanceData, SceneData, move_places
from robokern.geometry.shape import Shape, record_of
from robokern.geometry.shape_data import ShapeData
from robokern.ir.types import int32, transform
from robokern.runtime.array import Array
from robokern.runtime.creation import empty
from robokern.runtime.device import DeviceLike, get_device
from robokern.runtime.hostvalue import describe
from robokern.runtime.launch import launch

IDENTITY = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
ALL_BITS = 0xFFFFFFFF
Ints = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True)
class Instance:
    """A shape fixed to a body.

    Args:
        shape: index into the scene's shapes.
        body: index into the bodies; 0 is the world itself and does not move.
        body_from_shape: 7 numbers, position [m] and quaternion xyzw, which is made unit.
        world: the only world it stands in; None: all of them.
        mask: bits that a query's mask must share to see it.
    """

    shape: int
    body: int = 0
    body_from_shape: Sequence[float] | Any = IDENTITY
    world: int | None = None
    mask: int = ALL_BITS


class Scene:
    """Shapes in `num_worlds` worlds, for `scene_query_ray` and `scene_closest_point` in kernels.

    Args:
        num_worlds: number of worlds.
        shapes: `Mesh`, `Plane`, `Sphere`, `Box`, `Capsule`, `Cylinder`, `HeightField`.
        instances: where they stand.
        device: None: the default device.

    Raises:
        GeometryError: an index is out of range, or a pose is none.

    Until the first `update` every body stands at the identity.

    Attributes:
        id: uint64 handle for kernels, valid as long as the object lives.
    """

    def __init__(
        self,
        num_worlds: int,
        shapes: Sequence[Shape | Mesh],
        instances: Sequence[Instance],
        device: DeviceLike = None,
    ) -> None:
        self.device = get_device(device)
        self.num_worlds = _checked_worlds(num_worlds)
        self.shapes = tuple(shapes)
        self.instances = tuple(instances)
        for index, instance in enumerate(self.instances):
            _check_instance(index, instance, len(self.shapes), num_worlds)
        self.num_bodies = max((i.body for i in self.instances), default=0) + 1
        place_world, place_instance = _places(self.instances, num_worlds)
        self._num_places = len(place_world)
        self.bvh = self._allocate_tree(place_world)
        self.data = self._allocate(place_world, place_instance)
        self._record: Array = Array([self.data], SceneData, device=self.device)
        self.id = np.uint64(self._record.ptr)
        self._stand_still()

    def _allocate_tree(self, place_world: Ints) -> Bvh:
        box = np.zeros((self._num_places, 3), np.float32)
        groups = np.where(place_world < 0, self.num_worlds, place_world).astype(np.int32)
        return Bvh(box, box, groups, self.num_worlds + 1, leaf_size=1, device=self.device)

    def _allocate(self, place_world: Ints, place_instance: Ints) -> Any:
        records = [record_of(i, shape) for i, shape in enumerate(self.shapes)]
        return SceneData(
            shapes=_records(records, ShapeData, self.device),
            instances=_records(
                [_instance_record(i, x) for i, x in enumerate(self.instances)], InstanceData, self.device
            ),
            place_instance=Array(place_instance, int32, device=self.device),
            place_world=Array(place_world, int32, device=self.device),
            world_from_shape=empty(self._num_places, transform, self.device),
            bvh=self.bvh.data,
            num_worlds=self.num_worlds,
        )

    def _stand_still(self) -> None:
        poses = np.tile(np.array(IDENTITY, np.float32), (self.num_worlds, self.num_bodies, 1))
        self._moved = False
        self._move(Array(poses, transform, device=self.device))
        self.bvh.rebuild()

    def update(self, body_pose: Array, rebuild: bool = False) -> None:
        """Moves every instance to its body; only launches.

        The first call builds each world's tree, later ones refit it, which stays fast while bodies that
        started close stay close.

        Args:
            body_pose: (worlds, bodies) transform, world_from_body, unit quaternions; body 0 is not read.
            rebuild: build the trees anew, for bodies that have spread.

        Raises:
            GeometryError: not such an array.
        """
        self._check_poses(body_pose)
        self._move(body_pose)
        if rebuild or not self._moved:
            self.bvh.rebuild()
        else:
            self.bvh.refit()
        self._moved = True

    def _move(self, body_pose: Array) -> None:
        launch(move_places, self._num_places, [self.id, body_pose], device=self.device)

    def _check_poses(self, body_pose: Any) -> None:
        shape = tuple(getattr(body_pose, "shape", ()))
        wrong = getattr(body_pose, "dtype", None) != transform or len(shape) != 2
        if wrong or shape[0] != self.num_worlds or shape[1] < self.num_bodies:
            raise GeometryError(
                f"Scene.update body_pose: expected an array2d of transform with {self.num_worlds} worlds "
                f"and at least {self.num_bodies} bodies, got {describe(body_pose)} of shape {shape}"
            )


def _checked_worlds(num_worlds: int) -> int:
    if not isinstance(num_worlds, (int, np.integer)) or num_worlds < 1:
        raise GeometryError(f"Scene num_worlds: expected 1 or more, got {num_worlds!r}")
    return int(num_worlds)


def _check_instance(index: int, instance: Instance, num_shapes: int, num_worlds: int) -> None:
    where = f"Scene instances[{index}]"
    if not 0 <= instance.shape < num_shapes:
        raise GeometryError(f"{where}: expected a shape from 0 to {num_shapes - 1}, got {instance.shape}")
    if instance.body < 0:
        raise GeometryError(f"{where}: expected a body from 0 up, got {instance.body}")
    if instance.world is not None and not 0 <= instance.world < num_worlds:
        raise GeometryError(
            f"{where}: expected a world from 0 to {num_worlds - 1} or None, got {instance.world}"
        )
    if not 0 <= instance.mask <= ALL_BITS:
        raise GeometryError(f"{where}: expected a mask of 32 bits, got {instance.mask}")


def _places(instances: Sequence[Instance], num_worlds: int) -> tuple[Ints, Ints]:
    """World (-1: shared by all) and instance of every place, world after world."""
    moving = [i for i, x in enumerate(instances) if x.world is None and x.body > 0]
    own = [i for i, x in enumerate(instances) if x.world is not None]
    shared = [i for i, x in enumerate(instances) if x.world is None and x.body == 0]
    worlds = [*np.repeat(np.arange(num_worlds), len(moving)), *(instances[i].world for i in own)]
    places = [*np.tile(moving, num_worlds), *own]
    order = np.argsort(np.array(worlds, np.int32), kind="stable")
    place_world = [*np.array(worlds, np.int32)[order], *[-1] * len(shared)]
    place_instance = [*np.array(places, np.int32)[order], *shared]
    return np.array(place_world, np.int32), np.array(place_instance, np.int32)


def _instance_record(index: int, instance: Instance) -> Any:
    return InstanceData(
        shape=instance.shape,
        body=instance.body,
        mask=instance.mask,
        body_from_shape=pose(f"Scene instances[{index}] body_from_shape", instance.body_from_shape),
    )


def _records(values: list[Any], dtype: Any, device: DeviceLike) -> Array:
    return Array(values, dtype, device=device) if values else empty(0, dtype, device)
