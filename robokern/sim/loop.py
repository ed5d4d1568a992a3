"""The call loop: which plugin is called when, how long it took, and what happens when it raises.

One step:

    randomizers that are due  ->  before_step  ->  host.apply, host.step, host.read
    ->  after_step of the plugins whose rate says so  ->  record what changed

What is launched before the simulator's step and after it, and the step too where the host only launches, can
be captured and replayed (replay.py): a pipeline over such a host is then one replay a step.

The scene follows the bodies just before a plugin that looks at it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError, PluginError
from robokern.plugin.plugin import Plugin, Randomizer
from robokern.runtime.array import Array
from robokern.sim.choice import Choice
from robokern.sim.clock import Clock, Intervals, Rate
from robokern.sim.record import Recording, Variable
from robokern.sim.replay import CaptureMode, Replay
from robokern.sim.timing import Timing
from robokern.world.host import Host, LaunchingHost, Mask
from robokern.world.world import World

SIMULATOR = "simulator"
SCENE = "scene"
RECORDING = "recording"


def set_up(plugin: Plugin, world: World) -> None:
    """Calls `setup` and keeps the state it left as the one that `reset` goes back to."""
    plugin.setup(world)
    plugin.remember_state()


def rate_of(plugin: Plugin, timestep: float) -> Rate:
    """When `after_step` of a plugin is due: at `config.rate_hz` if it has one, else at every step.

    Raises:
        ConfigError: the rate is above the step rate.
    """
    return Rate(getattr(plugin.config, "rate_hz", None), timestep)


@dataclass(frozen=True)
class Wiring:
    """What a loop cannot see from the plugins themselves.

    Attributes:
        set_up: calls a plugin's `setup` and keeps its initial state.
        variables: plugin name -> output name -> what it is; other outputs have unnamed dimensions.
        scene_users: names of the plugins that look at the scene; None: all of them.
    """

    set_up: Callable[[Plugin, World], None] = set_up
    variables: Mapping[str, Mapping[str, Variable]] = field(default_factory=dict)
    scene_users: Container[str] | None = None


@dataclass(frozen=True)
class Due:
    """Who takes part in a step.

    Attributes:
        randomizers: with the mask (worlds,) of those they write.
        measuring: plugins whose `after_step` is called.
    """

    randomizers: list[tuple[Randomizer, Array]]
    measuring: list[Plugin]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all."""
        return (*(plugin.name for plugin, _ in self.randomizers), "", *(p.name for p in self.measuring))


