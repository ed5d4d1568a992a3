"""Minimax polynomials with machine-representable coefficients, for the mathematics in `robokern/lang`.

The fits themselves are in `minimax_jobs.py`, which is the command.

Lawson's iteration (Lawson 1961) on Chebyshev nodes in 60-digit arithmetic: unlike Remez exchange it needs no
Chebyshev system, so it also fits where low powers are already fixed. Coefficients are rounded to the working
format one after another, from the lowest power up, and the rest is fitted anew, so that later ones absorb the
rounding of earlier ones (Muller et al., Handbook of Floating-Point Arithmetic, chapter 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import mpmath as mp
import numpy as np

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


@dataclass(frozen=True)
class Job:
    """Fit `target(x) ~ sum c_i x^powers[i]` on [low, high], minimising `|error| * weight`."""

    target: Function
    powers: Sequence[int]
    low: float
    high: float
    weight: Function = field(default=lambda x: mp.mpf(1))
    bits: int = 24


@dataclass(frozen=True)
class Point:
    """A sample: where, what the polynomial shall be there, and how much an error counts."""

    x: mp.mpf
    value: mp.mpf
    weight: mp.mpf


def rounded(value: mp.mpf, bits: int) -> mp.mpf:
    """Nearest number with `bits` significant bits (24: float32, 53: float64)."""
    with mp.workprec(bits):
        return +value


def chebyshev_nodes(job: Job, count: int) -> list[mp.mpf]:
    middle, half = (mp.mpf(job.low) + job.high) / 2, (mp.mpf(job.high) - job.low) / 2
    return [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]


def evaluate(coefficients: dict[int, mp.mpf], x: mp.mpf) -> mp.mpf:
    return mp.fsum(c * x**power for power, c in coefficients.items())


def lawson(powers: Sequence[int], points: Sequence[Point], rounds: int = 25) -> list[mp.mpf]:
    """Coefficients that nearly minimise the largest weighted error over `points`.

    Each round is a least-squares fit; the weight of a point then grows with the error it was left with.
    """
    masses = [mp.mpf(1)] * len(points)
    rows = [[p.weight * p.x**power for power in powers] for p in points]
    rights = [p.weight * p.value for p in points]
    best: tuple[mp.mpf, list[mp.mpf]] = (mp.inf, [])
    for _ in range(rounds):
        coefficients = least_squares(rows, rights, masses)
        errors = [abs(mp.fdot(row, coefficients) - right) for row, right in zip(rows, rights, strict=True)]
        best = min(best, (max(errors), coefficients), key=lambda pair: pair[0])
        masses = [mass * error for mass, error in zip(masses, errors, strict=True)]
        total = mp.fsum(masses) or mp.mpf(1)
        masses = [mass / total for mass in masses]
    return best[1]


def least_squares(rows: list[list[mp.mpf]], rights: list[mp.mpf], masses: list[mp.mpf]) -> list[mp.mpf]:
    count = len(rows[0])
    scaled = [[mass * x for x in row] for mass, row in zip(masses, rows, strict=True)]
    columns, weighted = list(zip(*rows, strict=True)), list(zip(*scaled, strict=True))
    system, right = mp.matrix(count, count), mp.matrix(count, 1)
    for i in range(count):
        right[i] = mp.fdot(weighted[i], rights)
        for j in range(i, count):
            system[i, j] = system[j, i] = mp.fdot(weighted[i], columns[j])
    return list(mp.lu_solve(system, right))


def fit(job: Job) -> tuple[dict[int, mp.mpf], mp.mpf]:
    """Rounded coefficients by power, and the largest weighted error they leave."""
    samples = [
        Point(x, job.target(x), abs(job.weight(x))) for x in chebyshev_nodes(job, 6 * len(job.powers) + 8)
    ]
    done: dict[int, mp.mpf] = {}
    for i, power in enumerate(job.powers):
        rest = [Point(p.x, p.value - evaluate(done, p.x), p.weight) for p in samples]
        done[power] = rounded(lawson(job.powers[i:], rest)[0], job.bits)
    checks = chebyshev_nodes(job, 300)
    return done, max(abs((job.target(x) - evaluate(done, x)) * job.weight(x)) for x in checks)


def literal(value: mp.mpf, bits: int) -> str:
    return repr(float(value)) if bits > 24 else str(np.float32(float(value)))


def main(jobs: dict[str, Job], names: Sequence[str]) -> None:
    if not names:
        print("\n".join(jobs))
    for name in names:
        job = jobs[name]
        coefficients, error = fit(job)
        print(f"{name}: error 2^{float(mp.log(error, 2)):.2f}")
        for power, value in coefficients.items():
            print(f"  x^{power}: {literal(value, job.bits)}")
