"""Plugins and a host made of plain Python, so that the plugin layer is tested without a simulator."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

MANIFEST = """\
name: {name}
role: sensor
entry: plugin:Meter
summary: Measures nothing.
outputs:
  reading: {{shape: [worlds, channels], dtype: float32, unit: m}}
needs: [scene]
"""

PLUGIN = """\
from typing import Literal

import numpy as np

from robokern.plugin.plugin import Sensor
from robokern.plugin.settings import PluginConfig, field
from robokern.runtime.creation import zeros


class Config(PluginConfig):
    body: str = field(help="body that carries it")
    max_range: float = field(10.0, unit="m", gt=0, help="farthest distance")
    channels: int = field(4, ge=1, le=64)
    noisy: bool = field(False)
    offset: tuple[float, float, float] = field((0.0, 0.0, 0.0), unit="m")
    no_hit: float | Literal["inf", "max"] = field("inf", unit="m")
    table: list[float] = field([1.0], min_length=1)


class Meter(Sensor):
    Config = Config

    def setup(self, world):
        self.body = world.select("body", self.config.body)
        self.outputs["reading"] = zeros((world.num_worlds, self.config.channels))
"""


@dataclass(frozen=True)
class Settings:
    """Settings of the fake host."""

    model: Path = field(metadata={"help": "a file"})
    worlds: int = field(default=2, metadata={"ge": 1, "help": "how many"})
    timestep: float | None = field(default=None, metadata={"gt": 0, "unit": "s"})


@pytest.fixture
def hosts() -> dict[str, Callable[[], type[Any]]]:
    """The host types of these tests."""
    return {"fake": lambda: Settings}


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a plugin folder: `plugin_folder(name, manifest=..., plugin=...)`."""

    def make(name: str = "meter", manifest: str = MANIFEST, plugin: str = PLUGIN) -> Path:
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(manifest.format(name=name))
        (folder / "plugin.py").write_text(plugin)
        return folder

    return make


@pytest.fixture
def run_file(
    tmp_path: Path, plugin_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Writes `run.yaml` beside a plugin `meter` and a model file; gives its name, relative to the current directory."""
    plugin_folder()
    (tmp_path / "scene.xml").write_text("<mujoco/>")
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        Path("run.yaml").write_text(textwrap.dedent(text))
        return "run.yaml"

    return write
