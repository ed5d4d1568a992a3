"""Bad input to the quickstart: one located sentence, exit code 2, no traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray

from robokern.cli.main import main
from robokern.plugin.registry import Registry

ROOT = Path(__file__).parents[2]
QUICKSTART = (ROOT / "configs" / "quickstart.yaml").read_text()
Check = Callable[..., str]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks the quickstart with one passage replaced; gives what is on stderr."""

    def run(old: str, new: str, *words: str) -> str:
        assert QUICKSTART.count(old) == 1
        (tmp_path / "configs").mkdir()
        (tmp_path / "scenes").symlink_to(ROOT / "scenes")
        (tmp_path / "configs" / "quickstart.yaml").write_text(QUICKSTART.replace(old, new))
        monkeypatch.chdir(tmp_path)
        code = main(["check", "configs/quickstart.yaml", "--set", "host.worlds=2", *words])
        printed = capsys.readouterr()
        assert (code, printed.out) == (2, "")
        return printed.err

    return run


def line_of(text: str) -> int:
    return QUICKSTART[: QUICKSTART.index(text)].count("\n") + 1


RANGE = "max_range: 12.0                     # [m]"
AT_RANGE = f"configs/quickstart.yaml:{line_of(RANGE)}"


def test_unknown_key(check: Check) -> None:
    message = check(RANGE, "max_rang: 12.0")
    start = f"{AT_RANGE}:5: plugins.roof_lidar: unknown key 'max_rang'; did you mean 'max_range'? (keys: azimuths_deg, "
    assert message.startswith(start)
    assert message.count("\n") == 1


def test_wrong_type(check: Check) -> None:
    expected = f"{AT_RANGE}:16: plugins.roof_lidar.max_range: expected a number [m]; got text 'far'\n"
    assert check(RANGE, "max_range: far") == expected


def test_negative_range(check: Check) -> None:
    expected = (
        f"{AT_RANGE}:16: plugins.roof_lidar.max_range: expected a number greater than 0 [m]; got -12.0\n"
    )
    assert check(RANGE, "max_range: -12.0") == expected


def test_override(check: Check) -> None:
    override = "plugins.roof_lidar.max_range=abc"
    expected = f"--set {override}: plugins.roof_lidar.max_range: expected a number [m]; got text 'abc'\n"
    assert check(RANGE, RANGE, "--set", override) == expected


def test_missing_body(check: Check) -> None:
    body = "    body: base\n    position"
    message = check(body, "    body: bose\n    position")
    place = f"configs/quickstart.yaml:{line_of(body)}:11: plugins.roof_lidar.body: "
    assert message.startswith(place + "no body matches 'bose'; did you mean 'base'? choose from: world, ")
    assert message.count("\n") == 1


def test_missing_scene_file(check: Check, tmp_path: Path) -> None:
    place = f"configs/quickstart.yaml:{line_of('  model:')}:10: host.model: "
    expected = f"no such file '../scenes/nowhere.xml'; looked for {tmp_path}/scenes/nowhere.xml\n"
    assert check("../scenes/quickstart/scene.xml", "../scenes/nowhere.xml") == place + expected


def test_unknown_plugin(check: Check) -> None:
    place = f"configs/quickstart.yaml:{line_of('type: lidar')}:11: plugins.roof_lidar.type: "
    expected = f"unknown plugin 'lydar'; did you mean 'lidar'? (plugins: {', '.join(Registry().names)})\n"
    assert check("type: lidar", "type: lydar") == place + expected


def test_duplicate_key(check: Check) -> None:
    again = line_of(RANGE) + 1
    lines = f"first on line {again - 1}, again on line {again}; keep one\n"
    expected = f"configs/quickstart.yaml:{again}:5: plugins.roof_lidar.max_range: given twice: {lines}"
    assert check(RANGE, "max_range: 12.0\n    max_range: 15.0") == expected


def test_no_is_not_false(check: Check) -> None:
    expected = f"{AT_RANGE}:23: plugins.roof_lidar.exclude_own_body: expected true or false; got text 'no'; write false\n"
    assert check(RANGE, "exclude_own_body: no") == expected


def test_leading_zero(check: Check) -> None:
    reading = "write 10 for the number, 0o10 for octal, '010' in quotes for text"
    expected = f"{AT_RANGE}:16: plugins.roof_lidar.max_range: '010' has a leading zero; {reading}\n"
    assert check(RANGE, "max_range: 010") == expected


