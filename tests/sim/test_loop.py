"""The order of calls, who is called when, and what happens when a plugin raises."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.errors import ConfigError, PluginError
from robokern.plugin.plugin import Contact, Randomizer, Sensor
from robokern.sim.loop import Loop, Wiring
from robokern.sim.record import Recording, Variable
from robokern.world.frame import Frame
from robokern.world.world import World

xarray = pytest.importorskip("xarray", reason="opens the recording as a user would; in the test extra")


class Host:
    """A simulator that notes its calls and moves body 1 up by 1 m each step."""

    name = "none"

    def __init__(self, log: list[str], worlds: int = 3) -> None:
        self.log = log
        self.world = World("none", worlds, 0.01, (0, 0, -9.81), ("world", "base"), device="cpu", seed=7)
        self.frame = Frame.allocate(worlds, 2, 0, 0, "cpu")
        self.fail_at: int | None = None
        self.steps = 0

    def reset(self, mask: np.ndarray) -> None:
        self.log.append(f"host.reset {mask.astype(int).tolist()}")

    def apply(self) -> None:
        self.log.append("host.apply")
        self.force = self.frame.body_force.numpy().copy()

    def step(self) -> None:
        self.log.append("host.step")
        self.steps += 1
        self.frame.body_pose.numpy()[:, 1, 2] += 1.0

    def read(self) -> None:
        self.log.append("host.read")

    def close(self) -> None:
        self.log.append("host.close")


class Logging:
    """What each stage notes; `fail` is a (stage, count) at which to raise."""

    def __init__(self, name: str, log: list[str], **config: Any) -> None:
        super().__init__(name, SimpleNamespace(**config))
        self.log = log
        self.fail: tuple[str, int] | None = None
        self.error: BaseException = ValueError("broken")
        self.counts: dict[str, int] = {}

    def note(self, stage: str) -> None:
        self.log.append(f"{self.name}.{stage}")
        self.counts[stage] = self.counts.get(stage, 0) + 1
        if self.fail == (stage, self.counts[stage]):
            raise self.error

    def setup(self, world: World) -> None:
        self.note("setup")
        self.outputs["value"] = rk.zeros(world.num_worlds, dtype=float, device="cpu")
        self.state["sum"] = rk.zeros(world.num_worlds, dtype=float, device="cpu")

    def reset(self, frame: Frame, mask: Any) -> None:
        self.note(f"reset {mask.numpy().astype(int).tolist()}")
        super().reset(frame, mask)

    def close(self) -> None:
        self.note("close")


class Push(Logging, Contact):
    def before_step(self, frame: Frame) -> None:
        self.note("before_step")
        frame.body_force.numpy()[:, 1, 0] += 2.0


class Measure(Logging, Sensor):
    def after_step(self, frame: Frame) -> None:
        self.note("after_step")
        self.outputs["value"].numpy()[:] = frame.body_pose.numpy()[:, 1, 2]
        self.state["sum"].numpy()[:] += 1.0


class Vary(Logging, Randomizer):
    def randomize(self, frame: Frame, mask: Any) -> None:
        self.note(f"randomize {mask.numpy().astype(int).tolist()}")
        self.outputs["value"].numpy()[:] += 1.0


def test_order_of_a_run():
    log: list[str] = []
    plugins = [
        Measure("m", log),
        Push("p", log),
        Vary("v", log, mode="reset"),
        Vary("s", log, mode="startup"),
    ]
    with Loop(Host(log), plugins) as loop:
        loop.setup(2)
        starting = log.copy()
        log.clear()
        loop.run(1)
        stepping = log.copy()
        log.clear()
    assert starting == [
        *("m.setup", "p.setup", "v.setup", "s.setup"),
        "s.randomize [1, 1, 1]",
        "v.randomize [1, 1, 1]",
        *("host.reset [1, 1, 1]", "host.read"),
        *(f"{name}.reset [1, 1, 1]" for name in "mpvs"),
    ]
    assert stepping == ["p.before_step", "host.apply", "host.step", "host.read", "m.after_step"]
    assert log == ["s.close", "v.close", "p.close", "m.close", "host.close"]


def test_wrenches_are_cleared_before_they_are_added():
    host = Host([])
    with Loop(host, [Push("p", []), Push("q", [])]) as loop:
        loop.setup(3)
        loop.run(3)
    np.testing.assert_array_equal(host.force[:, 1, 0], 4.0)


def test_frame_knows_step_and_time():
    with Loop(Host([]), []) as loop:
        loop.setup(3)
        loop.run(3)
        assert (loop.host.frame.step, loop.host.frame.time) == (3, 0.03)


def test_rate_says_when_a_sensor_is_called():
    sensor = Measure("m", [], rate_hz=30.0)
    with Loop(Host([]), [sensor]) as loop:
        loop.setup(100)
        loop.run(100)
    assert sensor.counts["after_step"] == 30


def test_a_rate_above_the_step_rate_is_refused():
    with pytest.raises(
        ConfigError, match="rate_hz: expected more than 0 and at most the step rate, 100 Hz; got 1000"
    ):
        Loop(Host([]), [Measure("m", [], rate_hz=1000.0)])


def test_reset_by_mask_restores_state_of_those_worlds_only():
    log: list[str] = []
    sensor = Measure("m", log)
    with Loop(Host(log), [sensor, Vary("v", log, mode="reset")]) as loop:
        loop.setup(5)
        loop.run(5)
        log.clear()
        loop.reset(np.array([False, True, False]))
        assert log == [
            "v.randomize [0, 1, 0]",
            "host.reset [0, 1, 0]",
            "host.read",
            *(f"{n}.reset [0, 1, 0]" for n in "mv"),
        ]
        np.testing.assert_array_equal(sensor.state["sum"].numpy(), [5.0, 0.0, 5.0])


def test_interval_randomizer_is_called_for_the_worlds_that_are_due():
    log: list[str] = []
    randomizer = Vary("v", log, mode="interval", interval_range_s=(0.05, 0.2))
    with Loop(Host([]), [randomizer]) as loop:
        loop.setup(200)
        loop.run(200)
    masks = np.array([literal_eval(line.split(" ", 1)[1]) for line in log if "randomize" in line])
    # 2 s over waits of 0.05 to 0.2 s: 10 to 40 turns of each world
    assert ((masks.sum(axis=0) >= 10) & (masks.sum(axis=0) <= 40)).all()
    assert (masks.sum(axis=1) < 3).any(), "worlds wait independently"


def test_step_randomizer_is_called_at_every_step():
    randomizer = Vary("v", [], mode="step")
    with Loop(Host([]), [randomizer]) as loop:
        loop.setup(4)
        loop.run(4)
    assert randomizer.counts["randomize [1, 1, 1]"] == 4


@pytest.mark.parametrize(
    ("plugin", "stage", "count", "step"),
    [
        (Measure, "setup", 1, 0),
        (Measure, "after_step", 3, 3),
        (Push, "before_step", 3, 2),
        (Measure, "close", 1, 5),
    ],
)
def test_a_plugin_that_raises_is_named_and_all_is_closed(plugin: Any, stage: str, count: int, step: int):
    log: list[str] = []
    bad, good = plugin("bad", log), Measure("good", log)
    bad.fail = (stage, count)
    with pytest.raises(PluginError) as caught, Loop(Host(log), [good, bad]) as loop:
        loop.setup(5)
        loop.run(5)
    assert str(caught.value) == f"plugin 'bad' failed in {stage} at step {step}: ValueError: broken"
    assert (caught.value.plugin, caught.value.stage, caught.value.step) == ("bad", stage, step)
    assert log[-3:] == ["bad.close", "good.close", "host.close"]


def test_a_setting_that_does_not_fit_stays_a_config_error():
    bad = Measure("bad", [])
    bad.fail, bad.error = ("setup", 1), ConfigError("no body matches 'bse'")
    with pytest.raises(ConfigError, match="bse"), Loop(Host([]), [bad]) as loop:
        loop.setup(1)


def test_an_error_while_closing_does_not_hide_the_first():
    bad = Measure("bad", [])
    bad.fail = ("after_step", 2)
    worse = Measure("worse", [])
    worse.fail = ("close", 1)
    with (
        pytest.raises(PluginError, match="'bad' failed in after_step") as caught,
        Loop(Host([]), [bad, worse]) as loop,
    ):
        loop.setup(5)
        loop.run(5)
    assert any("'worse' failed in close" in note for note in caught.value.__notes__)


VARIABLES = {"m": {"value": Variable(("worlds",), "m")}}


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_the_recording_so_far_is_kept(tmp_path: Path, error: BaseException):
    sensor = Measure("m", [])
    sensor.fail, sensor.error = ("after_step", 8), error
    kind = PluginError if isinstance(error, Exception) else KeyboardInterrupt
    recording = Recording(tmp_path / "r.zarr")
    with pytest.raises(kind), Loop(Host([]), [sensor], recording, Wiring(variables=VARIABLES)) as loop:
        loop.setup(100)
        loop.run(100)
    data = xarray.open_zarr(tmp_path / "r.zarr", group="m")
    np.testing.assert_array_equal(data.step, np.arange(1, 8))
    np.testing.assert_array_equal(data.value, np.tile(np.arange(1.0, 8.0)[:, None], (1, 3)))


def test_each_plugin_is_recorded_when_it_ran(tmp_path: Path):
    plugins = [Measure("m", [], rate_hz=25.0), Push("p", []), Vary("v", [], mode="startup")]
    with Loop(Host([]), plugins, Recording(tmp_path / "r.zarr")) as loop:
        loop.setup(20)
        loop.run(20)
    steps = {name: xarray.open_zarr(tmp_path / "r.zarr", group=name).step.values.tolist() for name in "mpv"}
    assert steps == {"m": [4, 8, 12, 16, 20], "p": list(range(1, 21)), "v": [0]}


class Look(Measure):
    """A sensor that asks the scene."""

    def setup(self, world: World) -> None:
        super().setup(world)
        self.scene = world.scene


def test_the_scene_moves_only_for_those_who_look(monkeypatch: pytest.MonkeyPatch):
    moved: list[float] = []
    host = Host([])
    look = Look("look", [], rate_hz=50.0)
    with Loop(host, [Push("p", []), look], wiring=Wiring(scene_users={"look"})) as loop:
        loop.setup(10)
        monkeypatch.setattr(
            host.world.scene, "update", lambda pose: moved.append(float(pose.numpy()[0, 1, 2]))
        )
        loop.run(10)
    assert moved == [2.0, 4.0, 6.0, 8.0, 10.0]


def test_time_is_kept_per_plugin_and_stage():
    with Loop(Host([]), [Measure("m", [], rate_hz=50.0), Push("p", [])]) as loop:
        loop.setup(10)
        loop.run(10)
    assert {stage: spent.calls for stage, spent in loop.timing.stages("m").items()} == {
        "setup": 1,
        "reset": 1,
        "after_step": 5,
        "close": 1,
    }
    assert loop.timing.stages("p")["before_step"].calls == 10
    assert loop.timing.stages("simulator")["step"].calls == 10
    assert loop.timing.total("m") > 0.0
