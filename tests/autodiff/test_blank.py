"""Gradients that are zero without having been written: whoever looks sees what adding to zeros would give."""

import weakref

import numpy as np
import pytest

import robokern as rk
from robokern.runtime import blank, recording

N = 37


@rk.kernel
def bend(x: rk.array(dtype=rk.vec3), k: rk.array(dtype=float), y: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    p = x[i]
    if p[0] > 0.0:
        y[i] = p * (rk.dot(p, p) * k[i])
    else:
        y[i] = p * 2.0 + x[i]


@rk.kernel
def scale(x: rk.array(dtype=float), factor: float, y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = factor * x[i]


@rk.kernel
def repeat(x: rk.array(dtype=float), turns: int, y: rk.array(dtype=float)):
    i = rk.tid()
    total = 0.0
    for k in range(turns):
        if k > 1:
            total += x[i] * float(k)
    y[i] = total


@rk.kernel
def shift(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = x[i + 1]


def floats(values, device=None, grad=True):
    return rk.array(np.asarray(values, np.float32), dtype=float, device=device, requires_grad=grad)


def played(x, factor=3.0, count=None):
    y = rk.zeros(len(x), dtype=float, device=x.device)
    with rk.Tape() as tape:
        rk.launch(scale, len(x) if count is None else count, [x, factor, y], device=x.device)
    tape.backward(grads={y: np.ones(len(x), np.float32)})
    return tape


def test_written_gradients_are_those_added_to_zeros(device):
    draw = np.random.default_rng(0)
    x = rk.array(
        draw.normal(size=(N, 3)).astype(np.float32), dtype=rk.vec3, device=device, requires_grad=True
    )
    k = floats(draw.normal(size=N), device)
    y = rk.zeros(N, dtype=rk.vec3, device=device)

    def play():
        with rk.Tape() as tape:
            rk.launch(bend, N, [x, k, y], device=device)
        tape.backward(grads={y: np.ones((N, 3), np.float32)})
        return tape, x.grad.numpy().copy(), k.grad.numpy().copy()

    tape, *first = play()
    held = x.grad, k.grad
    tape.zero()
    assert x._grad is held[0]
    tape, *added = play()
    del held
    tape.zero()
    assert x._grad is None and k._grad is None
    _, *written = play()
    for a, b, c in zip(first, added, written, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(c, b)
    assert np.abs(first[0]).min() > 0 and (first[1] == 0).any()


def test_a_second_backward_adds(compiled):
    x = floats(np.ones(N))
    played(x)
    played(x)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 6.0))


def test_two_launches_of_one_tape_add(compiled):
    x, y = floats(np.ones(N)), rk.zeros(N, dtype=float)
    z = rk.zeros(N, dtype=float)
    for _ in range(2):
        with rk.Tape() as tape:
            rk.launch(scale, N, [x, 3.0, y])
            rk.launch(scale, N, [x, 5.0, z])
        tape.backward(grads={y: np.ones(N), z: np.ones(N)})
        np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 8.0))
        tape.zero()


def test_what_a_launch_does_not_reach_is_zero(compiled):
    x = floats(np.ones(N))
    played(x, 7.0).zero()
    assert x._grad is None
    tape = played(x, count=5)
    np.testing.assert_array_equal(x.grad.numpy(), [3.0] * 5 + [0.0] * (N - 5))
    tape.zero()
    y = rk.zeros(N - 1, dtype=float)
    with rk.Tape() as tape:
        rk.launch(shift, N - 1, [x, y])
    tape.backward(grads={y: np.ones(N - 1)})
    np.testing.assert_array_equal(x.grad.numpy(), [0.0] + [1.0] * (N - 1))


@pytest.mark.parametrize("turns", [0, 1, 4])
def test_elements_read_in_loops(compiled, turns):
    x, y = floats(np.ones(N)), rk.zeros(N, dtype=float)
    played(x, 7.0).zero()
    for _ in range(2):
        with rk.Tape() as tape:
            rk.launch(repeat, N, [x, turns, y])
        tape.backward(grads={y: np.ones(N)})
        np.testing.assert_array_equal(x.grad.numpy(), np.full(N, sum(range(2, turns))))
        tape.zero()


