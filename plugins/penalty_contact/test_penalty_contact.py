"""Sliding, rebound, rest and randomized friction against closed forms, through the loop and MuJoCo."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.plugin.registry import Registry
from robokern.sim.loop import Loop

mujoco_host = pytest.importorskip("robokern.adapters.mujoco", reason="adapter of the simulator")

pytestmark = pytest.mark.usefixtures("compiled")

GRAVITY = 9.81
STIFFNESS = 1.0e4

# a block on four spheres; its box touches nothing
BLOCK = """
<mujoco>
  <option timestep="{timestep}" gravity="0 0 -{gravity}"/>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 1"/>
    <body name="block" pos="0 0 {height}">
      <freejoint/>
      <geom name="box" type="box" size="0.2 0.2 0.05" pos="0 0 0.05" mass="2" contype="0" conaffinity="0"/>
      <geom name="s0" type="sphere" size="0.02" pos=" 0.2  0.2 0" mass="0" friction="{friction}"/>
      <geom name="s1" type="sphere" size="0.02" pos=" 0.2 -0.2 0" mass="0" friction="{friction}"/>
      <geom name="s2" type="sphere" size="0.02" pos="-0.2  0.2 0" mass="0" friction="{friction}"/>
      <geom name="s3" type="sphere" size="0.02" pos="-0.2 -0.2 0" mass="0" friction="{friction}"/>
    </body>
  </worldbody>
  <keyframe><key name="start" qpos="0 0 {height} 1 0 0 0" qvel="{speed} 0 0 0 0 0"/></keyframe>
</mujoco>
"""

BALL = """
<mujoco>
  <option timestep="{timestep}" gravity="0 0 0"/>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 0.1"><freejoint/><geom name="ball" type="sphere" size="0.1" mass="1"/></body>
  </worldbody>
  <keyframe><key name="start" qpos="0 0 0.1 1 0 0 0" qvel="0 0 -1 0 0 0"/></keyframe>
</mujoco>
"""

CAPSULE = """
<mujoco>
  <option timestep="0.0005"/>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 1"/>
    <body name="stick" pos="0 0 0.05">
      <freejoint/>
      <geom name="stick" type="capsule" size="0.05 0.3" euler="0 90 0" mass="1"/>
    </body>
  </worldbody>
