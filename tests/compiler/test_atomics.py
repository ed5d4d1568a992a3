"""Atomics on every type: old values and results, in arrays and in an item's own memory; and large indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import robokern as rk

INTEGERS = [rk.int8, rk.int16, rk.int32, rk.int64, rk.uint8, rk.uint16, rk.uint32, rk.uint64]
FLOATS = [rk.float16, rk.bfloat16, rk.float32, rk.float64]


@rk.kernel
def arithmetic(a: rk.array(dtype=Any), old: rk.array2d(dtype=Any), x: rk.array(dtype=Any)):
    i = rk.tid()
    old[i, 0] = rk.atomic_add(a, 0, x[i])
    old[i, 1] = rk.atomic_sub(a, 1, x[i])
    old[i, 2] = rk.atomic_min(a, 2, x[i])
    old[i, 3] = rk.atomic_max(a, 3, x[i])
    old[i, 4] = rk.atomic_exch(a, 4, x[i])
    old[i, 5] = rk.atomic_cas(a, 5, x[0], x[i])


@rk.kernel
def logic(a: rk.array(dtype=Any), old: rk.array2d(dtype=Any), x: rk.array(dtype=Any)):
    i = rk.tid()
    old[i, 0] = rk.atomic_and(a, 0, x[i])
    old[i, 1] = rk.atomic_or(a, 1, x[i])
    old[i, 2] = rk.atomic_xor(a, 2, x[i])


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, ids=str)
def test_arithmetic(dtype, device):
    """One item, so that the order is known; the sum of many is below."""
    a, x = rk.full(6, 5, dtype=dtype), rk.array([3], dtype=dtype)
    old = rk.zeros((1, 6), dtype=dtype)
    rk.launch(arithmetic, dim=1, inputs=[a, old, x])
    assert a.numbers().tolist() == [8, 2, 3, 5, 3, 5]
    assert old.numbers().tolist() == [[5, 5, 5, 5, 5, 5]]
    a.fill_(3)
    rk.launch(arithmetic, dim=1, inputs=[a, old, x])
    assert a.numbers().tolist() == [6, 0, 3, 3, 3, 3]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_logic(dtype, device):
    a, x, old = rk.full(3, 6, dtype=dtype), rk.array([3], dtype=dtype), rk.zeros((1, 3), dtype=dtype)
    rk.launch(logic, dim=1, inputs=[a, old, x])
    assert (a.numpy().tolist(), old.numpy().tolist()) == ([2, 7, 5], [[6, 6, 6]])


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, ids=str)
def test_neighbours_in_a_word_do_not_disturb_each_other(dtype, device):
    """Sums of many items in adjacent elements; small enough to be exact in every type."""
    count = 100
    a, old = rk.zeros(6, dtype=dtype), rk.zeros((count, 6), dtype=dtype)
    x = rk.ones(count, dtype=dtype)
    rk.launch(arithmetic, dim=count, inputs=[a, old, x])
    found = a.numbers()
    below = np.zeros(1, found.dtype) - np.array(count).astype(found.dtype)
    assert found[0] == count and found[1] == below[0]
    assert found[2:].tolist() == [0, 1, 1, 0]
    assert sorted(old.numbers()[:, 0].tolist()) == list(range(count))


@rk.kernel
def in_own_memory(x: rk.array(dtype=Any), y: rk.array2d(dtype=Any)):
    i = rk.tid()
    t = type(x[i])
    own = rk.local(5, t)
    for k in range(5):
        own[k] = t(4)
    rk.atomic_add(own, 0, x[i])
    low = rk.atomic_min(own, 1, x[i])
    rk.atomic_max(own, 2, x[i])
    swapped = rk.atomic_cas(own, 3, low, x[i])
    rk.atomic_exch(own, 4, x[i] + swapped)
    for k in range(5):
        y[i, k] = own[k]


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, ids=str)
def test_an_items_own_memory(dtype, device):
    x, y = rk.array([1, 9], dtype=dtype), rk.zeros((2, 5), dtype=dtype)
    rk.launch(in_own_memory, dim=2, inputs=[x, y])
    assert y.numbers().tolist() == [[5, 1, 4, 1, 5], [13, 4, 9, 9, 13]]


@rk.kernel
def touch(a: rk.array2d(dtype=rk.uint8)):
    i, j = rk.tid()
    a[i, j] = rk.uint8(i + j)


def test_more_than_32_bits_of_items_and_elements(device):
    if device != "cuda:0":
        pytest.skip("five billion items take minutes on a CPU")
    rows, columns = 5, 1_000_000_000
    a = rk.zeros((rows, columns), dtype=rk.uint8)
    rk.launch(touch, dim=(rows, columns), inputs=[a])
    for i, j in ((0, 0), (2, 147_483_650), (4, columns - 1)):
        assert a[i, j] == (i + j) % 256


@rk.kernel
def add_to_one(x: rk.array(dtype=rk.vec3), every: int, total: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    if i % every == 0:
        rk.atomic_add(total, 0, x[i])


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
def test_many_items_add_to_one_element(count, every, device):
    """Whole warps and parts of them; sums that are exact in any order, one of subnormal numbers."""
    numbers = np.arange(3 * count, dtype=np.float32).reshape(count, 3)
    numbers[:, 2] *= np.float32(2.0**-149)
    total = rk.zeros(1, dtype=rk.vec3)
    rk.launch(add_to_one, dim=count, inputs=[rk.array(numbers, dtype=rk.vec3), every, total])
    np.testing.assert_array_equal(total.numpy()[0], numbers[::every].sum(axis=0))


@rk.kernel
def add_to_each(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    rk.atomic_add(y, i, x[i])


@rk.kernel
def add_all(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    rk.atomic_add(y, 0, x[rk.tid()])


@pytest.mark.parametrize("old", [0.0, -0.0, 1e-45, 1.5])
@pytest.mark.parametrize("more", [0.0, -0.0, 1e-45, 1e-40, 2.0**-100, -1.5])
def test_zeros_and_small_numbers_are_added_to_the_bit(old, more, device):
    y, x = rk.full(40, old, dtype=float), rk.full(40, more, dtype=float)
    rk.launch(add_to_each, dim=40, inputs=[x, y])
    expected = np.full(40, old, np.float32) + np.full(40, more, np.float32)
    np.testing.assert_array_equal(y.numpy().view(np.int32), expected.view(np.int32))


def test_minus_zeros_of_a_whole_warp(device):
    """Minus zero plus minus zeros stays; one plain zero makes it plain."""
    x = np.full(64, -0.0, np.float32)
    for number, negative in ((-0.0, True), (0.0, False)):
        x[5] = number
        y = rk.full(1, -0.0, dtype=float)
        rk.launch(add_all, dim=64, inputs=[rk.array(x, dtype=float), y])
        assert bool(np.signbit(y.numpy()[0])) is negative
