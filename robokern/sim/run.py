"""A run file from start to end: host, plugins, loop, recording, pictures and summary."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import robokern
from robokern.adapters import HOSTS
from robokern.errors import ConfigError, HostError
from robokern.plugin.manifest import Manifest
from robokern.plugin.run_file import RunFile, load
from robokern.sim.loop import SIMULATOR, Loop, Wiring, rate_of
from robokern.sim.progress import Progress
from robokern.sim.record import Recording, Variable
from robokern.sim.summary import numbers, print_table, rows
from robokern.world.host import Host
from robokern.world.world import World

Draw = Callable[[Path, World, Path], list[Path]]
"""Draws pictures of a recording into a folder: (recording, world, folder) -> files."""


@dataclass(frozen=True)
class RunResult:
    """What a run left behind.

    Attributes:
        folder: of all files below.
        recording: zarr store of every plugin output over time.
        config: the run file with every default written out.
        summary: the content of `summary.json`.
        pictures: PNG files.
    """

    folder: Path
    recording: Path
    config: Path
    summary: dict[str, Any]
    pictures: list[Path]


def run_file(
    path: str | PathLike[str],
    overrides: Sequence[str] = (),
    device: str | None = None,
    draw: Draw | None = None,
) -> RunResult:
    """Runs a run file and writes its output folder.

    Args:
        path: the YAML file.
        overrides: `plugins.roof_lidar.max_range=20`, as after `--set`.
        device: in place of the file's.
        draw: draws the pictures; None: there are none.

    Raises:
        ConfigError: the file is wrong.
        HostError: the simulator cannot be opened, or failed.
        PluginError: a plugin raised; the recording up to there is kept.
    """
    chosen = [] if device is None else [f"device={device}"]
    run = load(path, [*overrides, *chosen], hosts=HOSTS)
    host = run.host.settings.open(run.seed, run.device)
    loop = _loop(run, host)
    summary = _Summary(run, loop)
    try:
        with loop:
            loop.setup(loop.clock.steps_in(run.duration))
            _config_path(run).write_text(run.to_yaml(), encoding="utf-8")
            _steps(run, loop, summary)
        pictures = [] if draw is None else draw(_recording_path(run), host.world, run.output)
        summary.finish(pictures)
    finally:
        summary.write()
    return RunResult(run.output, _recording_path(run), _config_path(run), summary.content, pictures)


def _loop(run: RunFile, host: Host) -> Loop:
    """The loop with an empty recording; settings that do not fit the host's step rate are refused first."""
    for name, plugin in run.plugins.items():
        try:
            rate_of(plugin, host.world.timestep)
        except ConfigError as error:
            host.close()
            raise run.locate(name, error) from None
    _make_folder(run.output)
    recording = Recording(_recording_path(run), {"robokern": robokern.__version__, "seed": run.seed})
    return Loop(host, list(run.plugins.values()), recording, _wiring(run), run.capture)


def _wiring(run: RunFile) -> Wiring:
    variables = {name: _variables(manifest) for name, manifest in run.manifests.items()}
    users = {name for name, manifest in run.manifests.items() if "scene" in manifest.needs}
    return Wiring(run.setup, variables, users)


def _variables(manifest: Manifest) -> dict[str, Variable]:
    return {
        name: Variable(_dimensions(name, output.shape), output.unit)
        for name, output in manifest.outputs.items()
    }


def _dimensions(output: str, shape: Sequence[str | int]) -> tuple[str, ...]:
    """Names of dimensions; one declared as a number has none of its own."""
    return tuple(n if isinstance(n, str) else f"{output}_{axis}" for axis, n in enumerate(shape))


def _steps(run: RunFile, loop: Loop, summary: _Summary) -> None:
    steps, world = loop.clock.steps_in(run.duration), loop.host.world
    with Progress(steps, world.timestep, world.num_worlds) as progress:
        summary.start()
        try:
            loop.run(steps, progress.update)
        finally:
            summary.stop()
    if loop.replay.note:
        print(f"note: {loop.replay.note}", file=sys.stderr)


def _recording_path(run: RunFile) -> Path:
    return run.output / "recording.zarr"


def _config_path(run: RunFile) -> Path:
    return run.output / "config.yaml"


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(f"output: cannot make the folder {path}: {error.strerror}; choose another") from None


class _Summary:
    """Collects `summary.json`, which is written also when a run fails on its way."""

    def __init__(self, run: RunFile, loop: Loop) -> None:
        self._run = run
        self._loop = loop
        self._wall = 0.0
        self._start = 0.0
        self.content: dict[str, Any] = {}
        self._pictures: list[str] = []
        self._completed = False

    def start(self) -> None:
        self._start = time.perf_counter()

    def stop(self) -> None:
        self._wall = time.perf_counter() - self._start

    def finish(self, pictures: Sequence[Path]) -> None:
        """The run is complete: prints the table."""
        self._completed = True
        self._pictures = [picture.name for picture in pictures]
        files = [_recording_path(self._run), _config_path(self._run), *pictures, self._path]
        print_table(self._rows(), self._measured(), [str(file) for file in files])

    def write(self) -> None:
        if not self._start:
            return
        self.content = {
            "completed": self._completed,
            "seed": self._run.seed,
            "device": str(self._loop.host.frame.body_pose.device),
            "host": self._run.host.type,
            "replays": self._loop.replay.replays,
            **self._measured(),
            "recording": _recording_path(self._run).name,
            "config": _config_path(self._run).name,
            "pictures": self._pictures,
            "robokern": robokern.__version__,
        }
        self._path.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")

    @property
    def _path(self) -> Path:
        return self._run.output / "summary.json"

    def _rows(self) -> list[Any]:
        kinds = {name: manifest.name for name, manifest in self._run.manifests.items()}
        return rows(self._loop, kinds | {SIMULATOR: self._run.host.type})

    def _measured(self) -> dict[str, Any]:
        return numbers(self._rows(), self._loop, self._wall)
