"""MuJoCo as a host: conventions, wrenches, parameters, bits, errors."""

from __future__ import annotations

import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robokern.adapters import HOSTS
from robokern.adapters.mujoco import MujocoHost, Settings
from robokern.errors import ConfigError, HostError

pytestmark = pytest.mark.usefixtures("compiled")

FREE = """
<mujoco>
  <option timestep="0.001" gravity="0 0 0"/>
  <worldbody>
    <body name="plate" pos="0.1 0.2 0.3">
      <freejoint/>
      <inertial pos="0.05 -0.02 0.03" quat="0.9 0.1 0.3 -0.2" mass="2" diaginertia="0.02 0.03 0.04"/>
      <geom name="plate" type="box" size="0.2 0.1 0.05"/>
      <body name="flap" pos="0.2 0 0">
        <joint name="hinge" axis="0 1 0"/>
        <geom name="flap" type="capsule" fromto="0 0 0 0.2 0 0" size="0.02" mass="0.3"/>
      </body>
    </body>
  </worldbody>
  <keyframe>
    <key name="tumbling" qpos="0.1 0.2 0.3 0.5 0.1 -0.7 0.3 0.4" qvel="1 -2 0.5 3 -4 5 6"/>
  </keyframe>
</mujoco>
"""

BRICK = """
<mujoco>
  <option timestep="0.002" gravity="0 0 0"/>
  <worldbody>
    <body name="brick">
      <freejoint/>
      <inertial pos="0.05 0 0.1" mass="2" diaginertia="0.02 0.03 0.04"/>
      <geom name="brick" type="box" size="0.1 0.1 0.1"/>
    </body>
  </worldbody>
</mujoco>
"""

BALL = """
<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 0.1">
      <freejoint/>
      <geom name="ball" size="0.1"/>
    </body>
  </worldbody>
  {}
</mujoco>
"""

ARM = """
<mujoco>
  <worldbody>
    <body name="upper" pos="0 0 1">
      <joint name="shoulder" axis="0 1 0"/>
      <inertial pos="0 0 -0.2" mass="{upper}" diaginertia="{i1} {i2} {i3}"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0 0 -0.4" size="0.03"/>
      <body name="lower" pos="0 0 -0.4">
        <joint name="elbow" axis="0 1 0"/>
        <inertial pos="0 0 -0.2" mass="0.7" diaginertia="0.01 0.01 0.001"/>
        <geom name="lower" type="capsule" fromto="0 0 0 0 0 -0.4" size="0.03"/>
      </body>
    </body>
  </worldbody>
  <actuator><position joint="elbow" kp="20" kv="1"/></actuator>
  <keyframe><key qpos="0.5 -0.3"/></keyframe>
</mujoco>
"""
ARM_INERTIA = np.array([0.03, 0.03, 0.002])


def host(tmp_path: Path, mjcf: str, worlds: int = 1, seed: int = 0, **settings: object) -> MujocoHost:
    path = tmp_path / "model.xml"
    path.write_text(mjcf)
    made = Settings(path, worlds=worlds, **settings).open(seed)  # type: ignore[arg-type]
    restart(made)
    return made


def restart(host: MujocoHost) -> None:
    host.reset(np.ones(host.world.num_worlds, dtype=bool))
    host.read()


def advance(host: MujocoHost, steps: int = 1) -> None:
    for _ in range(steps):
        host.apply()
        host.step()
        host.read()


def arm(scale: float = 1.0) -> str:
    i1, i2, i3 = ARM_INERTIA * scale
    return ARM.format(upper=1.5 * scale, i1=i1, i2=i2, i3=i3)


def test_host_types():
    assert HOSTS["mujoco"]() is Settings


