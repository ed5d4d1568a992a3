"""Ranges against closed forms and MuJoCo's rays; alignment, exclusion, no-hit values, worlds apart."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import robokern as rk
from robokern.adapters import mujoco as mujoco_host
from robokern.plugin.registry import Registry
from robokern.world.frame import Frame
from robokern.world.geom import Geom
from robokern.world.world import World

pytestmark = pytest.mark.usefixtures("compiled")

HEIGHT = 2.0
MOUNT = {"position": (0.1, -0.2, 0.3), "rpy_deg": (5.0, -10.0, 20.0)}


def world_of(
    *geoms: Geom,
    bodies: tuple[str, ...] = ("world", "base", "leg", "tool"),
    worlds: int = 1,
    device: str | None = None,
) -> World:
    return World("none", worlds, 0.01, (0.0, 0.0, -9.81), bodies, geoms=geoms, device=device)


def frame_of(world: World, poses: dict[int, Any]) -> Frame:
    """Every body far below, but those of `poses`: body -> 7 numbers, or one row for each world."""
    frame = Frame.allocate(world.num_worlds, len(world.bodies), 0, 0, world.device)
    pose = frame.body_pose.numpy().copy()
    pose[:, 1:, 2] = -1000.0
    for body, value in poses.items():
        pose[:, body] = value
    frame.body_pose.assign(pose)
    return frame


def scan(world: World, frame: Frame, **settings: Any) -> dict[str, np.ndarray]:
    made = Registry().load("lidar")
    lidar = made("lidar", made.Config(**{"body": "base", "max_range": 50.0} | settings))
    lidar.setup(world)
    world.scene.update(frame.body_pose)
    lidar.after_step(frame)
    return {name: array.numpy().copy() for name, array in lidar.outputs.items()}


def upright(x: float = 0.0, y: float = 0.0, z: float = HEIGHT) -> tuple[float, ...]:
    return (x, y, z, 0.0, 0.0, 0.0, 1.0)


GROUND = Geom("ground", 0, "plane", (0.0, 0.0))


def test_ground_below_is_at_height_over_sine():
    world = world_of(GROUND)
    got = scan(
        world, frame_of(world, {1: upright()}), channels=7, columns=12, vertical_fov_deg=(-75.0, -15.0)
    )
    expected = HEIGHT / np.sin(np.deg2rad(np.linspace(75.0, 15.0, 7)))
    # float32 geometry at 8 m: some units in the last place of 5e-7 m
    np.testing.assert_allclose(got["ranges"][0], np.repeat(expected[:, None], 12, axis=1), rtol=1e-6)
    np.testing.assert_allclose(got["points"][0, ..., 2], 0.0, atol=4e-6)


def test_azimuth_turns_to_the_left_and_elevation_up():
    wall = Geom("wall", 0, "sphere", (1.0,), (0.0, 5.0, HEIGHT, 0.0, 0.0, 0.0, 1.0))
    world = world_of(wall)
    settings = {"elevations_deg": [0.0, 45.0], "azimuths_deg": [-90.0, 0.0, 90.0]}
    ranges = scan(world, frame_of(world, {1: upright()}), **settings)["ranges"][0]
    np.testing.assert_allclose(ranges, [[np.inf, np.inf, 4.0], [np.inf, np.inf, np.inf]], rtol=1e-6)


def test_a_full_turn_does_not_repeat_its_first_column():
    made = Registry().load("lidar")
    lidar = made("lidar", made.Config(body="base", columns=8, channels=1))
    lidar.setup(world_of(GROUND))
    np.testing.assert_array_equal(lidar.coordinates["azimuth"][1], np.arange(-180.0, 180.0, 45.0))
    np.testing.assert_array_equal(lidar.coordinates["elevation"][1], [0.0])


@pytest.mark.parametrize("alignment", ["base", "yaw", "world"])
def test_ray_alignment(alignment: str):
    body = Rotation.from_euler("ZYX", [130.0, 25.0, -15.0], degrees=True)
    mount = Rotation.from_euler("ZYX", MOUNT["rpy_deg"][::-1], degrees=True)
    heading = Rotation.from_euler("Z", 130.0, degrees=True)
    turn = {"base": body, "yaw": heading, "world": Rotation.identity()}[alignment]
    origin = np.array([1.0, 2.0, 10.0]) + body.apply(MOUNT["position"])
    elevation, azimuth = np.deg2rad([-60.0, -40.0]), np.deg2rad([-100.0, 0.0, 30.0])
    local = [
        (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
        for e in elevation
        for a in azimuth
    ]
    direction = (turn * mount).apply(local)
    distance = -origin[2] / direction[:, 2]

    world = world_of(GROUND)
    frame = frame_of(world, {1: (1.0, 2.0, 10.0, *body.as_quat())})
    angles = {"elevations_deg": [-60.0, -40.0], "azimuths_deg": [-100.0, 0.0, 30.0]}
    got = scan(world, frame, ray_alignment=alignment, **angles, **MOUNT)
    np.testing.assert_allclose(got["ranges"].ravel(), distance, rtol=3e-6)
    np.testing.assert_allclose(
        got["points"].reshape(-1, 3), origin + distance[:, None] * direction, atol=2e-5
    )
    np.testing.assert_allclose(got["pose"][0, :3], origin, atol=1e-6)


@pytest.mark.parametrize("heading_deg", [-179.9, -135.0, -90.0, -1.0, 0.0, 90.0, 91.0, 179.9, 180.0])
def test_heading_of_every_direction(heading_deg: float):
    body = Rotation.from_euler("ZYX", [heading_deg, 40.0, 30.0], degrees=True)
    world = world_of(GROUND)
    frame = frame_of(world, {1: (0.0, 0.0, HEIGHT, *body.as_quat())})
    pose = scan(world, frame, ray_alignment="yaw", channels=1, columns=1)["pose"][0]
    difference = Rotation.from_quat(pose[3:]) * Rotation.from_euler("Z", -heading_deg, degrees=True)
    assert difference.magnitude() < 1e-6


@pytest.mark.parametrize(("no_hit", "value"), [("inf", np.inf), ("max", 3.0), ("nan", np.nan), (-1.0, -1.0)])
def test_no_hit_value(no_hit: str | float, value: float):
    world = world_of(GROUND)
    settings = {"elevations_deg": [-90.0, -30.0, 30.0], "columns": 1, "max_range": 3.0, "no_hit": no_hit}
    got = scan(world, frame_of(world, {1: upright()}), **settings)
    np.testing.assert_allclose(got["ranges"].ravel(), [2.0, value, value], rtol=1e-6)
    assert np.isnan(got["points"][0, 1:]).all()


def shells() -> World:
    """Around the sensor: its own body, then a leg, then a tool, each a sphere; all above the ground."""
    spheres = [Geom(f"s{body}", body, "sphere", (0.2 * body,)) for body in (1, 2, 3)]
    return world_of(GROUND, *spheres)


@pytest.mark.parametrize(
    ("settings", "distance"),
    [
        ({"exclude_own_body": False}, 0.2),
        ({}, 0.4),
        ({"exclude_bodies": ["leg"]}, 0.6),
        ({"exclude_bodies": ["leg|tool"]}, HEIGHT),
        ({"exclude_bodies": ["leg", "tool"], "exclude_own_body": False}, 0.2),
        ({"exclude_bodies": ["base", "leg"], "exclude_own_body": False}, 0.6),
    ],
)
def test_excluded_bodies_are_looked_through(settings: dict[str, Any], distance: float):
    world = shells()
    frame = frame_of(world, dict.fromkeys((1, 2, 3), upright()))
    ranges = scan(world, frame, elevations_deg=[-90.0], columns=4, **settings)["ranges"]
    np.testing.assert_allclose(ranges, distance, rtol=2e-6)


def test_a_moving_body_is_seen_in_its_own_world_only():
    world = world_of(GROUND, Geom("leg", 2, "box", (0.5, 0.5, 0.1)), worlds=3)
    x = np.array([[100.0], [0.0], [100.0]])
    poses = np.concatenate(
        [x, np.zeros((3, 1)), np.ones((3, 1)), np.tile([0.0, 0.0, 0.0, 1.0], (3, 1))], axis=1
    )
    frame = frame_of(world, {1: upright(), 2: poses})
    ranges = scan(world, frame, elevations_deg=[-90.0], columns=1)["ranges"].ravel()
    np.testing.assert_allclose(ranges, [2.0, 0.9, 2.0], rtol=1e-6)


def test_world_three_has_the_same_bits_among_eight_and_sixty_four():
    def third(worlds: int) -> np.ndarray:
        world = world_of(GROUND, Geom("leg", 2, "capsule", (0.1, 0.3)), worlds=worlds)
        generator = np.random.default_rng(3)
        rotation = Rotation.random(64, random_state=generator).as_quat()[:worlds]
        position = generator.uniform(0.5, 1.5, (64, 3))[:worlds]
        poses = np.concatenate([position, rotation], axis=1)
        frame = frame_of(world, {1: upright(), 2: poses})
        return scan(world, frame, channels=16, columns=90, vertical_fov_deg=(-80.0, 10.0))["ranges"][3]

    assert third(8).tobytes() == third(64).tobytes()


def test_the_same_bits_on_every_device():
    def on(device: rk.Device) -> dict[str, np.ndarray]:
        leg, rock = Geom("leg", 2, "capsule", (0.3, 0.5)), Geom("rock", 0, "box", (0.4, 0.5, 0.6))
        world = world_of(GROUND, leg, rock, device=device)
        turn = Rotation.from_euler("ZYX", [40.0, 20.0, -10.0], degrees=True).as_quat()
        frame = frame_of(world, {1: (0.0, 0.0, HEIGHT, *turn), 2: (1.0, 0.5, 1.0, *turn)})
        fan = {"channels": 3, "columns": 6, "vertical_fov_deg": (-70.0, 10.0)}
        return scan(world, frame, ray_alignment="yaw", **fan, **MOUNT)

    first, *others = (on(device) for device in rk.get_devices())
    assert 0.3 < np.isfinite(first["ranges"]).mean() < 1.0
    for key in first:
        assert all(first[key].tobytes() == other[key].tobytes() for other in others), key


def test_ranges_agree_with_mujoco(tmp_path: Path):
    mujoco = pytest.importorskip("mujoco", reason="the other engine")
    path = Path(__file__).parents[2] / "scenes" / "quickstart" / "scene.xml"
    host = mujoco_host.Settings(model=path, worlds=2).open(seed=7)
    settings = {"channels": 24, "columns": 96, "vertical_fov_deg": (-60.0, 15.0), "position": (0.0, 0.0, 0.2)}
    got = scan(host.world, host.frame, **settings)

    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    mujoco.mj_forward(model, data)
    made = Registry().load("lidar")
    lidar = made("lidar", made.Config(body="base", **settings))
    lidar.setup(host.world)
    origin = got["pose"][1, :3].astype(np.float64)
    turn = Rotation.from_quat(got["pose"][1, 3:])
    directions = turn.apply(lidar.directions.numpy().reshape(-1, 3).astype(np.float64))
    geom = np.zeros(1, dtype=np.int32)
    base = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, "base")
    expected = np.array(
        [mujoco.mj_ray(model, data, origin, d, None, 1, base, geom, None) for d in directions],
        dtype=np.float64,
    )
    expected[(expected < 0.0) | (expected > 50.0)] = np.inf
    ranges = got["ranges"][1].ravel()
    close = np.isclose(ranges, expected, rtol=1e-4, atol=0.0)
    # a ray along the edge of a silhouette may fall to either side
    assert (~close).sum() <= 1, (ranges[~close], expected[~close])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"body": "ba.*|leg"}, "matches 2 bodies; expected one of: base, leg"),
        ({"body": "bse"}, "did you mean 'base'"),
        ({"exclude_bodies": ["arm"]}, "no body matches 'arm'"),
        ({"vertical_fov_deg": (10.0, -10.0)}, "vertical_fov_deg: expected"),
        ({"vertical_fov_deg": (-95.0, 0.0)}, "vertical_fov_deg: expected"),
        ({"horizontal_fov_deg": (-200.0, 200.0)}, "horizontal_fov_deg: expected"),
        ({"elevations_deg": []}, "elevations_deg: expected"),
        ({"elevations_deg": [0.0, 10.0, 5.0]}, "elevations_deg: expected"),
        ({"elevations_deg": [0.0, 91.0]}, "elevations_deg: expected"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str):
    world = world_of(GROUND)
    with pytest.raises(rk.ConfigError, match=message):
        scan(world, frame_of(world, {1: upright()}), **settings)
