"""Device side of the lidar."""

import math

import robokern as rk

ALIGN_BASE = 0
ALIGN_YAW = 1
ALIGN_WORLD = 2

# how far behind the surface of an excluded body the ray starts anew [m]
STEP_BEHIND = 1.0e-4

NOWHERE = math.nan


@rk.func
def heading(q: rk.quat) -> rk.quat:
    """Rotation about world z that turns x to the direction in which q's x axis points, seen from above.

    Half-angle formulas without trigonometry; of two equivalent forms the longer one, so that nothing cancels.
    """
    x = rk.quat_rotate(q, rk.vec3(1.0, 0.0, 0.0))
    length = rk.sqrt(x[0] * x[0] + x[1] * x[1])
    # looking straight up or down there is no heading
    if length < 1.0e-6:
        return rk.quat(0.0, 0.0, 0.0, 1.0)
    c = x[0] / length
    s = x[1] / length
    if c >= 0.0:
        return rk.normalize(rk.quat(0.0, 0.0, s, 1.0 + c))
    return rk.normalize(rk.quat(0.0, 0.0, 1.0 - c, s))


@rk.kernel
def place_sensor(
    # world
    body_pose: rk.array2d(dtype=rk.transform),  # (worlds, bodies) world_from_body
    # settings
    body: int,
    body_from_sensor: rk.transform,
    alignment: int,
    # out
    pose: rk.array(dtype=rk.transform),  # (worlds,) world_from_sensor
):
    """Where the sensor is; its position always moves with the body, its axes as `alignment` says."""
    world = rk.tid()
    world_from_body = body_pose[world, body]
    position = rk.transform_point(world_from_body, body_from_sensor.p)
    turn = world_from_body.q
    if alignment == ALIGN_YAW:
        turn = heading(world_from_body.q)
    if alignment == ALIGN_WORLD:
        turn = rk.quat(0.0, 0.0, 0.0, 1.0)
    pose[world] = rk.transform(position, turn * body_from_sensor.q)


@rk.kernel
def cast_rays(
    # world
    scene: rk.uint64,
    # sensor
    directions: rk.array2d(dtype=rk.vec3),  # (channels, columns) unit, sensor frame
    pose: rk.array(dtype=rk.transform),  # (worlds,) world_from_sensor
    # settings
    own_body: int,  # not seen; -1: all are
    excluded: rk.array(dtype=int),  # (bodies,) 1: looked through
    max_range: float,  # [m]
    no_hit: float,  # [m]
    # out
    ranges: rk.array3d(dtype=float),  # (worlds, channels, columns) [m]
    points: rk.array3d(dtype=rk.vec3),  # (worlds, channels, columns) [m], world frame
):
    """Distance to the first surface along each ray, and the point hit; no_hit and NaN where there is none."""
    world, channel, column = rk.tid()
    world_from_sensor = pose[world]
    origin = world_from_sensor.p
    direction = rk.quat_rotate(world_from_sensor.q, directions[channel, column])
    start = 0.0
    hit = rk.scene_query_ray(scene, world, origin, direction, max_range, own_body)
    # a body that is looked through: go on behind its surface
    while hit.hit and excluded[hit.body] != 0:
        start += hit.t + STEP_BEHIND
        if start >= max_range:
            hit.hit = False
            break
        hit = rk.scene_query_ray(
            scene, world, origin + start * direction, direction, max_range - start, own_body
        )
    if hit.hit:
        distance = start + hit.t
        ranges[world, channel, column] = distance
        points[world, channel, column] = origin + distance * direction
    else:
        ranges[world, channel, column] = no_hit
        points[world, channel, column] = rk.vec3(NOWHERE)