def test_quaternions_are_xyzw_and_turn_as_mujoco_does(tmp_path: Path):
    tumbling = host(tmp_path, FREE)
    data = mujoco.MjData(mujoco.MjModel.from_xml_string(FREE))
    mujoco.mj_resetDataKeyframe(data.model, data, 0)
    mujoco.mj_forward(data.model, data)
    for body in (1, 2):
        turn = Rotation.from_quat(tumbling.frame.body_pose.numpy()[0, body, 3:]).as_matrix()
        np.testing.assert_allclose(turn, data.xmat[body].reshape(3, 3), atol=1e-6)
        np.testing.assert_allclose(tumbling.frame.body_pose.numpy()[0, body, :3], data.xpos[body], atol=1e-6)
        np.testing.assert_allclose(tumbling.frame.body_com.numpy()[0, body], data.xipos[body], atol=1e-6)
    unit = np.array([0.1, -0.7, 0.3, 0.5]) / np.linalg.norm([0.1, -0.7, 0.3, 0.5])
    np.testing.assert_allclose(tumbling.frame.joint_position.numpy()[0, 3:7], unit, atol=1e-6)
    np.testing.assert_array_equal(
        tumbling.frame.joint_velocity.numpy()[0], np.float32([1, -2, 0.5, 3, -4, 5, 6])
    )


def test_the_static_world_does_not_move(tmp_path: Path):
    still = host(tmp_path, FREE)
    np.testing.assert_array_equal(still.frame.body_pose.numpy()[0, 0], [0, 0, 0, 0, 0, 0, 1])


def test_velocities_are_those_of_the_body_origin_in_world_axes(tmp_path: Path):
    """Central differences of poses: error h^2 / 6 times the third derivative, ~1e-4 of velocities up to 5."""
    tumbling = host(tmp_path, FREE)
    frames = []
    for _ in range(3):
        frame = tumbling.frame
        arrays = (frame.body_pose, frame.body_linear_velocity, frame.body_angular_velocity)
        frames.append([a.numpy()[0].astype(np.float64) for a in arrays])
        advance(tumbling)
    before, now, after = frames
    step = 2.0 * tumbling.world.timestep
    for body in (1, 2):
        linear = (after[0][body, :3] - before[0][body, :3]) / step
        turn = Rotation.from_quat(after[0][body, 3:]) * Rotation.from_quat(before[0][body, 3:]).inv()
        np.testing.assert_allclose(now[1][body], linear, atol=3e-3)
        np.testing.assert_allclose(now[2][body], turn.as_rotvec() / step, atol=3e-3)
        assert np.linalg.norm(linear) > 1.0 and np.linalg.norm(now[2][body]) > 1.0


def test_a_force_through_the_centre_of_mass_accelerates_without_turning(tmp_path: Path):
    brick = host(tmp_path, BRICK)
    force = np.array([4.0, -6.0, 2.0])
    for _ in range(50):
        brick.frame.body_force[0, 1] = force
        advance(brick)
    time = 50 * brick.world.timestep
    np.testing.assert_allclose(brick.frame.body_linear_velocity.numpy()[0, 1], force / 2.0 * time, rtol=1e-5)
    np.testing.assert_allclose(brick.frame.body_angular_velocity.numpy()[0, 1], 0.0, atol=1e-6)