</mujoco>
"""


def loop_of(
    folder: Path, model: str, worlds: int = 1, device: rk.Device | None = None, **settings: Any
) -> Loop:
    path = folder / "scene.xml"
    path.write_text(model)
    host = mujoco_host.Settings(model=path, worlds=worlds).open(seed=7, device=device)
    made = Registry().load("penalty_contact")
    return Loop(host, [made("contact", made.Config(**settings))])


def block(
    folder: Path, speed: float = 0.0, friction: float = 0.5, override: float | None = None, worlds: int = 1
) -> Loop:
    """The block at rest in its springs, or sliding along x."""
    sag = 2.0 * GRAVITY / (4.0 * STIFFNESS)
    values = {
        "timestep": 5e-4,
        "gravity": GRAVITY,
        "friction": friction,
        "speed": speed,
        "height": 0.02 - sag,
    }
    settings = {"bodies": ["block"], "stiffness": STIFFNESS, "damping": 100.0, "friction": override}
    return loop_of(folder, BLOCK.format(**values), worlds, **settings)


def stopping_distance(loop: Loop, seconds: float) -> float:
    with loop:
        loop.setup(0)
        loop.run(loop.clock.steps_in(seconds))
        assert abs(loop.host.frame.body_linear_velocity.numpy()[0, 1, 0]) < 1e-3, "still sliding"
        return float(loop.host.frame.body_pose.numpy()[0, 1, 0])


@pytest.mark.parametrize(("speed", "friction"), [(1.0, 0.3), (2.0, 0.5), (3.0, 0.9)])
def test_a_sliding_block_stops_after_v0_squared_over_two_mu_g(tmp_path: Path, speed: float, friction: float):
    expected = speed**2 / (2.0 * friction * GRAVITY)
    got = stopping_distance(block(tmp_path, speed, friction), 1.5 * speed / (friction * GRAVITY))
    assert got == pytest.approx(expected, rel=0.01)


def test_the_friction_setting_replaces_that_of_the_geoms(tmp_path: Path):
    # named for the geoms, 0.9; set in the run file, 0.3
    got = stopping_distance(block(tmp_path, 1.0, 0.9, override=0.3), 0.6)
    assert got == pytest.approx(1.0 / (2.0 * 0.3 * GRAVITY), rel=0.01)


def test_the_value_that_a_randomizer_wrote_is_used_per_world(tmp_path: Path):
    friction = np.array([0.2, 0.4, 0.8], dtype=np.float32)
    with block(tmp_path, 1.0, worlds=3) as loop:
        loop.setup(0)
        values = loop.host.world.params["geom_friction"].value
        values.assign(np.broadcast_to(friction[:, None], values.shape))
        loop.run(loop.clock.steps_in(0.8))
        distance = loop.host.frame.body_pose.numpy()[:, 1, 0]
        np.testing.assert_allclose(distance, 1.0 / (2.0 * friction * GRAVITY), rtol=0.01)


def rebound(folder: Path, timestep: float = 2e-5, **settings: Any) -> float:
    """Speed after the impact over speed before it: the impact is at 1 m/s and gravity is off."""
    with loop_of(
        folder, BALL.format(timestep=timestep), bodies=["ball"], stiffness=STIFFNESS, **settings
    ) as loop:
        loop.setup(0)
        loop.run(loop.clock.steps_in(0.045))
        assert loop.plugins[0].outputs["penetration"].numpy()[0, 0] == 0.0, "still in contact"
        return float(loop.host.frame.body_linear_velocity.numpy()[0, 1, 2])


@pytest.mark.parametrize("zeta", [0.0, 0.05, 0.2, 0.5])
def test_a_ball_rebounds_as_the_spring_damper_of_its_zeta(tmp_path: Path, zeta: float):
    expected = math.exp(-math.pi * zeta / math.sqrt(1.0 - zeta**2))
    assert rebound(tmp_path, zeta=zeta) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("damping", [10.0, 40.0, 100.0])
def test_a_ball_rebounds_as_schwager_and_poeschel_say(tmp_path: Path, damping: float):
    # m = 1 kg; contact ends when the force is zero, before the overlap is
    zeta = damping / (2.0 * math.sqrt(STIFFNESS))
    root = math.sqrt(1.0 - zeta**2)
    expected = math.exp(-zeta / root * (math.pi - math.atan2(2.0 * zeta * root, 1.0 - 2.0 * zeta**2)))
    assert rebound(tmp_path, damping=damping) == pytest.approx(expected, rel=0.02)


def test_contact_never_pulls(tmp_path: Path):
    lowest = 0.0
    with loop_of(
        tmp_path, BALL.format(timestep=1e-4), bodies=["ball"], stiffness=STIFFNESS, damping=150.0
    ) as loop:
        loop.setup(0)
        for _ in range(600):
            loop.step()
            lowest = min(lowest, float(loop.plugins[0].outputs["force"].numpy()[0, 0, 2]))
    assert lowest == 0.0


def test_a_resting_block_is_carried_and_does_not_slide(tmp_path: Path):
    with block(tmp_path) as loop:
        loop.setup(0)
        loop.run(1000)
        force = loop.plugins[0].outputs["force"].numpy()[0]
        depth = loop.plugins[0].outputs["penetration"].numpy()[0]
        np.testing.assert_allclose(force[:, 2], 2.0 * GRAVITY / 4.0, rtol=1e-3)
        np.testing.assert_allclose(depth, 2.0 * GRAVITY / (4.0 * STIFFNESS), rtol=1e-3)
        np.testing.assert_allclose(loop.host.frame.body_pose.numpy()[0, 1, :2], 0.0, atol=1e-4)


def test_the_host_leaves_these_geoms_alone(tmp_path: Path):
    # so soft that MuJoCo's own contact, were it on, would carry the ball
    with loop_of(tmp_path, BALL.format(timestep=1e-3), bodies=["ball"], stiffness=1e-3, damping=0.0) as loop:
        loop.setup(0)
        loop.run(100)
        assert loop.host.frame.body_pose.numpy()[0, 1, 2] == pytest.approx(0.0, abs=1e-3)


def test_both_ends_of_a_capsule_carry_it(tmp_path: Path):
    with loop_of(tmp_path, CAPSULE, bodies=["stick"], stiffness=STIFFNESS, zeta=0.5) as loop:
        loop.setup(0)
        loop.run(1000)
        force = loop.plugins[0].outputs["force"].numpy()[0]
        assert force.shape == (2, 3)
        np.testing.assert_allclose(force[:, 2], GRAVITY / 2.0, rtol=1e-3)


def test_the_same_bits_on_every_device(tmp_path: Path):
    def on(device: rk.Device) -> bytes:
        settings = {"bodies": ["stick"], "stiffness": STIFFNESS, "zeta": 0.5}
        with loop_of(tmp_path, CAPSULE, device=device, **settings) as loop:
            loop.setup(0)
            # sliding and turning, one end 5 mm deep
            frame = loop.host.frame
            pose = frame.body_pose.numpy()[0, 1].copy()
            pose[2] -= 0.005
            frame.body_pose[0, 1] = pose
            frame.body_linear_velocity[0, 1] = (0.3, -0.2, -0.1)
            frame.body_angular_velocity[0, 1] = (0.1, 0.4, 2.0)
            loop.plugins[0].before_step(frame)
            assert (loop.plugins[0].outputs["penetration"].numpy() > 0.004).all()
            return frame.body_force.numpy().tobytes() + frame.body_torque.numpy().tobytes()

    assert len({on(device) for device in rk.get_devices()}) == 1


def test_damping_and_zeta_exclude_each_other(tmp_path: Path):
    for settings in ({}, {"damping": 1.0, "zeta": 0.1}):
        loop = loop_of(tmp_path, BALL.format(timestep=1e-3), bodies=["ball"], **settings)
        with pytest.raises(rk.ConfigError, match="damping, zeta: expected one of the two"), loop:
            loop.setup(0)


def test_a_body_without_spheres_is_refused(tmp_path: Path):
    model = BALL.format(timestep=1e-3).replace('type="sphere" size="0.1"', 'type="box" size="0.1 0.1 0.1"')
    loop = loop_of(tmp_path, model, bodies=["ball"], zeta=0.1)
    with pytest.raises(rk.ConfigError, match="no sphere or capsule that collides on ball"), loop:
        loop.setup(0)
