"""Writes gait.csv: one period of a trot for the quickstart quadruped, as joint angles over time.

    python scenes/quickstart/gait.py [file]

Diagonal legs step together. In stance a foot moves straight back under its hip; in swing it returns along a
half-sine. Joint angles follow from the two-link leg's closed-form inverse kinematics; they are the commands
of the robot's position actuators [rad].
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

LINK = 0.2  # thigh and calf [m]
STANCE_HEIGHT = 0.28  # hip above foot centre [m]
PERIOD = 0.5  # [s]
STANCE_SHARE = 0.55  # of the period a foot is down
STRIDE = 0.13  # foot travel in stance [m]
LIFT = 0.085  # highest point of the swing above the stance line [m]
SAMPLES = 50
LEG_PHASE = {"FL": 0.0, "FR": 0.5, "RL": 0.5, "RR": 0.0}
SPLAY = 0.06  # hip abduction [rad], feet outwards
TRIM = -0.01  # mean foot position ahead of the hip [m]


def foot(phase: float) -> tuple[float, float]:
    """Foot centre ahead of and above its stance line [m] at `phase` in [0, 1)."""
    if phase < STANCE_SHARE:
        return STRIDE * (0.5 - phase / STANCE_SHARE), 0.0
    swing = (phase - STANCE_SHARE) / (1.0 - STANCE_SHARE)
    return -STRIDE * 0.5 * math.cos(math.pi * swing), LIFT * math.sin(math.pi * swing)


def thigh_and_calf(ahead: float, below: float) -> tuple[float, float]:
    """Joint angles that put the foot `ahead` of and `below` the hip [m], knee pointing back."""
    reach = math.hypot(ahead, below)
    knee = math.acos(max(-1.0, min(1.0, reach**2 / (2.0 * LINK**2) - 1.0)))
    return math.atan2(-ahead, below) + 0.5 * knee, -knee


def row(time: float) -> list[float]:
    angles = [time]
    for leg, offset in LEG_PHASE.items():
        ahead, above = foot((time / PERIOD + offset) % 1.0)
        outwards = SPLAY if leg.endswith("L") else -SPLAY
        angles += [outwards, *thigh_and_calf(ahead + TRIM, STANCE_HEIGHT - above)]
    return angles


def main(path: Path) -> None:
    names = [f"{leg}_{joint}" for leg in LEG_PHASE for joint in ("hip", "thigh", "calf")]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", *names])
        for k in range(SAMPLES + 1):
            writer.writerow([f"{value:.5g}" for value in row(PERIOD * k / SAMPLES)])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gait.csv")
