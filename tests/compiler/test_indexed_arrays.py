"""Indexed arrays: gathering, scattering, atomics, shapes, funcs, generics, mistakes."""

from typing import Any

import numpy as np
import pytest

import robokern as rk


@rk.kernel
def double(a: rk.indexedarray(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = 2.0 * a[i]
    a[i] = float(i) + 100.0


@rk.kernel
def two_dimensions(a: rk.indexedarray2d(dtype=rk.vec3), sizes: rk.array(dtype=int)):
    i, j = rk.tid()
    a[i, j] += rk.vec3(0.0, 1.0, 0.0)
    a[i, j].x = float(i * 10 + j)
    if i == 0 and j == 0:
        sizes[0] = a.shape[0]
        sizes[1] = a.shape[1]
        sizes[2] = len(a) + a.ndim


@rk.func
def read(a: rk.indexedarray(dtype=Any), i: int):
    return a[i]


@rk.kernel
def through_a_func(a: rk.indexedarray(dtype=Any), out: rk.array(dtype=Any)):
    i = rk.tid()
    for turn in range(2):
        out[i] = read(a, i)
        rk.atomic_add(a, 0, a.dtype(turn))


def test_gather_and_scatter(device):
    data = rk.array(np.arange(10.0, dtype=np.float32), device=device)
    seen = rk.indexedarray(data, [rk.array([7, 1, 3], dtype=int, device=device)])
    out = rk.zeros(3, device=device)
    assert seen.list() == [7.0, 1.0, 3.0]
    rk.launch(double, 3, [seen, out], device=device)
    assert out.list() == [14.0, 2.0, 6.0]
    assert data.list() == [0.0, 101.0, 2.0, 102.0, 4.0, 5.0, 6.0, 100.0, 8.0, 9.0]


@pytest.mark.parametrize("lists", [([2, 0], None), (None, [3, 1]), ([1], [0, 2, 3]), (None, None)])
def test_each_dimension_has_indices_or_none(device, lists):
    data = rk.zeros((3, 4), dtype=rk.vec3, device=device)
    seen = rk.indexedarray2d(data, lists, dtype=rk.vec3)
    sizes = rk.zeros(3, dtype=int, device=device)
    rk.launch(two_dimensions, seen.shape, [seen, sizes], device=device)
    expected = np.zeros((3, 4, 3), np.float32)
    rows, columns = (range(n) if x is None else x for n, x in zip((3, 4), lists, strict=True))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            expected[row, column] = i * 10 + j, 1.0, 0.0
    assert np.array_equal(data.numpy(), expected)
    assert sizes.list() == [*seen.shape, seen.shape[0] + 2]


def test_a_strided_array_behind(device):
    data = rk.array(np.arange(10.0, dtype=np.float32), device=device)
    seen = rk.indexedarray(data[::2], [4, 1])
    out = rk.zeros(2, device=device)
    rk.launch(double, 2, [seen, out], device=device)
    assert out.list() == [16.0, 4.0]
    assert data.list()[8] == 100.0


@pytest.mark.parametrize("dtype", [rk.float64, rk.int32])
def test_generic_kernels_and_funcs(device, dtype):
    data = rk.array(np.arange(4), dtype=dtype, device=device)
    out = rk.zeros(1, dtype=dtype, device=device)
    rk.launch(through_a_func, 1, [rk.indexedarray(data, [2, 3]), out], device=device)
    assert (out.list(), data.list()) == ([2], [0, 1, 3, 3])


def test_on_the_host(device):
    data = rk.array(np.arange(6.0, dtype=np.float32).reshape(2, 3), device=device)
    seen = rk.indexedarray(data, [None, [2, 0]])
    assert (seen.shape, seen.size, seen.dtype, len(seen)) == ((2, 2), 4, rk.float32, 2)
    assert seen.contiguous().numpy().tolist() == [[2.0, 0.0], [5.0, 3.0]]
    assert seen.to("ref").list() == seen.list()
    assert seen.fill_(9.0).list() == [9.0] * 4
    assert data.list() == [9.0, 1.0, 9.0, 9.0, 4.0, 9.0]
    assert seen.zero_().list() == [0.0] * 4
    assert repr(seen).startswith("indexedarray([[0.0, 0.0], [0.0, 0.0]], dtype=float32")


def test_the_arrays_live_as_long_as_a_recorded_launch():
    out = rk.zeros(2)
    command = rk.launch(double, 2, [rk.indexedarray(rk.full(5, 3.0), [1, 2]), out], record_cmd=True)
    assert [rk.full(5, 8.0) for _ in range(20)]
    command.launch()
    assert out.list() == [6.0, 6.0]


def test_map_takes_them(device):
    data = rk.array([1.0, 2.0, 3.0], device=device)
    assert rk.map(rk.sqrt, rk.indexedarray(data, [0])).list() == [1.0]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: rk.indexedarray([1.0], [0]), TypeError, "indexedarray: expected an array, got list [1.0]"),
        (lambda: rk.indexedarray(rk.zeros(3), [3]), ValueError, "dimension 0 has 3 elements, got index 3"),
        (lambda: rk.indexedarray(rk.zeros(3), [-1]), ValueError, "dimension 0 has 3 elements, got index -1"),
        (lambda: rk.indexedarray(rk.zeros(3), [None, [0]]), ValueError, "takes 1 lists of indices, got 2"),
        (lambda: rk.indexedarray2d(rk.zeros(3), [[0]]), ValueError, "expected array2d(dtype=float32), got "),
        (lambda: rk.indexedarray(rk.zeros(3), [0.5]), TypeError, "cannot convert float64 to int32"),
        (
            lambda: rk.launch(double, 1, [rk.zeros(3), rk.zeros(3)]),
            rk.LaunchError,
            "argument 'a': expected indexedarray(dtype=float32), got array(dtype=float32); make it with",
        ),
    ],
)  # fmt: skip
def test_mistakes(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert message in str(caught.value)


def test_a_partial_index_is_refused():
    @rk.kernel
    def partial(a: rk.indexedarray2d(dtype=float)):
        a[0] = 1.0

    with pytest.raises(rk.KernelError, match=r"indexedarray2d\(dtype=float32\) takes 2 indices, got 1"):
        rk.launch(partial, 1, [rk.indexedarray(rk.zeros((2, 2)))])


def test_arrays_of_indices_on_the_host():
    a = rk.array(np.arange(12.0).reshape(3, 4), dtype=float)
    rows, columns = rk.array([2, 0], dtype=int), rk.array([1, 3], dtype=int)
    assert a[rows].numpy().tolist() == [[8.0, 9.0, 10.0, 11.0], [0.0, 1.0, 2.0, 3.0]]
    assert a[rows, columns].numpy().tolist() == [[9.0, 11.0], [1.0, 3.0]]
    assert a[:, columns].numpy().tolist() == [[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]]
    assert a[rows, 1].numpy().tolist() == [9.0, 1.0]
    with pytest.raises(IndexError, match="an index is an integer or a slice, got None"):
        a[rows, None]