class Loop:
    """Steps a host with its plugins; use as a context manager: all is closed whatever happens.

    Args:
        host: the simulator.
        plugins: in the order of their calls.
        recording: where outputs go, or None. The loop closes it.
        wiring: what else there is to know about the plugins.
        capture: whether steps are captured and replayed: `auto` (on GPUs, where all hooks only launch), `on`
            (a hook that waits for the device is an error) or `off`.

    Raises:
        ConfigError: a plugin's rate is above the step rate.
    """

    def __init__(
        self,
        host: Host,
        plugins: Sequence[Plugin],
        recording: Recording | None = None,
        wiring: Wiring | None = None,
        capture: CaptureMode = "auto",
    ) -> None:
        self.host = host
        self.plugins = list(plugins)
        self.recording = recording
        self.wiring = wiring or Wiring()
        self.clock = Clock(host.world.timestep)
        self.timing = Timing()
        self._rates = {plugin.name: rate_of(plugin, host.world.timestep) for plugin in plugins}
        self.replay = Replay(host.world, capture, self.timing)
        self._launching = host if isinstance(host, LaunchingHost) else None
        self._intervals: dict[str, Intervals] = {}
        self._choices: dict[str, Choice] = {}
        self._open: list[Plugin] = []
        self._scene_is_stale = True

    def setup(self, steps: int) -> None:
        """Sets every plugin up, starts all worlds, and lays the recording out for `steps` steps.

        Raises:
            ConfigError: a setting does not fit the world.
            PluginError: a plugin raised anything else.
        """
        for plugin in self.plugins:
            self._open.append(plugin)
            self._call(plugin, "setup", self.wiring.set_up, plugin, self.host.world)
        self._begin_recording(steps)
        for randomizer in self._randomizers("interval"):
            self._intervals[randomizer.name] = self._draw_intervals(randomizer)
        for plugin in self.plugins:
            if isinstance(plugin, Randomizer):
                self._choices[plugin.name] = Choice(self.host.world, self._everywhere())
        for randomizer in self._randomizers("startup"):
            self._randomize(randomizer, self._everywhere())
        self.reset(self._everywhere())

    def reset(self, mask: Mask) -> None:
        """Starts the worlds of `mask` (worlds,) anew."""
        self.host.frame.reset_mask.assign(mask)
        for randomizer in self._randomizers("reset"):
            self._randomize(randomizer, mask)
        with self.timing.of(SIMULATOR, "reset"):
            self.host.reset(mask)
            self.host.read()
        self._scene_is_stale = True
        for plugin in self.plugins:
            self._call(plugin, "reset", plugin.reset, self.host.frame, self.host.frame.reset_mask)

    def step(self) -> None:
        """One step of the simulator with all stages around it.

        Raises:
            PluginError: a plugin raised; names it, the stage and the step.
            HostError: the simulator failed.
        """
        due = self._due()
        if self._launching is not None:
            self._launch(due, self._launching)
        else:
            self._play(("before", *due.names), lambda: self._push(due))
            self._record_draws(due)
            self._simulate()
            self._play(("after", *due.names), lambda: self._measure(due))
        self._record_measurements(due.measuring)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """`steps` steps; `after(step)` is called at the end of each."""
        for _ in range(steps):
            self.step()
            if after is not None:
                after(self.clock.step)

    def close(self) -> None:
        """Closes the plugins that were set up, the host and the recording, then raises the first error."""
        errors: list[Exception] = []
        for close in self._closers():
            try:
                close()
            except Exception as error:
                errors.append(error)
        self._open = []
        if errors:
            raise errors[0]

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except Exception as closing:
            # the first failure is the news; what it broke on the way out is a note to it
            if error is None:
                raise
            error.add_note(f"while closing: {closing}")

    def _launch(self, due: Due, host: LaunchingHost) -> None:
        """A step of a host that only launches: one part, and so one replay."""
        before, time = self.clock.step, self.clock.time

        def everything() -> None:
            self._set_step(before)
            self._push(due)
            with self.timing.of(SIMULATOR, "step"):
                host.launch_step()
            self._scene_is_stale = True
            self._set_step(before + 1)
            self._measure(due)

        host.begin_step()
        self._play(due.names, everything)
        self._set_step(before + 1)
        self._record_draws(due, (before, time))

    def _play(self, names: tuple[str, ...], part: Callable[[], None]) -> None:
        stale = self._scene_is_stale

        def run() -> bool:
            self._scene_is_stale = stale
            part()
            return self._scene_is_stale

        # whether the scene must follow is part of what is launched
        self._scene_is_stale = self.replay.run((stale, *names), run)

    def _push(self, due: Due) -> None:
        frame = self.host.frame
        for randomizer, mask in due.randomizers:
            self._call(randomizer, "randomize", randomizer.randomize, frame, mask)
        frame.body_force.zero_()
        frame.body_torque.zero_()
        for plugin in self.plugins:
            self._call(plugin, "before_step", plugin.before_step, frame)

    def _simulate(self) -> None:
        with self.timing.of(SIMULATOR, "step"):
            self.host.apply()
            self.host.step()
            self.host.read()
        self._scene_is_stale = True
        self._set_step(self.clock.step + 1)

    def _set_step(self, step: int) -> None:
        self.clock.step = step
        self.host.frame.set_clock(step, self.clock.time)

    def _measure(self, due: Due) -> None:
        for count, plugin in enumerate(due.measuring):
            try:
                self._call(plugin, "after_step", plugin.after_step, self.host.frame)
            except PluginError:
                # what others measured in this step is not lost
                if not self.replay.capturing:
                    self._record_measurements(due.measuring[:count])
                raise

    def _due(self) -> Due:
        step = self.clock.step + 1
        return Due(
            list(self._due_randomizers(step)), [p for p in self.plugins if self._rates[p.name].due(step)]
        )

    def _due_randomizers(self, step: int) -> Iterator[tuple[Randomizer, Array]]:
        for randomizer in self._randomizers("step"):
            yield randomizer, self._choices[randomizer.name].mask
        for randomizer in self._randomizers("interval"):
            mask = self._intervals[randomizer.name].due(step)
            if mask.any():
                self._choices[randomizer.name].set(mask)
                yield randomizer, self._choices[randomizer.name].mask

    def _record_draws(self, due: Due, now: tuple[int, float] | None = None) -> None:
        for randomizer, _ in due.randomizers:
            self._record(randomizer, now)

    def _record_measurements(self, plugins: Sequence[Plugin]) -> None:
        for plugin in plugins:
            # a randomizer's draws are recorded when drawn
            if not isinstance(plugin, Randomizer):
                self._record(plugin)

    def _call(self, plugin: Plugin, stage: str, hook: Callable[..., None], *arguments: Any) -> None:
        if not _overrides(plugin, stage):
            return
        if stage in ("before_step", "after_step"):
            self._follow_bodies(plugin)
        with self.timing.of(plugin.name, stage):
            try:
                hook(*arguments)
            except (ConfigError, PluginError):
                raise
            except Exception as error:
                raise PluginError(plugin.name, stage, self.clock.step, error) from error

    def _follow_bodies(self, plugin: Plugin) -> None:
        """Moves the scene to the frame's poses, where it is behind and the plugin looks at it."""
        users, world = self.wiring.scene_users, self.host.world
        # a scene is built at its first use: nobody asked, nothing to move
        built = "scene" in vars(world)
        if self._scene_is_stale and built and (users is None or plugin.name in users):
            with self.timing.of(SCENE, "update"):
                world.scene.update(self.host.frame.body_pose)
            self._scene_is_stale = False

    def _closers(self) -> Iterator[Callable[[], None]]:
        for plugin in reversed(self._open):
            yield lambda plugin=plugin: self._call(plugin, "close", plugin.close)  # type: ignore[misc]
        yield self.host.close
        if self.recording is not None:
            yield self.recording.close

    def _everywhere(self) -> Mask:
        return np.ones(self.host.world.num_worlds, dtype=bool)

    def _randomizers(self, mode: str) -> Iterator[Randomizer]:
        for plugin in self.plugins:
            if isinstance(plugin, Randomizer) and plugin.config.mode == mode:
                yield plugin

    def _randomize(self, plugin: Randomizer, mask: Mask) -> None:
        self._call(plugin, "randomize", plugin.randomize, self.host.frame, self.host.world.mask(mask))
        self._record(plugin)

    def _draw_intervals(self, plugin: Randomizer) -> Intervals:
        world = self.host.world
        key = world.rng_key(plugin.name, "interval")
        range_s, first = plugin.config.interval_range_s, world.first_world
        return Intervals(world.num_worlds, range_s, world.timestep, world.seed, key, first)

    def _begin_recording(self, steps: int) -> None:
        """Only now that all plugins are set up: a mistake in a run file leaves the last recording alone."""
        if self.recording is None:
            return
        self.recording.create()
        for plugin in self.plugins:
            if plugin.outputs:
                self._add_group(self.recording, plugin, steps)

    def _add_group(self, recording: Recording, plugin: Plugin, steps: int) -> None:
        known = self.wiring.variables.get(plugin.name, {})
        recording.add(
            plugin.name,
            {key: known.get(key, Variable(())) for key in plugin.outputs},
            _as_numpy(plugin.outputs),
            self._samples(plugin, steps),
            getattr(plugin, "coordinates", None),
            {"plugin": type(plugin).__name__, "role": plugin.role} | getattr(plugin, "attributes", {}),
        )

    def _samples(self, plugin: Plugin, steps: int) -> int:
        if not isinstance(plugin, Randomizer):
            return self._rates[plugin.name].samples(steps)
        return steps if plugin.config.mode == "step" else 1

    def _record(self, plugin: Plugin, now: tuple[int, float] | None = None) -> None:
        if self.recording is None or not plugin.outputs:
            return
        with self.timing.of(RECORDING, "append"):
            outputs = _as_numpy(plugin.outputs)
            step, time = now or (self.clock.step, self.clock.time)
            self.recording.append(plugin.name, step, time, outputs)


def _overrides(plugin: Plugin, stage: str) -> bool:
    """Whether a plugin does anything at a stage; `reset` restores state even where it is not written out."""
    return stage == "reset" or getattr(type(plugin), stage) is not getattr(Plugin, stage, None)


def _as_numpy(outputs: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: array.numpy() for name, array in outputs.items()}