def test_a_tape_that_does_not_reach_an_array_leaves_zeros(compiled):
    x, other = floats(np.ones(N)), floats(np.ones(N))
    y = rk.zeros(N, dtype=float)
    played(x, 7.0).zero()
    with rk.Tape() as tape:
        rk.launch(scale, N, [x, 3.0, y])
        rk.launch(scale, N, [other, 3.0, y])
    tape.backward(grads={y: np.ones(N)})
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros(N))
    np.testing.assert_array_equal(other.grad.numpy(), np.full(N, 3.0))


def test_a_failed_backward_leaves_zeros(compiled, monkeypatch):
    x = floats(np.ones(N))
    played(x, 7.0).zero()
    tape = rk.Tape()
    y = rk.zeros(N, dtype=float)
    with tape:
        rk.launch(scale, N, [x, 3.0, y])

    def fail(*unused):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("robokern.runtime.derived_launcher.DerivedLauncher.play", fail)
        tape.backward(grads={y: np.ones(N)})
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros(N))


def launched(grad):
    made = rk.launch(scale, N, [grad, 1.0, rk.zeros(N, dtype=float)], record_cmd=True)
    return made, lambda: made.arguments[0].value.numpy()


def captured(grad):
    out = rk.zeros(N, dtype=float)
    with rk.ScopedCapture() as capture:
        rk.launch(scale, N, [grad, 1.0, out])

    def look():
        rk.capture_launch(capture.graph)
        return out.numpy()

    return capture.graph, look


def over_grad(grad):
    """An array whose gradient's memory it is."""
    other = floats(np.zeros(N))
    other.grad = rk.array(grad.numpy(), dtype=float, copy=False)
    return other, lambda: other.grad.numpy()


def with_interface(grad):
    class Foreign:
        __array_interface__, keep = grad.__array_interface__, grad

    made = Foreign()
    return made, lambda: np.asarray(made)


HOLDERS = {
    "the gradient": lambda g: (g, g.numpy),
    "a slice": lambda g: ((a := g[0:N]), a.numpy),
    "a reshaped view": lambda g: ((a := g.reshape((N, 1))), lambda: a.numpy().ravel()),
    "a weak reference": lambda g: ((a := weakref.ref(g)), lambda: a().numpy()),
    "a recorded launch": launched,
    "a graph": captured,
}
ON_THE_HOST = {
    "numpy": lambda g: ((a := g.numpy()), lambda: a),
    "a part": lambda g: ((a := g.numpy()[3:5]), lambda: np.repeat(a[:1], N)),
    "another device": lambda g: ((a := g.to("ref")), a.numpy),
    "DLPack": lambda g: ((a := np.from_dlpack(g)), lambda: a),
    "memoryview": lambda g: ((a := memoryview(g.numpy())), lambda: np.asarray(a)),
    "asarray": lambda g: ((a := np.asarray(g)), lambda: a),
    "another array": over_grad,
    "__array_interface__": with_interface,
}


def check_holder(hold):
    x = floats(np.ones(N))
    tape = played(x, 7.0)
    keep, look = hold(x.grad)
    np.testing.assert_array_equal(look(), np.full(N, 7.0))
    tape.zero()
    assert not recording.blank.get(x)
    np.testing.assert_array_equal(look(), np.zeros(N))
    tape = played(x)
    np.testing.assert_array_equal(look(), np.full(N, 3.0))
    tape.zero()
    del keep, look
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros(N))


@pytest.mark.parametrize("holder", HOLDERS)
def test_whoever_holds_a_gradient_sees_it_cleared_and_filled(compiled, holder):
    check_holder(HOLDERS[holder])


@pytest.mark.parametrize("holder", ON_THE_HOST)
def test_whoever_shares_a_gradient_sees_it_cleared_and_filled(holder):
    check_holder(ON_THE_HOST[holder])


def test_torch_sees_a_gradient_cleared_and_filled():
    torch = pytest.importorskip("torch")
    x = floats(np.ones(N))
    tape = played(x, 7.0)
    seen = torch.from_dlpack(x.grad)
    tape.zero()
    assert not seen.any()
    played(x)
    assert (seen == 3.0).all()


