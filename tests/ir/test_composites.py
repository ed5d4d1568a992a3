"""Making composites, taking them apart, and indexing them at run time."""

import numpy as np
import pytest

from robokern.ir.types import Matrix, Vector, bool_, float32, float64, int8, int32, mat33, uint64, vec3

MATRICES = np.arange(90, dtype=np.float32).reshape(10, 3, 3)
INDICES = [0, 1, 2, 3, -1, 2, 1, 0, 100, -128]
INSIDE = [0 <= i < 3 for i in INDICES]


@pytest.mark.parametrize("scalar", [int8, int32, uint64], ids=str)
def test_pick_a_row(ir, scalar):
    index = np.array(INDICES).astype(scalar.name)
    got = ir.apply("pick", vec3, (mat33, MATRICES), (scalar, index), type=vec3)
    want = [
        MATRICES[n, i] if ok else np.zeros(3) for n, (i, ok) in enumerate(zip(INDICES, INSIDE, strict=True))
    ]
    assert (got == np.array(want)).all()


def test_pick_a_scalar(ir):
    index = [8, 4, -1, 9, 0, 1, 2, 3, 5, 6]
    got = ir.apply("pick", float32, (mat33, MATRICES), (int32, index), type=float32)
    want = [MATRICES[n].flat[i] if 0 <= i < 9 else 0 for n, i in enumerate(index)]
    assert got.tolist() == want


def test_put_leaves_the_rest_alone(ir):
    rows = -np.ones((10, 3), np.float32)
    got = ir.apply("put", mat33, (mat33, MATRICES), (int32, INDICES), (vec3, rows))
    want = MATRICES.copy()
    for n, (i, ok) in enumerate(zip(INDICES, INSIDE, strict=True)):
        if ok:
            want[n, i] = -1
    assert (got == want).all()


def test_extract_and_insert(ir):
    assert (ir.apply("extract", vec3, (mat33, MATRICES), type=vec3, offset=3) == MATRICES[:, 1]).all()
    got = ir.apply("insert", mat33, (mat33, MATRICES), (float32, [-1.0] * 10), offset=5)
    want = MATRICES.copy()
    want[:, 1, 2] = -1
    assert (got == want).all()


def test_make_and_splat(ir):
    a, b = [1.0, 2.0], [3.0, 4.0]
    pair = Vector(2, float32)
    assert ir.apply("make", pair, (float32, a), (float32, b), type=pair).tolist() == [[1, 3], [2, 4]]
    assert ir.apply("splat", vec3, (float32, a), type=vec3).tolist() == [[1] * 3, [2] * 3]


def test_select_and_arithmetic_are_per_component(ir):
    other = MATRICES[::-1].copy()
    condition = [i % 2 == 0 for i in range(10)]
    got = ir.apply("select", mat33, (bool_, condition), (mat33, MATRICES), (mat33, other))
    assert (got == np.where(np.array(condition)[:, None, None], MATRICES, other)).all()
    assert (ir.apply("sub", mat33, (mat33, MATRICES), (mat33, other)) == MATRICES - other).all()


def test_cast_is_per_component(ir):
    wide = Matrix(3, 3, float64)
    got = ir.apply("cast", wide, (mat33, MATRICES), type=wide)
    assert got.dtype == np.float64 and (got == MATRICES).all()
