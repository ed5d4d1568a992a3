"""Plugins are found in three places, imported late, and checked against what they say about themselves."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from robokern.errors import ConfigError
from robokern.plugin.manifest import DTYPES, Manifest, Output, read_manifest
from robokern.plugin.registry import Registry, built_in_folder

from .conftest import MANIFEST, PLUGIN

Folder = Callable[..., Path]


def test_a_manifest(plugin_folder: Folder) -> None:
    manifest = read_manifest(plugin_folder())
    assert (manifest.name, manifest.role, manifest.module, manifest.class_name) == (
        "meter",
        "sensor",
        "plugin",
        "Meter",
    )
    assert manifest.summary == "Measures nothing."
    assert manifest.outputs == {"reading": Output(("worlds", "channels"), "float32", "m")}
    assert manifest.needs == ("scene",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: {name}", "name: other", "1:7: name: expected the folder's name 'meter'; got 'other'"),
        ("name: {name}\n", "", "1:1: missing key 'name'"),
        (
            "role: sensor",
            "role: senser",
            "2:7: role: unknown role 'senser'; did you mean 'sensor'? (roles: contact, randomizer, sensor)",
        ),
        ("role: sensor", "role: 3", "2:7: role: expected text; got 3"),
        (
            "plugin:Meter",
            "plugin.Meter",
            "3:8: entry: expected MODULE:CLASS, such as plugin:Lidar; got 'plugin.Meter'",
        ),
        (
            "summary: Measures nothing.",
            "sumary: x",
            "4:1: unknown key 'sumary'; did you mean 'summary'? (keys: entry, name, needs, outputs, role, summary)\n"
            "1:1: missing key 'summary'",
        ),
        (
            "summary: Measures nothing.",
            "summary: ''",
            "4:10: summary: expected one line that says what the plugin does",
        ),
        (
            "[worlds, channels]",
            "[worlds, 0]",
            "6:29: outputs.reading.shape[1]: expected names or positive lengths; got 0",
        ),
        (
            "[worlds, channels]",
            "worlds",
            "6:20: outputs.reading.shape: expected a list of names or positive lengths; got text 'worlds'",
        ),
        ("shape: [worlds, channels], ", "", "6:3: outputs.reading: missing key 'shape'"),
        (
            "dtype: float32",
            "dtype: vec9",
            "6:47: outputs.reading.dtype: unknown dtype 'vec9'; did you mean 'vec4'? (dtypes: {dtypes})",
        ),
        ("unit: m", "unit: 1", "6:62: outputs.reading.unit: expected text such as m or '1'; got 1"),
        (
            "unit: m",
            "units: m",
            "6:56: outputs.reading: unknown key 'units'; did you mean 'unit'? (keys: dtype, shape, unit)",
        ),
        (
            "needs: [scene]",
            "needs: scene",
            "7:8: needs: expected a list of names of capabilities; got text 'scene'",
        ),
    ],
)
def test_manifests_that_are_wrong(plugin_folder: Folder, old: str, new: str, message: str) -> None:
    assert old in MANIFEST
    folder = plugin_folder(manifest=MANIFEST.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_manifest(folder)
    expected = sorted(message.format(dtypes=", ".join(sorted(DTYPES))).splitlines())
    assert sorted(str(caught.value).replace(f"{folder}/plugin.yaml:", "").splitlines()) == expected


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path}/plugin.yaml: cannot read it: no such file")):
        read_manifest(tmp_path)


def test_plugin_paths_hold_plugins_or_are_one(plugin_folder: Folder) -> None:
    one, _ = plugin_folder("one"), plugin_folder("two")
    assert {"one", "two"} <= set(Registry([one.parent]).names)
    alone = Registry([one])
    assert "one" in alone.names
    assert "two" not in alone.names
    with pytest.raises(
        ConfigError, match=r"no plugin in .*: neither it nor a folder in it has a plugin.yaml"
    ):
        Registry([one.parent.parent])


def test_built_in_plugins_are_there() -> None:
    names = {file.parent.name for file in built_in_folder().glob("*/plugin.yaml")}
    assert names
    assert names <= set(Registry().names)
    assert all(found.manifest.name == found.folder.name for found in Registry())


def test_two_plugins_of_one_name(plugin_folder: Folder, tmp_path: Path) -> None:
    first = plugin_folder()
    second = tmp_path / "more" / "meter"
    second.parent.mkdir()
    first.rename(second)
    plugin_folder()
    message = f"two plugins are named 'meter': {first} and {second}; rename one"
    with pytest.raises(ConfigError, match=re.escape(message)):
        Registry([first.parent, second.parent])


def test_installed_plugins_are_found_without_importing_them(
    plugin_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = plugin_folder()
    package = tmp_path / "site" / "acme_plugins"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    folder.rename(package / "meter")
    monkeypatch.syspath_prepend(str(package.parent))
    importlib.invalidate_caches()
    point = metadata.EntryPoint("meter", "acme_plugins.meter", "robokern.plugins")
    monkeypatch.setattr(metadata, "entry_points", lambda **_: (point,))
    found = Registry().find("meter")
    assert found.folder == package / "meter"
    assert found.manifest.summary == "Measures nothing."
    with pytest.raises(ConfigError, match=r"cannot import plugin.py: RuntimeError: imported"):
        found.load()


def test_an_entry_point_without_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("meter", "json.tool", "robokern.plugins")
    monkeypatch.setattr(metadata, "entry_points", lambda **_: (point,))
    message = "entry point meter = json.tool of robokern.plugins: no plugin.yaml in that package"
    with pytest.raises(ConfigError, match=re.escape(message)):
        Registry()


def test_unknown_names() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown plugin 'lidr'; did you mean 'lidar'\? \(plugins: .*lidar"
    ):
        Registry().load("lidr")


def test_a_plugin_is_its_own_package(plugin_folder: Folder) -> None:
    folder = plugin_folder(plugin="from .kernels import ANSWER\n" + PLUGIN)
    (folder / "kernels.py").write_text("ANSWER = 42\n")
    found = Registry([folder]).find("meter")
    assert found.load().__name__ == "Meter"
    assert found.load() is found.load()
    assert found.module("kernels").ANSWER == 42


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Registry([folder]).load("meter")
    return str(caught.value).replace(str(folder), "meter")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "class Meter",
            "class Metre",
            "3:8: entry: unknown class 'Meter'; did you mean 'Metre'? (plugin classes in plugin.py: Metre)",
        ),
        ("Sensor", "Contact", "2:7: role: the manifest says sensor, class Meter is a contact"),
        ("Sensor", "Plugin", "2:7: role: the manifest says sensor, class Meter is a bare Plugin"),
        ("    Config = Config\n", "", "3:8: entry: class Meter has no Config that is a rk.PluginConfig"),
        (
            "import numpy",
            "import nump",
            "3:8: entry: cannot import plugin.py: ModuleNotFoundError: No module named 'nump' (at meter/plugin.py:3)",
        ),
        (
            "class Config",
            "clas Config",
            "3:8: entry: cannot import plugin.py: SyntaxError: invalid syntax (plugin.py, line 10) (at meter/plugin.py:10)",
        ),
    ],
)
def test_classes_that_disagree_with_the_manifest(
    plugin_folder: Folder, old: str, new: str, message: str
) -> None:
    assert old in PLUGIN
    assert refusal(plugin_folder(plugin=PLUGIN.replace(old, new))) == f"meter/plugin.yaml:{message}"


def test_reading_manifests_imports_no_plugin_and_no_pydantic(plugin_folder: Folder) -> None:
    folder = plugin_folder(plugin="raise RuntimeError")
    code = f"""
import sys
from pathlib import Path
from robokern.plugin.registry import Registry
print([found.manifest.summary for found in Registry([Path({str(folder)!r})]) if found.folder.name == 'meter'])
print([name for name in ('pydantic', 'mujoco', 'zarr', 'rich', 'matplotlib') if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['Measures nothing.']\n[]\n"


def test_every_built_in_plugin_agrees_with_its_manifest() -> None:
    def role(found: Any) -> str:
        manifest: Manifest = found.manifest
        assert found.load().role == manifest.role
        return manifest.role

    assert {role(found) for found in Registry() if found.folder.parent == built_in_folder()}
