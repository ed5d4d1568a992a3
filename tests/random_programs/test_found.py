"""Mistakes of the compiler that are mended, each kept as its minimal kernel."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk


@rk.kernel
def visited_bytes(out: rk.array(dtype=int), start: rk.uint8, stop: rk.uint8, step: rk.uint8):
    n = 0
    for j in range(start, stop, step):
        if n >= 9:
            break
        out[n] = int(j)
        n += 1  # noqa: SIM113


@rk.kernel
def visited(out: rk.array(dtype=int), start: rk.int8, stop: rk.int8, step: rk.int8):
    n = 0
    for j in range(start, stop, step):
        if n >= 9:
            break
        out[n] = int(j)
        n += 1  # noqa: SIM113


UNSIGNED = [(250, 255, 4), (0, 255, 100), (255, 0, 1), (3, 3, 2), (1, 5, 0)]
SIGNED = [
    (-128, 127, 100),
    (127, -128, -100),
    (127, -128, -128),
    (5, 1, 0),
    (0, 5, -1),
    (120, 127, 3),
    (3, -3, -2),
]


@pytest.mark.parametrize(
    ("kernel", "scalar", "bounds"),
    [*((visited_bytes, rk.uint8, b) for b in UNSIGNED), *((visited, rk.int8, b) for b in SIGNED)],
)
def test_range_with_break_ends_where_range_does(device, kernel, scalar, bounds):
    """The counter wrapped around its type's end, or never moved with a zero step, and the loop went on."""
    out = rk.full(10, -99, dtype=int, device=device)
    rk.launch(kernel, dim=1, inputs=[out, *(scalar(b) for b in bounds)], device=device)
    want = list(range(*bounds)) if bounds[2] else []
    assert out.numpy().tolist() == want + [-99] * (10 - len(want))


@rk.func
def checked(x: float) -> float:
    assert x < 5.0, "x too large"
    return x


@rk.kernel
def calls_checked(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = checked(x[i])


def test_assert_in_a_func_is_reported_with_its_own_message(device):
    """The number of a failed assert was looked up among the kernel's own, not the callee's."""
    x = rk.array(np.array([1.0, 2.0, 9.0], np.float32), device=device)
    with pytest.raises(rk.KernelAssertionError, match=r"x too large.*item \(2,\)"):
        rk.launch(calls_checked, dim=3, inputs=[x], device=device)


@rk.func
def ten_more(x: rk.inout(int)) -> int:
    x = x + 10
    return 1


@rk.kernel
def adds_what_changes_it(out: rk.array(dtype=int)):
    x = 5
    x += ten_more(x)
    out[0] = x
    y = 1
    y -= y if ten_more(y) == 1 else 0
    out[1] = y


def test_augmented_assignment_reads_before_the_right_side(device):
    """The right side's inout argument was changed before the left was read."""
    out = rk.zeros(2, dtype=int, device=device)
    rk.launch(adds_what_changes_it, dim=1, inputs=[out], device=device)
    assert out.numpy().tolist() == [5 + 1, 1 - 11]


@rk.kernel
def lanes_that_cancel(out: rk.array(dtype=float)):
    i = rk.tid()
    x = 1.0
    for _ in range(((i - i) & 3) + 1):
        x += x
    for _ in range(((i * 0) & 3) + 2):
        x += x
    out[i] = x


def test_a_limit_in_which_the_item_cancels(device):
    """The limit counted as equal in all lanes, but was computed lane by lane: no valid program came out."""
    out = rk.zeros(40, dtype=float, device=device)
    rk.launch(lanes_that_cancel, dim=40, inputs=[out], device=device)
    assert out.numpy().tolist() == [8.0] * 40


@rk.kernel
def half_with_the_sign_of_a_half(
    s: rk.float16, counts: rk.array(dtype=int), out: rk.array2d(dtype=rk.float16)
):
    i = rk.tid()
    last = i
    for _ in range(rk.uint8(250), rk.uint8(i), rk.uint8(4)):
        last += i
    counts[i] = last
    out[i, 1] = rk.tanh(rk.float16(1.0) * s + rk.float16(1.0))


def test_a_sign_is_taken_of_what_was_rounded_twice(device):
    """LLVM rounded float64 straight to float16, and called a function for it that is not there."""
    counts, out = rk.zeros(40, dtype=int, device=device), rk.zeros((40, 2), dtype=rk.float16, device=device)
    rk.launch(half_with_the_sign_of_a_half, 40, [rk.float16(0.5), counts, out], device=device)
    np.testing.assert_array_equal(out.numpy()[:, 1], np.full(40, np.tanh(1.5), np.float16))
