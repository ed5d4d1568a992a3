"""Device side of penalty_contact."""

import robokern as rk


@rk.func
def friction_scale(slip: float) -> float:
    """tanh(slip) / slip, which is 1 at rest."""
    if slip < 1.0e-3:
        return 1.0 - slip * slip / 3.0
    return rk.tanh(slip) / slip


@rk.func
def contact_force(
    depth: float,
    velocity: rk.vec3,
    normal: rk.vec3,
    stiffness: float,
    damping: float,
    friction: float,
    slip_velocity: float,
) -> rk.vec3:
    """Force on the sphere [N].

    Normal: Kelvin-Voigt, k depth + c d(depth)/dt, never a pull.
    Tangent: -mu f_n tanh(|v_t| / v_s) v_t / |v_t|.
    """
    approach = -rk.dot(velocity, normal)
    push = rk.max(stiffness * depth + damping * approach, 0.0)
    sliding = velocity + approach * normal
    slip = rk.length(sliding) / slip_velocity
    return push * normal - (friction * push * friction_scale(slip) / slip_velocity) * sliding


@rk.kernel
def push_bodies(
    # world
    terrain: rk.uint64,
    body_pose: rk.array2d(dtype=rk.transform),  # (worlds, bodies) world_from_body
    body_com: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) [m]
    body_linear_velocity: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) of the body origin [m/s]
    body_angular_velocity: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) [rad/s]
    geom_friction: rk.array2d(dtype=float),  # (worlds, geoms) [1]
    # spheres, those of one body in a row
    bodies: rk.array(dtype=int),  # (n,) bodies that carry spheres
    first: rk.array(dtype=int),  # (n + 1,) first sphere of each; the last is their number
    geom: rk.array(dtype=int),  # (spheres,)
    center: rk.array(dtype=rk.vec3),  # (spheres,) body frame [m]
    radius: rk.array(dtype=float),  # (spheres,) [m]
    # settings
    stiffness: float,  # [N/m]
    damping: rk.array(dtype=float),  # (spheres,) [N s/m]
    friction: float,  # [1]; negative: that of the geom
    slip_velocity: float,  # [m/s]
    # out
    body_force: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) [N], added to
    body_torque: rk.array2d(dtype=rk.vec3),  # (worlds, bodies) about the centre of mass [N m], added to
    force: rk.array2d(dtype=rk.vec3),  # (worlds, spheres) world axes [N]
    penetration: rk.array2d(dtype=float),  # (worlds, spheres) [m]
):
    """Contact forces of all spheres of one body, summed in their order so that the bits never vary."""
    world, i = rk.tid()
    body = bodies[i]
    pose = body_pose[world, body]
    total = rk.vec3(0.0)
    torque = rk.vec3(0.0)
    for s in range(first[i], first[i + 1]):
        point = rk.transform_point(pose, center[s])
        pushed = rk.vec3(0.0)
        depth = 0.0
        near = rk.scene_closest_point(terrain, world, point, radius[s], -1)
        if near.hit and near.distance < radius[s]:
            depth = radius[s] - near.distance
            # the force acts in the middle of the overlap
            contact = point - (radius[s] - 0.5 * depth) * near.normal
            spin = rk.cross(body_angular_velocity[world, body], contact - pose.p)
            mu = friction
            if friction < 0.0:
                mu = geom_friction[world, geom[s]]
            pushed = contact_force(
                depth,
                body_linear_velocity[world, body] + spin,
                near.normal,
                stiffness,
                damping[s],
                mu,
                slip_velocity,
            )
            total += pushed
            torque += rk.cross(contact - body_com[world, body], pushed)
        force[world, s] = pushed
        penetration[world, s] = depth
    rk.atomic_add(body_force, world, body, total)
    rk.atomic_add(body_torque, world, body, torque)
