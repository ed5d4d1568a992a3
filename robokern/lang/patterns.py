"""Type patterns of generic parameters: composites of any length and scalar type."""

from __future__ import annotations

from typing import TypeVar

from robokern.ir.types import matrix, quaternion, transformation, vector

any_vector = vector()
any_matrix = matrix()
any_quaternion = quaternion()
any_transform = transformation()
any_composite = TypeVar("any_composite", any_vector, any_matrix, any_quaternion, any_transform)  # type: ignore[valid-type]
vector3 = vector(3)
vector6 = vector(6)
matrix22 = matrix((2, 2))
matrix33 = matrix((3, 3))
matrix44 = matrix((4, 4))
