"""What a tape records, keeps, refuses and forgets."""

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.builtins import adjoint
from robokern.compiler.function import func_grad, func_replay
from robokern.errors import AdjointError, KernelError
from robokern.runtime.tape import Tape


@rk.struct
class Body:
    position: rk.array(dtype=rk.vec3d)
    mass: rk.float64


@rk.kernel
def step(x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), k: rk.array(dtype=rk.float64)):
    i = rk.tid()
    v[i] = v[i] - x[i] * (k[0] * rk.length_sq(x[i])) * rk.float64(0.05)
    x[i] = x[i] + v[i] * rk.float64(0.05)


@rk.kernel
def energy(x: rk.array(dtype=rk.vec3d), total: rk.array(dtype=rk.float64)):
    rk.atomic_add(total, 0, rk.length_sq(x[rk.tid()]))


def rollout(stiffness, steps, checkpoint=None):
    """Energy after some steps, its derivative by the stiffness, the tape."""
    x = rk.array([[1.0, 0.2, 0.0], [0.0, -1.0, 0.5]], dtype=rk.vec3d)
    v, total = rk.zeros(2, dtype=rk.vec3d), rk.zeros(1, dtype=rk.float64)
    k = rk.array([stiffness], dtype=rk.float64, requires_grad=True)
    with Tape(checkpoint) as tape:
        for _ in range(steps):
            rk.launch(step, 2, [x, v, k])
        rk.launch(energy, 2, [x, total])
    kept = tape.kept_bytes
    tape.backward(total)
    return total.numpy()[0], k.grad.numpy()[0], kept, x.numpy().copy()


@pytest.mark.parametrize("checkpoint", [None, 1, 7, 1000])
def test_long_rollouts_in_place(checkpoint, device):
    steps = 60
    value, slope, _, x = rollout(1.3, steps, checkpoint)
    ends = [rollout(1.3 + s * 1e-6, steps)[0] for s in (1, -1)]
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-6, rtol=1e-6)
    np.testing.assert_array_equal(x, rollout(1.3, steps)[3])  # arrays end as the launches left them
    assert value > 0


def test_checkpoints_keep_a_fraction_of_the_copies(device):
    everything, some = rollout(1.3, 900)[2], rollout(1.3, 900, 30)[2]
    assert some < everything / 4


def square_of(values):
    return rk.array(values, dtype=rk.float64, requires_grad=True)


@rk.kernel
def square(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = x[i] * x[i]


def test_recorded_launches_copies_clones_fills_and_slices(device):
    x, y, z = square_of([1.0, 2.0, 3.0]), rk.zeros(3, dtype=rk.float64), rk.zeros(3, dtype=rk.float64)
    recorded = rk.launch(square, 3, [x, y], record_cmd=True)
    with Tape() as tape:
        recorded.launch()
        c = rk.clone(y)
        y.zero_()
        z.fill_(7.0)
        rk.copy(z, c, dest_offset=1, src_offset=0, count=2)
        z[2:3] = 5.0
    np.testing.assert_array_equal(z.numpy(), [7, 1, 5])
    tape.backward(grads={z: np.array([1.0, 10.0, 100.0])})
    np.testing.assert_array_equal(x.grad.numpy(), [20, 0, 0])


def test_launches_on_slices_and_reshaped_views(device):
    x = square_of([1.0, 2.0, 3.0, 4.0])
    y = rk.zeros((2, 2), dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 2, [x[1:3], y.reshape(4)[2:]])
    tape.backward(grads={y: np.ones((2, 2))})
    np.testing.assert_array_equal(x.grad.numpy(), [0, 4, 6, 0])


@rk.kernel
def add(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), out: rk.array(dtype=rk.float64)):
    i = rk.tid()
    out[i] = x[i] * y[i]


def test_one_array_passed_twice_and_written(device):
    x = square_of([2.0, 3.0])
    with Tape() as tape:
        rk.launch(add, 2, [x, x, x])
        rk.launch(add, 2, [x, x, x])
    tape.backward(grads={x: np.ones(2)})
    np.testing.assert_array_equal(x.grad.numpy(), 4 * np.array([2.0, 3.0]) ** 3)


