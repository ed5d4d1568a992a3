"""Steps captured once and replayed: the same bits as launched one by one, and what cannot be captured."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.adapters.recorded import RecordedHost, Settings
from robokern.errors import DeviceError, PluginError
from robokern.plugin.plugin import Sensor
from robokern.plugin.registry import Registry
from robokern.runtime import capture as runtime_capture
from robokern.sim import replay
from robokern.sim.loop import Loop
from robokern.world.geom import Geom
from robokern.world.motion import Motion
from robokern.world.param import Param

pytestmark = pytest.mark.usefixtures("compiled")

WORLDS, STEPS = 4, 40
BODIES = ("world", "base", "leg")
GEOMS = (
    Geom("floor", 0, "plane", (0.0, 0.0)),
    Geom("base", 1, "box", (0.2, 0.1, 0.1)),
    Geom("leg", 2, "capsule", (0.1, 0.3)),
)
LIDAR = {"body": "base", "channels": 4, "columns": 16, "vertical_fov_deg": (-60.0, -5.0)}


def motion(frames: int = STEPS + 1) -> Motion:
    """Two bodies that go round each other, another way in each world."""
    times = 0.01 * np.arange(frames)
    angle = 3.0 * times[:, None] + np.arange(WORLDS)
    pose = np.zeros((frames, WORLDS, 3, 7), np.float32)
    pose[..., 6] = 1.0
    pose[:, :, 1, 2] = 1.0
    pose[:, :, 2, 0], pose[:, :, 2, 1], pose[:, :, 2, 2] = np.cos(angle), np.sin(angle), 0.4
    return Motion(times, BODIES, pose, {}, GEOMS)


def host(folder: Path, worlds: int = WORLDS, **settings: Any) -> RecordedHost:
    """A recorded motion whose parameters may be written."""
    motion().save(folder / "motion.npz")
    made = Settings(folder / "motion.npz", worlds, **settings).open(seed=7, device=rk.get_device())
    world = made.world
    friction = np.linspace(0.5, 1.0, len(GEOMS))
    world.params = {"geom_friction": Param.of("geom_friction", friction, worlds, "1", "geom", world.device)}
    world.capabilities = frozenset({"write:geom_friction"})
    return made


def plugins() -> list[Any]:
    """A scan every third step, random frictions at every step and now and then."""
    lidar, friction = (Registry().load(name) for name in ("lidar", "randomize_friction"))
    steady, now_and_then = {"mode": "step"}, {"mode": "interval", "interval_range_s": (0.02, 0.06)}
    return [
        lidar("scan", lidar.Config(**LIDAR, rate_hz=33.0)),
        friction("feet", friction.Config(range=(0.5, 1.5), geoms="leg", **steady)),
        friction("ground", friction.Config(range=(0.5, 1.5), geoms="floor", **now_and_then)),
    ]


def outputs(loop: Loop) -> list[bytes]:
    """Everything that plugins gave and wrote."""
    given = [array.numpy().tobytes() for plugin in loop.plugins for array in plugin.outputs.values()]
    frame = loop.host.frame
    return [*given, frame.body_pose.numpy().tobytes(), frame.body_angular_velocity.numpy().tobytes()]


def bits(folder: Path, capture: Any) -> tuple[list[list[bytes]], Loop]:
    seen = []
    with Loop(host(folder), plugins(), capture=capture) as loop:
        loop.setup(STEPS)
        loop.run(STEPS // 2, lambda _: seen.append(outputs(loop)))
        loop.reset(np.arange(WORLDS) % 2 == 0)
        loop.run(STEPS // 2, lambda _: seen.append(outputs(loop)))
    return seen, loop


def test_captured_and_uncaptured_steps_have_the_same_bits(tmp_path: Path):
    direct, first = bits(tmp_path, "off")
    replayed, second = bits(tmp_path, "on")
    assert replayed == direct
    assert first.replay.replays == 0 and second.replay.replays > STEPS // 2
    assert second.host.world.touched == {"geom_friction"}
    assert len({step[0] for step in direct}) > 5, "the scans change"


def test_a_step_is_one_replay_of_all_its_launches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    count = {"replays": 0}
    play = replay.capture_launch

    def counted(graph: runtime_capture.Graph) -> None:
        count["replays"] += 1
        play(graph)

    monkeypatch.setattr(replay, "capture_launch", counted)
    made = [plugin for plugin in plugins() if plugin.name != "ground"]
    with Loop(host(tmp_path, repeat=True), made, capture="on") as loop:
        loop.setup(0)
        loop.run(30)
        launched = {key: found.graph.size for key, found in loop.replay.captured.items()}
        count["replays"] = 0
        loop.run(30)
    assert count["replays"] == 30
    # draws, their count, two fills, two launches of the host; on top the scene and the scan
    (plain,) = {size for key, size in launched.items() if "scan" not in key}
    scans = {size for key, size in launched.items() if "scan" in key}
    assert plain == 6 and min(scans) > plain + 2


class Probe(Sensor):
    """Does on each step what a test says."""

    def __init__(self, action: Any) -> None:
        super().__init__("probe", SimpleNamespace())
        self.action, self.calls = action, 0

    def setup(self, world: Any) -> None:
        self.outputs["value"] = rk.zeros(world.num_worlds, dtype=float, device=world.device)

    def after_step(self, frame: Any) -> None:
        self.calls += 1
        self.action(self, frame)


def read(probe: Probe, frame: Any) -> None:
    probe.outputs["value"].fill_(float(frame.body_pose.numpy()[0, 2, 0]))


def write(probe: Probe, frame: Any) -> None:
    probe.outputs["value"].assign(np.full(WORLDS, float(probe.calls), np.float32))


def ask(probe: Probe, frame: Any) -> None:
    probe.outputs["value"].fill_(float(frame.step))


@pytest.mark.parametrize("action", [read, write, ask])
def test_a_hook_that_waits_is_refused_with_its_line(tmp_path: Path, action: Any):
    line = f"{__file__}:{action.__code__.co_firstlineno + 1}: "
    with Loop(host(tmp_path), [Probe(action)], capture="on") as loop:
        loop.setup(0)
        with pytest.raises(PluginError) as caught:
            loop.run(3)
    assert str(caught.value).startswith(f"plugin 'probe' failed in after_step at step 2: DeviceError: {line}")


@pytest.mark.parametrize("action", [read, write, ask])
def test_such_a_hook_runs_uncaptured_where_that_is_allowed(tmp_path: Path, action: Any):
    found = {}
    for mode in ("off", "auto"):
        with Loop(host(tmp_path), [Probe(action)], capture=mode) as loop:  # type: ignore[arg-type]
            loop.setup(0)
            seen: list[list[bytes]] = []
            loop.run(6, lambda _, seen=seen, loop=loop: seen.append(outputs(loop)))  # type: ignore[misc]
            found[mode] = seen
    on_gpu = rk.get_device().is_cuda
    assert loop.replay.note.startswith("steps run uncaptured: plugin 'probe'") == on_gpu
    assert action is write or found["auto"] == found["off"]


def test_other_errors_are_not_taken_for_it(tmp_path: Path):
    def fail(probe: Probe, frame: Any) -> None:
        if probe.calls == 2:
            raise ValueError("broken")

    for mode in ("auto", "on"):
        with Loop(host(tmp_path), [Probe(fail)], capture=mode) as loop:  # type: ignore[arg-type]
            loop.setup(0)
            with pytest.raises(PluginError, match="at step 2: ValueError: broken"):
                loop.run(3)


def test_motions_repeat(tmp_path: Path):
    made = host(tmp_path, repeat=True)
    first = made.frame.body_pose.numpy().copy()
    for _ in range(STEPS + 1):
        made.step()
    made.read()
    np.testing.assert_array_equal(made.frame.body_pose.numpy(), first)
    with pytest.raises(DeviceError), rk.ScopedCapture():
        _ = made.frame.time
