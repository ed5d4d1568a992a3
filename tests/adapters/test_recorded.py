"""Recorded motions: what is played is what was recorded, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from robokern.adapters import HOSTS
from robokern.adapters.mujoco import MujocoHost
from robokern.adapters.mujoco import Settings as MujocoSettings
from robokern.adapters.recorded import MotionRecorder, RecordedHost, Settings
from robokern.errors import ConfigError, HostError
from robokern.world.motion import Motion

pytestmark = pytest.mark.usefixtures("compiled")

SCENE = Path(__file__).resolve().parents[2] / "scenes" / "quickstart"
STATES = ("body_pose", "body_com", "body_linear_velocity", "body_angular_velocity")


def walk(worlds: int) -> MujocoHost:
    settings = MujocoSettings(SCENE / "scene.xml", worlds, gait=SCENE / "gait.csv", gait_phase_spread=1.0)
    host = settings.open(7)
    host.reset(np.ones(worlds, dtype=bool))
    host.read()
    return host


def record(host: MujocoHost, steps: int) -> MotionRecorder:
    recorder = MotionRecorder(host)
    recorder.capture(0.0)
    for step in range(1, steps + 1):
        host.apply()
        host.step()
        host.read()
        recorder.capture(step * host.world.timestep)
    return recorder


def spinning(rate: float = 2.0, steps: int = 11, timestep: float = 0.01) -> Motion:
    """A body that turns about z at `rate` [rad/s] and moves along x at 3 m/s."""
    times = timestep * np.arange(steps)
    pose = np.zeros((steps, 1, 2, 7), np.float32)
    pose[..., 6] = 1.0
    pose[:, 0, 1, 0] = 3.0 * times
    pose[:, 0, 1, 5], pose[:, 0, 1, 6] = np.sin(0.5 * rate * times), np.cos(0.5 * rate * times)
    return Motion(times, ("world", "top"), pose, {})


def play(tmp_path: Path, motion: Motion, **settings: object) -> RecordedHost:
    motion.save(tmp_path / "motion.npz")
    return Settings(tmp_path / "motion.npz", **settings).open()  # type: ignore[arg-type]


def test_host_types():
    assert HOSTS["recorded"]() is Settings


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_playback_has_the_bits_of_its_source(tmp_path: Path, suffix: str):
    source = walk(3)
    motion = record(source, 20).motion()
    motion.save(tmp_path / f"walk{suffix}")
    host = Settings(tmp_path / f"walk{suffix}").open()
    assert host.world.num_worlds == 3 and host.world.timestep == source.world.timestep
    assert host.world.bodies == source.world.bodies and host.world.gravity == source.world.gravity
    again = walk(3)
    for _ in range(20):
        for name in STATES:
            np.testing.assert_array_equal(
                getattr(host.frame, name).numpy(), getattr(again.frame, name).numpy()
            )
        for each in (host, again):
            each.apply()
            each.step()
            each.read()


def test_geoms_come_back_as_they_were(tmp_path: Path):
    source = walk(1)
    host = play(tmp_path, record(source, 1).motion())
    assert len(host.world.geoms) == len(source.world.geoms)
    for got, expected in zip(host.world.geoms, source.world.geoms, strict=True):
        for field in ("name", "body", "kind", "size", "body_from_geom", "collides", "visible"):
            assert getattr(got, field) == getattr(expected, field), field
        for field in ("vertices", "faces", "heights"):
            np.testing.assert_array_equal(getattr(got, field), getattr(expected, field))


def test_velocities_come_from_poses_where_the_file_has_none(tmp_path: Path):
    """Constant rates: central differences are exact up to float32 of the poses, 6e-8 / 0.02 s per radian."""
    host = play(tmp_path, spinning())
    for _ in range(10):
        np.testing.assert_allclose(host.frame.body_linear_velocity.numpy()[0, 1], [3.0, 0.0, 0.0], atol=1e-4)
        np.testing.assert_allclose(host.frame.body_angular_velocity.numpy()[0, 1], [0.0, 0.0, 2.0], atol=1e-4)
        host.step()
        host.read()


def test_other_timesteps_interpolate(tmp_path: Path):
    motion = spinning(rate=30.0)
    host = play(tmp_path, motion, timestep=0.004)
    turns = Slerp(motion.times, Rotation.from_quat(motion.body_pose[:, 0, 1, 3:]))
    for step in range(26):
        pose = host.frame.body_pose.numpy()[0, 1]
        np.testing.assert_allclose(pose[0], 0.012 * step, atol=1e-6)
        expected = turns(min(0.004 * step, 0.1)).as_matrix()
        np.testing.assert_allclose(Rotation.from_quat(pose[3:]).as_matrix(), expected, atol=2e-6)
        if step < 25:
            host.step()
            host.read()


def test_times_that_are_not_evenly_spaced_need_a_timestep(tmp_path: Path):
    motion = spinning(steps=3)
    motion.times[2] = 0.05
    with pytest.raises(HostError, match=r"0\.01 to 0\.04 s apart; set host\.timestep"):
        play(tmp_path, motion)
    assert play(tmp_path, motion, timestep=0.005).world.timestep == 0.005


def test_one_world_plays_in_many(tmp_path: Path):
    host = play(tmp_path, spinning(), worlds=4)
    host.step()
    host.reset(np.array([False, True, False, False]))
    host.read()
    np.testing.assert_allclose(host.frame.body_pose.numpy()[:, 1, 0], [0.03, 0.0, 0.03, 0.03], rtol=1e-6)


def test_more_worlds_than_the_motion_has(tmp_path: Path):
    motion = record(walk(2), 2).motion()
    with pytest.raises(HostError, match="the motion has 2 worlds; got 3"):
        play(tmp_path, motion, worlds=3)


def test_the_end_of_the_motion_is_an_error(tmp_path: Path):
    host = play(tmp_path, spinning(steps=3))
    host.step()
    host.step()
    with pytest.raises(HostError, match=r"ends after 2 steps of 0\.01 s; shorten the run to at most 0\.02 s"):
        host.step()


def test_a_recording_cannot_be_pushed(tmp_path: Path):
    world = play(tmp_path, spinning()).world
    with pytest.raises(ConfigError, match="host 'recorded' cannot honour 'wrench'; it offers: nothing"):
        world.require("wrench")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": None}, "no key 'times'; it has: bodies, body_pose"),
        ({"body_pose": np.zeros((2, 2, 6))}, r"body_pose: expected shape .* got \(2, 2, 6\)"),
        ({"body_pose": np.zeros((2, 2, 7))}, "unit quaternions"),
        ({"body_pose": np.full((2, 2, 7), np.nan)}, "finite"),
        ({"times": np.array([1.0, 0.5])}, "rising"),
        ({"body_com": np.zeros((2, 1, 3, 3))}, "body_com: expected shape"),
        ({"gravity": np.zeros(2)}, "gravity: expected shape"),
        ({"geom_name": np.array(["a"])}, "no key 'geom_kind'"),
    ],
)
def test_wrong_files(tmp_path: Path, change: dict[str, np.ndarray | None], message: str):
    pose = np.zeros((2, 2, 7))
    pose[..., 6] = 1.0
    table = {"times": np.array([0.0, 0.1]), "bodies": np.array(["world", "top"]), "body_pose": pose} | change
    np.savez(tmp_path / "motion.npz", **{key: value for key, value in table.items() if value is not None})
    with pytest.raises(HostError, match=message):
        Motion.load(tmp_path / "motion.npz")


def test_files_that_are_none(tmp_path: Path):
    with pytest.raises(HostError, match="there is no such motion file"):
        Motion.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(HostError, match="not a motion file"):
        Motion.load(tmp_path / "text.npz")
    with pytest.raises(HostError, match=r"\.npz or \.zarr"):
        spinning().save(tmp_path / "motion.csv")
