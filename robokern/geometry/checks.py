"""What geometry takes from its caller: arrays of the right type and finite, lengths that make sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robokern.errors import GeometryError
from robokern.ir.types import Type, int32, vec3
from robokern.runtime.array import Array
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import describe

Floats = np.ndarray[Any, np.dtype[np.float32]]


_CONSTRUCTORS = (None, "sah", "median", "lbvh")


def check_constructor(name: str | None) -> None:
    """Refuses what is no builder of trees.

    Raises:
        GeometryError: there is none of that name.
    """
    if name not in _CONSTRUCTORS:
        raise GeometryError(f"Bvh constructor: expected one of {_CONSTRUCTORS}, got {describe(name)}")


def device_array(what: str, value: Any, dtype: Type, device: Device) -> Array:
    """`value` as a contiguous 1-D array: an Array of that type as it is, other data copied.

    Raises:
        GeometryError: another type or shape.
    """
    if isinstance(value, Array):
        if value.dtype != dtype or value.ndim != 1 or not value.is_contiguous:
            raise GeometryError(
                f"{what}: expected a contiguous array of {dtype} in one dimension, got {describe(value)}"
            )
        return value.to(device)
    try:
        made: Array = Array(np.asarray(value), dtype, device=device)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"{what}: expected {dtype} elements; {error}") from None
    if made.ndim != 1:
        raise GeometryError(f"{what}: expected one dimension of {dtype}, got shape {made.shape}")
    return made


def positions(what: str, value: Any, device: Device) -> Array:
    """Finite `vec3` positions.

    Raises:
        GeometryError: another type or shape, or a component that is not finite.
    """
    made = device_array(what, value, vec3, device)
    finite = np.isfinite(made.numpy()).all(axis=-1)
    if not finite.all():
        first = int(np.argmin(finite))
        raise GeometryError(
            f"{what}: expected finite positions, got {made.numpy()[first].tolist()} at {first}"
        )
    return made


def whole_numbers(what: str, value: Any, device: Device) -> Array:
    """`int32` numbers of any shape, flattened.

    Raises:
        GeometryError: they are no integers, or too large.
    """
    if isinstance(value, Array) and value.dtype == int32:
        return device_array(what, value.flatten() if value.is_contiguous else value, int32, device)
    data = np.asarray(value)
    if data.dtype.kind not in "iu":
        raise GeometryError(f"{what}: expected integers, got {data.dtype} of shape {data.shape}")
    if data.size and int(data.max()) > np.iinfo(np.int32).max:
        raise GeometryError(f"{what}: expected numbers below 2^31, got {int(data.max())}")
    return device_array(what, data.reshape(-1).astype(np.int32), int32, device)


def length(what: str, value: float, zero: bool = False) -> float:
    """A finite length > 0 [m]; 0 too if `zero`.

    Raises:
        GeometryError: it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not (np.isfinite(number) and (number > 0.0 or (zero and number == 0.0))):
        wanted = "0 or more" if zero else "more than 0"
        raise GeometryError(f"{what}: expected a finite length of {wanted} metres, got {value!r}")
    return number


def pose(what: str, value: Sequence[float] | Any) -> Floats:
    """A transform's 7 numbers (position, quaternion xyzw), the quaternion made unit.

    Raises:
        GeometryError: not 7 finite numbers, or a quaternion of no length.
    """
    try:
        numbers = np.asarray(getattr(value, "data", value), dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.shape != (7,) or not np.isfinite(numbers).all():
        raise GeometryError(
            f"{what}: expected 7 finite numbers (position, then quaternion xyzw), got {value!r}"
        )
    norm = float(np.linalg.norm(numbers[3:]))
    if norm < 1.0e-6:
        raise GeometryError(f"{what}: expected a unit quaternion (xyzw), got {numbers[3:].tolist()}")
    numbers[3:] /= norm
    return numbers.astype(np.float32)
