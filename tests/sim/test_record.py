"""A recording gives back every sample, through xarray, also after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from robokern.errors import ConfigError
from robokern.sim import record
from robokern.sim.record import Recording, Variable

xarray = pytest.importorskip("xarray", reason="opens the recording as a user would; in the test extra")

VARIABLES = {"ranges": Variable(("worlds", "columns"), "m", "distance"), "hits": Variable(("worlds",), "1")}


def sample(step: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(step)
    return {
        "ranges": generator.random((3, 7)).astype(np.float32),
        "hits": generator.integers(0, 9, 3, dtype=np.int32),
    }


def write(path: Path, steps: int, expected: int) -> None:
    with Recording(path, {"seed": 7}) as recording:
        angles = np.linspace(-1.0, 1.0, 7)
        recording.add(
            "lidar",
            VARIABLES,
            sample(0),
            expected,
            {"azimuth": ("columns", angles, "deg")},
            {"type": "lidar"},
        )
        for step in range(1, steps + 1):
            recording.append("lidar", step, 0.1 * step, sample(step))


@pytest.mark.parametrize("expected", [1, 40, 1000], ids=["grows", "fits", "is cut"])
def test_every_sample_comes_back(tmp_path: Path, expected: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record, "CHUNK_SAMPLES", 16)
    write(tmp_path / "r.zarr", 40, expected)
    data = xarray.open_zarr(tmp_path / "r.zarr", group="lidar")
    assert data.ranges.dims == ("time", "worlds", "columns")
    assert data.ranges.attrs == {"units": "m", "long_name": "distance"}
    assert data.azimuth.attrs["units"] == "deg"
    np.testing.assert_array_equal(data.step, np.arange(1, 41))
    np.testing.assert_allclose(data.time, 0.1 * np.arange(1, 41))
    np.testing.assert_array_equal(data.ranges, [sample(step)["ranges"] for step in range(1, 41)])
    np.testing.assert_array_equal(data.hits, [sample(step)["hits"] for step in range(1, 41)])


def test_components_of_a_vector_get_a_dimension(tmp_path: Path):
    with Recording(tmp_path / "r.zarr") as recording:
        arrays = {"points": np.zeros((3, 2, 3), np.float32)}
        recording.add("lidar", {"points": Variable(("worlds", "columns"), "m")}, arrays, 1)
        recording.append("lidar", 1, 0.1, arrays)
    data = xarray.open_zarr(tmp_path / "r.zarr", group="lidar")
    assert data.points.dims == ("time", "worlds", "columns", "points_component")


def test_a_group_without_samples_is_readable(tmp_path: Path):
    write(tmp_path / "r.zarr", 0, 10)
    assert xarray.open_zarr(tmp_path / "r.zarr", group="lidar").sizes["time"] == 0


def test_the_appended_array_may_change_afterwards(tmp_path: Path):
    with Recording(tmp_path / "r.zarr") as recording:
        array = np.ones(2, np.float32)
        recording.add("a", {"x": Variable(("worlds",))}, {"x": array}, 2)
        recording.append("a", 1, 0.1, {"x": array})
        array[:] = 5.0
    np.testing.assert_array_equal(xarray.open_zarr(tmp_path / "r.zarr", group="a").x, [[1.0, 1.0]])


def test_an_output_cannot_be_called_time(tmp_path: Path):
    x = {"time": np.zeros(2, np.float32)}
    with Recording(tmp_path / "r.zarr") as recording, pytest.raises(ConfigError, match="rename the output"):
        recording.add("a", {"time": Variable(("worlds",))}, x, 1)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import numpy as np
    from robokern.sim import record
    record.CHUNK_SAMPLES = 8
    recording = record.Recording(Path(sys.argv[1]))
    recording.create()
    x = np.zeros(4, np.float32)
    recording.add("a", {"x": record.Variable(("worlds",))}, {"x": x}, 100)
    for step in range(1, 21):
        recording.append("a", step, 0.1 * step, {"x": x + step})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_a_readable_store(tmp_path: Path):
    path = tmp_path / "r.zarr"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path)], env=os.environ, check=False
    )
    assert done.returncode == -signal.SIGKILL
    data = xarray.open_zarr(path, group="a", consolidated=False)
    kept = data.isel(time=np.flatnonzero(~np.isnan(data.time.values)))
    np.testing.assert_array_equal(kept.step, np.arange(1, 17))
    np.testing.assert_array_equal(kept.x[:, 0], np.arange(1.0, 17.0))
