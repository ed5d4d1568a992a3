"""The demo as `make demo` runs it, and what the promise of equal bits means for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray

from robokern.cli.main import main
from robokern.plugin.config import read
from robokern.plugin.manifest import read_manifest
from robokern.plugin.registry import built_in_folder

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "configs" / "quickstart.yaml"
INSTANCES = {
    "roof_lidar": "lidar",
    "feet": "penalty_contact",
    "slippery_feet": "randomize_friction",
    "payload": "randomize_mass",
}


def run(output: Path, *settings: str) -> dict[str, xarray.Dataset]:
    """Runs the demo; gives the recording of each plugin."""
    words = [word for setting in (f"output={output}", *settings) for word in ("--set", setting)]
    assert main(["run", str(DEMO), *words]) == 0
    return {name: xarray.open_zarr(output / "recording.zarr", group=name).load() for name in INSTANCES}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, xarray.Dataset]]:
    """The whole demo, once: its folder and recording."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run(folder)


@pytest.mark.parametrize(("name", "kind"), INSTANCES.items())
def test_every_output_is_recorded_as_declared(
    demo: tuple[Path, dict[str, xarray.Dataset]], name: str, kind: str
) -> None:
    data = demo[1][name]
    for output, declared in read_manifest(built_in_folder() / kind).outputs.items():
        variable = data[output]
        assert variable.dims[: 1 + len(declared.shape)] == ("time", *declared.shape)
        assert variable.attrs["units"] == declared.unit
        assert variable.sizes["worlds"] == 64
        # a direction in which nothing is hit has no point
        assert output == "points" or not np.isnan(variable).any()


def test_scans_come_at_ten_hertz_and_see_the_ground(demo: tuple[Path, dict[str, xarray.Dataset]]) -> None:
    lidar = demo[1]["roof_lidar"]
    np.testing.assert_allclose(np.diff(lidar["time"]), 0.1, rtol=1e-9)
    assert lidar.sizes["time"] == 50
    downward = lidar["ranges"].where(lidar["elevation"] < -30, drop=True)
    # within 12 m there is ground below every direction that far down
    assert float(np.isfinite(downward).mean()) > 0.99


def test_points_lie_at_their_ranges(demo: tuple[Path, dict[str, xarray.Dataset]]) -> None:
    lidar = demo[1]["roof_lidar"]
    sensor = lidar["pose"].values[:, :, None, None, :3]
    distance = np.linalg.norm(lidar["points"].values - sensor, axis=-1)
    hit = np.isfinite(lidar["ranges"].values)
    assert (np.isnan(distance) == ~hit).all()
    # float32 coordinates of up to 16 m have a spacing of 1e-6 m
    np.testing.assert_allclose(distance[hit], lidar["ranges"].values[hit], atol=5e-6)


def test_feet_carry_the_robot(demo: tuple[Path, dict[str, xarray.Dataset]]) -> None:
    summed = demo[1]["feet"]["force"].sum("spheres")[..., 2]
    settled = summed.sel(time=slice(1.0, None)).mean("time")
    lightest, heaviest = float(settled.min()), float(settled.max())
    assert 0 < lightest < heaviest < 2 * lightest


def test_files_beside_the_recording(demo: tuple[Path, dict[str, xarray.Dataset]]) -> None:
    folder = demo[0]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["completed"]
    assert summary["seed"] == 7
    assert summary["pictures"]
    assert all((folder / picture).stat().st_size > 10_000 for picture in summary["pictures"])
    assert read(folder / "config.yaml").value["plugins"]["roof_lidar"]["no_hit"] == "inf"


def test_the_resolved_config_runs_to_the_same_bits(tmp_path: Path) -> None:
    short = ("duration=0.3", "host.worlds=4")
    first = run(tmp_path / "first", *short)
    assert (
        main(["run", str(tmp_path / "first" / "config.yaml"), "--set", f"output={tmp_path / 'second'}"]) == 0
    )
    for name, data in first.items():
        again = xarray.open_zarr(tmp_path / "second" / "recording.zarr", group=name).load()
        xarray.testing.assert_identical(again.drop_attrs(), data.drop_attrs())


def test_a_world_does_not_depend_on_how_many_there_are(tmp_path: Path) -> None:
    few = run(tmp_path / "few", "duration=0.3", "host.worlds=8")
    many = run(tmp_path / "many", "duration=0.3", "host.worlds=64")
    for name, data in few.items():
        for output in (v for v in data.data_vars if "worlds" in data[v].dims):
            np.testing.assert_array_equal(
                data[output].isel(worlds=3).values,
                many[name][output].isel(worlds=3).values,
                f"{name}.{output}",
            )
