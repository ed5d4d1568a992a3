# mypy: ignore-errors
"""Queries on a scene, called inside kernels with `scene.id`; all in world axes [m]."""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, local
from robokern.compiler.function import func, func_grad, func_replay, struct
from robokern.geometry.box import MISS, inverse_direction
from robokern.geometry.scene_data import SceneData
from robokern.geometry.shape_data import is_round, nearest_on_shape, ray_round, ray_shape
from robokern.geometry.tree import STACK, WIDTH, leaf_count, leaf_first
from robokern.geometry.walk import child_distances, child_entries, push_children
from robokern.ir.types import float32, int32, uint32, uint64, vec3
from robokern.lang.quaternion import quat_rotate, quat_rotate_inv
from robokern.lang.transform import transform_point
from robokern.lang.vector import dot

ROOM = STACK + WIDTH + 1  # a walk over a world's own tree, while the root of the shared one waits
EVERYTHING = 0xFFFFFFFF


@struct
class SceneHit:
    """Nearest hit of a ray.

    `t` in units of the direction's length; `normal` is the outward unit normal; `face` of a mesh, else -1.
    """

    hit: bool
    t: float32
    instance: int32
    body: int32
    shape: int32
    face: int32
    normal: vec3


@struct
class SceneClosest:
    """Nearest point of the solids' surfaces: `distance` < 0 inside one, `normal` outward there."""

    hit: bool
    distance: float32
    point: vec3
    normal: vec3
    instance: int32
    body: int32
    shape: int32


@func
def takes_part(scene: SceneData, instance: int32, exclude_body: int32, mask: uint32):
    """Whether a query looks at an instance."""
    return scene.instances[instance].body != exclude_body and (
        scene.instances[instance].mask & mask
    ) != uint32(0)


@func
def ray_place(scene: SceneData, place: int32, origin: vec3, direction: vec3, max_t: float32):
    """First meeting of a ray with the instance at a place; poses keep lengths, so t is that of the world."""
    pose = scene.world_from_shape[place]
    shape = scene.shapes[scene.instances[scene.place_instance[place]].shape]
    local_origin = quat_rotate_inv(pose.q, origin - pose.p)
    return ray_shape(shape, local_origin, quat_rotate_inv(pose.q, direction), max_t)


@func
def ray_leaf(
    scene: SceneData,
    reference: int32,
    origin: vec3,
    direction: vec3,
    exclude_body: int32,
    mask: uint32,
    best: SceneHit,
):
    """The nearer of what was found and what a leaf holds."""
    found = best
    first = leaf_first(reference)
    for i in range(first, first + leaf_count(reference)):
        place = scene.bvh.order[i]
        instance = scene.place_instance[place]
        if takes_part(scene, instance, exclude_body, mask):
            there = ray_place(scene, place, origin, direction, found.t)
            if there.hit and there.t <= found.t:
                found.hit = True
                found.t = there.t
                found.instance = instance
                found.body = scene.instances[instance].body
                found.shape = scene.instances[instance].shape
                found.face = there.face
                found.normal = quat_rotate(scene.world_from_shape[place].q, there.normal)
    return found


@func
def scene_query_ray(
    scene: uint64,
    world: int32,
    origin: vec3,
    direction: vec3,
    max_t: float32,
    exclude_body: int32 = -1,
    mask: uint32 = EVERYTHING,
):
    """Nearest hit of a ray with what stands in a world: its own instances and those of all worlds.

    Meshes are seen from both sides, planes from above only; from inside a solid, the way out is hit.

    Derivatives by the ray are those of `t` and `normal` on the surface that is hit; which one that is, and
    where it is, are constant.

    Args:
        scene: `Scene.id`.
        world: which world.
        origin: start of the ray, world axes [m].
        direction: need not be unit; `t` and max_t count in its length.
        max_t: hits beyond are left out.
        exclude_body: instances of this body are not seen (-1: all are).
        mask: instances whose mask shares no bit with it are not seen.

    Returns:
        SceneHit; where nothing is hit, `t` is max_t and body, instance, shape, face are -1.
    """
    data = from_handle(scene, SceneData)
    found = SceneHit()
    found.t = max_t
    found.instance = -1
    found.body = -1
    found.shape = -1
    found.face = -1
    inverse = inverse_direction(direction)
    waiting = local(ROOM, int32, fill=False)
    entries = local(ROOM, float32, fill=False)
    waiting[0] = data.bvh.roots[data.num_worlds]
    waiting[1] = data.bvh.roots[world]
    entries[0] = 0.0
    entries[1] = 0.0
    size = 2
    while size > 0:
        size = size - 1
        reference = waiting[size]
        if entries[size] <= found.t:
            if reference >= 0:
                node = data.bvh.nodes[reference]
                key = child_entries(node, origin, inverse, found.t)
                size = push_children(waiting, entries, size, node.child, key)
            else:
                found = ray_leaf(data, reference, origin, direction, exclude_body, mask, found)
    return found


@func
def first_hit(
    scene: uint64,
    world: int32,
    origin: vec3,
    direction: vec3,
    max_t: float32,
    exclude_body: int32,
    mask: uint32,
):
    """The hit itself, constant for derivatives."""
    return scene_query_ray(scene, world, origin, direction, max_t, exclude_body, mask)


