"""Scenes: against mujoco.mj_ray, worlds apart, bodies and masks left out, motion, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import mujoco
import numpy as np
import pytest
import trimesh

import robokern as rk
from robokern.geometry.mesh import Mesh
from robokern.geometry.scene import IDENTITY, Instance, Scene
from robokern.geometry.scene_query import scene_closest_point, scene_query_ray
from robokern.geometry.shape import Box, Capsule, Cylinder, HeightField, Plane, Sphere

FAR = 60.0


@rk.kernel
def cast(
    scene: rk.uint64,
    worlds: rk.array(dtype=int),
    origins: rk.array(dtype=rk.vec3),
    directions: rk.array(dtype=rk.vec3),
    exclude_body: int,
    mask: rk.uint32,
    ranges: rk.array(dtype=float),
    instances: rk.array(dtype=int),
    bodies: rk.array(dtype=int),
    normals: rk.array(dtype=rk.vec3),
):
    """Range (-1: no hit), instance, body and normal."""
    i = rk.tid()
    hit = scene_query_ray(scene, worlds[i], origins[i], directions[i], FAR, exclude_body, mask)
    ranges[i] = -1.0
    instances[i] = hit.instance
    bodies[i] = hit.body
    normals[i] = hit.normal
    if hit.hit:
        ranges[i] = hit.t


@rk.kernel
def locate(
    scene: rk.uint64,
    worlds: rk.array(dtype=int),
    queries: rk.array(dtype=rk.vec3),
    max_distance: float,
    exclude_body: int,
    mask: rk.uint32,
    distances: rk.array(dtype=float),
    instances: rk.array(dtype=int),
    points: rk.array(dtype=rk.vec3),
    normals: rk.array(dtype=rk.vec3),
):
    """Signed distance, instance, nearest point and normal."""
    i = rk.tid()
    found = scene_closest_point(scene, worlds[i], queries[i], max_distance, exclude_body, mask)
    distances[i] = found.distance
    instances[i] = found.instance
    points[i] = found.point
    normals[i] = found.normal


@dataclass
class Rays:
    """What was asked, world by ray or one world for all."""

    origins: np.ndarray
    directions: np.ndarray
    worlds: np.ndarray | int = 0
    exclude_body: int = -1
    mask: int = 0xFFFFFFFF


def cast_rays(scene: Scene, rays: Rays, device: str | None = None) -> dict[str, np.ndarray]:
    with rk.ScopedDevice(device):
        return cast_here(scene, rays)


def cast_here(scene: Scene, rays: Rays) -> dict[str, np.ndarray]:
    count = len(rays.origins)
    worlds = np.broadcast_to(rays.worlds, count).astype(np.int32)
    out = {
        "ranges": rk.zeros(count, float),
        "instances": rk.zeros(count, int),
        "bodies": rk.zeros(count, int),
        "normals": rk.zeros(count, rk.vec3),
    }
    arrays = [rk.array(worlds), rk.array(rays.origins, rk.vec3), rk.array(rays.directions, rk.vec3)]
    inputs = [scene.id, *arrays, rays.exclude_body, rays.mask]
    rk.launch(cast, count, inputs, list(out.values()))
    return {name: array.numpy() for name, array in out.items()}


def find_points(
    scene: Scene,
    queries: np.ndarray,
    world: int = 0,
    reach: float = 10.0,
    exclude: int = -1,
    mask: int = 0xFFFFFFFF,
) -> dict[str, np.ndarray]:
    count = len(queries)
    out = {
        "distances": rk.zeros(count, float),
        "instances": rk.zeros(count, int),
        "points": rk.zeros(count, rk.vec3),
        "normals": rk.zeros(count, rk.vec3),
    }
    worlds = rk.array(np.full(count, world, np.int32))
    inputs = [scene.id, worlds, rk.array(queries, rk.vec3), reach, exclude, mask]
    rk.launch(locate, count, inputs, list(out.values()), device=scene.device)
    return {name: array.numpy() for name, array in out.items()}


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def moved(*position: float) -> tuple[float, ...]:
    return (*position, 0.0, 0.0, 0.0, 1.0)


def poses(worlds: int, bodies: int, **placed: tuple[float, ...]) -> rk.Array:
    """Every body at the identity, but `w<world>_b<body>` where given."""
    made = np.tile(np.float32(IDENTITY), (worlds, bodies, 1))
    for name, pose in placed.items():
        world, body = (int(part[1:]) for part in name.split("_"))
        made[world, body] = pose
    return rk.array(made, rk.transform)


# --- against MuJoCo ---------------------------------------------------------------------------------------

FIELD_POSITION = (0.0, 0.0, -1.0)


class Yard:
    """Height field, plane and eight turned bodies of all shapes, in MuJoCo and in world 1 of a Scene."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.heights = rng.uniform(0.0, 1.0, (31, 41)) ** 2
        self.heights = (self.heights - self.heights.min()) / np.ptp(self.heights)
        ball = trimesh.creation.icosphere(4)
        self.ball = trimesh.Trimesh(
            (ball.vertices * [0.5, 0.3, 0.4]).astype(np.float32), ball.faces, process=False
        )
        self.model = mujoco.MjModel.from_xml_string(self._xml())
        self.model.hfield_data[:] = self.heights.ravel()
        self.data = mujoco.MjData(self.model)
        turns = unit(rng.standard_normal((self.model.nbody - 1, 4)))
        self.data.qpos.reshape(-1, 7)[:, 3:] = turns
        mujoco.mj_forward(self.model, self.data)
        self.scene = self._scene()

    def _xml(self) -> str:
        numbers = " ".join
        vertices = numbers(str(x) for x in self.ball.vertices.ravel())
        faces = numbers(str(x) for x in self.ball.faces.ravel())
        bodies = "".join(
            f'<body pos="{x} {y} 0.5"><freejoint/><geom {geom}/></body>' for (x, y), geom in BODIES
        )
        return f"""<mujoco><asset><mesh name="ball" vertex="{vertices}" face="{faces}"/>
            <hfield name="hills" nrow="31" ncol="41" size="4 3 0.5 0.2"/></asset><worldbody>
            <geom type="hfield" hfield="hills" pos="0 0 -1"/>
            <geom type="plane" size="0 0 1" pos="0 0 -1.6"/>{bodies}</worldbody></mujoco>"""

    def _scene(self) -> Scene:
        field = HeightField(self.heights * 0.5, 4.0, 3.0, 0.2)
        mesh = Mesh(self.model.mesh_vert.copy(), self.model.mesh_face.copy())
        solids = [mesh, Box(0.1, 0.2, 0.3), Sphere(0.2), Capsule(0.1, 0.3), Cylinder(0.2, 0.3)]
        shapes = [field, Plane(), *solids]
        kinds = [2 + k for k in (0, 1, 2, 3, 4, 0, 1, 4)]
        placed = [
            self._pose(self.model.geom_pos[g], self.model.geom_quat[g]) for g in range(self.model.ngeom)
        ]
        instances = [Instance(0, 0, placed[0]), Instance(1, 0, placed[1])]
        instances += [Instance(kind, body, placed[body + 1]) for body, kind in enumerate(kinds, start=1)]
        scene = Scene(2, shapes, instances)
        body_pose = np.tile(np.float32(IDENTITY), (2, self.model.nbody, 1))
        body_pose[1] = [self._pose(p, q) for p, q in zip(self.data.xpos, self.data.xquat, strict=True)]
        scene.update(rk.array(body_pose, rk.transform))
        return scene

    @staticmethod
    def _pose(position: np.ndarray, wxyz: np.ndarray) -> np.ndarray:
        return np.array([*position, *wxyz[1:], wxyz[0]])

    def mj_ray(self, rays: Rays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ranges (-1: none within FAR), geoms and normals."""
        ranges, geoms, normals = np.empty(len(rays.origins)), [], np.zeros((len(rays.origins), 3))
        geom = np.zeros(1, np.int32)
        for i, (o, d) in enumerate(
            zip(rays.origins.astype(float), rays.directions.astype(float), strict=True)
        ):
            ranges[i] = mujoco.mj_ray(
                self.model, self.data, o, d, None, 1, rays.exclude_body, geom, normals[i]
            )
            geoms.append(int(geom[0]))
        # mj_ray knows no cutoff
        return np.where(ranges > FAR, -1.0, ranges), np.where(ranges > FAR, -1, geoms), normals

    def in_field(self, points: np.ndarray) -> np.ndarray:
        """Whether points lie in the height field's solid, with a margin."""
        local = points - FIELD_POSITION
        inside = (np.abs(local[:, :2]) <= [4.0, 3.0]).all(axis=1)
        return inside & (local[:, 2] <= 0.51) & (local[:, 2] >= -0.21)


BODIES = [
    ((0, 0), 'type="mesh" mesh="ball"'),
    ((1, 0), 'type="box" size="0.1 0.2 0.3"'),
    ((-1, 0), 'type="sphere" size="0.2"'),
    ((0, 1), 'type="capsule" size="0.1 0.3"'),
    ((0, -1), 'type="cylinder" size="0.2 0.3"'),
    ((1, 1), 'type="mesh" mesh="ball"'),
    ((-1, 1), 'type="box" size="0.1 0.2 0.3"'),
    ((1, -1), 'type="cylinder" size="0.2 0.3"'),
]


@cache
def yard_on(device: str) -> Yard:
    with rk.ScopedDevice(device):
        return Yard(np.random.default_rng(3))


@pytest.fixture
def yard(compiled: str) -> Yard:
    return yard_on(compiled)


def yard_rays(yard: Yard, rng: np.random.Generator, count: int) -> Rays:
    """Half of them at the bodies, half anywhere; none starts in the height field's box (see test below)."""
    origins = rng.uniform([-6, -5, -1.5], [6, 5, 2.5], (3 * count, 3))
    origins = origins[~yard.in_field(origins)][:count]
    directions = rng.uniform([-1.5, -1.5, 0], [1.5, 1.5, 1], (count, 3)) - origins
    directions[::2] = rng.standard_normal((len(directions[::2]), 3))
    return Rays(origins.astype(np.float32), unit(directions).astype(np.float32), worlds=1)


def exact_margin(yard: Yard, origin: np.ndarray, direction: np.ndarray) -> float:
    """How far a ray can turn [rad] until mj_ray answers otherwise: little where it grazes an edge."""
    reference = yard.mj_ray(Rays(origin[None], direction[None]))[0][0]
    for angle in np.geomspace(1e-7, 1e-2, 11):
        around = angle * np.random.default_rng(0).standard_normal((40, 3))
        rays = Rays(np.tile(origin, (40, 1)), unit(direction + around))
        ranges = yard.mj_ray(rays)[0]
        if (((ranges < 0) != (reference < 0)) | (np.abs(ranges - reference) > 0.02 * abs(reference))).any():
            return float(angle)
    return np.inf


def test_ranges_against_mujoco(yard: Yard, rng: np.random.Generator) -> None:
    count = 120_000
    rays = yard_rays(yard, rng, count)
    got = cast_rays(yard.scene, rays)
    expected, geoms, normals = yard.mj_ray(rays)
    # every geom, and nothing, is seen often
    assert min(np.bincount(geoms + 1, minlength=11)) > 500
    hit = expected >= 0
    differ = ((got["ranges"] < 0) == hit) | (np.abs(got["ranges"] - expected) > 1e-4 * np.abs(expected))
    assert differ.sum() <= count // 10_000
    # each disagreement is a ray that grazes: turned by less than 1e-5 rad, MuJoCo says otherwise itself;
    # or it starts so near that the rounding of float32 positions (1e-6 m at 6 m) is 1e-4 of the range
    for i in np.flatnonzero(differ & (np.abs(got["ranges"] - expected) > 1e-6)):
        assert exact_margin(yard, rays.origins[i], rays.directions[i]) <= 1e-5
    same = hit & ~differ
    assert (got["instances"][same] == geoms[same]).mean() > 0.9999
    facing = np.abs(np.einsum("ij,ij->i", got["normals"], normals))
    assert (facing[same] > 0.999).mean() > 0.999


def test_rays_that_start_in_a_height_field(yard: Yard) -> None:
    # mj_ray meets the lid of the base box at z = 0 of the field; ours the surface above it
    origin, up = np.float32([[0.3, 0.2, -1.1]]), np.float32([[0, 0, 1]])
    assert yard.mj_ray(Rays(origin, up))[0] == pytest.approx(0.1, abs=1e-6)
    from_above = cast_rays(yard.scene, Rays(np.float32([[0.3, 0.2, -0.4]]), -up, worlds=1, mask=0xFFFFFFFF))
    inside = cast_rays(yard.scene, Rays(origin, up, worlds=1))
    assert inside["instances"][0] == from_above["instances"][0] == 0
    assert inside["ranges"][0] == pytest.approx(0.7 - from_above["ranges"][0], abs=1e-6)


def test_own_body_is_left_out_as_by_mujoco(yard: Yard, rng: np.random.Generator) -> None:
    rays = yard_rays(yard, rng, 4000)
    for body in (0, 1, 5):
        rays.exclude_body = body
        got = cast_rays(yard.scene, rays)
        expected = yard.mj_ray(rays)[0]
        assert not (got["bodies"] == body).any()
        agree = np.isclose(got["ranges"], expected, rtol=1e-4)
        assert agree.sum() >= len(expected) - 1


def test_same_bits_on_every_device(rng: np.random.Generator) -> None:
    rays = yard_rays(yard_on("cpu"), rng, 60)
    # trees of the interpreter's would take it a minute; it walks those of the CPU
    places = [(d.alias, d.alias if d.is_cuda else "cpu") for d in rk.get_devices()]
    first, *others = (cast_rays(yard_on(built).scene, rays, alias) for alias, built in places)
    for name, values in first.items():
        assert all(values.tobytes() == other[name].tobytes() for other in others), name


# --- worlds, bodies, masks, motion ------------------------------------------------------------------------

X = np.float32([[1, 0, 0]])
ZERO = np.float32([[0, 0, 0]])


def test_worlds_do_not_see_each_other(device: str) -> None:
    instances = [
        Instance(0, 1),  # moves, in every world
        Instance(0, 0, moved(20, 0, 0)),  # static, in every world
        Instance(0, 0, moved(10, 0, 0), world=1),  # static, in one
        Instance(0, 2, moved(0, 0, 0), world=2),  # moves, in one
    ]
    scene = Scene(3, [Sphere(1.0)], instances, device=device)
    scene.update(
        poses(3, 3, w0_b1=moved(5, 0, 0), w1_b1=moved(15, 0, 0), w2_b1=moved(0, 5, 0), w2_b2=moved(7, 0, 0))
    )
    rays = Rays(np.repeat(ZERO, 3, 0), np.repeat(X, 3, 0), np.arange(3))
    got = cast_rays(scene, rays, device)
    assert got["ranges"].tolist() == [4.0, 9.0, 6.0]
    assert got["instances"].tolist() == [0, 2, 3]
    assert got["bodies"].tolist() == [1, 0, 2]


@pytest.mark.usefixtures("compiled")
def test_a_world_is_the_same_in_any_company(rng: np.random.Generator) -> None:
    def ranges(worlds: int) -> np.ndarray:
        scene = Scene(worlds, [Box(0.2, 0.3, 0.1), Sphere(0.2)], [Instance(b % 2, b) for b in range(12)])
        pose = np.random.default_rng(1).standard_normal((64, 12, 7)).astype(np.float32)
        pose[..., 3:] = unit(pose[..., 3:])
        for step in range(3):
            scene.update(rk.array(pose[:worlds] + np.float32([0.1 * step, 0, 0, 0, 0, 0, 0]), rk.transform))
        return cast_rays(scene, Rays(origins, directions, worlds=3))["ranges"]

    origins = rng.uniform(-3, 3, (5000, 3)).astype(np.float32)
    directions = unit(-origins).astype(np.float32)
    assert ranges(4).tobytes() == ranges(64).tobytes()


@pytest.mark.usefixtures("compiled")
def test_update_moves_and_rebuild_changes_nothing(rng: np.random.Generator) -> None:
    scene = Scene(2, [Sphere(0.3)], [Instance(0, b) for b in range(1, 9)])
    origins = rng.uniform(-3, 3, (3000, 3)).astype(np.float32)
    rays = Rays(origins, unit(rng.standard_normal((3000, 3))).astype(np.float32), worlds=1)
    for _ in range(3):
        pose = np.tile(np.float32(IDENTITY), (2, 9, 1))
        pose[..., :3] = rng.uniform(-2, 2, (2, 9, 3))
        scene.update(rk.array(pose, rk.transform))
        refitted = cast_rays(scene, rays)
        assert np.allclose(refitted["ranges"], spheres(pose[1, 1:, :3], 0.3, rays), atol=2e-5)
        scene.update(rk.array(pose, rk.transform), rebuild=True)
        assert cast_rays(scene, rays)["ranges"].tobytes() == refitted["ranges"].tobytes()


def spheres(centres: np.ndarray, radius: float, rays: Rays) -> np.ndarray:
    """Ranges in float64; -1 where nothing is hit."""
    o, d = rays.origins.astype(float)[:, None] - centres, rays.directions.astype(float)[:, None]
    b = np.einsum("ijk,ijk->ij", o, np.broadcast_to(d, o.shape))
    rest = b * b - np.einsum("ijk,ijk->ij", o, o) + radius**2
    with np.errstate(invalid="ignore"):
        enter, leave = -b - np.sqrt(rest), -b + np.sqrt(rest)
    first = np.where(enter >= 0, enter, leave)
    best = np.where((rest >= 0) & (first >= 0), first, np.inf).min(axis=1)
    return np.where(np.isfinite(best), best, -1.0)


def test_masks(device: str) -> None:
    instances = [Instance(0, 0, moved(3, 0, 0), mask=1), Instance(0, 0, moved(6, 0, 0), mask=2)]
    scene = Scene(1, [Sphere(1.0)], instances, device=device)
    seen = [cast_rays(scene, Rays(ZERO, X, mask=m), device)["ranges"][0] for m in (3, 1, 2, 4)]
    assert seen == [2.0, 2.0, 5.0, -1.0]
    near = [find_points(scene, ZERO, mask=m)["distances"][0] for m in (3, 1, 2, 4)]
    assert near == [2.0, 2.0, 5.0, 10.0]


def test_turned_and_shifted_shape(device: str) -> None:
    # a long box, turned by the instance about z and by its body about y
    half = 0.5**0.5
    scene = Scene(1, [Box(2.0, 0.1, 0.1)], [Instance(0, 1, (0, 1, 0, 0, 0, half, half))], device=device)
    scene.update(poses(1, 2, w0_b1=(0, 0, 5, 0, half, 0, half)))
    # body turns z to x and x to -z; the box's long axis lies along y before and after
    got = find_points(scene, np.float32([[0, 4, 5], [0, 1, 5.6], [0.35, 1, 5]]))
    assert np.allclose(got["distances"], [1.0, 0.5, 0.25], atol=1e-6)
    assert np.allclose(got["normals"], [[0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-6)
    assert np.allclose(got["points"], [[0, 3, 5], [0, 1, 5.1], [0.1, 1, 5]], atol=1e-6)


@pytest.mark.usefixtures("compiled")
def test_closest_point_is_the_least_signed_distance(rng: np.random.Generator) -> None:
    ball = trimesh.creation.icosphere(3, radius=0.6)
    mesh = Mesh(ball.vertices.astype(np.float32), ball.faces.astype(np.int32))
    shapes = [
        Plane(),
        Sphere(0.5),
        Box(0.4, 0.5, 0.6),
        mesh,
        HeightField(rng.uniform(0, 0.3, (6, 7)), 1.0, 1.0, 0.5),
    ]
    places = [moved(0, 0, -1), moved(-0.6, 0, 0.2), moved(0, 0.3, 0.3), moved(0.5, 0, 0.4), moved(0, 0, -0.4)]
    instances = [Instance(i, i, place) for i, place in enumerate(places)]
    together = Scene(1, shapes, instances)
    queries = rng.uniform(-1.5, 1.5, (4000, 3)).astype(np.float32)
    alone = [find_points(Scene(1, shapes, [x]), queries, reach=5.0) for x in instances]
    for excluded in (-1, 1):
        distances = np.stack(
            [np.full(4000, np.inf) if i == excluded else a["distances"] for i, a in enumerate(alone)]
        )
        got = find_points(together, queries, reach=5.0, exclude=excluded)
        assert np.allclose(got["distances"], distances.min(axis=0), atol=1e-6)
        clear = np.sort(distances, axis=0)[1] - distances.min(axis=0) > 1e-5
        assert np.array_equal(got["instances"][clear], distances.argmin(axis=0)[clear])
        assert (got["distances"] < 0).mean() > 0.1


def test_nothing_within_max_distance(device: str) -> None:
    scene = Scene(1, [Sphere(1.0)], [Instance(0)], device=device)
    got = find_points(scene, np.float32([[3, 0, 0], [2, 0, 0]]), reach=1.5)
    assert got["distances"].tolist() == [1.5, 1.0]
    assert got["instances"].tolist() == [-1, 0]


def test_scene_of_nothing(device: str) -> None:
    scene = Scene(2, [], [], device=device)
    scene.update(poses(2, 1))
    got = cast_rays(scene, Rays(ZERO, X, worlds=1), device)
    assert got["ranges"][0] == -1 and got["instances"][0] == got["bodies"][0] == -1
    assert find_points(scene, ZERO)["distances"].tolist() == [10.0]


@pytest.mark.usefixtures("compiled")
def test_thousand_worlds_share_one_mesh() -> None:
    ball = trimesh.creation.icosphere(4)
    mesh = Mesh(ball.vertices.astype(np.float32), ball.faces.astype(np.int32))
    scene = Scene(1000, [mesh], [Instance(0, 1), Instance(0, 2)])
    pose = np.tile(np.float32(IDENTITY), (1000, 3, 1))
    pose[:, 1, 0] = 5.0 + 0.01 * np.arange(1000)
    pose[:, 2, 0] = -5.0
    scene.update(rk.array(pose, rk.transform))
    rays = Rays(np.repeat(ZERO, 1000, 0), np.repeat(X, 1000, 0), np.arange(1000))
    expected = cast_rays(Scene(1, [mesh], [Instance(0)]), Rays(np.float32([[-5, 0, 0]]), X))["ranges"][0]
    assert np.allclose(cast_rays(scene, rays)["ranges"], expected + 0.01 * np.arange(1000), atol=1e-5)


def test_mesh_that_changes_its_shape(device: str) -> None:
    mesh = Mesh(np.float32([[1, -1, -1], [1, 1, -1], [1, 0, 1]]), [0, 1, 2], device=device)
    scene = Scene(1, [mesh], [Instance(0)], device=device)
    mesh.points.assign(mesh.points.numpy() + np.float32([2, 0, 0]))
    mesh.refit()
    scene.update(poses(1, 1))
    assert cast_rays(scene, Rays(ZERO, X), device)["ranges"][0] == 3.0


# --- refused ----------------------------------------------------------------------------------------------

BALL = Sphere(1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, [BALL], []), "Scene num_worlds: expected 1 or more, got 0"),
        ((1, [BALL], [Instance(1)]), "Scene instances[0]: expected a shape from 0 to 0, got 1"),
        (
            (1, [BALL], [Instance(0), Instance(0, -1)]),
            "Scene instances[1]: expected a body from 0 up, got -1",
        ),
        ((2, [BALL], [Instance(0, world=2)]), "expected a world from 0 to 1 or None, got 2"),
        ((1, [BALL], [Instance(0, mask=-1)]), "expected a mask of 32 bits, got -1"),
        ((1, [BALL], [Instance(0, 0, (0, 0, 0))]), "body_from_shape: expected 7 finite numbers"),
        (
            (1, [BALL], [Instance(0, 0, (0,) * 7)]),
            "body_from_shape: expected a unit quaternion (xyzw), got [0.0",
        ),
        ((1, [BALL], [Instance(0, 0, (np.nan, 0, 0, 0, 0, 0, 1))]), "expected 7 finite numbers"),
        ((1, ["ball"], [Instance(0)]), "Scene shapes[0]: expected a Mesh, Plane, Sphere, Box, Capsule"),
    ],
)
def test_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(rk.GeometryError) as error:
        Scene(*arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "body_pose",
    [None, poses(1, 3), poses(2, 1), rk.zeros((2, 2), rk.vec3), rk.zeros(4, rk.transform)],
    ids=["none", "one world too few", "one body too few", "no transforms", "one dimension"],
)
def test_poses_that_do_not_fit(body_pose: object) -> None:
    scene = Scene(2, [BALL], [Instance(0, 1)])
    with pytest.raises(
        rk.GeometryError, match=r"expected an array2d of transform with 2 worlds and at least 2 bodies"
    ):
        scene.update(body_pose)


def test_quaternion_is_made_unit(device: str) -> None:
    scene = Scene(1, [Box(1.0, 2.0, 3.0)], [Instance(0, 0, (0, 0, 0, 0, 0, 2.0, 2.0))], device=device)
    assert cast_rays(scene, Rays(5 * X, -X), device)["ranges"][0] == pytest.approx(3.0)