def test_1e_3_is_a_number(check: Check) -> None:
    # read as 0.001, so that only the mistake beside it is reported
    expected = (
        f"{AT_RANGE}:16: plugins.roof_lidar.max_range: expected a number greater than 0 [m]; got -0.001\n"
    )
    assert check(RANGE, "max_range: -1e-3") == expected


def test_the_host_is_unknown(check: Check) -> None:
    place = f"configs/quickstart.yaml:{line_of('type: mujoco')}:9: host.type: "
    expected = "unknown host 'mujco'; did you mean 'mujoco'? (hosts: mujoco, recorded)\n"
    assert check("type: mujoco", "type: mujco") == place + expected


def test_several_mistakes_are_several_lines(check: Check) -> None:
    message = check(RANGE, "max_range: -1\n    fov: 3")
    assert re.findall(r"quickstart.yaml:(\d+):(\d+): ", message) == [
        (str(line_of(RANGE)), "16"),
        (str(line_of(RANGE) + 1), "5"),
    ]


PLUGIN = """\
import robokern as rk


class Config(rk.PluginConfig):
    gain: float = rk.field(1.0)


class Probe(rk.Sensor):
    Config = Config

    def setup(self, world):
        self.outputs["value"] = rk.zeros(world.num_worlds)

    def after_step(self, frame):
        {body}
"""
MANIFEST = """\
name: probe
role: {role}
entry: plugin:Probe
summary: For tests.
outputs:
  value: {{shape: [worlds], dtype: {dtype}, unit: m}}
"""


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Writes a run file of a plugin `probe`; gives the words of a short run."""

    def write(
        role: str = "sensor", dtype: str = "float32", body: str = "pass", kernels: str = ""
    ) -> list[str]:
        folder = tmp_path / "mine" / "probe"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(MANIFEST.format(role=role, dtype=dtype))
        (folder / "plugin.py").write_text(PLUGIN.format(body=body))
        (folder / "kernels.py").write_text(kernels)
        run = f"duration: 0.05\noutput: out\nhost: {{type: mujoco, model: {ROOT}/scenes/quickstart/scene.xml}}\n"
        run += "plugin_paths: [mine]\nplugins:\n  mine: {type: probe}\n"
        (tmp_path / "run.yaml").write_text(run)
        monkeypatch.chdir(tmp_path)
        return ["run", "run.yaml"]

    return write


Probe = Callable[..., list[str]]


def test_manifest_and_class_disagree(
    probe: Probe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(probe(role="contact")) == 2
    place = f"{tmp_path}/mine/probe/plugin.yaml:2:7: role: "
    assert capsys.readouterr().err == place + "the manifest says contact, class Probe is a sensor\n"


def test_manifest_and_outputs_disagree(
    probe: Probe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(probe(dtype="vec3")) == 2
    place = f"{tmp_path}/mine/probe/plugin.yaml:6:35: outputs.value.dtype: "
    assert capsys.readouterr().err == place + "the manifest says vec3, setup() allocated float32\n"


KERNEL = """\
import robokern as rk


@rk.kernel
def fill(value: rk.array(dtype=float)):
    i = rk.tid()
    value[i] = rk.vec3(1.0, 2.0, 3.0) + 0.5
"""


def test_a_kernel_with_a_type_error(probe: Probe, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "from .kernels import fill; rk.launch(fill, dim=1, outputs=[self.outputs['value']])"
    assert main(probe(body=body, kernels=KERNEL)) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"{tmp_path}/mine/probe/kernels.py:7:16: ")
    assert "Traceback" not in message
    assert "    value[i] = rk.vec3(1.0, 2.0, 3.0) + 0.5\n" in message


def test_a_plugin_that_raises_names_itself_and_its_recording_is_kept(
    probe: Probe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(probe(body="self.outputs['value'].fill_(10.0 * frame.step); assert frame.step < 3, 'too far'"))
        == 1
    )
    expected = "plugin 'mine' failed in after_step at step 3: AssertionError: too far"
    assert capsys.readouterr().err.splitlines()[-1] == expected
    recorded = xarray.open_zarr("out/recording.zarr", group="mine")
    assert recorded["value"].values.tolist() == [[10.0], [20.0]]
    assert not json.loads(Path("out/summary.json").read_text())["completed"]
