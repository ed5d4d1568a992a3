"""The call loop: which plugin is called when, how long it took, and what happens when it raises.

One step:

    randomizers that are due  ->  before_step  ->  host.apply, host.step, host.read  ->  scene.update
    ->  after_step of the plugins whose rate says so  ->  record what changed
"""

from __future__ import annotations

import time as wall
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError, PluginError
from robokern.plugin.plugin import Plugin, Randomizer
from robokern.sim.clock import Clock, Intervals, Rate
from robokern.sim.record import Recording, Variable
from robokern.world.host import Host
from robokern.world.world import World

Mask = NDArray[np.bool_]
SIMULATOR = "simulator"
RECORDING = "recording"
SCENE = "scene update"


@dataclass
class Timing:
    """Wall time [s] and number of calls of each part of a step."""

    seconds: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        start = wall.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += wall.perf_counter() - start  # type: ignore[assignment]
            self.calls[part] += 1


class Loop:
    """Steps a host with its plugins; use as a context manager, so that everything is closed whatever happens.

    Args:
        host: the simulator.
        plugins: in the order of their calls.
        recording: where outputs go, or None. The loop closes it.
        variables: plugin name -> output name -> what it is; outputs without an entry have unnamed dimensions.
        set_up: calls a plugin's `setup` and keeps its initial state, in place of the plain calls.

    Raises:
        ConfigError: a plugin's rate is above the step rate.
    """

    def __init__(
        self,
        host: Host,
        plugins: Sequence[Plugin],
        recording: Recording | None = None,
        variables: Mapping[str, Mapping[str, Variable]] | None = None,
        set_up: Callable[[Plugin, World], None] | None = None,
    ) -> None:
        self.host = host
        self.plugins = list(plugins)
        self.recording = recording
        self.variables = variables or {}
        self._set_up = set_up or _set_up
        self.clock = Clock(host.world.timestep)
        self.timing = Timing()
        self._rates = {plugin.name: self._rate(plugin) for plugin in plugins}
        self._intervals: dict[str, Intervals] = {}
        self._open: list[Plugin] = []

    def setup(self, steps: int) -> None:
        """Sets every plugin up, starts all worlds, and lays the recording out for `steps` steps."""
        for plugin in self.plugins:
            self._open.append(plugin)
            self._call(plugin, "setup", self._set_up, plugin, self.host.world)
        for plugin in self._randomizers("interval"):
            self._intervals[plugin.name] = self._draw_intervals(plugin)
        for plugin in self.plugins:
            self._begin_recording(plugin, steps)
        everywhere = np.ones(self.host.world.num_worlds, dtype=bool)
        for plugin in self._randomizers("startup"):
            self._randomize(plugin, everywhere)
        self.reset(everywhere)

    def reset(self, mask: Mask) -> None:
        """Starts the worlds of `mask` (worlds,) anew."""
        self.host.frame.reset_mask.assign(mask)
        for plugin in self._randomizers("reset"):
            self._randomize(plugin, mask)
        with self.timing.of(SIMULATOR):
            self.host.reset(mask)
            self.host.read()
        self._update_scene()
        for plugin in self.plugins:
            self._call(plugin, "reset", plugin.reset, self.host.frame, self.host.frame.reset_mask)

    def step(self) -> None:
        """One step of the simulator with all stages around it."""
        frame = self.host.frame
        self._randomize_due(self.clock.step + 1)
        frame.body_force.zero_()
        frame.body_torque.zero_()
        for plugin in self.plugins:
            self._call(plugin, "before_step", plugin.before_step, frame)
        with self.timing.of(SIMULATOR):
            self.host.apply()
            self.host.step()
            self.host.read()
        self.clock.advance()
        frame.step, frame.time = self.clock.step, self.clock.time
        self._update_scene()
        for plugin in self.plugins:
            if self._rates[plugin.name].due(self.clock.step):
                self._call(plugin, "after_step", plugin.after_step, frame)
                # a randomizer's draws are recorded when drawn
                if not isinstance(plugin, Randomizer):
                    self._record(plugin)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """`steps` steps; `after(step)` is called at the end of each."""
        for _ in range(steps):
            self.step()
            if after is not None:
                after(self.clock.step)

    def close(self) -> None:
        """Closes the plugins that were set up, the host and the recording, then raises the first error."""
        errors: list[Exception] = []
        closing: list[Callable[[], None]] = [self._closer(plugin) for plugin in reversed(self._open)]
        closing.append(self.host.close)
        if self.recording is not None:
            closing.append(self.recording.close)
        self._open = []
        for close in closing:
            try:
                close()
            except Exception as error:
                errors.append(error)
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

    def _call(self, plugin: Plugin, stage: str, hook: Callable[..., None], *arguments: Any) -> None:
        with self.timing.of(plugin.name):
            try:
                hook(*arguments)
            except ConfigError:
                raise
            except Exception as error:
                raise PluginError(plugin.name, stage, self.clock.step, error) from error

    def _closer(self, plugin: Plugin) -> Callable[[], None]:
        return lambda: self._call(plugin, "close", plugin.close)

    def _randomizers(self, mode: str) -> Iterator[Randomizer]:
        for plugin in self.plugins:
            if isinstance(plugin, Randomizer) and plugin.config.mode == mode:
                yield plugin

    def _randomize_due(self, step: int) -> None:
        for plugin in self._randomizers("step"):
            self._randomize(plugin, np.ones(self.host.world.num_worlds, dtype=bool))
        for plugin in self._randomizers("interval"):
            mask = self._intervals[plugin.name].due(step)
            if mask.any():
                self._randomize(plugin, mask)

    def _randomize(self, plugin: Randomizer, mask: Mask) -> None:
        self._call(plugin, "randomize", plugin.randomize, self.host.frame, self.host.world.mask(mask))
        self._record(plugin)

    def _draw_intervals(self, plugin: Randomizer) -> Intervals:
        world = self.host.world
        key = world.rng_key(plugin.name, "interval")
        range_s = plugin.config.interval_range_s
        return Intervals(world.num_worlds, range_s, world.timestep, world.seed, key)

    def _rate(self, plugin: Plugin) -> Rate:
        try:
            return Rate(getattr(plugin.config, "rate_hz", None), self.clock.timestep)
        except ConfigError as error:
            raise ConfigError(f"plugins.{plugin.name}.{error.message}") from None

    def _update_scene(self) -> None:
        # built at its first use: no plugin that asks for it, no work
        if "scene" in vars(self.host.world):
            with self.timing.of(SCENE):
                self.host.world.scene.update(self.host.frame.body_pose)

    def _begin_recording(self, plugin: Plugin, steps: int) -> None:
        if self.recording is None or not plugin.outputs:
            return
        known = self.variables.get(plugin.name, {})
        self.recording.add(
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
        return steps + 1 if plugin.config.mode == "step" else 1

    def _record(self, plugin: Plugin) -> None:
        if self.recording is None or not plugin.outputs:
            return
        with self.timing.of(RECORDING):
            self.recording.append(plugin.name, self.clock.step, self.clock.time, _as_numpy(plugin.outputs))


def _set_up(plugin: Plugin, world: World) -> None:
    plugin.setup(world)
    plugin.remember_state()


def _as_numpy(outputs: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: array.numpy() for name, array in outputs.items()}