def test_a_gradient_in_memory_of_somebody_else_is_cleared_at_once():
    x, own = floats(np.ones(N)), bytearray(4 * N)
    x.grad = rk.array(np.frombuffer(own, np.float32), dtype=float, copy=False)
    tape = played(x)
    assert any(own)
    tape.zero()
    assert not any(own)


def read_at(place):
    """What lies at an address of the default device."""
    return rk.array(ptr=place, dtype=float, shape=N).numpy()


def test_a_gradient_whose_address_is_known_is_cleared_at_once(compiled):
    x = floats(np.ones(N))
    tape = played(x)
    place = x.grad.ptr
    tape.zero()
    assert not read_at(place).any()
    assert x.grad.ptr == place


def test_an_interface_tells_the_address(compiled):
    x = floats(np.ones(N))
    tape = played(x)
    name = "__array_interface__" if compiled == "cpu" else "__cuda_array_interface__"
    place = getattr(x.grad, name)["data"][0]
    tape.zero()
    assert not read_at(place).any()


def test_a_gradient_written_late_is_in_order_with_other_streams(compiled):
    count = 1 << 22
    x, out = floats(np.ones(count)), rk.zeros(count, dtype=float)
    tape = played(x, 7.0)
    side = rk.Stream(blocking=False)
    with rk.ScopedStream(side):
        for _ in range(20):
            rk.launch(scale, count, [x.grad, 2.0, out])
        tape.zero()  # after the launches, which read it
    assert x._grad is None
    held = x.grad  # on the default stream, which does not wait for the other
    with rk.ScopedStream(side, sync_enter=False):
        last = rk.zeros(count, dtype=float)
        rk.launch(scale, count, [held, 1.0, last])
    rk.synchronize()
    assert (out.numpy() == 14.0).all()
    assert (last.numpy() == 0.0).all()


def test_views_made_after_clearing_share_the_gradient(compiled):
    x = floats(np.ones(N))
    played(x, 7.0).zero()
    assert x._grad is None
    part = x[2:4]
    played(x)
    np.testing.assert_array_equal(part.grad.numpy(), [3.0, 3.0])


def test_a_gradient_that_is_set_replaces_the_zeros(compiled):
    x = floats(np.ones(N))
    played(x, 7.0).zero()
    x.grad = floats(np.full(N, 2.0), grad=False)
    played(x)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 5.0))


def test_a_replay_adds_to_a_gradient_cleared_before_the_capture(compiled):
    x, y, ones = floats(np.ones(N)), rk.zeros(N, dtype=float), floats(np.ones(N), grad=False)
    played(x, 7.0).zero()
    with rk.ScopedCapture() as capture:
        with rk.Tape() as tape:
            rk.launch(scale, N, [x, 3.0, y])
        tape.backward(grads={y: ones})
    for k in (1, 2):
        rk.capture_launch(capture.graph)
        np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 3.0 * k))
    tape.zero()  # outside: the graph writes to that memory
    rk.capture_launch(capture.graph)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 3.0))


def test_an_adjoint_launch_in_a_graph_writes_to_a_cleared_gradient(compiled):
    x, y, ones = floats(np.ones(N)), rk.zeros(N, dtype=float), floats(np.ones(N), grad=False)
    tape = played(x, 7.0)
    with rk.ScopedCapture() as capture:
        rk.launch(scale, N, [x, 3.0], [y], adj_outputs=[ones], adjoint=True)
    tape.zero()
    rk.capture_launch(capture.graph)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(N, 3.0))


def test_clearing_inside_a_capture_is_replayed(compiled):
    x = floats(np.ones(N))
    tape = played(x, 7.0)
    with rk.ScopedCapture() as capture:
        tape.zero()
    played(x)
    rk.capture_launch(capture.graph)
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros(N))


def test_zeros_are_not_kept_longer_than_their_array(compiled):
    x = floats(np.ones(N))
    played(x).zero()
    before = len(recording.blank)
    del x
    assert len(recording.blank) == before - 1


def test_who_is_alone_is_told_by_references(compiled):
    x = floats(np.ones(N))
    played(x)
    assert blank._is_alone(x)
    held = x._grad
    assert not blank._is_alone(x)
    del held
    assert blank._is_alone(x)
