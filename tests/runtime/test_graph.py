"""Captured graphs: the same calls and results on every device, branches and loops, and what is refused."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import robokern as rk


@rk.kernel
def add(a: rk.array(dtype=float), b: rk.array(dtype=float)):
    i = rk.tid()
    b[i] = a[i] + b[i]


@rk.kernel
def count_down(n: rk.array(dtype=int), visited: rk.array(dtype=int)):
    visited[rk.tid()] += 1
    n[0] = n[0] - 1


@rk.kernel
def grow(a: rk.array(dtype=float)):
    i = rk.tid()
    assert a[i] < 3.0, "too large"
    a[i] = a[i] + 1.0


@rk.kernel(module_options={"mode": "debug"})
def reach(a: rk.array(dtype=float), at: rk.array(dtype=int)):
    a[at[0]] = 1.0


def test_a_replay_does_what_the_launches_did(device):
    a, b = rk.ones(64), rk.zeros(64)
    with rk.ScopedCapture() as capture:
        for _ in range(20):
            rk.launch(add, dim=64, inputs=[a, b])
    assert np.all(b.numpy() == 0.0)
    for _ in range(3):
        rk.capture_launch(capture.graph)
    assert np.all(b.numpy() == 60.0)
    assert capture.graph.size == 20


def test_copies_fills_and_new_arrays_are_replayed(device):
    a = rk.array(np.arange(12.0), dtype=float)
    with rk.ScopedCapture() as capture:
        grid = a.clone().reshape((3, 4))
        turned = rk.zeros((4, 3))
        rk.copy(turned, grid.transpose())
        turned[1:3].fill_(7.0)
        turned[0, 0] = 5.0
        points = rk.full(3, rk.vec3(1.0, 2.0, 3.0))
        points[1] = rk.vec3(4.0, 5.0, 6.0)
        total = rk.zeros(12)
        rk.launch(add, dim=12, inputs=[a, total])
    for shift in (0.0, 100.0):
        a.assign(np.arange(12.0) + shift)
        rk.capture_launch(capture.graph)
        expected = (np.arange(12.0) + shift).reshape(3, 4).T.copy()
        expected[1:3], expected[0, 0] = 7.0, 5.0
        assert np.array_equal(turned.numpy(), expected)
        assert np.array_equal(total.numpy(), a.numpy())  # zeros() zeroes in each replay
        assert points.numpy().tolist() == [[1, 2, 3], [4, 5, 6], [1, 2, 3]]


def test_a_graph_keeps_what_it_uses(device):
    result = rk.zeros(8)
    with rk.ScopedCapture() as capture:
        one = rk.ones(8)
        rk.launch(add, dim=8, inputs=[one, result])
    del one
    gc.collect()
    others = [rk.full(8, 50.0) for _ in range(8)]  # would take the memory, were it free
    rk.capture_launch(capture.graph)
    assert np.all(result.numpy() == 1.0) and len(others) == 8


def test_recorded_launches_and_several_dimensions(device):
    a, b = rk.ones(6), rk.zeros(6)
    recorded = rk.launch(add, dim=6, inputs=[a, b], record_cmd=True)
    with rk.ScopedCapture() as capture:
        recorded.launch()
        recorded.launch()
    rk.capture_launch(capture.graph)
    assert np.all(b.numpy() == 2.0)


@pytest.mark.parametrize("start", [0, 1])
def test_capture_if_decides_at_each_replay(device, start):
    a, condition = rk.zeros(4), rk.array([0], dtype=int)
    with rk.ScopedCapture() as capture:
        rk.capture_if(condition, lambda value: a.fill_(value), lambda value: a.fill_(-value), value=2.0)
    for flag in (start, 1 - start):
        condition.fill_(flag)
        rk.capture_launch(capture.graph)
        assert np.all(a.numpy() == (2.0 if flag else -2.0))


def test_capture_if_with_one_way_only(device):
    a, condition = rk.zeros(4), rk.array([0], dtype=int)
    with rk.ScopedCapture() as capture:
        a.fill_(0.0)
        rk.capture_if(condition, on_false=lambda: a.fill_(1.0))
        rk.capture_if(condition, on_true=lambda: a.fill_(2.0))
        rk.capture_if(condition)
    for flag, expected in ((0, 1.0), (3, 2.0)):
        condition.fill_(flag)
        rk.capture_launch(capture.graph)
        assert np.all(a.numpy() == expected)


def test_capture_while_turns_as_often_as_the_array_says(device):
    n, visited = rk.array([0], dtype=int), rk.zeros(1, dtype=int)
    with rk.ScopedCapture() as capture:
        rk.capture_while(n, lambda: rk.launch(count_down, dim=1, inputs=[n, visited]))
    for turns in (5, 0, 2):
        n.fill_(turns)
        visited.zero_()
        rk.capture_launch(capture.graph)
        assert visited.numpy()[0] == turns and n.numpy()[0] == 0


def test_outside_a_capture_both_decide_at_once(device):
    n, visited = rk.array([3], dtype=int), rk.zeros(1, dtype=int)
    rk.capture_while(n, lambda: rk.launch(count_down, dim=1, inputs=[n, visited]))
    assert visited.numpy()[0] == 3
    rk.capture_if(n, lambda: visited.fill_(1), lambda: visited.fill_(2))
    assert visited.numpy()[0] == 2


def test_graphs_inside_graphs(device):
    n, visited, a = rk.array([0], dtype=int), rk.zeros(1, dtype=int), rk.zeros(4)
    with rk.ScopedCapture() as inner:
        rk.launch(count_down, dim=1, inputs=[n, visited])
    with rk.ScopedCapture() as outer:
        n.fill_(4)
        a.fill_(1.0)
        rk.capture_launch(inner.graph)
        rk.capture_while(n, inner.graph)
        rk.capture_if(n, on_false=lambda: a.fill_(9.0))
    rk.capture_launch(outer.graph)
    assert (visited.numpy()[0], a.numpy()[0]) == (4, 9.0)


def test_an_assert_fails_in_the_replay(device):
    a = rk.zeros(4)
    with rk.ScopedCapture() as capture:
        rk.launch(grow, dim=4, inputs=[a])
    for _ in range(3):
        rk.capture_launch(capture.graph)
    for _ in range(2):
        with pytest.raises(
            rk.KernelAssertionError, match=r"too large; in kernel 'grow', item \(\d,\) of grid"
        ):
            rk.capture_launch(capture.graph)
    a.zero_()
    rk.capture_launch(capture.graph)
    assert np.all(a.numpy() == 1.0)


def test_a_wrong_index_is_reported_by_the_replay(device):
    a, at = rk.zeros(4), rk.array([1], dtype=int)
    with rk.ScopedCapture() as capture:
        rk.launch(reach, dim=1, inputs=[a, at])
    rk.capture_launch(capture.graph)
    at.fill_(9)
    for _ in range(2):
        with pytest.raises(rk.KernelIndexError, match=r"index \(9,\) is outside an array of shape \(4,\)"):
            rk.capture_launch(capture.graph)
    assert a.numpy().tolist() == [0.0, 1.0, 0.0, 0.0]


WAITING = {
    "numpy": (lambda a: a.numpy(), "reading an array on the host"),
    "element": (lambda a: a[0], "reading an array on the host"),
    "text": (lambda a: str(a), "reading an array on the host"),
    "synchronize": (lambda a: rk.synchronize(), "synchronize"),
    "device": (lambda a: rk.synchronize_device(), "synchronize"),
    "stream": (lambda a: rk.synchronize_stream(), "synchronize_stream"),
    "assign": (lambda a: a.assign([1.0] * 4), "copying host values into an array"),
    "array": (lambda a: rk.array([1.0]), "copying host values into an array"),
}


@pytest.mark.parametrize("what", WAITING)
def test_what_would_wait_is_refused_with_its_line(device, what):
    call, text = WAITING[what]
    a = rk.zeros(4)
    with pytest.raises(rk.DeviceError) as caught, rk.ScopedCapture() as capture:
        call(a)
    line = call.__code__.co_firstlineno
    assert str(caught.value) == (
        f"{__file__}:{line}: {text} waits for device {device!r}, whose launches are being captured "
        "and do not run yet; do it before the capture or after its replay"
    )
    assert capture.graph is None
    assert call(a) is not NotImplemented  # the capture is over


def test_one_capture_at_a_time(device):
    rk.capture_begin()
    with pytest.raises(rk.DeviceError, match=f"a capture on {device} is on; end it first"):
        rk.capture_begin()
    graph = rk.capture_end()
    assert graph.size == 0 and str(graph.device) == device
    rk.capture_launch(graph)
    with pytest.raises(rk.DeviceError, match="no capture is on"):
        rk.capture_end()


def test_a_condition_is_one_int32(device):
    with pytest.raises(TypeError, match=r"capture_if: condition: expected an array of one int32, got array"):
        rk.capture_if(rk.zeros(1))
    with pytest.raises(TypeError, match=r"capture_while: condition: expected an array of one int32"):
        rk.capture_while(rk.zeros(2, dtype=int), lambda: None)


def test_pinned_memory_takes_part_in_a_capture(device):
    """Copies from and to it are replayed, with what it holds then."""
    given, taken = (rk.zeros(4, device="cpu", pinned=True) for _ in range(2))
    a, b = rk.zeros(4), rk.zeros(4)
    with rk.ScopedCapture() as capture:
        rk.copy(a, given)
        b.fill_(1.0)
        rk.launch(add, dim=4, inputs=[a, b])
        rk.copy(taken, b)
    for value in (3.0, 8.0):
        given.fill_(value)
        rk.capture_launch(capture.graph)
        rk.synchronize()
        assert np.all(taken.numpy() == value + 1.0)


@rk.kernel
def square(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    rk.atomic_add(y, 0, x[i] * x[i])


def test_a_gradient_is_captured_and_replayed(device):
    x = rk.zeros(8, requires_grad=True)
    loss = rk.zeros(1, requires_grad=True)
    with rk.ScopedCapture() as capture:
        loss.zero_()
        x.grad.zero_()
        with rk.Tape() as tape:
            rk.launch(square, dim=8, inputs=[x, loss])
        tape.backward(loss)
    del tape
    gc.collect()
    for shift in (1.0, 5.0):
        x.assign(np.arange(8.0) + shift)
        rk.capture_launch(capture.graph)
        assert np.allclose(x.grad.numpy(), 2.0 * (np.arange(8.0) + shift))
        assert np.isclose(loss.numpy()[0], np.sum((np.arange(8.0) + shift) ** 2))
