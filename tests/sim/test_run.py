"""The demo through the command line, its files, and the same bits again."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from robokern.sim.run import run_file

pytest.importorskip("mujoco", reason="the demo's simulator")
xarray = pytest.importorskip("xarray", reason="opens the recording as a user would; in the test extra")
zarr = pytest.importorskip("zarr", reason="the recording's format")

# half a second, in which friction changes too
SHORT = ("duration=0.5", "plugins.slippery_feet.interval_range_s=[0.1, 0.2]")
ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "configs" / "quickstart.yaml"


def robokern(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "robokern.cli.main", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def run(folder: Path, *settings: str, file: Path = QUICKSTART) -> Path:
    """Runs a file and gives its output folder."""
    output = folder / "out"
    changes = [word for setting in (f"output={output}", *settings) for word in ("--set", setting)]
    done = robokern("run", str(file), *changes, folder=folder)
    assert done.returncode == 0, done.stderr
    return output


def run_here(folder: Path, *settings: str, file: Path = QUICKSTART) -> Path:
    """The same in this process and without pictures."""
    return run_file(file, [f"output={folder}", *settings]).folder


def recorded(output: Path) -> dict[str, np.ndarray]:
    """Every array of a recording by its path."""
    root = zarr.open_group(str(output / "recording.zarr"), mode="r")
    return {f"{name}/{key}": array[:] for name, group in root.groups() for key, array in group.arrays()}


def assert_same_bits(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for key in a:
        assert a[key].tobytes() == b[key].tobytes(), key


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, all 64 worlds, its first 0.5 s."""
    return run(tmp_path_factory.mktemp("demo"), *SHORT)


def test_the_demo_leaves_its_files(demo: Path):
    assert {path.name for path in demo.iterdir()} == {
        "recording.zarr",
        "config.yaml",
        "summary.json",
        "roof_lidar_range_image.png",
        "roof_lidar_from_above.png",
    }


def test_the_demo_recording_opens_in_xarray(demo: Path):
    data = xarray.open_zarr(demo / "recording.zarr", group="roof_lidar")
    assert dict(data.ranges.sizes) == {"time": 5, "worlds": 64, "channels": 16, "columns": 180}
    assert data.points.dims == ("time", "worlds", "channels", "columns", "points_component")
    assert data.ranges.attrs["units"] == "m"
    assert data.azimuth.attrs["units"] == "deg"
    np.testing.assert_allclose(data.time, [0.1, 0.2, 0.3, 0.4, 0.5])
    hits = np.isfinite(data.ranges.values)
    assert 0.5 < hits.mean() < 1.0
    distance = np.linalg.norm(data.points.values - data.pose.values[:, :, None, None, :3], axis=-1)
    np.testing.assert_allclose(distance[hits], data.ranges.values[hits], rtol=1e-4, atol=1e-4)


def test_the_demo_robot_stands_on_the_plugin_contact(demo: Path):
    data = xarray.open_zarr(demo / "recording.zarr", group="feet")
    assert data.sizes["time"] == 250
    # weight of 14.5 kg +- 15 % payload, averaged over the steps after landing
    weight = data.force.values[100:, :, :, 2].sum(axis=2).mean(axis=0)
    assert (weight > 0.6 * 14.5 * 9.81).all()
    assert (weight < 1.4 * 14.5 * 9.81).all()
    assert data.penetration.values.max() < 0.05


def test_the_demo_summary(demo: Path):
    summary = json.loads((demo / "summary.json").read_text())
    assert summary["completed"] is True
    assert (summary["worlds"], summary["steps"], summary["seed"]) == (64, 250, 7)
    assert summary["parts"]["roof_lidar"]["rays_per_s"] > 0
    assert {"roof_lidar", "feet", "slippery_feet", "payload", "simulator"} <= set(summary["parts"])
    assert summary["pictures"] == ["roof_lidar_range_image.png", "roof_lidar_from_above.png"]


