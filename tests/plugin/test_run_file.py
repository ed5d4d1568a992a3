"""Each mistake in a run file is one sentence: where, what was expected, what came, the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robokern.errors import ConfigError, PluginError
from robokern.plugin.config import parse
from robokern.plugin.mistakes import ConfigErrors
from robokern.plugin.registry import Registry
from robokern.plugin.run_file import load
from robokern.world.world import World

RIGHT = """\
seed: 7
duration: 5.0
host:
  type: fake
  model: scene.xml
plugin_paths: [plugins]
plugins:
  front:
    type: meter
    body: base
"""


def world(**changes: Any) -> World:
    facts: dict[str, Any] = {
        "host": "fake",
        "num_worlds": 2,
        "timestep": 0.01,
        "gravity": (0.0, 0.0, -9.81),
        "bodies": ("world", "base", "leg"),
    }
    return World(**{**facts, **changes})


def test_a_right_file(run_file: Callable[[str], str], hosts: Any, tmp_path: Path) -> None:
    run = load(run_file(RIGHT), ["plugins.front.max_range=20", "host.worlds=8"], hosts=hosts)
    assert (run.seed, run.duration, run.device, run.output) == (7, 5.0, "cpu", Path("out"))
    assert run.host.type == "fake"
    assert run.host.settings.model == tmp_path / "scene.xml"
    assert (run.host.settings.worlds, run.host.settings.timestep) == (8, None)
    front = run.plugins["front"]
    assert (front.name, front.config.max_range, front.config.offset) == ("front", 20.0, (0.0, 0.0, 0.0))


def test_the_resolved_file_says_the_same(
    run_file: Callable[[str], str], hosts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(run_file(RIGHT), hosts=hosts)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path("resolved.yaml").write_text(first.to_yaml())
    second = load("resolved.yaml", hosts=hosts)
    assert second.resolved == first.resolved == parse(first.to_yaml(), "f").value
    assert second.plugins["front"].config == first.plugins["front"].config
    assert first.resolved["plugins"]["front"]["max_range"] == 10.0


# what replaces a line of RIGHT (or is added after it), and the sentence it gives
MISTAKES = [
    (
        "    body: base",
        "    body: base\n    max_rnge: 3",
        "run.yaml:11:5: plugins.front: unknown key 'max_rnge'; did you mean 'max_range'? "
        "(keys: body, channels, max_range, no_hit, noisy, offset, table)",
    ),
    (
        "    body: base",
        "    body: base\n    max_range: abc",
        "run.yaml:11:16: plugins.front.max_range: expected a number [m]; got text 'abc'",
    ),
    (
        "    body: base",
        "    body: base\n    max_range: -5",
        "run.yaml:11:16: plugins.front.max_range: expected a number greater than 0 [m]; got -5",
    ),
    (
        "    body: base",
        "    body: base\n    max_range: '5'",
        "run.yaml:11:16: plugins.front.max_range: expected a number [m]; got text '5'; write 5 without quotes",
    ),
    (
        "    body: base",
        "    body: base\n    channels: 2.5",
        "run.yaml:11:15: plugins.front.channels: expected a whole number; got 2.5",
    ),
    (
        "    body: base",
        "    body: base\n    channels: 65",
        "run.yaml:11:15: plugins.front.channels: expected a whole number of at most 64; got 65",
    ),
    (
        "    body: base",
        "    body: base\n    noisy: no",
        "run.yaml:11:12: plugins.front.noisy: expected true or false; got text 'no'; write false",
    ),
    (
        "    body: base",
        "    body: base\n    noisy: 1",
        "run.yaml:11:12: plugins.front.noisy: expected true or false; got 1",
    ),
    (
        "    body: base",
        "    body: base\n    channels: 010",
        "run.yaml:11:15: plugins.front.channels: '010' has a leading zero; write 10 for the number, 0o10 for octal, "
        "'010' in quotes for text",
    ),
    (
        "    body: base",
        "    body: base\n    body: leg",
        "run.yaml:11:5: plugins.front.body: given twice: first on line 10, again on line 11; keep one",
    ),
    (
        "    body: base",
        "    body: base\n    offset: [1, 2]",
        "run.yaml:11:13: plugins.front.offset: expected at least 3 values; got 2",
    ),
    (
        "    body: base",
        "    body: base\n    offset: [1, x, 2]",
        "run.yaml:11:17: plugins.front.offset[1]: expected a number [m]; got text 'x'",
    ),
    (
        "    body: base",
        "    body: base\n    no_hit: far",
        "run.yaml:11:13: plugins.front.no_hit: expected a number or one of inf, max [m]; got text 'far'",
    ),
    (
        "    body: base",
        "    body: base\n    max_range: .inf",
        "run.yaml:11:16: plugins.front.max_range: expected a finite number [m]; got inf",
    ),
    (
        "    body: base",
        "    body: base\n    table: []",
        "run.yaml:11:12: plugins.front.table: expected at least 1 values; got a list of 0",
    ),
    ("    body: base", "    body: 5", "run.yaml:10:11: plugins.front.body: expected text; got 5; write '5' in quotes"),
    (
        "    body: base",
        "    channels: 3",
        "run.yaml:8:3: plugins.front: missing key 'body' (body that carries it)",
    ),
    (
        "    type: meter",
        "    type: metre",
        "run.yaml:9:11: plugins.front.type: unknown plugin 'metre'; did you mean 'meter'? (plugins: {plugins})",
    ),
    (
        "    type: meter",
        "    channels: 3",
        "run.yaml:8:3: plugins.front: missing key 'type' (plugins: {plugins})",
    ),
    (
        "  front:",
        "  front left:",
        "run.yaml:8:3: plugins: expected a name of letters, digits and _; got 'front left'",
    ),
    (
        "  type: fake",
        "  type: fak",
        "run.yaml:4:9: host.type: unknown host 'fak'; did you mean 'fake'? (hosts: fake)",
    ),
    (
        "  model: scene.xml",
        "  model: nowhere.xml",
        "run.yaml:5:10: host.model: no such file 'nowhere.xml'; looked for {here}/nowhere.xml",
    ),
    ("  model: scene.xml", "  worlds: 3", "run.yaml:3:1: host: missing key 'model' (a file)"),
    (
        "  model: scene.xml",
        "  model: scene.xml\n  worlds: 0",
        "run.yaml:6:11: host.worlds: expected a whole number of at least 1; got 0",
    ),
    (
        "  model: scene.xml",
        "  model: scene.xml\n  timestep: 0",
        "run.yaml:6:13: host.timestep: expected a number greater than 0 [s]; got 0",
    ),
    ("duration: 5.0", "duration: -1", "run.yaml:2:11: duration: expected a number greater than 0 [s]; got -1"),
    ("duration: 5.0", "", "run.yaml:1:1: missing key 'duration' (simulated time)"),
    ("seed: 7", "sead: 7", "run.yaml:1:1: unknown key 'sead'; did you mean 'seed'? "
     "(keys: capture, device, duration, host, output, plugin_paths, plugins, seed)"),
    ("seed: 7", "device: gpu", "run.yaml:1:9: device: expected auto, cpu, ref or cuda:N; got text 'gpu'"),
    (
        "plugin_paths: [plugins]",
        "plugin_paths: [.]",
        "run.yaml:6:15: plugin_paths: no plugin in {here}: neither it nor a folder in it has a plugin.yaml",
    ),
    (
        "plugin_paths: [plugins]",
        "plugin_paths: [plugins, plugin]",
        "run.yaml:6:25: plugin_paths[1]: no such file 'plugin'; looked for {here}/plugin",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("line", "instead", "message"), MISTAKES)
def test_mistakes(
    run_file: Callable[[str], str], hosts: Any, tmp_path: Path, line: str, instead: str, message: str
) -> None:
    file = run_file(RIGHT.replace(line, instead, 1))
    with pytest.raises(ConfigError) as caught:
        load(file, hosts=hosts)
    plugins = ", ".join(Registry([Path("plugins")]).names)
    assert str(caught.value) == message.format(here=tmp_path, plugins=plugins)


def test_every_mistake_is_reported_in_the_files_order(run_file: Callable[[str], str], hosts: Any) -> None:
    file = run_file(
        RIGHT.replace("5.0", "0").replace("body: base", "boddy: 1").replace("type: fake", "type: x")
    )
    with pytest.raises(ConfigErrors) as caught:
        load(file, hosts=hosts)
    assert [(e.line, e.column) for e in caught.value.errors] == [(2, 11), (4, 9), (8, 3), (10, 5)]
    assert str(caught.value).count("\n") == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "plugins.front.max_range=abc",
            "--set plugins.front.max_range=abc: plugins.front.max_range: expected a number [m]; got text 'abc'",
        ),
        (
            "plugins.front.fov=3",
            "--set plugins.front.fov=3: plugins.front: unknown key 'fov' "
            "(keys: body, channels, max_range, no_hit, noisy, offset, table)",
        ),
        (
            "host.model=x.xml",
            "--set host.model=x.xml: host.model: no such file 'x.xml'; looked for {here}/x.xml",
        ),
    ],
)
def test_overrides_are_located(
    run_file: Callable[[str], str], hosts: Any, tmp_path: Path, override: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(run_file(RIGHT), [override], hosts=hosts)
    assert str(caught.value) == message.format(here=tmp_path)


def test_paths_start_at_the_file_and_overrides_at_the_current_directory(
    run_file: Callable[[str], str], hosts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_file(RIGHT)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "other.xml").write_text("<mujoco/>")
    monkeypatch.chdir(inner)
    assert load("../run.yaml", hosts=hosts).host.settings.model == tmp_path / "scene.xml"
    assert (
        load("../run.yaml", ["host.model=other.xml"], hosts=hosts).host.settings.model == inner / "other.xml"
    )


def setup(file: str, hosts: Any, **changes: Any) -> Any:
    run = load(file, hosts=hosts)
    run.setup(run.plugins["front"], world(**changes))
    return run.plugins["front"]


def test_setup(run_file: Callable[[str], str], hosts: Any) -> None:
    front = setup(run_file(RIGHT), hosts)
    assert (front.body, front.outputs["reading"].shape) == ([1], (2, 4))


def test_a_missing_body_is_located(run_file: Callable[[str], str], hosts: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        setup(run_file(RIGHT.replace("body: base", "body: bse")), hosts)
    expected = "run.yaml:10:11: plugins.front.body: no body matches 'bse'; did you mean 'base'? choose from: "
    assert str(caught.value) == expected + "world, base, leg"


def rewrite(file: str, old: str, new: str) -> None:
    path = Path("plugins/meter") / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_error_that_names_its_key_is_located(run_file: Callable[[str], str], hosts: Any) -> None:
    file = run_file(RIGHT + "    channels: 3\n")
    raising = (
        'from robokern.errors import ConfigError\n        raise ConfigError("channels: expected 4; got 3")'
    )
    rewrite("plugin.py", 'self.body = world.select("body", self.config.body)', raising)
    with pytest.raises(ConfigError) as caught:
        setup(file, hosts)
    assert str(caught.value) == "run.yaml:11:15: plugins.front.channels: expected 4; got 3"


def test_what_the_host_cannot_give_is_refused(run_file: Callable[[str], str], hosts: Any) -> None:
    file = run_file(RIGHT)
    rewrite("plugin.yaml", "needs: [scene]", "needs: [scene, wrench]")
    with pytest.raises(ConfigError) as caught:
        setup(file, hosts, capabilities=frozenset({"disable_contact"}))
    message = "run.yaml:9:11: plugins.front.type: meter needs 'wrench'; host fake offers disable_contact"
    assert str(caught.value) == message
    setup(file, hosts, capabilities=frozenset({"wrench"}))


def test_any_other_failure_names_plugin_and_stage(run_file: Callable[[str], str], hosts: Any) -> None:
    file = run_file(RIGHT)
    rewrite("plugin.py", 'self.body = world.select("body", self.config.body)', "1 / 0")
    with pytest.raises(PluginError) as caught:
        setup(file, hosts)
    assert (
        str(caught.value) == "plugin 'front' failed in setup at step 0: ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[worlds, channels]", "[worlds, 5]", "{manifest}:6:20: outputs.reading.shape: the manifest says [2, 5], setup() allocated [2, 4]"),
        ("[worlds, channels]", "[worlds]", "{manifest}:6:20: outputs.reading.shape: the manifest says [2], setup() allocated [2, 4]"),
        ("[worlds, channels]", "[worlds, worlds]", "{manifest}:6:20: outputs.reading.shape: the manifest says [2, 2], setup() allocated [2, 4]"),
        ("float32", "vec3", "{manifest}:6:47: outputs.reading.dtype: the manifest says vec3, setup() allocated float32"),
        ("  reading:", "  readings:", "{manifest}:6:3: outputs: declares readings; setup() allocated reading"),
    ],
)  # fmt: skip
def test_outputs_that_differ_from_the_manifest(
    run_file: Callable[[str], str], hosts: Any, tmp_path: Path, old: str, new: str, message: str
) -> None:
    file = run_file(RIGHT)
    rewrite("plugin.yaml", old, new)
    with pytest.raises(ConfigError) as caught:
        setup(file, hosts)
    assert str(caught.value) == message.format(manifest=tmp_path / "plugins/meter/plugin.yaml")
