"""Problems people solve with gradients: robokern against central differences, and against the same written
for NumPy (complex step, Squire & Trapp 1998), PyTorch and JAX in float64.

A reference is written once, for any of the three array modules `xp`; it shares no code with the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import robokern as rk


@dataclass(frozen=True)
class Problem:
    """A function of arrays, in kernels and as a reference.

    Attributes:
        run: launches kernels on `rk.array`s of the inputs and gives the output.
        reference: the same for an array module and its arrays.
        inputs: values and element types.
        rtol: of gradients against the other formulation, relative to the largest entry of each.
        eps: step of the central differences.
    """

    run: Callable[..., rk.array]
    reference: Callable[..., Any]
    inputs: tuple[tuple[Any, Any], ...]
    rtol: float = 1e-11
    eps: float = 1e-7

    def values(self) -> list[np.ndarray]:
        return [np.array(v, np.float64) for v, _ in self.inputs]

    def arrays(self) -> list[rk.array]:
        return [rk.array(v, dtype=t, requires_grad=True) for v, t in self.inputs]

    def direction(self) -> np.ndarray:
        """Weights of the outputs: one random sum of them is differentiated."""
        return np.random.default_rng(7).normal(size=self.run(*self.arrays()).numpy().shape)

    def gradients(self) -> list[np.ndarray]:
        """Ours."""
        arrays = self.arrays()
        with rk.Tape() as tape:
            output = self.run(*arrays)
        tape.backward(grads={output: self.direction()})
        return [a.grad.numpy() for a in arrays]


# A particle on a penalty floor ------------------------------------------------------------------------


@rk.kernel
def bounce(
    start: rk.array(dtype=rk.vec3d),
    stiffness: rk.array(dtype=rk.float64),
    steps: int,
    end: rk.array(dtype=rk.vec3d),
):
    """The whole flight in one kernel."""
    i = rk.tid()
    dt = rk.float64(0.004)
    p = start[i]
    v = rk.vec3d(1.0, 0.0, -1.0)
    for _k in range(steps):
        f = rk.vec3d(0.0, 0.0, -9.81)
        if p[2] < 0.0:
            f[2] = f[2] - stiffness[0] * p[2] - 2.0 * v[2]
            f[0] = f[0] - 3.0 * v[0]
        v = v + f * dt
        p = p + v * dt
    end[i] = p


def fly(start: rk.array, stiffness: rk.array) -> rk.array:
    end = rk.zeros(len(start), dtype=rk.vec3d)
    rk.launch(bounce, len(start), [start, stiffness, 300, end])
    return end


def fly_reference(xp, start, stiffness):
    x, y, z = start[:, 0], start[:, 1], start[:, 2]
    vx, vz = 0.0 * x + 1.0, 0.0 * x - 1.0
    for _ in range(300):
        touches = z.real < 0.0
        az = -9.81 + xp.where(touches, -stiffness[0] * z - 2.0 * vz, 0.0 * z)
        ax = xp.where(touches, -3.0 * vx, 0.0 * vx)
        vx, vz = vx + 0.004 * ax, vz + 0.004 * az
        x, z = x + 0.004 * vx, z + 0.004 * vz
    return xp.stack([x, y, z], -1)


# A cloth of springs that falls on the floor -----------------------------------------------------------

SIDE, CLOTH_STEPS = 5, 40
LINKS = [(k, k + 1) for k in range(SIDE * SIDE) if k % SIDE < SIDE - 1]
LINKS += [(k, k + SIDE) for k in range(SIDE * (SIDE - 1))]


@rk.kernel
def spring_forces(
    x: rk.array(dtype=rk.vec3d),
    ends: rk.array(dtype=rk.vec2i),
    rest: rk.array(dtype=rk.float64),
    force: rk.array(dtype=rk.vec3d),
):
    s = rk.tid()
    i, j = ends[s][0], ends[s][1]
    d = x[j] - x[i]
    size = rk.length(d)
    f = d * (40.0 * (size - rest[s]) / size)
    rk.atomic_add(force, i, f)
    rk.atomic_add(force, j, -f)


@rk.kernel
def integrate(x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), force: rk.array(dtype=rk.vec3d)):
    """Positions, velocities and forces are changed in place."""
    i = rk.tid()
    f = force[i] + rk.vec3d(0.0, 0.0, -1.0)
    if x[i][2] < 0.0:
        f -= rk.vec3d(0.0, 0.0, 100.0 * x[i][2]) + 0.5 * v[i]
    v[i] = v[i] + f * rk.float64(0.02)
    x[i] = x[i] + v[i] * rk.float64(0.02)
    force[i] = rk.vec3d(0.0)


def swing(x: rk.array, rest: rk.array) -> rk.array:
    ends = rk.array(np.array(LINKS), dtype=rk.vec2i)
    now, v, force = rk.clone(x), rk.zeros(len(x), dtype=rk.vec3d), rk.zeros(len(x), dtype=rk.vec3d)
    for _ in range(CLOTH_STEPS):
        rk.launch(spring_forces, len(LINKS), [now, ends, rest, force])
        rk.launch(integrate, len(x), [now, v, force])
    return now


def swing_reference(xp, x, rest):
    across = np.zeros((len(LINKS), SIDE * SIDE))
    for s, (i, j) in enumerate(LINKS):
        across[s, i], across[s, j] = -1.0, 1.0
    across = xp.asarray(across) + 0.0 * rest[:, None]  # in the module's own dtype
    up = xp.asarray(np.array([0.0, 0.0, 1.0]))
    v = 0.0 * x
    for _ in range(CLOTH_STEPS):
        d = across @ x
        size = xp.sqrt((d * d).sum(-1))
        f = -across.T @ (d * (40.0 * (size - rest) / size)[:, None]) - up
        touches = x[:, 2:].real < 0.0
        f = f + xp.where(touches, -100.0 * x[:, 2:] * up - 0.5 * v, 0.0 * v)
        v = v + 0.02 * f
        x = x + 0.02 * v
    return x


def cloth() -> tuple[Any, ...]:
    rng = np.random.default_rng(2)
    grid = [[k % SIDE, k // SIDE, 0.1 + 0.05 * rng.normal()] for k in range(SIDE * SIDE)]
    return (grid, rk.vec3d), (rng.uniform(0.8, 1.1, len(LINKS)), rk.float64)


# Ranges of a sensor, by its pose and by the vertices it sees ------------------------------------------


@rk.kernel
def ranges(
    pose: rk.array(dtype=rk.transformd),
    corners: rk.array(dtype=rk.vec3d),
    rays: rk.array(dtype=rk.vec3d),
    found: rk.array(dtype=rk.float64),
):
    """Distance along each ray of a sensor to the nearest of some large triangles."""
    r = rk.tid()
    origin = rk.transform_get_translation(pose[0])
    direction = rk.quat_rotate(rk.normalize(rk.transform_get_rotation(pose[0])), rays[r])
    best = rk.float64(100.0)
    for face in range(len(corners) // 3):
        a = corners[3 * face]
        n = rk.cross(corners[3 * face + 1] - a, corners[3 * face + 2] - a)
        t = rk.dot(a - origin, n) / rk.dot(direction, n)
        if t > 0.0 and t < best:
            best = t
    found[r] = best


def scan(pose: rk.array, corners: rk.array, rays: rk.array) -> rk.array:
    found = rk.zeros(len(rays), dtype=rk.float64)
    rk.launch(ranges, len(rays), [pose, corners, rays, found])
    return found


def scene(pose: Any, vector: Any) -> tuple[Any, ...]:
    """A tilted sensor, two triangles that cut each other, three rays."""
    return (
        ([[0.1, 0.2, 0.0, 0.05, 0.1, -0.02, 0.98]], pose),
        ([[-5, -5, 4], [5, -5, 4.5], [0, 5, 4.2], [-5, -5, 3], [5, -5, 8], [0, 5, 3]], vector),
        ([[0.1, 0.0, 1.0], [-0.2, 0.1, 1.0], [0.3, -0.2, 1.0]], vector),
    )


def cross(xp, a, b):
    return xp.stack([a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))], -1)


def scan_reference(xp, pose, corners, rays):
    q = pose[0, 3:] / xp.sqrt((pose[0, 3:] * pose[0, 3:]).sum())
    axis = q[:3] + 0.0 * rays
    turned = rays + 2.0 * cross(xp, axis, cross(xp, axis, rays) + q[3] * rays)
    best = 0.0 * turned[:, 0] + 100.0
    for a, b, c in (corners[k : k + 3] for k in range(0, len(corners), 3)):
        n = cross(xp, b - a, c - a)
        t = ((a - pose[0, :3]) * n).sum() / (turned * n).sum(-1)
        best = xp.where((t.real > 0.0) & (t.real < best.real), t, best)
    return best


# The same through a mesh and its tree, in float32 ------------------------------------------------------


@rk.kernel
def mesh_ranges(
    mesh: rk.uint64,
    pose: rk.array(dtype=rk.transform),
    corners: rk.array(dtype=rk.vec3),
    indices: rk.array(dtype=int),
    rays: rk.array(dtype=rk.vec3),
    found: rk.array(dtype=float),
):
    r = rk.tid()
    origin = rk.transform_get_translation(pose[0])
    direction = rk.quat_rotate(rk.normalize(rk.transform_get_rotation(pose[0])), rays[r])
    hit = rk.mesh_query_ray(mesh, origin, direction, 100.0)
    found[r] = 100.0
    if hit.result:
        found[r] = rk.mesh_eval_ray(corners, indices, hit.face, origin, direction).t


def scan_mesh(pose: rk.array, corners: rk.array, rays: rk.array) -> rk.array:
    mesh = rk.Mesh(rk.array(corners.numpy(), dtype=rk.vec3), rk.array(np.arange(len(corners)), dtype=int))
    found = rk.zeros(len(rays))
    rk.launch(mesh_ranges, len(rays), [mesh.id, pose, corners, mesh.indices, rays, found])
    return found


# A signed distance: a capsule joined smoothly with a sphere -------------------------------------------


@rk.kernel
def distances(
    points: rk.array(dtype=rk.vec3d),
    ends: rk.array(dtype=rk.vec3d),  # of the capsule's axis, then the sphere's centre
    radii: rk.array(dtype=rk.float64),
    found: rk.array(dtype=rk.float64),
):
    i = rk.tid()
    p, axis = points[i] - ends[0], ends[1] - ends[0]
    along = rk.clamp(rk.dot(p, axis) / rk.dot(axis, axis), 0.0, 1.0)
    capsule = rk.length(p - along * axis) - radii[0]
    sphere = rk.length(points[i] - ends[2]) - radii[1]
    found[i] = -rk.log(rk.exp(-8.0 * capsule) + rk.exp(-8.0 * sphere)) / 8.0


def distance(points: rk.array, ends: rk.array, radii: rk.array) -> rk.array:
    found = rk.zeros(len(points), dtype=rk.float64)
    rk.launch(distances, len(points), [points, ends, radii, found])
    return found


def distance_reference(xp, points, ends, radii):
    p, axis = points - ends[0], ends[1] - ends[0]
    along = (p * axis).sum(-1) / (axis * axis).sum()
    along = xp.where(along.real < 0.0, 0.0 * along, xp.where(along.real > 1.0, 0.0 * along + 1.0, along))
    nearest = p - along[:, None] * axis
    capsule = xp.sqrt((nearest * nearest).sum(-1)) - radii[0]
    sphere = xp.sqrt(((points - ends[2]) * (points - ends[2])).sum(-1)) - radii[1]
    return -xp.log(xp.exp(-8.0 * capsule) + xp.exp(-8.0 * sphere)) / 8.0


PROBLEMS = {
    "bouncing particle": Problem(
        fly, fly_reference, (([[0.0, 0.0, 0.3], [0.1, 0.0, 0.5]], rk.vec3d), ([800.0], rk.float64))
    ),
    "cloth": Problem(swing, swing_reference, cloth()),
    "ranges": Problem(scan, scan_reference, scene(rk.transformd, rk.vec3d)),
    "ranges of a mesh": Problem(scan_mesh, scan_reference, scene(rk.transform, rk.vec3), rtol=1e-5, eps=1e-3),
    "signed distance": Problem(
        distance,
        distance_reference,
        (
            (np.random.default_rng(4).normal(size=(30, 3)), rk.vec3d),
            ([[-0.6, 0.1, 0.0], [0.7, 0.2, -0.3], [0.1, 0.5, 0.6]], rk.vec3d),
            ([0.3, 0.4], rk.float64),
        ),
    ),
}
problems = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)


def assert_close(problem: Problem, theirs: list[np.ndarray]) -> None:
    for ours, other in zip(problem.gradients(), theirs, strict=True):
        np.testing.assert_allclose(ours, other, rtol=0.0, atol=problem.rtol * np.abs(other).max())
        assert np.abs(other).max() > 0.0


def complex_step(problem: Problem) -> list[np.ndarray]:
    """Derivatives by each input, exact up to rounding: there is no difference that could cancel."""
    values, direction = problem.values(), problem.direction()
    found = [np.zeros_like(v) for v in values]
    for number, value in enumerate(values):
        for place in np.ndindex(value.shape):
            moved = [v.astype(np.complex128) for v in values]
            moved[number][place] += 1e-30j
            found[number][place] = np.sum(direction * problem.reference(np, *moved)).imag / 1e-30
    return found


@problems
def test_values(problem):
    ours = problem.run(*problem.arrays()).numpy()
    np.testing.assert_allclose(ours, problem.reference(np, *problem.values()), rtol=problem.rtol)


@problems
def test_against_central_differences(problem, compiled):
    inputs = [rk.array(v, dtype=t) for v, t in problem.inputs]
    assert rk.gradcheck(problem.run, inputs=inputs, eps=problem.eps, rtol=1e-5)


@problems
def test_against_complex_steps(problem, device):
    assert_close(problem, complex_step(problem))


@problems
def test_against_torch(problem):
    torch = pytest.importorskip("torch", reason="a second opinion: pip install robokern[torch]")
    values = [torch.tensor(v, requires_grad=True) for v in problem.values()]
    (torch.tensor(problem.direction()) * problem.reference(torch, *values)).sum().backward()
    assert_close(problem, [v.grad.numpy() for v in values])


@problems
def test_against_jax(problem):
    jax = pytest.importorskip("jax", reason="a second opinion: pip install robokern[jax]")
    jax.config.update("jax_enable_x64", True)
    direction, values = problem.direction(), [jax.numpy.array(v) for v in problem.values()]

    def weighted(*inputs):
        return (direction * problem.reference(jax.numpy, *inputs)).sum()

    found = jax.grad(weighted, tuple(range(len(values))))(*values)
    assert_close(problem, [np.array(g) for g in found])


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
    rng = np.random.default_rng(8)
    directions = rng.normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = rk.array([0.3, -0.2, 0.5] + 0.7 * directions, dtype=rk.vec3d)
    centre, radius = rk.array([[0.0, 0.0, 0.0]], dtype=rk.vec3d), rk.array([1.0], dtype=rk.float64)
    optimizer = rk.Adam([centre, radius], lr=0.02)
    for _ in range(400):
        loss = rk.zeros(1, dtype=rk.float64)
        with rk.Tape() as tape:
            rk.launch(misfit, 200, [points, centre, radius, loss])
        tape.backward(loss)
        optimizer.step()
    np.testing.assert_allclose(centre.numpy()[0], [0.3, -0.2, 0.5], atol=1e-4)
    assert radius.numpy()[0] == pytest.approx(0.7, abs=1e-4)