def test_the_demo_pictures_are_pictures(demo: Path):
    from matplotlib.image import imread

    for picture in demo.glob("*.png"):
        pixels = imread(picture)[..., :3]
        assert min(pixels.shape[:2]) > 300
        assert pixels.reshape(-1, 3).std() > 0.1, "nearly one colour"


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path):
    settings = ("duration=0.3", "host.worlds=8")
    first = recorded(run(tmp_path, *settings))
    assert_same_bits(first, recorded(run_here(tmp_path / "second", *settings)))
    other = recorded(run_here(tmp_path / "third", *settings, "seed=8"))
    assert (first["payload/mass"] != other["payload/mass"]).all()


def test_the_resolved_config_gives_the_same_bits(tmp_path: Path):
    settings = ("duration=0.2", "host.worlds=2", "plugins.roof_lidar.max_range=5")
    output = run_here(tmp_path / "first", *settings)
    again = run_here(tmp_path / "second", file=output / "config.yaml")
    assert_same_bits(recorded(output), recorded(again))


def test_world_three_has_the_same_bits_among_eight_and_among_sixty_four(tmp_path: Path, demo: Path):
    few, many = recorded(run_here(tmp_path, *SHORT, "host.worlds=8")), recorded(demo)
    per_world = [key for key, array in few.items() if array.ndim > 1 and array.shape[1] == 8]
    assert {key.split("/")[0] for key in per_world} == {"roof_lidar", "feet", "payload", "slippery_feet"}
    for key in per_world:
        # an interval randomizer is recorded whenever any world draws, so the times differ
        if key.startswith("slippery_feet/"):
            assert few[key][-1, 3].tobytes() == many[key][-1, 3].tobytes()
        else:
            assert few[key][:, 3].tobytes() == many[key][:, 3].tobytes(), key


BROKEN = """
    import robokern as rk

    class Config(rk.PluginConfig):
        step: int = 3

    class Broken(rk.Sensor):
        Config = Config

        def setup(self, world):
            self.outputs["age"] = rk.zeros(1, dtype=float, device=world.device)

        def after_step(self, frame):
            if frame.step == self.config.step:
                raise RuntimeError("the sensor fell off")
"""


def test_a_plugin_that_raises_mid_run(tmp_path: Path):
    plugin = tmp_path / "broken"
    plugin.mkdir()
    (plugin / "plugin.py").write_text(textwrap.dedent(BROKEN))
    (plugin / "plugin.yaml").write_text(
        "name: broken\nrole: sensor\nentry: plugin:Broken\nsummary: Raises.\n"
        "outputs:\n  age: {shape: [n], dtype: float32, unit: s}\n"
    )
    words = ["host.worlds=2", "duration=0.5", f"plugin_paths=[{plugin}]", "output=out"]
    words += ["plugins.late={type: broken, step: 60}"]
    changes = [word for setting in words for word in ("--set", setting)]
    done = robokern("run", str(QUICKSTART), *changes, folder=tmp_path)
    assert done.returncode == 1
    assert "plugin 'late' failed in after_step at step 60: RuntimeError: the sensor fell off" in done.stderr
    assert "Traceback" not in done.stderr
    data = xarray.open_zarr(tmp_path / "out" / "recording.zarr", group="feet")
    np.testing.assert_array_equal(data.step, np.arange(1, 61))
    assert np.isfinite(data.force.values).all()
    assert xarray.open_zarr(tmp_path / "out" / "recording.zarr", group="roof_lidar").sizes["time"] == 1
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["completed"] is False


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("plugins.roof_lidar.body=bse", "did you mean 'base'"),
        ("plugins.roof_lidar.rate_hz=1000.0", "plugins.roof_lidar.rate_hz: expected more than 0 and at most"),
        ("plugins.feet.zeta=0.1", "plugins.feet"),
        ("output=/proc/nowhere", "choose another"),
    ],
)
def test_what_does_not_fit_is_one_located_line(tmp_path: Path, setting: str, message: str):
    done = robokern("run", str(QUICKSTART), "--set", "host.worlds=1", "--set", setting, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_mistake_leaves_the_last_recording_alone(tmp_path: Path):
    output = run_here(tmp_path / "out", "duration=0.1", "host.worlds=1")
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    changes = ["--set", f"output={output}", "--set", "host.worlds=1", "--set", "plugins.feet.bodies=[hand]"]
    assert robokern("run", str(QUICKSTART), *changes, folder=tmp_path).returncode == 2
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
