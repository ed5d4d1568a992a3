"""`launch(..., adjoint=True)`: the reverse derivative of one kernel, with adjoints given by hand."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError, LaunchError

d = rk.float64


@rk.kernel
def scaled(x: rk.array(dtype=d), s: d, y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i] * s


def doubles(values, **options):
    return rk.array(values, dtype=d, **options)


def test_adjoints_are_read_from_outputs_and_added_to_inputs(device):
    x, y = doubles([1.0, 2.0, 3.0]), rk.zeros(3, dtype=d)
    adj_x, adj_s, adj_y = doubles([10.0, 0.0, 0.0]), doubles([0.5]), doubles([1.0, 10.0, 100.0])
    rk.launch(scaled, 3, [x, 2.0], [y], [adj_x, adj_s], [adj_y], adjoint=True)
    np.testing.assert_array_equal(adj_x.numpy(), [14, 80, 1200])
    np.testing.assert_array_equal(adj_s.numpy(), [0.5 + 1 + 40 + 900])
    np.testing.assert_array_equal(adj_y.numpy(), [1, 10, 100])  # given by hand, so left as it is
    np.testing.assert_array_equal(y.numpy(), 0)  # the kernel itself has not run


def test_an_argument_without_adjoint_uses_its_own_gradient(device):
    x, y = doubles([1.0, 2.0], requires_grad=True), rk.zeros(2, dtype=d, requires_grad=True)
    y.grad.fill_(1.0)
    rk.launch(scaled, 2, inputs=[x, 3.0], outputs=[y], adjoint=True)
    np.testing.assert_array_equal(x.grad.numpy(), [6, 12])
    np.testing.assert_array_equal(y.grad.numpy(), 0)


def test_outputs_without_adjoint_hand_nothing_back(device):
    x, y, adj = doubles([1.0, 2.0]), rk.zeros(2, dtype=d), rk.zeros(2, dtype=d)
    rk.launch(scaled, 2, [x, 3.0], [y], [adj], adjoint=True)
    np.testing.assert_array_equal(adj.numpy(), 0)


@rk.struct
class Spring:
    rest: rk.array(dtype=rk.vec3d)
    stiffness: d
    axis: rk.vec3d
    turns: int


@rk.kernel
def pull(spring: Spring, m: rk.mat22d, y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = spring.stiffness * rk.dot(spring.rest[i], spring.axis) + m[0, 1] * d(i)


def test_structs_receive_arrays_and_numbers(device):
    rest = rk.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=rk.vec3d)
    spring = Spring(rest=rest, stiffness=d(2.0), axis=rk.vec3d(0.0, 1.0, 0.0), turns=3)
    found = Spring(rest=rk.zeros(2, dtype=rk.vec3d), stiffness=d(0.25))
    adj_m = rk.zeros(1, dtype=rk.mat22d)
    y, adj_y = rk.zeros(2, dtype=d), doubles([1.0, 10.0])
    m = rk.mat22d(0.0, 7.0, 0.0, 0.0)
    rk.launch(pull, 2, [spring, m], [y], [found, adj_m], [adj_y], adjoint=True)
    np.testing.assert_array_equal(found.rest.numpy(), [[0, 2, 0], [0, 20, 0]])
    assert found.stiffness == 0.25 + 2 + 50
    np.testing.assert_array_equal(np.asarray(found.axis), [2 * 41, 2 * 52, 2 * 63])
    np.testing.assert_array_equal(adj_m.numpy(), [[[0, 10], [0, 0]]])


@rk.kernel
def squared_in_place(x: rk.array(dtype=d)):
    i = rk.tid()
    x[i] = x[i] * x[i]


def test_an_array_changed_in_place_holds_what_it_held_before(device):
    x, adj = doubles([3.0, 5.0]), doubles([1.0, 10.0])
    rk.launch(squared_in_place, 2, [x], [], [adj], adjoint=True)
    np.testing.assert_array_equal(adj.numpy(), [6, 100])
    np.testing.assert_array_equal(x.numpy(), [3, 5])


@rk.kernel
def gathered(x: rk.indexedarray(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i]


def test_indexed_arrays(device):
    x, adj, y = doubles([1.0, 2.0, 3.0]), rk.zeros(3, dtype=d), rk.zeros(2, dtype=d)
    rk.launch(gathered, 2, [rk.indexedarray(x, [[2, 0]])], [y], [adj], [doubles([1.0, 1.0])], adjoint=True)
    np.testing.assert_array_equal(adj.numpy(), [2, 0, 6])


def test_numpy_data_and_slices_as_adjoints():
    x, y, found = np.array([1.0, 2.0]), np.zeros(2), rk.zeros(4, dtype=d)
    rk.launch(scaled, 2, [x, 1.0], [y], [found[::2]], [np.ones(2)], adjoint=True)
    np.testing.assert_array_equal(found.numpy(), [2, 0, 4, 0])


def test_recorded_adjoint_launches(device):
    x, y, adj_x, adj_y = doubles([1.0, 2.0]), rk.zeros(2, dtype=d), rk.zeros(2, dtype=d), doubles([1.0, 1.0])
    command = rk.launch(scaled, 2, [x, 1.0], [y], [adj_x], [adj_y], adjoint=True, record_cmd=True)
    np.testing.assert_array_equal(adj_x.numpy(), 0)
    command.launch()
    np.testing.assert_array_equal(adj_x.numpy(), [2, 4])
    other, adj_s = rk.zeros(2, dtype=d), rk.zeros(1, dtype=d)
    command.set_param_at_index(0, other, adjoint=True)
    command.set_param_by_name("s", adj_s, adjoint=True)
    command.set_param_by_name("s", 10.0)
    command.launch()
    np.testing.assert_array_equal(other.numpy(), [20, 40])
    np.testing.assert_array_equal(adj_s.numpy(), [5])
    np.testing.assert_array_equal(adj_x.numpy(), [2, 4])


@rk.kernel
def compact(x: rk.array(dtype=d), count: rk.array(dtype=int), y: rk.array(dtype=d)):
    i = rk.tid()
    y[rk.atomic_add(count, 0, 1)] = x[i]


X, Y = doubles([1.0, 2.0]), rk.zeros(2, dtype=d)
WRONG = [
    (
        {"inputs": [X, 1.0], "outputs": [Y], "adj_inputs": [rk.zeros(3, dtype=d)]},
        LaunchError,
        "kernel 'scaled', adjoint of argument 'x': expected array(dtype=float64) of shape (2,), "
        "got array(dtype=float64) of shape (3,); pass an array like the argument, or None",
    ),
    (
        {"inputs": [X, 1.0], "outputs": [Y], "adj_inputs": [rk.zeros(2, dtype=rk.float32)]},
        LaunchError,
        "kernel 'scaled', adjoint of argument 'x': expected array(dtype=float64) of shape (2,), "
        "got array(dtype=float32) of shape (2,); pass an array like the argument, or None",
    ),
    (
        {"inputs": [X, 1.0], "outputs": [Y], "adj_inputs": [None, 0.0]},
        LaunchError,
        "kernel 'scaled', adjoint of argument 's': expected an array of one float64, got float 0.0; "
        "pass rk.zeros(1, ...), or None",
    ),
    (
        {"inputs": [X, 1.0], "outputs": [Y], "adj_inputs": [X, None, Y]},
        LaunchError,
        "kernel 'scaled': adj_inputs: expected at most 2, got 3",
    ),
    (
        {"inputs": [X, 1.0], "outputs": [Y]},
        AdjointError,
        "kernel 'scaled': adjoint=True: no argument has an adjoint; "
        "pass adj_inputs, or arrays with requires_grad",
    ),
    (
        {"inputs": [X, 1.0, Y, 2.0]},
        LaunchError,
        "kernel 'scaled': expected 3 arguments (x, s, y), got 4",
    ),
]


@pytest.mark.parametrize(("options", "error", "text"), WRONG)
def test_what_does_not_fit_is_refused(options, error, text):
    with pytest.raises(error) as caught:
        rk.launch(scaled, 2, adjoint=True, device="cpu", **options)
    assert str(caught.value) == text


def test_a_struct_of_another_kind_is_refused():
    spring = Spring(rest=rk.zeros(2, dtype=rk.vec3d))
    with pytest.raises(LaunchError) as caught:
        rk.launch(pull, 2, [spring, rk.mat22d()], [Y], [3.0], adjoint=True, device="cpu")
    assert str(caught.value) == (
        "kernel 'pull', adjoint of argument 'spring': expected Spring, got float 3.0; "
        "pass a Spring(...) of adjoints, or None"
    )


def test_kernels_that_write_something_down_need_a_tape():
    count = rk.zeros(1, dtype=int)
    with pytest.raises(AdjointError) as caught:
        rk.launch(compact, 2, [X, count], [Y], [rk.zeros(2, dtype=d)], adjoint=True, device="cpu")
    assert str(caught.value) == (
        "kernel 'compact': adjoint=True: its derivative needs what the forward launch writes down; "
        "record the launch on a Tape"
    )


def test_no_tape_records_an_adjoint_launch():
    with rk.Tape(), pytest.raises(AdjointError) as caught:
        rk.launch(scaled, 2, [X, 1.0], [Y], [rk.zeros(2, dtype=d)], adjoint=True, device="cpu")
    assert str(caught.value) == "kernel 'scaled': adjoint=True: no tape records it; leave the tape's block"


def test_an_open_tape_does_not_see_what_it_should_not():
    x, y = doubles([1.0, 2.0], requires_grad=True), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(scaled, 2, [x, 1.0], [y], record_tape=False)
    assert tape.entries == [] and y.numpy()[1] == 4.0
