"""Every example runs and says what it did."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from robokern.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *args: object) -> None:
    runpy.run_path(str(EXAMPLES / name))["main"](*args)


def test_particles(capsys: pytest.CaptureFixture[str]) -> None:
    run("particles.py", 1000, 100)
    text = capsys.readouterr().out
    # v0 <= 6 m/s: never above v0^2 / 2g = 1.83 m
    assert text.startswith("after 1.0 s: 1000 particles, highest at ")
    assert 0.0 <= float(text.split("highest at ")[1].split(" ")[0]) <= 1.84


def test_depth_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("depth_image.py", str(tmp_path / "depth.png"), 60, 80)
    text = capsys.readouterr().out
    assert (tmp_path / "depth.png").stat().st_size > 1000
    # the torus reaches 1.4 m from its centre, the camera is 3 m away
    assert 1.6 <= float(text.split("nearest ")[1].split(" ")[0]) <= 2.7


def test_thermometer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zarr = pytest.importorskip("zarr", reason="the recording is read back with zarr")
    output = tmp_path / "out"
    code = main(
        ["run", str(EXAMPLES / "thermometer" / "run.yaml"), "--set", f"output={output}", "--device", "cpu"]
    )
    assert code == 0, capsys.readouterr().err
    measured = zarr.open(str(output / "recording.zarr"))["nose/temperature"][:]
    assert measured.shape == (5, 4)
    # the trunk walks between 0.1 and 0.6 m above z = 0
    assert ((measured > 293.15 - 0.0065 * 0.6) & (measured < 293.15 - 0.0065 * 0.1)).all()
