"""Random numbers and meshes."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in every run."""
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def rock() -> trimesh.Trimesh:
    """A closed, bumpy ball of 1280 faces, about 1 m in radius."""
    return bumpy_ball(3)


@pytest.fixture(scope="session")
def large_rock() -> trimesh.Trimesh:
    """A closed, bumpy ball of 327,680 faces, about 1 m in radius."""
    return bumpy_ball(7)


def bumpy_ball(subdivisions: int) -> trimesh.Trimesh:
    """An icosphere whose radius waves, so that rays graze and leave and enter again."""
    ball = trimesh.creation.icosphere(subdivisions)
    x, y, z = ball.vertices.T
    radius = 1.0 + 0.15 * np.sin(9.0 * x) * np.sin(7.0 * y + 1.0) * np.sin(8.0 * z + 2.0)
    vertices = (ball.vertices * radius[:, None]).astype(np.float32)
    return trimesh.Trimesh(vertices, ball.faces, process=False)
