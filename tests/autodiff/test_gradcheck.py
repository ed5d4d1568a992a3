"""Jacobians and checks of gradients: what they are keyed by, their shape, and which part is computed."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk


@rk.kernel
def mixed(
    scale: float,
    x: rk.array(dtype=rk.float64),
    p: rk.array(dtype=rk.vec3d),
    counts: rk.array(dtype=int),
    squares: rk.array(dtype=rk.float64),
    lengths: rk.array(dtype=rk.float64),
):
    i = rk.tid()
    counts[i] = i
    squares[i] = rk.float64(scale) * x[i] * x[i]
    lengths[i] = x[i] * rk.length_sq(p[i])


def arguments() -> dict:
    x = rk.array([1.0, 2.0], dtype=rk.float64)
    p = rk.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], dtype=rk.vec3d)
    outputs = [rk.zeros(2, dtype=int), rk.zeros(2, dtype=rk.float64), rk.zeros(2, dtype=rk.float64)]
    return {"dim": 2, "inputs": [0.5, x, p], "outputs": outputs}


@pytest.mark.parametrize("method", [rk.jacobian, rk.jacobian_fd])
def test_keys_are_positions_and_values_arrays_of_the_input(method):
    found = method(mixed, **arguments())
    assert sorted(found) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert found[2, 2].dtype == rk.vec3d and found[2, 2].shape == (2, 2)
    np.testing.assert_allclose(found[1, 1].numpy(), [[1.0, 0.0], [0.0, 2.0]], atol=1e-9)
    np.testing.assert_allclose(
        found[2, 2].numpy(),
        [[[2.0, 0.0, 4.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 12.0, 0.0]]],
        atol=1e-8,
    )


@pytest.mark.parametrize("mask", [[("x", "lengths")], [(1, 2)]])
def test_only_the_pairs_of_a_mask(mask):
    for method in (rk.jacobian, rk.jacobian_fd):
        assert [*method(mixed, **arguments(), input_output_mask=mask)] == [(1, 2)]
    assert rk.gradcheck(mixed, **arguments(), input_output_mask=mask)
    with pytest.raises(ValueError, match="no parameter 'y'; choose one of: scale, x"):
        rk.jacobian(mixed, **arguments(), input_output_mask=[("y", 0)])


def test_only_so_many_scalars():
    by_rows = rk.jacobian(mixed, **arguments(), max_outputs_per_var=1)[1, 1].numpy()
    by_columns = rk.jacobian_fd(mixed, **arguments(), max_inputs_per_var=1)[1, 1].numpy()
    np.testing.assert_array_equal(by_rows, [[1.0, 0.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(np.isnan(by_columns), [[False, True], [False, True]])
    assert rk.gradcheck(mixed, **arguments(), max_inputs_per_var=1, max_outputs_per_var=1)


@rk.func
def square(x: rk.float64):
    return x * x


@rk.func_grad(square)
def adj_square(x: rk.float64, adj_ret: rk.float64):
    rk.adjoint[x] += rk.where(x > rk.float64(1.5), x, 2.0 * x) * adj_ret  # wrong above 1.5


@rk.kernel
def squares(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    y[rk.tid()] = square(x[rk.tid()])


def test_a_wrong_gradient_is_found_where_it_is_looked_for():
    x, y = rk.array([1.0, 2.0], dtype=rk.float64), rk.zeros(2, dtype=rk.float64)
    with pytest.raises(ValueError, match=r"output 0\[1\] / d input 0\[1\]: reverse 2, central difference 4"):
        rk.gradcheck(squares, 2, [x], [y])
    assert not rk.gradcheck(squares, 2, [x], [y], raise_exception=False)
    assert rk.gradcheck(squares, 2, [x], [y], max_outputs_per_var=1, max_inputs_per_var=1)


def test_a_function_that_changes_its_inputs_leaves_them_as_they_were():
    def twice(x):
        y = rk.zeros_like(x)
        rk.launch(squares, 2, [x], [y])
        x.fill_(7.0)
        rk.launch(squares, 2, [y], [x])
        return x

    x = rk.array([1.0, 1.1], dtype=rk.float64)
    found = rk.jacobian_fd(twice, inputs=[x])[0, 0].numpy()
    np.testing.assert_allclose(found, np.diag(4.0 * x.numpy() ** 3), atol=1e-5)
    assert x.list() == [1.0, 1.1]


@rk.kernel
def narrowed(x: rk.array(dtype=rk.float64), y: rk.array(dtype=float)):
    y[rk.tid()] = float(x[rk.tid()] * x[rk.tid()])


def test_the_step_suits_the_coarsest_of_the_types():
    x = rk.array([1.5, 2.0], dtype=rk.float64)
    assert rk.gradcheck(narrowed, 2, [x], [rk.zeros(2)])


def test_plots_are_refused():
    for method, keyword in (
        (rk.jacobian, "plot_jacobians"),
        (rk.jacobian_fd, "plot_jacobians"),
        (rk.gradcheck, "plot_relative_error"),
        (rk.gradcheck, "plot_absolute_error"),
    ):
        with pytest.raises(rk.UnsupportedError, match="draw what"):
            method(mixed, **arguments(), **{keyword: True})
    for name in ("gradcheck_tape", "jacobian_plot"):
        with pytest.raises(rk.UnsupportedError, match=name):
            getattr(rk.autograd, name)