def test_a_torque_acts_about_the_centre_of_mass_in_world_axes(tmp_path: Path):
    brick = host(tmp_path, BRICK)
    brick.frame.body_torque[0, 1] = [0.0, 0.0, 0.2]
    com = brick.frame.body_com.numpy()[0, 1].copy()
    advance(brick, 50)
    spin = 0.2 / 0.04 * 50 * brick.world.timestep
    np.testing.assert_allclose(
        brick.frame.body_angular_velocity.numpy()[0, 1], [0, 0, spin], rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(brick.frame.body_com.numpy()[0, 1], com, atol=1e-6)
    # the origin goes round the centre of mass; Euler integration lags by w^2 r h = 2.5e-5 m/s
    arm_of_origin = brick.frame.body_pose.numpy()[0, 1, :3] - brick.frame.body_com.numpy()[0, 1]
    expected = np.cross([0, 0, spin], arm_of_origin)
    np.testing.assert_allclose(brick.frame.body_linear_velocity.numpy()[0, 1], expected, atol=3e-5)


def test_a_wrench_acts_in_its_own_world_only(tmp_path: Path):
    bricks = host(tmp_path, BRICK, worlds=3)
    bricks.frame.body_force[1, 1] = [1.0, 0.0, 0.0]
    advance(bricks)
    moved = bricks.frame.body_linear_velocity.numpy()[:, 1, 0] != 0.0
    np.testing.assert_array_equal(moved, [False, True, False])


def test_written_masses_give_the_model_that_mujoco_compiles_with_them(tmp_path: Path):
    arms = host(tmp_path, arm(), worlds=3)
    scale = np.float32([1.0, 0.5, 1.7])
    params = arms.world.params
    params["body_mass"].value[:, 1] = params["body_mass"].default.numpy()[:, 1] * scale
    params["body_inertia"].value[:, 1] = params["body_inertia"].default.numpy()[:, 1] * scale[:, None]
    arms.world.touch("body_mass")
    arms.world.touch("body_inertia")
    arms.apply()
    derived = ("body_subtreemass", "body_invweight0", "dof_invweight0", "dof_M0", "actuator_acc0")
    for world, factor in enumerate(scale):
        compiled = mujoco.MjModel.from_xml_string(arm(float(factor)))
        for field in ("body_mass", "body_inertia", *derived):
            got, expected = getattr(arms.model(world), field), getattr(compiled, field)
            # parameters are float32
            np.testing.assert_allclose(got, expected, rtol=5e-7, err_msg=f"{field} of world {world}")
    before = mujoco.MjModel.from_xml_string(arm())
    assert not np.allclose(arms.model(2).dof_invweight0, before.dof_invweight0, rtol=0.05)


def test_written_masses_move_as_the_compiled_model_does(tmp_path: Path):
    arms = host(tmp_path, arm(), worlds=2)
    for name in ("body_mass", "body_inertia"):
        param = arms.world.params[name]
        param.value[1, 1] = 2.0 * param.default.numpy()[1, 1]
        arms.world.touch(name)
    advance(arms, 100)
    for world, factor in enumerate((1.0, 2.0)):
        model = mujoco.MjModel.from_xml_string(arm(factor))
        data = mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, data, 0)
        mujoco.mj_step(model, data, 100)
        np.testing.assert_allclose(arms.frame.joint_position.numpy()[world], data.qpos, atol=2e-6)


def test_what_was_not_written_keeps_the_models_double_precision(tmp_path: Path):
    arms = host(tmp_path, arm(), worlds=2)
    arms.world.params["body_mass"].value[1, 1] = 3.0
    arms.world.touch("body_mass")
    arms.apply()
    compiled = mujoco.MjModel.from_xml_string(arm())
    np.testing.assert_array_equal(arms.model(0).body_mass, compiled.body_mass)
    np.testing.assert_array_equal(arms.model(1).body_mass, [0.0, 3.0, 0.7])


def test_friction_is_the_sliding_coefficient(tmp_path: Path):
    balls = host(tmp_path, BALL.format(""), worlds=2)
    balls.world.params["geom_friction"].value[1] = 0.25
    balls.world.touch("geom_friction")
    balls.apply()
    np.testing.assert_array_equal(balls.model(0).geom_friction[:, 0], [1.0, 1.0])
    np.testing.assert_array_equal(balls.model(1).geom_friction[:, 0], [0.25, 0.25])
    np.testing.assert_array_equal(balls.model(1).geom_friction[:, 1:], balls.model(0).geom_friction[:, 1:])


def test_only_masked_worlds_are_reset(tmp_path: Path):
    tumbling = host(tmp_path, FREE, worlds=3)
    start = tumbling.frame.body_pose.numpy().copy()
    advance(tumbling, 20)
    moved = tumbling.frame.body_pose.numpy().copy()
    tumbling.reset(np.array([False, True, False]))
    tumbling.read()
    np.testing.assert_array_equal(tumbling.frame.body_pose.numpy()[1], start[1])
    np.testing.assert_array_equal(tumbling.frame.body_pose.numpy()[[0, 2]], moved[[0, 2]])


