"""Types as keys of tables."""

import pickle

import pytest

from robokern.ir.types import (
    ArrayType,
    Matrix,
    Struct,
    Transform,
    Type,
    Vector,
    float32,
    indexed_array_type,
    int32,
)

PAIR = Struct("Pair", (("a", float32), ("b", ArrayType(Vector(3, float32)))))


@pytest.mark.parametrize(
    "type",
    [int32, Vector(3, float32), Matrix(2, 3, int32), Transform(float32), PAIR, indexed_array_type(int32)],
)
def test_equal_types_have_one_hash_also_after_a_pickle(type: Type) -> None:
    known = {type: 1}
    copy = pickle.loads(pickle.dumps(type))
    assert copy == type and known[copy] == 1
    assert known.get(ArrayType(type, 2)) is None


def test_kinds_of_types_with_equal_parts_differ() -> None:
    class Other(Vector):
        pass

    assert len({Vector(3, float32): 1, Vector(4, float32): 2, Other(3, float32): 3}) == 3
