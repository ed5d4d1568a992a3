"""A scripted gait: one period of actuator commands, repeated."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gait:
    """Commands of some actuators over one period, linear between the samples.

    Read from a CSV file: a header `time,<actuator>,...`, then one row a sample, time rising from 0 [s];
    the last row closes the period and repeats the first row's commands (in the actuators' own units).

    Attributes:
        actuators: names, in the order of the file.
        times: (samples,) from 0 to the period [s].
        commands: (samples, actuators).
    """

    actuators: tuple[str, ...]
    times: Floats
    commands: Floats

    @property
    def period(self) -> float:
        """[s]."""
        return float(self.times[-1])

    @classmethod
    def load(cls, path: Path) -> Gait:
        """Reads a gait file.

        Raises:
            ConfigError: there is no such file, or a line is not what the format says.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"gait {str(path)!r} cannot be read: {error}") from None
        lines = list(csv.reader(text.splitlines()))
        header = [name.strip() for name in lines[0]] if lines else []
        if len(header) < 2 or header[0] != "time":
            raise ConfigError("expected a header 'time,<actuator>,...'", str(path), 1, 1)
        if len(set(header)) != len(header):
            raise ConfigError("an actuator has two columns", str(path), 1, 1)
        rows = [_numbers(cells, len(header), path, line) for line, cells in enumerate(lines[1:], start=2)]
        _check_period(rows, path)
        table = np.array(rows)
        return cls(tuple(header[1:]), table[:, 0], table[:, 1:])

    def at(self, time: Floats) -> Floats:
        """Commands (worlds, actuators) at `time` (worlds,) [s] since the gait began."""
        phase = np.mod(time, self.period)
        left = np.searchsorted(self.times, phase, side="right") - 1
        left = np.minimum(left, len(self.times) - 2)
        share = ((phase - self.times[left]) / (self.times[left + 1] - self.times[left]))[:, None]
        return np.asarray((1.0 - share) * self.commands[left] + share * self.commands[left + 1])


def _numbers(cells: list[str], count: int, path: Path, line: int) -> list[float]:
    if len(cells) != count:
        raise ConfigError(f"expected {count} values, one per column; got {len(cells)}", str(path), line, 1)
    try:
        values = [float(cell) for cell in cells]
    except ValueError as error:
        raise ConfigError(str(error), str(path), line, 1) from None
    if not np.all(np.isfinite(values)):
        raise ConfigError("expected finite numbers", str(path), line, 1)
    return values


def _check_period(rows: list[list[float]], path: Path) -> None:
    times = [row[0] for row in rows]
    if len(rows) < 2 or times[0] != 0.0:
        raise ConfigError("expected two samples or more, the first at time 0", str(path), 2, 1)
    for line, (before, after) in enumerate(pairwise(times), start=3):
        if after <= before:
            raise ConfigError(f"time must rise; got {after:g} after {before:g}", str(path), line, 1)
    if rows[0][1:] != rows[-1][1:]:
        raise ConfigError(
            "the last sample must repeat the commands of the first", str(path), len(rows) + 1, 1
        )