@func_grad(first_hit)
@func
def no_change_of_hit(
    scene: uint64,
    world: int32,
    origin: vec3,
    direction: vec3,
    max_t: float32,
    exclude_body: int32,
    mask: uint32,
    adjoint: SceneHit,
):
    return vec3(0.0), vec3(0.0), 0.0


@func
def meeting(origin: vec3, direction: vec3, t: float32, normal: vec3):
    """t, where a ray meets a surface that has this normal there."""
    return t


@func_grad(meeting)
@func
def meeting_gradient(origin: vec3, direction: vec3, t: float32, normal: vec3, adjoint: float32):
    """Implicit differentiation of normal . (origin + t direction - surface) = 0 with a smooth surface."""
    by_origin = normal * (-adjoint / dot(normal, direction))
    return by_origin, by_origin * t, 0.0, vec3(0.0)


@func
def place_of(scene: SceneData, world: int32, instance: int32):
    """The place of an instance in a world. Places stand world after world, then those of all worlds."""
    low = int32(0)
    high = int32(len(scene.place_world))
    while low < high:
        middle = (low + high) // 2
        at = scene.place_world[middle]
        if at >= 0 and at < world:
            low = middle + 1
        else:
            high = middle
    while low < len(scene.place_world) and scene.place_world[low] == world:
        if scene.place_instance[low] == instance:
            return low
        low += 1
    low = len(scene.place_world) - 1
    while low > 0 and scene.place_instance[low] != instance:
        low -= 1
    return low


@func_replay(scene_query_ray)
@func
def scene_query_ray_again(
    scene: uint64,
    world: int32,
    origin: vec3,
    direction: vec3,
    max_t: float32,
    exclude_body: int32,
    mask: uint32,
):
    """The same, from the surface that is hit: it, not the walk to it, depends on the ray."""
    data = from_handle(scene, SceneData)
    found = first_hit(scene, world, origin, direction, max_t, exclude_body, mask)
    if found.hit:
        found.t = meeting(origin, direction, found.t, found.normal)
        shape = data.shapes[found.shape]
        if is_round(shape):
            pose = data.world_from_shape[place_of(data, world, found.instance)]
            local_origin = quat_rotate_inv(pose.q, origin - pose.p)
            there = ray_round(shape, local_origin, quat_rotate_inv(pose.q, direction))
            found.normal = quat_rotate(pose.q, there.normal)
    else:
        found.t = max_t
    return found


@func
def nearest_at_place(scene: SceneData, place: int32, point: vec3, max_distance: float32):
    """Nearest point of the instance at a place, world axes."""
    pose = scene.world_from_shape[place]
    shape = scene.shapes[scene.instances[scene.place_instance[place]].shape]
    there = nearest_on_shape(shape, quat_rotate_inv(pose.q, point - pose.p), max_distance)
    there.point = transform_point(pose, there.point)
    there.normal = quat_rotate(pose.q, there.normal)
    return there


@func
def nearest_in_leaf(
    scene: SceneData, reference: int32, point: vec3, exclude_body: int32, mask: uint32, best: SceneClosest
):
    """The nearer (deeper, inside) of what was found and what a leaf holds."""
    found = best
    first = leaf_first(reference)
    for i in range(first, first + leaf_count(reference)):
        place = scene.bvh.order[i]
        instance = scene.place_instance[place]
        if takes_part(scene, instance, exclude_body, mask):
            # inside a mesh, how deep is only known once its surface is found, however far
            reach = found.distance if found.distance > 0.0 else MISS
            there = nearest_at_place(scene, place, point, reach)
            if there.hit and there.distance < found.distance:
                found.hit = True
                found.distance = there.distance
                found.point = there.point
                found.normal = there.normal
                found.instance = instance
                found.body = scene.instances[instance].body
                found.shape = scene.instances[instance].shape
    return found


@func
def scene_closest_point(
    scene: uint64,
    world: int32,
    point: vec3,
    max_distance: float32,
    exclude_body: int32 = -1,
    mask: uint32 = EVERYTHING,
):
    """Signed distance to the solids of a world: the least over its own instances and those of all worlds.

    Outside all solids that is the distance to the nearest surface; inside several, the depth in the deepest.
    Planes are half-spaces and height fields solid down to their base; a mesh's inside is what its
    pseudonormals say, to any depth up to max_distance.

    Args:
        scene: `Scene.id`.
        world: which world.
        point: world axes [m].
        max_distance: surfaces further away are left out [m].
        exclude_body: instances of this body are not seen (-1: all are).
        mask: instances whose mask shares no bit with it are not seen.

    Returns:
        SceneClosest; where nothing is near, `distance` is max_distance and body, instance, shape are -1.
    """
    data = from_handle(scene, SceneData)
    found = SceneClosest()
    found.distance = max_distance
    found.instance = -1
    found.body = -1
    found.shape = -1
    waiting = local(ROOM, int32, fill=False)
    keys = local(ROOM, float32, fill=False)
    waiting[0] = data.bvh.roots[data.num_worlds]
    waiting[1] = data.bvh.roots[world]
    keys[0] = 0.0
    keys[1] = 0.0
    size = 2
    while size > 0:
        size = size - 1
        reference = waiting[size]
        reach = max(found.distance, 0.0)
        if keys[size] <= reach * reach:
            if reference >= 0:
                node = data.bvh.nodes[reference]
                key = child_distances(node, point, reach * reach)
                size = push_children(waiting, keys, size, node.child, key)
            else:
                found = nearest_in_leaf(data, reference, point, exclude_body, mask, found)
    return found
