# mypy: ignore-errors
"""Memory of a scene, as kernels see it, and the kernel that moves its instances.

A *place* is one instance in one world; an instance that all worlds share and that does not move has a single
place, in a group of its own behind those of the worlds. Each group has its own small tree over its places'
boxes.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid
from robokern.compiler.function import kernel, struct
from robokern.geometry.box import turned_half_extents
from robokern.geometry.shape_data import ShapeData, shape_lower, shape_upper
from robokern.geometry.tree import BvhData
from robokern.ir.types import int32, transform, uint32, uint64, vec3
from robokern.lang.transform import transform_point
from robokern.runtime.array import array, array2d


@struct
class InstanceData:
    """A shape fixed to a body; `body` 0 is the world itself."""

    shape: int32
    body: int32
    mask: uint32
    body_from_shape: transform


@struct
class SceneData:
    """What `scene.id` points to."""

    shapes: array(dtype=ShapeData)
    instances: array(dtype=InstanceData)
    place_instance: array(dtype=int32)  # (places,)
    place_world: array(dtype=int32)  # (places,) -1: of all worlds
    world_from_shape: array(dtype=transform)  # (places,)
    bvh: BvhData  # groups: one per world, then the one they share
    num_worlds: int32


@kernel
def move_places(handle: uint64, body_pose: array2d(dtype=transform)):
    """Poses and boxes of the places. body_pose: (worlds, bodies) world_from_body; body 0 is not read."""
    place = tid()
    scene = from_handle(handle, SceneData)
    instance = scene.instances[scene.place_instance[place]]
    pose = instance.body_from_shape
    if instance.body > 0:
        pose = body_pose[scene.place_world[place], instance.body] * pose
    scene.world_from_shape[place] = pose
    shape = scene.shapes[instance.shape]
    lower = shape_lower(shape)
    upper = shape_upper(shape)
    half = turned_half_extents(pose, 0.5 * (upper - lower))
    centre = transform_point(pose, 0.5 * (lower + upper))
    # room for what rounds when the pose turns points
    slack = 4.0e-7 * (max(half) + abs(centre[0]) + abs(centre[1]) + abs(centre[2]))
    scene.bvh.lowers[place] = centre - half - vec3(slack)
    scene.bvh.uppers[place] = centre + half + vec3(slack)
