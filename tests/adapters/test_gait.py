"""Gait files: interpolation over the period, and what a wrong line is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robokern.adapters.gait import Gait
from robokern.errors import ConfigError

SAWTOOTH = "time,hip,knee\n0,0,1\n0.1,1,3\n0.5,0,1\n"


def gait(path: Path, text: str) -> Gait:
    (path / "gait.csv").write_text(text)
    return Gait.load(path / "gait.csv")


def test_samples_are_met_exactly(tmp_path: Path):
    walk = gait(tmp_path, SAWTOOTH)
    np.testing.assert_array_equal(walk.at(np.array([0.0, 0.1])), [[0.0, 1.0], [1.0, 3.0]])
    assert walk.actuators == ("hip", "knee") and walk.period == 0.5


def test_linear_between_samples_and_periodic(tmp_path: Path):
    walk = gait(tmp_path, SAWTOOTH)
    expected = [[0.5, 2.0], [0.25, 1.5], [0.5, 2.0]]
    np.testing.assert_allclose(walk.at(np.array([0.05, 0.4, 10.05])), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", ":1:1", "header"),
        ("phase,hip\n0,1\n", ":1:1", "header"),
        ("time,hip,hip\n0,1,1\n", ":1:1", "two columns"),
        ("time,hip\n0,1\n0.1\n", ":3:1", "expected 2 values"),
        ("time,hip\n0,one\n", ":2:1", "could not convert"),
        ("time,hip\n0,nan\n1,nan\n", ":2:1", "finite"),
        ("time,hip\n0.1,1\n0.2,1\n", ":2:1", "time 0"),
        ("time,hip\n0,1\n0.2,1\n0.1,1\n", ":4:1", "must rise"),
        ("time,hip\n0,1\n0.2,2\n", ":3:1", "repeat"),
    ],
)
def test_wrong_lines_are_located(tmp_path: Path, text: str, place: str, message: str):
    with pytest.raises(ConfigError, match=message) as error:
        gait(tmp_path, text)
    assert f"gait.csv{place}: " in str(error.value)


def test_missing_file(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Gait.load(tmp_path / "none.csv")
