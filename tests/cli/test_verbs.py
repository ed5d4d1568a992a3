"""The command line: what each verb prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robokern.cli.main import main
from robokern.cli.table import table
from robokern.plugin.registry import Registry

ROOT = Path(__file__).parents[2]
Output = pytest.CaptureFixture[str]


def test_table() -> None:
    assert table([("a", "bbb"), ("aa", "b", "c")]) == "a   bbb\naa  b    c"
    assert table([("a", "")], "  ") == "  a"


def test_list_has_every_plugin_and_output(capsys: Output) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines}
    assert rows["lidar"][0] == "sensor"
    assert rows["lidar.ranges"] == ["float32", "[worlds, channels, columns]  [m]"]
    assert {name for name in rows if "." not in name} == set(Registry().names)


def test_list_is_quick_and_imports_no_plugin() -> None:
    code = """
import sys
from robokern.cli.main import main
main(["list"])
heavy = ("pydantic", "mujoco", "zarr", "rich", "matplotlib", "scipy", "warp")
print([name for name in sys.modules if name in heavy or name.startswith("robokern_plugins.")], file=sys.stderr)
"""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - start)
    assert done.stderr == "[]\n"
    # 0.3 s is the aim; the best of three leaves out what else the machine does
    assert min(times) < 0.6


def test_list_shows_a_broken_plugin_and_the_others(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "plugin.yaml").write_text("name: broken\nrole: sensor\nentry: plugin:Broken\n")
    assert main(["list", "--path", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "lidar.ranges" in printed.out
    assert printed.err == f"{folder}/plugin.yaml:1:1: missing key 'summary'\n"


def test_show_a_plugin(capsys: Output) -> None:
    assert main(["show", "lidar"]) == 0
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.split()[:1] == ["max_range"])
    assert row.split() == [
        "max_range",
        "number",
        "[m]",
        "30",
        ">",
        "0",
        "farthest",
        "distance",
        "that",
        "is",
        "measured",
    ]
    assert printed.startswith("lidar: sensor\n")
    assert "\nneeds scene" in printed


def test_show_a_host(capsys: Output) -> None:
    assert main(["show", "mujoco"]) == 0
    assert "gait_ramp" in capsys.readouterr().out


def test_show_an_unknown_name(capsys: Output) -> None:
    assert main(["show", "lidr"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("unknown plugin or host 'lidr'; did you mean 'lidar'? (there are: ")
    assert message.count("\n") == 1


def test_schema_covers_the_quickstart(capsys: Output) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    titles = {s["title"] for s in schema["properties"]["plugins"]["additionalProperties"]["oneOf"]}
    assert titles == set(Registry().names)


def test_check(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check", "configs/quickstart.yaml", "--set", "host.worlds=3"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("configs/quickstart.yaml: ok: host mujoco with 3 worlds; roof_lidar (lidar), ")


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list", "--help"]])
def test_help(words: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert "usage: robokern" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["lst"], ["check"], ["run", "--sett", "x"]])
def test_words_that_are_wrong(words: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "robokern" in capsys.readouterr().err


def test_no_words_show_the_verbs(capsys: Output) -> None:
    assert main([]) == 2
    assert "check     whether a run file is right" in capsys.readouterr().err


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = f"{sys.executable} -m robokern.cli.main schema | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


@pytest.mark.parametrize(
    "command", [[Path(sys.executable).parent / "robokern"], [sys.executable, "-m", "robokern"]], ids=str
)
def test_the_command_is_installed(command: list[str | Path]) -> None:
    done = subprocess.run([*command, "check", "nowhere.yaml"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nowhere.yaml: cannot read it: no such file\n"
