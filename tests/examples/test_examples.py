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


def test_identify_contact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("identify_contact.py", tmp_path / "identify_contact.png")
    words = capsys.readouterr().out.split()
    assert float(words[1]) == pytest.approx(2.0, rel=2e-3)
    assert float(words[6]) == pytest.approx(900.0, rel=2e-3)
    assert (tmp_path / "identify_contact.png").stat().st_size > 1000


def test_identify_box(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch.optim drives the example: pip install robokern[torch]")
    example = runpy.run_path(str(EXAMPLES / "identify_box.py"))
    found, losses = example["main"](tmp_path / "identify_box.png", 80)
    friction, stiffness, _, centre = (p.detach().squeeze().numpy() for p in found())
    # the noise of the capture allows no better: another seed moves them by as much
    assert friction == pytest.approx(0.35, abs=0.02)
    assert stiffness == pytest.approx(4000.0, rel=0.1)
    assert centre == pytest.approx([0.03, -0.02], abs=0.002)
    assert losses[-1] < 0.1 * losses[0]


def test_train_cartpole(tmp_path: Path) -> None:
    example = runpy.run_path(str(EXAMPLES / "train_cartpole.py"))
    before, after = example["main"](tmp_path / "train_cartpole.png", 400)
    # a quarter of the training: 3.9 to 6.2 for seeds 0 to 5; a policy that stays as it was gives 0
    assert after > before + 2.5
