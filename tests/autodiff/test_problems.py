"""Problems people solve with gradients, against central differences in float64."""

import numpy as np
import pytest

import robokern as rk
from robokern.runtime.gradcheck import gradcheck
from robokern.runtime.tape import Tape


@rk.kernel
def bounce(
    start: rk.array(dtype=rk.vec3d),
    stiffness: rk.array(dtype=rk.float64),
    steps: int,
    end: rk.array(dtype=rk.vec3d),
):
    """A particle under gravity on a penalty floor, the whole flight in one kernel."""
    i = rk.tid()
    dt = rk.float64(0.004)
    p = start[i]
    v = rk.vec3d(rk.float64(1.0), rk.float64(0.0), rk.float64(-1.0))
    for _k in range(steps):
        f = rk.vec3d(rk.float64(0.0), rk.float64(0.0), rk.float64(-9.81))
        if p[2] < rk.float64(0.0):
            f[2] = f[2] - stiffness[0] * p[2] - rk.float64(2.0) * v[2]
            f[0] = f[0] - rk.float64(3.0) * v[0]
        v = v + f * dt
        p = p + v * dt
    end[i] = p


def test_bouncing_particle(device):
    start = rk.array([[0.0, 0.0, 0.3], [0.1, 0.0, 0.5]], dtype=rk.vec3d)
    stiffness = rk.array([800.0], dtype=rk.float64)
    ends = rk.zeros(2, dtype=rk.vec3d)
    assert gradcheck(bounce, 2, [start, stiffness, 300], [ends], device=device, eps=1e-7, rtol=1e-5)


@rk.kernel
def spring_forces(
    x: rk.array(dtype=rk.vec3d),
    ends: rk.array(dtype=rk.vec2i),
    rest: rk.array(dtype=rk.float64),
    force: rk.array(dtype=rk.vec3d),
):
    s = rk.tid()
    i = ends[s][0]
    j = ends[s][1]
    d = x[j] - x[i]
    size = rk.length(d)
    f = d * (rk.float64(40.0) * (size - rest[s]) / size)
    rk.atomic_add(force, i, f)
    rk.atomic_add(force, j, -f)


@rk.kernel
def integrate(x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), force: rk.array(dtype=rk.vec3d)):
    i = rk.tid()
    v[i] = v[i] + force[i] * rk.float64(0.02)
    x[i] = x[i] + v[i] * rk.float64(0.02)
    force[i] = rk.vec3d(rk.float64(0.0), rk.float64(0.0), rk.float64(-1.0))


def swing(x, rest):
    """A net of 3 x 3 points, positions changed in place; its final positions."""
    links = [(k, k + 1) for k in range(9) if k % 3 < 2] + [(k, k + 3) for k in range(6)]
    ends = rk.array(np.array(links), dtype=rk.vec2i)
    now, v, force = rk.clone(x), rk.zeros(9, dtype=rk.vec3d), rk.zeros(9, dtype=rk.vec3d)
    for _ in range(12):
        rk.launch(spring_forces, len(links), [now, ends, rest, force])
        rk.launch(integrate, 9, [now, v, force])
    return now


def test_spring_net():
    rng = np.random.default_rng(2)
    x = rk.array([[k % 3, k // 3, 0.1 * rng.normal()] for k in range(9)], dtype=rk.vec3d)
    assert gradcheck(swing, inputs=[x, rk.array(rng.uniform(0.8, 1.1, 12), dtype=rk.float64)])


@rk.kernel
def ranges(
    pose: rk.array(dtype=rk.transformd),
    corners: rk.array(dtype=rk.vec3d),
    rays: rk.array(dtype=rk.vec3d),
    found: rk.array(dtype=rk.float64),
):
    """Distance along each ray of a sensor to the nearest of two triangles."""
    r = rk.tid()
    origin = rk.transform_get_translation(pose[0])
    direction = rk.transform_vector(pose[0], rays[r])
    best = rk.float64(100.0)
    for face in range(len(corners) // 3):
        a = corners[3 * face]
        n = rk.cross(corners[3 * face + 1] - a, corners[3 * face + 2] - a)
        t = rk.dot(a - origin, n) / rk.dot(direction, n)
        if t > rk.float64(0.0) and t < best:
            best = t
    found[r] = best


def test_range_by_sensor_pose_and_vertices(device):
    pose = rk.array([[0.1, 0.2, 0.0, 0.05, 0.1, -0.02, 0.99]], dtype=rk.transformd)
    corners = rk.array(
        [[-5, -5, 4], [5, -5, 4.5], [0, 5, 4.2], [-5, -5, 3], [5, -5, 8], [0, 5, 3]], dtype=rk.vec3d
    )
    rays = rk.array([[0.1, 0.0, 1.0], [-0.2, 0.1, 1.0], [0.3, -0.2, 1.0]], dtype=rk.vec3d)
    assert gradcheck(ranges, 3, [pose, corners, rays], [rk.zeros(3, dtype=rk.float64)], device=device)


@rk.kernel
def misfit(
    points: rk.array(dtype=rk.vec3d),
    centre: rk.array(dtype=rk.vec3d),
    radius: rk.array(dtype=rk.float64),
    loss: rk.array(dtype=rk.float64),
):
    distance = rk.length(points[rk.tid()] - centre[0]) - radius[0]
    rk.atomic_add(loss, 0, distance * distance)


def test_a_signed_distance_is_fitted():
    from robokern.runtime.optimizer import Adam

    rng = np.random.default_rng(8)
    directions = rng.normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = rk.array([0.3, -0.2, 0.5] + 0.7 * directions, dtype=rk.vec3d)
    centre, radius = rk.array([[0.0, 0.0, 0.0]], dtype=rk.vec3d), rk.array([1.0], dtype=rk.float64)
    optimizer = Adam([centre, radius], lr=0.02)
    for _ in range(400):
        loss = rk.zeros(1, dtype=rk.float64)
        with Tape() as tape:
            rk.launch(misfit, 200, [points, centre, radius, loss])
        tape.backward(loss)
        optimizer.step()
    np.testing.assert_allclose(centre.numpy()[0], [0.3, -0.2, 0.5], atol=1e-4)
    assert radius.numpy()[0] == pytest.approx(0.7, abs=1e-4)
