"""Model parameters that differ from world to world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robokern.ir.types import float32, vec3
from robokern.runtime.array import Array
from robokern.runtime.device import DeviceLike


@dataclass(frozen=True, eq=False)
class Param:
    """A quantity of each body, geom or joint in each world, which a randomizer may write.

    Write `value`, always computed from `default`, then call `World.touch(name)`.

    Attributes:
        name: such as `body_mass`.
        default: (worlds, n), scalars or vec3; what the model file says. Never written.
        value: same shape and dtype.
        unit: SI unit.
        selects: `body`, `geom` or `joint`: what the second dimension counts.
    """

    name: str
    default: Array
    value: Array
    unit: str
    selects: str

    @classmethod
    def of(
        cls,
        name: str,
        model: NDArray[np.float64],
        num_worlds: int,
        unit: str,
        selects: str,
        device: DeviceLike,
    ) -> Param:
        """A parameter that is `model` (n,) or (n, 3) in every world."""
        everywhere = np.broadcast_to(model.astype(np.float32), (num_worlds, *model.shape))
        dtype = vec3 if model.ndim == 2 else float32
        default, value = (Array(everywhere, dtype=dtype, device=device) for _ in range(2))
        return cls(name, default, value, unit, selects)
