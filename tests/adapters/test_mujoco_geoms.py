"""Geom records of MuJoCo models, against mj_ray: the geometry lies where MuJoCo has it."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from robokern.adapters.mujoco import MujocoHost, Settings
from robokern.errors import GeometryError
from robokern.world.geom import Geom
from robokern.world.pose import compose

Floats = NDArray[np.float64]

MODEL = """
<mujoco>
  <asset>
    <hfield name="hills" nrow="4" ncol="6" size="2 1.5 0.8 0.3"
      elevation="0 1 2 3 2 1  4 3 7 1 0 2  1 5 2 6 3 0  2 2 9 1 4 3"/>
    <mesh name="wedge" vertex="0 0 0  1 0 0  0 0.7 0  0 0 0.5  0.9 0.2 0.4" scale="1.5 1 1"/>
    <material name="glass" rgba="1 1 1 0"/>
  </asset>
  <worldbody>
    <geom name="hills" type="hfield" hfield="hills" pos="0.3 -0.2 0.1" euler="5 -10 40"/>
    <body name="carrier" pos="5 1 2" euler="30 50 70">
      <freejoint/>
      <geom name="wedge" type="mesh" mesh="wedge" pos="0.4 0.1 -0.2" euler="15 25 35"/>
    </body>
    <body name="parts" pos="-6 0 1" euler="10 20 30">
      <geom name="box" type="box" size="0.3 0.2 0.1" pos="0 2 0" euler="20 0 50"/>
      <geom name="sphere" type="sphere" size="0.25" pos="0 4 0"/>
      <geom name="capsule" type="capsule" size="0.1 0.3" pos="0 6 0" euler="0 70 10"/>
      <geom name="cylinder" type="cylinder" size="0.2 0.15" pos="0 8 0" euler="40 0 10"/>
      <geom name="ghost" type="sphere" size="1" rgba="1 1 1 0" contype="0" conaffinity="0"/>
      <geom name="pane" type="ellipsoid" size="1 2 1" material="glass"/>
    </body>
  </worldbody>
</mujoco>
"""
# half extents of each primitive along its own axes [m]
EXTENTS = {
    "box": (0.3, 0.2, 0.1),
    "sphere": (0.25, 0.25, 0.25),
    "capsule": (0.1, 0.1, 0.4),
    "cylinder": (0.2, 0.2, 0.15),
}


@pytest.fixture
def host(tmp_path: Path) -> MujocoHost:
    (tmp_path / "model.xml").write_text(MODEL)
    return Settings(tmp_path / "model.xml").open()


def geom(host: MujocoHost, name: str) -> Geom:
    (index,) = host.world.select("geom", name)
    return host.world.geoms[index]


def world_from_geom(host: MujocoHost, of: Geom) -> tuple[Floats, Rotation]:
    pose = compose(host.frame.body_pose.numpy()[0, of.body].astype(float).tolist(), of.body_from_geom)
    return np.array(pose[:3]), Rotation.from_quat(pose[3:])


def triangles(of: Geom) -> Floats:
    """(n, 3, 3) corners in the geom's frame; of a height field, as `Geom` says that it is cut."""
    if of.vertices is not None and of.faces is not None:
        return of.vertices[of.faces].astype(np.float64)
    assert of.heights is not None
    half_x, half_y, _ = of.size
    rows, columns = of.heights.shape
    y, x = np.meshgrid(
        np.linspace(-half_y, half_y, rows), np.linspace(-half_x, half_x, columns), indexing="ij"
    )
    grid = np.stack([x, y, of.heights.astype(np.float64)], axis=-1)
    p00, p10, p01, p11 = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    return np.concatenate(
        [np.stack(c, axis=-2).reshape(-1, 3, 3) for c in ((p00, p10, p11), (p00, p11, p01))]
    )


def nearest_hit(corners: Floats, origin: Floats, direction: Floats) -> float:
    """Distance to the first triangle, -1 for none (Moeller & Trumbore 1997)."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(direction, ac)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1.0 / np.sum(ab * p, axis=-1)
        u = np.sum((origin - a) * p, axis=-1) * scale
        q = np.cross(origin - a, ab)
        v = q @ direction * scale
        t = np.sum(ac * q, axis=-1) * scale
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
    return float(t[hit].min()) if hit.any() else -1.0


def mj_ray(host: MujocoHost, origin: Floats, direction: Floats) -> tuple[float, str]:
    model, data = host.model(0), host.data(0)
    mujoco.mj_forward(model, data)
    number = np.zeros(1, np.int32)
    distance = mujoco.mj_ray(model, data, origin, direction, None, True, -1, number)
    return distance, host.world.geoms[number[0]].name if number[0] >= 0 else ""


@pytest.mark.parametrize("name", ["wedge", "hills"])
def test_triangles_lie_where_mujoco_has_them(host: MujocoHost, name: str):
    of = geom(host, name)
    position, turn = world_from_geom(host, of)
    lower, upper = triangles(of).min(axis=(0, 1)), triangles(of).max(axis=(0, 1))
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(150):
        aim = position + turn.apply(rng.uniform(lower, upper))
        start = aim + turn.apply(rng.uniform(-1, 1, 3) * (0.5, 0.5, 0.0) + (0.0, 0.0, 3.0))
        direction = (aim - start) / np.linalg.norm(aim - start)
        expected, seen = mj_ray(host, start, direction)
        got = nearest_hit(triangles(of), turn.inv().apply(start - position), turn.inv().apply(direction))
        if seen == name or not seen:
            # vertices and poses are float32
            assert got == pytest.approx(expected, abs=3e-6), (start, direction)
            hits += seen == name
    assert hits > 50


@pytest.mark.parametrize("name", EXTENTS)
def test_primitives_have_mujocos_size_and_axes(host: MujocoHost, name: str):
    of = geom(host, name)
    assert of.kind == name
    position, turn = world_from_geom(host, of)
    for axis, extent in zip(np.eye(3), EXTENTS[name], strict=True):
        distance, seen = mj_ray(host, position + turn.apply(0.9 * axis), -turn.apply(axis))
        assert (seen, distance) == (name, pytest.approx(0.9 - extent, abs=1e-6))
    radius_and_length = {
        "sphere": (0.25,),
        "capsule": (0.1, 0.3),
        "cylinder": (0.2, 0.15),
        "box": (0.3, 0.2, 0.1),
    }
    np.testing.assert_allclose(of.size, radius_and_length[name])


def test_transparent_geoms_are_not_visible_as_in_mj_ray(host: MujocoHost):
    assert not geom(host, "ghost").visible and not geom(host, "ghost").collides
    assert not geom(host, "pane").visible and geom(host, "pane").collides
    assert geom(host, "box").visible


def test_an_ellipsoid_is_refused_where_contacts_would_meet_it(host: MujocoHost):
    assert geom(host, "pane").kind == "ellipsoid"
    with pytest.raises(GeometryError, match="geom 'pane' is of kind 'ellipsoid'"):
        _ = host.world.terrain


def test_bodies_that_cannot_move_are_fixed(host: MujocoHost):
    assert sorted(host.world.fixed_bodies) == [0, 2]
    np.testing.assert_allclose(host.world.fixed_bodies[2], host.frame.body_pose.numpy()[0, 2], atol=1e-6)
