"""`robokern.utils`: running sums, sums, inner products, casts, sorting by key, run lengths."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern import utils

GENERATOR = np.random.default_rng(5)


def test_the_folders_that_programs_import():
    import robokern.autograd
    import robokern.optim
    import robokern.utils

    assert rk.utils is robokern.utils and rk.optim.Adam is rk.Adam and rk.optim.SGD is rk.SGD
    assert rk.autograd.jacobian is rk.jacobian
    for name in ("GraphColoringAlgorithm", "graph_coloring_assign", "AllocatorRmm", "create_warp_function"):
        with pytest.raises(rk.UnsupportedError):
            getattr(utils, name)
    assert not hasattr(utils, "nonsense")


@pytest.mark.parametrize("dtype", [rk.int32, rk.int64, rk.float32, rk.float64, rk.vec3, rk.vec2i])
@pytest.mark.parametrize("inclusive", [True, False])
def test_running_sums(device, dtype, inclusive):
    shape = (50, *getattr(dtype, "shape", ()))
    data = GENERATOR.integers(-9, 9, shape)
    source = rk.array(data.astype(np.float64) if dtype in (rk.float64,) else data, dtype=dtype, device=device)
    out = rk.zeros_like(source)
    utils.array_scan(source, out, inclusive=inclusive)
    want = np.cumsum(data, axis=0) - (0 if inclusive else data)
    np.testing.assert_array_equal(out.numpy(), want)
    utils.array_scan(source, source, inclusive)
    np.testing.assert_array_equal(source.numpy(), want)
    with pytest.raises(rk.LaunchError, match="alike"):
        utils.array_scan(source, out[:10])


def test_running_sums_of_nothing():
    utils.array_scan(rk.zeros(0), rk.zeros(0), inclusive=False)


def test_sums_and_inner_products(device):
    a, b = GENERATOR.normal(size=(2, 4, 5))
    x, y = (rk.array(v, dtype=rk.float64, device=device) for v in (a, b))
    assert utils.array_sum(x) == pytest.approx(a.sum())
    assert utils.array_inner(x, y) == pytest.approx((a * b).sum())
    np.testing.assert_allclose(utils.array_sum(x, axis=1).numpy(), a.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(utils.array_inner(x, y, axis=-2).numpy(), (a * b).sum(axis=0, keepdims=True))
    out = rk.zeros(1, dtype=rk.float64, device=device)
    assert utils.array_sum(x, out=out) is out and out.numpy()[0] == pytest.approx(a.sum())
    assert utils.array_sum(rk.array([1.0, 2.0, 4.0], device=device), value_count=2) == 3.0
    np.testing.assert_allclose(
        utils.array_sum(x, axis=-1, value_count=3).numpy(), a[:, :3].sum(axis=1, keepdims=True)
    )
    assert utils.array_inner(rk.zeros(0, device=device), rk.zeros(0, device=device)) == 0.0
    v = rk.array([[1.0, 2.0], [3.0, 4.0]], dtype=rk.vec2, device=device)
    assert utils.array_sum(v) == rk.vec2(4.0, 6.0) and utils.array_inner(v, v) == 30.0
    with pytest.raises(rk.LaunchError, match="no axis 2"):
        utils.array_sum(x, axis=2)
    with pytest.raises(rk.LaunchError, match="out: expected"):
        utils.array_sum(x, out=rk.zeros(2, dtype=rk.float64, device=device))


def test_casts(device):
    source = rk.array([1.7, -2.9, 3.0], device=device)
    whole, halves = rk.zeros(3, dtype=int, device=device), rk.zeros(3, dtype=rk.float16, device=device)
    utils.array_cast(source, whole)
    utils.array_cast(source, halves, count=2)
    assert whole.list() == [1, -2, 3]
    assert halves.list() == [float(np.float16(1.7)), float(np.float16(-2.9)), 0.0]
    vectors = rk.zeros(1, dtype=rk.vec3d, device=device)
    utils.array_cast(source, vectors)
    assert vectors.list()[0] == source.numpy().astype(np.float64)
    with pytest.raises(rk.LaunchError, match="cannot cast"):
        utils.array_cast(source, rk.zeros(4, dtype=int, device=device))
    pairs, flat = rk.array([[1.0, 2.0], [3.0, 4.0]], dtype=rk.vec2, device=device), rk.zeros(2, device=device)
    utils.array_cast(pairs, flat, count=1)
    assert flat.list() == [1.0, 2.0]
    table = rk.ones((2, 3), device=device)
    with pytest.raises(rk.LaunchError, match=r"\(2, 3\) to array2d\(dtype=float64\) \(3, 2\)"):
        utils.array_cast(table, rk.zeros((3, 2), dtype=rk.float64, device=device))
    with pytest.raises(rk.LaunchError, match="cannot cast 1 of array2d"):
        utils.array_cast(table, rk.zeros((2, 3), dtype=int, device=device), count=1)
    with pytest.raises(rk.LaunchError, match="cannot cast 4 of array"):
        utils.array_cast(source, rk.zeros(9, dtype=int, device=device), count=4)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "float32", "int64", "uint64", "float64"])
def test_sorting_by_key(device, dtype):
    data = GENERATOR.integers(0 if dtype[0] == "u" else -20, 20, 100).astype(dtype)
    keys, values = np.zeros(200, dtype), np.zeros(200, np.int32)
    keys[:100], values[:100] = data, np.arange(100)
    k, v = rk.array(keys, device=device), rk.array(values, device=device)
    rk.utils.radix_sort_pairs(k, v, 100)
    order = np.argsort(data, kind="stable")
    np.testing.assert_array_equal(k.numpy()[:100], data[order])
    np.testing.assert_array_equal(v.numpy()[:100], order)


def test_the_bits_of_a_key(device):
    k, v = rk.array([0x13, 0x02, 0x31], dtype=int, device=device), rk.array([0, 1, 2], device=device)
    utils.radix_sort_pairs(k, v, 3, begin_bit=0, end_bit=4)
    assert v.list() == [2, 1, 0]
    floats = rk.array([0.0, -0.0, -1.0, np.inf, -np.inf], device=device)
    order = rk.array(np.arange(5, dtype=np.int32), device=device)
    utils.radix_sort_pairs(floats, order, 5)
    assert order.list() == [4, 2, 1, 0, 3]
    with pytest.raises(rk.LaunchError, match="expected keys"):
        utils.radix_sort_pairs(rk.zeros(2, dtype=rk.uint8), order, 2)
    with pytest.raises(rk.LaunchError, match="bits 0 to 32"):
        utils.radix_sort_pairs(floats, order, 5, begin_bit=8, end_bit=4)
    with pytest.raises(rk.LaunchError, match="6 pairs"):
        utils.radix_sort_pairs(floats, order, 6)


def test_sorting_in_segments(device):
    keys = rk.array([3, 1, 2, 9, 8, 7, 5, 4], dtype=int, device=device)
    values = rk.array(np.arange(8, dtype=np.int32), device=device)
    utils.segmented_sort_pairs(keys, values, 8, rk.array([0, 3, 5], dtype=int, device=device))
    assert keys.list() == [1, 2, 3, 8, 9, 7, 5, 4] and values.list() == [1, 2, 0, 4, 3, 5, 6, 7]
    start, end = (rk.array([x], dtype=int, device=device) for x in (5, 8))
    utils.segmented_sort_pairs(keys, values, 8, start, end)
    assert keys.list() == [1, 2, 3, 8, 9, 4, 5, 7]
    with pytest.raises(rk.LaunchError, match="not inside"):
        utils.segmented_sort_pairs(keys, values, 7, start, end)
    with pytest.raises(rk.LaunchError, match=r"as many ends, got \(3,\) and \(1,\)"):
        utils.segmented_sort_pairs(keys, values, 8, rk.array([0, 3, 5], dtype=int, device=device), end)


def test_run_lengths(device):
    values = rk.array([4, 4, 4, 1, 1, 4], dtype=int, device=device)
    runs, lengths = rk.zeros(6, dtype=int, device=device), rk.zeros(6, dtype=int, device=device)
    assert utils.runlength_encode(values, runs, lengths) == 3
    assert runs.list()[:3] == [4, 1, 4] and lengths.list()[:3] == [3, 2, 1]
    count = rk.zeros(1, dtype=int, device=device)
    assert utils.runlength_encode(values, runs, lengths, count, value_count=4) is count
    assert count.list() == [2] and lengths.list()[:2] == [3, 1]
    assert utils.runlength_encode(values, runs, lengths, value_count=0) == 0
    for wrong in (-1, 7):
        with pytest.raises(rk.LaunchError, match=f"6 values, got value_count {wrong}"):
            utils.runlength_encode(values, runs, lengths, value_count=wrong)
    with pytest.raises(rk.LaunchError, match="run_lengths: expected int32, got float32"):
        utils.runlength_encode(values, runs, rk.zeros(6, device=device))


def test_no_derivative_is_made_up():
    x, out = rk.ones(3, requires_grad=True), rk.zeros(3, requires_grad=True)
    with rk.Tape(), pytest.raises(rk.AdjointError, match="array_scan"):
        utils.array_scan(x, out)
    with rk.Tape():
        utils.array_scan(rk.ones(3, dtype=int), rk.zeros(3, dtype=int))


def test_questions_before_a_choice():
    assert not rk.is_cubql_available() and not rk.is_mempool_supported("cpu")
    assert not rk.is_mempool_enabled("cpu") and not rk.is_peer_access_supported("cpu", "cpu")
    assert not rk.is_peer_access_enabled("cpu", "cpu") and not rk.is_mempool_access_enabled("cpu", "cpu")
    with pytest.raises(rk.DeviceError):
        rk.is_mempool_supported("gpu:0")