def test_contact_that_is_switched_off_lets_the_ball_fall_through(tmp_path: Path):
    held = host(tmp_path, BALL.format(""))
    advance(held, 200)
    assert held.frame.body_pose.numpy()[0, 1, 2] > 0.09
    through = host(tmp_path, BALL.format(""))
    through.world.disable_host_contact(through.world.geoms_of([1]))
    restart(through)
    advance(through, 200)
    time = 200 * through.world.timestep
    # semi-implicit Euler falls g h t / 2 further than g t^2 / 2
    fallen = 0.5 * 9.81 * time * (time + through.world.timestep)
    np.testing.assert_allclose(through.frame.body_pose.numpy()[0, 1, 2], 0.1 - fallen, atol=1e-5)


def test_contact_cannot_be_switched_off_after_the_first_step(tmp_path: Path):
    ball = host(tmp_path, BALL.format(""))
    advance(ball)
    with pytest.raises(HostError, match="before the first step"):
        ball.world.disable_host_contact([1])


def test_contact_that_is_switched_off_too_late_is_no_silent_matter(tmp_path: Path):
    ball = host(tmp_path, BALL.format(""))
    ball.world.disable_host_contact([1])
    with pytest.raises(HostError, match="after the worlds were reset"):
        ball.apply()


def test_contact_of_a_pair_cannot_be_switched_off(tmp_path: Path):
    ball = host(tmp_path, BALL.format('<contact><pair geom1="ball" geom2="floor"/></contact>'))
    ball.world.disable_host_contact([1])
    with pytest.raises(HostError, match=r"'ball' cannot be switched off.*<pair>"):
        restart(ball)


def test_a_state_that_is_not_finite_names_world_and_step(tmp_path: Path):
    bricks = host(tmp_path, BRICK, worlds=4)
    advance(bricks, 2)
    bricks.frame.body_force[2, 1] = [np.inf] * 3
    with pytest.raises(HostError, match=r"world 2 .*at step 3 "):
        advance(bricks)


def test_missing_model(tmp_path: Path):
    with pytest.raises(HostError, match=r"none\.xml: there is no such model file"):
        Settings(tmp_path / "none.xml").open()


def test_mujocos_own_error_comes_in_one_line(tmp_path: Path):
    with pytest.raises(HostError, match=r"model\.xml: MuJoCo cannot load it: .*frobnicate") as error:
        host(tmp_path, "<mujoco><worldbody><frobnicate/></worldbody></mujoco>")
    assert "\n" not in str(error.value)


def test_unknown_keyframe_lists_those_there_are(tmp_path: Path):
    with pytest.raises(HostError, match="no keyframe 'falling'; the model has: tumbling"):
        host(tmp_path, FREE, keyframe="falling")


def test_a_gait_for_another_robot_is_refused(tmp_path: Path):
    (tmp_path / "gait.csv").write_text("time,knee\n0,0\n1,0\n")
    with pytest.raises(ConfigError, match="no actuator 'knee' in the model"):
        host(tmp_path, FREE, gait=tmp_path / "gait.csv")


def test_turned_headings_need_a_free_joint(tmp_path: Path):
    with pytest.raises(HostError, match="free joint"):
        host(tmp_path, arm(), heading_spread=0.1)


@pytest.mark.parametrize(
    ("module", "message"),
    [("mujoco", r"pip install 'robokern\[mujoco\]'"), ("mujoco.batch", "needs MuJoCo 4.0")],
)
def test_mujoco_that_is_missing_or_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, message: str
):
    monkeypatch.setitem(sys.modules, module, None)
    if module == "mujoco.batch":
        monkeypatch.delattr(mujoco, "batch", raising=False)
    with pytest.raises(HostError, match=message):
        host(tmp_path, BRICK)


def test_settings_are_read_without_mujoco():
    """Importing the adapter must not import the simulator."""
    import subprocess

    code = "import robokern.adapters.mujoco, sys; assert 'mujoco' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_timestep_of_the_settings_wins(tmp_path: Path):
    assert host(tmp_path, FREE, timestep=0.0005).world.timestep == 0.0005
    assert host(tmp_path, FREE).world.timestep == 0.001
