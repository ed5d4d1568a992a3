"""What a tape works out once for a kernel and its arrays, and when it must do so again."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError, KernelAssertionError, LaunchError

d = rk.float64


@rk.kernel
def square(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i]


@rk.kernel
def weigh(x: rk.array(dtype=d), w: rk.array(dtype=d), y: rk.array(dtype=d), s: d):
    i = rk.tid()
    y[i] += x[i] * w[i] * s


@rk.kernel
def overwrite(x: rk.array(dtype=d), value: d):
    x[rk.tid()] = value


def doubles(values, requires_grad=False):
    return rk.array(values, dtype=d, requires_grad=requires_grad)


def gradient(tape, output, *inputs):
    tape.backward(grads={output: np.ones(output.shape)})
    return [x.grad.numpy() for x in inputs]


def test_equal_launches_share_a_step_and_differ_in_numbers(device):
    x, w, y = doubles([1.0, 2.0], True), doubles([3.0, 4.0]), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        for scale in (1.0, 10.0, 100.0):
            rk.launch(weigh, 2, [x, w, y, scale])
    assert len(tape.entries) == 3 and len(set(map(id, tape.entries))) == 1
    np.testing.assert_array_equal(gradient(tape, y, x), [[333, 444]])


def test_an_array_that_becomes_active_later_is_differentiated_from_there(device):
    x, w, y = doubles([1.0, 2.0], True), doubles([3.0, 4.0]), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(weigh, 2, [x, w, y, 1.0])
        rk.launch(square, 2, [x, w])
        rk.launch(weigh, 2, [x, w, y, 1.0])  # w is x squared now: y = 3 x + x^3
    np.testing.assert_array_equal(gradient(tape, y, x), [[3 + 3, 4 + 12]])


def test_a_gradient_asked_for_between_two_launches(device):
    x, w, y = doubles([1.0, 2.0], True), doubles([3.0, 4.0]), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(weigh, 2, [x, w, y, 1.0])
        w.requires_grad = True
        rk.launch(weigh, 2, [x, w, y, 10.0])
    dx, dw = gradient(tape, y, x, w)
    np.testing.assert_array_equal(dx, [33, 44])
    np.testing.assert_array_equal(dw, [10, 20])


@pytest.mark.parametrize("checkpoint", [None, 1, 3])
def test_what_nobody_needed_is_kept_once_somebody_does(checkpoint, device):
    """The same launch first touches nothing of interest, then overwrites what a derivative reads."""
    x, y, total = doubles([1.0, 2.0, 3.0], True), rk.zeros(3, dtype=d), rk.zeros(3, dtype=d)
    w = doubles([5.0, 6.0, 7.0])
    with rk.Tape(checkpoint) as tape:
        rk.launch(overwrite, 3, [w, 2.0])
        rk.launch(weigh, 3, [x, w, total, 1.0])
        rk.launch(overwrite, 3, [w, 2.0])
        rk.launch(weigh, 3, [x, w, total, 1.0])
        rk.launch(overwrite, 3, [w, 100.0])
        rk.launch(square, 3, [x, y])
        rk.launch(weigh, 3, [y, w, total, 1.0])
    np.testing.assert_array_equal(gradient(tape, total, x), [4 + 200 * np.array([1.0, 2.0, 3.0])])


@pytest.mark.parametrize("checkpoint", [None, 1, 2, 5])
def test_a_part_of_an_array_is_overwritten_before_the_rest(checkpoint, device):
    x, y, total = doubles([1.0, 2.0, 3.0, 4.0], True), rk.zeros(4, dtype=d), rk.zeros(4, dtype=d)
    with rk.Tape(checkpoint) as tape:
        rk.launch(square, 4, [x, y])
        rk.launch(weigh, 4, [y, y, total, 1.0])  # y^2 = x^4
        rk.launch(overwrite, 2, [y[:2], 7.0])
        rk.launch(weigh, 4, [x, y, total, 1.0])  # 7 x, or x^3
        y[2:].fill_(9.0)
        rk.launch(weigh, 4, [x, y, total, 1.0])  # 7 x, or 9 x
    v = np.array([1.0, 2.0, 3.0, 4.0])
    rest = np.array([14.0, 14.0, 3 * 9 + 9, 3 * 16 + 9])
    np.testing.assert_array_equal(gradient(tape, total, x), [4 * v**3 + rest])


def test_recorded_launches_with_changed_arguments(device):
    x, w, y = doubles([1.0, 2.0], True), doubles([3.0, 4.0], True), rk.zeros(2, dtype=d)
    command = rk.launch(weigh, 2, [x, w, y, 1.0], record_cmd=True)
    with rk.Tape() as tape:
        command.launch()
        command.set_param_by_name("s", 10.0)
        command.launch()
        command.set_param_at_index(1, x)
        command.set_dim(1)
        command.launch()
        command.launch()
    dx, dw = gradient(tape, y, x, w)
    np.testing.assert_array_equal(dx, [33 + 2 * 20, 44])
    np.testing.assert_array_equal(dw, [11, 22])


def test_launches_that_fail_leave_no_trace(device):
    x, y = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(square, 2, [x, y])
        for wrong in ([x, y, y], [x, rk.zeros(2, dtype=rk.float32)], [x]):
            with pytest.raises(LaunchError):
                rk.launch(square, 2, wrong)
        with pytest.raises(LaunchError):
            rk.launch(square, (2, 2), [x, y])
    assert len(tape.entries) == 1
    np.testing.assert_array_equal(gradient(tape, y, x), [[2, 4]])


@rk.kernel
def double_positive(x: rk.array(dtype=d)):
    i = rk.tid()
    assert x[i] > 0.0, "negative"
    x[i] = x[i] * x[i]


def test_a_failed_assert_is_raised_and_what_ran_is_recorded(device):
    x = doubles([3.0, -1.0], True)
    with rk.Tape() as tape:
        with pytest.raises(KernelAssertionError):
            rk.launch(double_positive, 2, [x])
        rk.launch(overwrite, 1, [x[1:], 4.0])
        rk.launch(double_positive, 2, [x])
    assert x.numpy()[0] == 81.0
    np.testing.assert_array_equal(gradient(tape, x, x)[0][:1], [4 * 3.0**3])


def test_numpy_arguments_and_missing_arrays(device):
    if device.startswith("cuda"):
        pytest.skip("NumPy data is shared with kernels on the host only")
    x, w, y = doubles([1.0, 2.0], True), np.array([3.0, 4.0]), np.zeros(2)
    with rk.Tape() as tape:
        rk.launch(weigh, 2, [x, w, y, 1.0])
        rk.launch(weigh, 2, [x, w, y, 1.0])
        total = rk.array(y, dtype=d, copy=False)
        rk.launch(weigh, 2, [total, w, out := rk.zeros(2, dtype=d), 1.0])
    np.testing.assert_array_equal(gradient(tape, out, x), [[2 * 9, 2 * 16]])


@rk.kernel
def maybe(x: rk.array(dtype=d), w: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i]
    if w:
        y[i] = y[i] * w[i]


def test_an_array_that_is_none(device):
    x, w, y = doubles([3.0], True), doubles([5.0], True), rk.zeros(1, dtype=d)
    with rk.Tape() as tape:
        rk.launch(maybe, 1, [x, None, y])
        rk.launch(weigh, 1, [y, y, total := rk.zeros(1, dtype=d), 1.0])
        rk.launch(maybe, 1, [x, w, y])
        rk.launch(weigh, 1, [y, y, total, 1.0])
    dx, dw = gradient(tape, total, x, w)
    np.testing.assert_array_equal(dx, [4 * 27 + 25 * 4 * 27])
    np.testing.assert_array_equal(dw, [2 * 5 * 81])


@rk.kernel
def gather(x: rk.indexedarray(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i]


@pytest.mark.parametrize("checkpoint", [None, 1])
def test_indexed_arrays_hand_gradients_to_what_they_show(checkpoint, device):
    x, y = doubles([1.0, 2.0, 3.0], True), rk.zeros(2, dtype=d)
    with rk.Tape(checkpoint) as tape:
        rk.launch(gather, 2, [rk.indexedarray(x, [[2, 0]]), y])
        x.fill_(100.0)
    np.testing.assert_array_equal(gradient(tape, y, x), [[2, 0, 6]])


@rk.struct
class Pair:
    x: rk.array(dtype=d)
    w: rk.array(dtype=d)
    n: rk.array(dtype=int)
    scale: d
    offset: rk.vec3d


@rk.kernel
def paired(pair: Pair, s: d, y: rk.array(dtype=d)):
    i = rk.tid()
    own = pair.x[i] * pair.x[i] * pair.w[i] * pair.scale * s * d(pair.n[i])
    y[i] = own + rk.dot(pair.offset, pair.offset)


@pytest.mark.parametrize("checkpoint", [None, 1])
def test_arrays_of_a_struct_are_overwritten_later(checkpoint, device):
    x, w, y = doubles([1.0, 2.0], True), doubles([3.0, 4.0], True), rk.zeros(2, dtype=d)
    pair = Pair(x=x, w=w, n=rk.array([1, 2], dtype=int), scale=d(2.0))
    with rk.Tape(checkpoint) as tape:
        rk.launch(paired, 2, [pair, 1.0, y])
        rk.launch(overwrite, 2, [x, 50.0])
        rk.launch(overwrite, 2, [w, 60.0])
    dx, dw = gradient(tape, y, x, w)
    np.testing.assert_array_equal(dx, [2 * 3 * 2 * 1, 4 * 4 * 2 * 2])
    np.testing.assert_array_equal(dw, [2, 16])


@pytest.mark.parametrize("checkpoint", [None, 2])
def test_derivatives_by_numbers_are_summed_over_launches(checkpoint, device):
    pair = Pair(
        x=doubles([1.0, 2.0]), w=doubles([3.0, 4.0]), n=rk.array([1, 1], dtype=int),
        scale=d(2.0), offset=rk.vec3d(0.0, 1.0, 2.0),
    )  # fmt: skip
    y, z = rk.zeros(2, dtype=d), rk.zeros(2, dtype=d)
    with rk.Tape(checkpoint, values=["s", "pair"]) as tape:
        for scale in (1.0, 10.0):
            rk.launch(paired, 2, [pair, scale, y])
            rk.launch(weigh, 2, [y, y, z, 3.0])  # z += 3 y^2
    tape.backward(grads={z: np.ones(2)})
    bare = np.array([6.0, 32.0])  # y = s bare + 5
    by_s = sum(np.sum(6 * (s * bare + 5) * bare) + np.sum((s * bare + 5) ** 2) for s in (1.0, 10.0))
    # `weigh` has an s too
    np.testing.assert_allclose(tape.value_gradients["s"], by_s)
    found = tape.value_gradients["pair"]
    by_scale = sum(np.sum(6 * (s * bare + 5) * bare * s / 2) for s in (1.0, 10.0))
    np.testing.assert_allclose(found["scale"], by_scale)
    by_offset = sum(np.sum(6 * (s * bare + 5)) for s in (1.0, 10.0)) * 2 * np.array([0.0, 1.0, 2.0])
    np.testing.assert_allclose(found["offset"], by_offset)


def test_a_view_with_a_gradient_of_its_own(device):
    x = doubles([1.0, 2.0, 3.0], True)
    part = x[1:]
    part.grad = rk.zeros(2, dtype=d)
    y = rk.zeros(3, dtype=d)
    with rk.Tape() as tape:
        rk.launch(square, 3, [x, y])
        rk.launch(square, 2, [part, y[:2]])
    tape.backward(grads={y: np.ones(3)})
    whole = x.grad.numpy().copy()
    whole[1:] += part.grad.numpy()
    np.testing.assert_array_equal(whole, [0, 4, 6 + 6])


@rk.kernel
def compact(x: rk.array(dtype=d), count: rk.array(dtype=int), y: rk.array(dtype=d)):
    i = rk.tid()
    if x[i] > 0.0:
        y[rk.atomic_add(count, 0, 1)] = x[i]


def test_checkpoints_refuse_what_may_run_differently_the_second_time(device):
    x, y, count = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d), rk.zeros(1, dtype=int)
    with rk.Tape(checkpoint=2), pytest.raises(AdjointError) as caught:
        rk.launch(compact, 2, [x, count, y])
    assert "kernel 'compact': it uses the result of an atomic" in str(caught.value)
    with rk.Tape(checkpoint=2) as tape, pytest.raises(AdjointError) as caught:
        tape.record_func(lambda: None, [x])
    assert str(caught.value) == (
        "tape.record_func: a tape with checkpoint= runs launches again, not Python; make it without"
    )


def test_gradients_of_another_shape_are_refused(device):
    x, y = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(square, 2, [x, y])
    with pytest.raises(AdjointError) as caught:
        tape.backward(grads={y: rk.ones(3, dtype=d)})
    assert str(caught.value) == (
        "tape.backward: grads: expected array(dtype=float64) of shape (2,), "
        "got array(dtype=float64) of shape (3,)"
    )


@pytest.mark.parametrize("checkpoint", [None, 1])
def test_what_backward_is_given_stays_as_it_is(checkpoint, device):
    x, y, z = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d), rk.zeros(2, dtype=d)
    by_y, by_z = doubles([1.0, 10.0]), doubles([100.0, 1000.0])
    with rk.Tape(checkpoint) as tape:
        rk.launch(square, 2, [x, y])
        rk.launch(square, 2, [y, z])
    for times in (1, 2):
        tape.backward(grads={y: by_y, z: by_z})
        v = np.array([1.0, 2.0])
        expected = by_y.numpy() * 2 * v + by_z.numpy() * 4 * v**3
        np.testing.assert_array_equal(x.grad.numpy(), times * expected)
    np.testing.assert_array_equal(by_y.numpy(), [1, 10])
    np.testing.assert_array_equal(by_z.numpy(), [100, 1000])


def test_a_gradient_may_start_from_itself(device):
    """The derivative by the output lies in the memory that receives the one by the input."""
    x, y = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d)
    x.grad = doubles([1.0, 10.0])
    with rk.Tape() as tape:
        rk.launch(square, 2, [x, y])
    tape.backward(grads={y: x.grad})
    np.testing.assert_array_equal(x.grad.numpy(), [1 + 2, 10 + 40])


def test_elements_that_a_launch_leaves_keep_their_derivative(device):
    x, y = doubles([1.0, 2.0, 3.0], True), doubles([4.0, 5.0, 6.0], True)
    with rk.Tape() as tape:
        rk.launch(square, 2, [x, y])
    dx, dy = gradient(tape, y, x, y)
    np.testing.assert_array_equal(dx, [2, 4, 0])
    np.testing.assert_array_equal(dy, [0, 0, 1])


@rk.kernel
def square_of_some(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    if x[i] > 1.5:
        y[i] = x[i] * x[i]


def test_elements_that_a_branch_leaves_keep_their_derivative(device):
    x, y = doubles([1.0, 2.0, 3.0], True), doubles([4.0, 5.0, 6.0], True)
    with rk.Tape() as tape:
        rk.launch(square_of_some, 3, [x, y])
    dx, dy = gradient(tape, y, x, y)
    np.testing.assert_array_equal(dx, [0, 4, 6])
    np.testing.assert_array_equal(dy, [1, 0, 0])


def test_an_output_used_before_and_after_it_is_overwritten(device):
    x, y, total = doubles([1.0, 2.0], True), doubles([3.0, 4.0], True), rk.zeros(2, dtype=d)
    with rk.Tape() as tape:
        rk.launch(weigh, 2, [y, y, total, 1.0])
        rk.launch(square, 2, [x, y])
        rk.launch(weigh, 2, [y, y, total, 1.0])
    dx, dy = gradient(tape, total, x, y)
    np.testing.assert_array_equal(dx, [4, 32])
    np.testing.assert_array_equal(dy, [6, 8])


@pytest.mark.parametrize("own_memory_first", [True, False])
def test_memory_that_is_known_under_two_names(own_memory_first):
    """What another library gives out is told by its address, whatever else the tape has seen before."""
    buffer = bytearray(np.array([1.0, 2.0, 3.0, 4.0]).tobytes())
    whole = rk.array(np.frombuffer(buffer), dtype=d, copy=False, device="cpu", requires_grad=True)
    part = rk.array(np.frombuffer(buffer, offset=8, count=2), dtype=d, copy=False, device="cpu")
    own, y = doubles([0.0, 0.0]).to("cpu"), rk.zeros(2, dtype=d, device="cpu")
    with rk.Tape() as tape:
        if own_memory_first:
            rk.launch(square, 2, [own, y], device="cpu")
        rk.launch(weigh, 4, [whole, whole, rk.zeros(4, dtype=d, device="cpu"), 1.0], device="cpu")
        rk.launch(square, 2, [part, y], device="cpu")
        rk.launch(overwrite, 2, [part, 7.0], device="cpu")
    tape.backward(grads={y: np.ones(2)})
    np.testing.assert_array_equal(whole.grad.numpy(), [0, 4, 6, 0])


def test_memory_of_another_library_that_overlaps_in_part_is_refused():
    buffer = bytearray(np.arange(4.0).tobytes())
    first, second = (
        rk.array(np.frombuffer(buffer, offset=8 * k, count=3), dtype=d, copy=False, device="cpu")
        for k in (0, 1)
    )
    first.requires_grad = True
    with rk.Tape(), pytest.raises(AdjointError) as caught:
        rk.launch(square, 3, [first, second], device="cpu")
    assert str(caught.value) == (
        "tape: two arrays overlap in memory of another library; wrap the whole, then slice it"
    )


def test_a_step_with_its_gradient_is_captured(device):
    x, y, _total = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d), rk.zeros(1, dtype=d)
    x.grad.zero_()
    seed = doubles([1.0, 10.0])
    with rk.ScopedCapture() as capture:
        x.grad.zero_()
        with rk.Tape() as tape:
            rk.launch(square, 2, [x, y])
            rk.launch(weigh, 2, [y, y, y, 1.0])  # y += y^2, in place
        tape.backward(grads={y: seed})
    for shift in (0.0, 3.0):
        x.assign(np.array([1.0, 2.0]) + shift)
        rk.capture_launch(capture.graph)
        v = np.array([1.0, 2.0]) + shift
        np.testing.assert_array_equal(y.numpy(), v**2 + v**4)
        np.testing.assert_array_equal(x.grad.numpy(), np.array([1.0, 10.0]) * (2 * v + 4 * v**3))


@pytest.mark.parametrize("checkpoint", [None, 1])
def test_an_array_is_overwritten_after_it_was_copied(checkpoint, device):
    x, y, z = doubles([1.0, 2.0], True), rk.zeros(2, dtype=d), rk.zeros(2, dtype=d)
    with rk.Tape(checkpoint) as tape:
        y.assign(x)
        rk.launch(overwrite, 2, [x, 5.0])
        rk.launch(weigh, 2, [y, x, z, 1.0])
    np.testing.assert_array_equal(gradient(tape, z, x), [[5, 5]])


def test_outputs_that_are_inputs_pass_their_derivative_on(device):
    """What nothing on the tape touches, or only in part, is its own derivative there."""
    x, y = doubles([1.0, 2.0, 3.0], True), doubles([4.0, 5.0], True)
    with rk.Tape() as tape:
        rk.launch(square, 2, [x[1:], x[1:]])
    tape.backward(grads={x: np.array([1.0, 10.0, 100.0]), y: np.array([3.0, 4.0])})
    np.testing.assert_array_equal(x.grad.numpy(), [1, 40, 600])
    np.testing.assert_array_equal(y.grad.numpy(), [3, 4])


@rk.struct
class Link:
    p: rk.array(dtype=d)
    m: d


@rk.kernel
def linked(links: rk.array(dtype=Link), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = links[i].p[0] * links[i].m


@pytest.mark.parametrize("later", [False, True])
def test_what_structs_in_an_array_refer_to_is_constant_or_refused(later, device):
    p, y = doubles([3.0]), doubles([0.0, 0.0], True)
    links = rk.array([Link(p=p, m=d(2.0)), Link(p=p, m=d(5.0))], dtype=Link)
    with rk.Tape():
        rk.launch(linked, 2, [links, y])
        if later:
            rk.launch(square, 1, [y, p])
        else:
            p.requires_grad = True
        with pytest.raises(AdjointError) as caught:
            rk.launch(linked, 2, [links, y])
    assert str(caught.value) == (
        "kernel 'linked': elements of an array of Link refer to an array of float64 that is differentiated; "
        "pass that array itself, or one struct"
    )


def test_filling_an_indexed_array_is_refused(device):
    x = doubles([1.0, 2.0, 3.0], True)
    some = rk.indexedarray(x, [[0, 2]])
    for fill in (some.zero_, lambda: some.fill_(1.0)):
        with rk.Tape(), pytest.raises(AdjointError) as caught:
            fill()
        assert str(caught.value) == (
            "indexedarray: a tape cannot record that some elements are set; launch a kernel"
        )
    some.fill_(7.0)
    np.testing.assert_array_equal(x.numpy(), [7, 2, 7])