def test_overlapping_arrays_that_are_written_are_refused(device):
    x = square_of([1.0, 2.0, 3.0])
    with Tape(), pytest.raises(AdjointError, match="'out', which it writes, overlaps array 'x'"):
        rk.launch(add, 2, [x[:2], x[:2], x[1:]])


def test_gradients_add_up_until_zero(device):
    x, y = square_of([3.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 1, [x, y])
    tape.backward(y)
    tape.backward(y)
    assert x.grad.numpy()[0] == 12.0 and tape.gradients == {x: x.grad}
    tape.zero()
    assert x.grad.numpy()[0] == 0.0
    tape.backward(y)
    tape.reset()
    assert x.grad.numpy()[0] == 0.0 and tape.entries == []
    tape.backward(y)
    assert x.grad.numpy()[0] == 0.0


def test_the_tapes_own_loss(device):
    x, y = square_of([3.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 1, [x, y])
    tape.loss = y
    tape.backward()
    assert x.grad.numpy()[0] == 6.0


def test_own_gradients_of_outputs_and_retained_ones(device):
    x, y = square_of([3.0]), rk.array([0.0], dtype=rk.float64, requires_grad=True, retain_grad=True)
    z = square_of([0.0])
    with Tape() as tape:
        rk.launch(square, 1, [x, y])
        rk.launch(square, 1, [y, z])
    z.grad = rk.array([1.0], dtype=rk.float64)
    tape.backward()
    assert x.grad.numpy()[0] == 4 * 27.0
    assert y.grad.numpy()[0] == 18.0


@rk.kernel
def weigh(body: Body, out: rk.array(dtype=rk.float64)):
    i = rk.tid()
    out[i] = body.mass * rk.length_sq(body.position[i])


def test_arrays_in_structs(device):
    p = rk.array([[1.0, 2.0, 3.0]], dtype=rk.vec3d, requires_grad=True)
    out = rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(weigh, 1, [Body(position=p, mass=0.5), out], device=device)
    tape.backward(out)
    np.testing.assert_array_equal(p.grad.numpy(), [[1, 2, 3]])


def test_a_reverse_step_by_hand(device):
    x, y, z = square_of([2.0]), rk.zeros(1, dtype=rk.float64), rk.zeros(1, dtype=rk.float64)

    def backward():
        x.grad.assign(x.grad.numpy() + 3 * x.numpy() ** 2 * y.grad.numpy())
        y.grad.zero_()

    y.assign(x.numpy() ** 3)
    with Tape() as tape:
        tape.record_func(backward, [x, y])
        rk.launch(square, 1, [y, z])
    tape.backward(z)
    assert x.grad.numpy()[0] == 6 * 2.0**5


@rk.func
def rooted(x: rk.float64):
    return rk.sqrt(x)


@func_grad(rooted)
def rooted_gradient(x: rk.float64, adj_result: rk.float64):
    if x > rk.float64(0.0):
        adjoint[x] += adj_result * rk.float64(1000.0)


@rk.func
def noisy(x: rk.float64):
    return x * x


@func_replay(noisy)
def noisy_replay(x: rk.float64):
    return x * rk.float64(3.0)


@rk.kernel
def by_hand(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = rooted(x[i])


def test_a_derivative_by_hand_is_used(device):
    x, y = square_of([4.0, 0.0]), rk.zeros(2, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(by_hand, 2, [x, y], device=device)
    tape.backward(grads={y: np.ones(2)})
    np.testing.assert_array_equal(x.grad.numpy(), [1000, 0])


@rk.kernel
def uses_noisy(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    y[0] = noisy(x[0])


def test_a_replay_by_hand_stands_for_the_function_in_the_derivative(device):
    x, y = square_of([4.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(uses_noisy, 1, [x, y], device=device)
    tape.backward(y)
    assert y.numpy()[0] == 16.0 and x.grad.numpy()[0] == 3.0


@rk.func
def badly(x: rk.float64):
    return x


@func_grad(badly)
def badly_gradient(x: rk.float64, adj_result: rk.float64):
    return adj_result, adj_result


@rk.kernel
def uses_badly(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    y[0] = badly(x[0])


def test_a_derivative_by_hand_of_the_wrong_shape_is_refused(device):
    with (
        Tape(),
        pytest.raises(KernelError, match=r"derivative of badly\(\) gives float64, float64, expected float64"),
    ):
        rk.launch(uses_badly, 1, [square_of([1.0]), rk.zeros(1, dtype=rk.float64)])


def test_a_loss_of_several_numbers_is_refused(device):
    with pytest.raises(AdjointError, match="expected a loss of one number"):
        Tape().backward(rk.zeros(2))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"grads": np.ones((3, 3))},
            "tape.backward: grads: expected numbers of shape (1,) for array(dtype=float64), "
            "got float64 of shape (3, 3)",
        ),
        (
            {"loss": np.zeros(1)},
            "tape.backward: expected a loss that is a robokern array of one number, got ndarray",
        ),
    ],
)
def test_a_wrong_start_of_backward_is_refused(given, said, device):
    x, y = square_of([4.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 1, [x, y])
    if "grads" in given:
        given = {"grads": {y: given["grads"]}}
    with pytest.raises(AdjointError) as error:
        tape.backward(**given)
    assert str(error.value) == said


def test_a_tape_without_anything_to_differentiate_by_says_so(device):
    x, y = rk.ones(1, dtype=rk.float64), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 1, [x, y])
    with pytest.raises(AdjointError) as error:
        tape.backward(y)
    assert str(error.value) == (
        "tape.backward: no array on this tape requires a gradient; "
        "make those to differentiate by with requires_grad=True, before the tape"
    )


def test_nothing_is_recorded_outside_or_without_gradients(device):
    x, y = rk.zeros(2, dtype=rk.float64), rk.zeros(2, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(square, 2, [x, y])
    assert tape.entries == []
    rk.launch(square, 2, [x, y])
    assert tape.entries == []


def test_the_graph_shows_launches_arrays_and_scopes(device, tmp_path):
    x, y = square_of([1.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape, tape.scope("first"):
        rk.launch(square, 1, [x, y])
    text = tape.visualize(str(tmp_path / "tape.dot"))
    assert (tmp_path / "tape.dot").read_text() == text
    assert 'label="0: square"' in text and 'label="first"; e0;' in text
    assert 'm0 -> e0 [label="x"]' in text and 'e0 -> m1 [label="y"]' in text
    plain = tape.visualize(
        hide_readonly_arrays=True, array_labels={y: "squares"}, ignore_graph_scopes=True, graph_direction="TB"
    )
    assert "first" not in plain and "rankdir=TB" in plain
    assert '[label="x"]' not in plain and 'm0 [label="squares\\narray(dtype=float64) (1,)"' in plain


def test_scopes_begin_and_end(device):
    x, y = square_of([1.0]), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        tape.record_scope_begin("outer")
        rk.launch(square, 1, [x, y])
        tape.record_scope_begin("inner")
        tape.record_scope_end()
        tape.record_scope_begin("kept", {"colour": "red"})
        tape.record_scope_end(remove_scope_if_empty=False)
        tape.record_scope_end()
        with pytest.raises(AdjointError) as caught:
            tape.record_scope_end()
    assert tape.scopes == [(1, "kept", 1), (0, "outer", 1)]
    assert str(caught.value) == "tape.record_scope_end: no scope is open; call record_scope_begin first"


@rk.kernel
def doubled(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = x[i] * rk.float64(2.0)


@pytest.mark.parametrize("shared", [False, True])
def test_adjoints_beside_an_overwritten_slice_stay(shared, device):
    """The elements that no launch writes have the adjoint they were given; memory of NumPy has no padding."""
    values = np.arange(6.0)
    copy = not shared or rk.get_device().is_cuda
    y = rk.array(values, dtype=rk.float64, copy=copy, requires_grad=True)
    x = rk.full(2, 3.0, dtype=rk.float64, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(doubled, 2, [x, y[2:4]])
    tape.backward(grads={y: np.ones(6)})
    assert y.grad.numpy().tolist() == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    assert x.grad.numpy().tolist() == [2.0, 2.0]
