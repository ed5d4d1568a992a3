"""Poses on the host: position [m] and xyzw quaternion, seven numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def compose(a_from_b: Sequence[float], b_from_c: Sequence[float]) -> tuple[float, ...]:
    """a_from_c, in double precision."""
    p, q = np.asarray(a_from_b[:3], dtype=np.float64), np.asarray(a_from_b[3:], dtype=np.float64)
    r, s = np.asarray(b_from_c[:3], dtype=np.float64), np.asarray(b_from_c[3:], dtype=np.float64)
    turn = 2.0 * np.cross(q[:3], r)
    position = p + r + q[3] * turn + np.cross(q[:3], turn)
    vector = q[3] * s[:3] + s[3] * q[:3] + np.cross(q[:3], s[:3])
    return (*map(float, position), *map(float, vector), float(q[3] * s[3] - q[:3] @ s[:3]))
