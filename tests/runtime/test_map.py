"""`rk.map`: broadcasting, several results, types of literals, NumPy arrays, mistakes."""

import numpy as np
import pytest

import robokern as rk


@rk.func
def mixed(a: float, b: float) -> float:
    return a * 2.0 + b


@rk.func
def both(v: rk.vec3, s: float):
    return rk.length(v), v * s


@rk.func
def double_only(a: rk.float64, b: rk.float64):
    return a - b


@rk.func
def nothing(a: float):
    rk.expect_eq(a, a)


def test_one_array_and_a_number(device):
    a = rk.array([1.0, 2.0, 3.0], device=device)
    result = rk.map(mixed, a, 1.0)
    assert result.device == a.device
    assert result.list() == [3.0, 5.0, 7.0]


def test_shapes_broadcast_as_in_numpy(device):
    a, b = np.arange(12.0, dtype=np.float32).reshape(3, 1, 4), np.arange(20.0, dtype=np.float32).reshape(5, 4)
    result = rk.map(mixed, rk.array(a, device=device), rk.array(b, device=device))
    assert result.shape == (3, 5, 4)
    assert np.array_equal(result.numpy(), a * 2 + b)


def test_several_results_and_composites(device):
    v = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
    lengths, scaled = rk.map(both, rk.array(v, dtype=rk.vec3, device=device), 2.0)
    assert scaled.dtype == rk.vec3
    assert np.array_equal(scaled.numpy(), v * 2)
    assert np.allclose(lengths.numpy(), np.linalg.norm(v, axis=1), rtol=1e-6)


def test_a_strided_input(device):
    a = rk.array(np.arange(10.0, dtype=np.float32), device=device)
    assert rk.map(mixed, a[::2], a[1::2]).list() == [1.0, 7.0, 13.0, 19.0, 25.0]


def test_numpy_arrays_are_taken_as_the_func_declares():
    v = np.ones((4, 3), np.float32)
    assert rk.map(both, v, 3.0)[1].dtype == rk.vec3
    assert rk.map(mixed, np.ones((4, 3), np.float32), 1.0).shape == (4, 3)


def test_a_python_number_takes_the_parameters_type(device):
    a = rk.array([1.0], dtype=rk.float64, device=device)
    assert rk.map(double_only, a, 0.1).numpy()[0] == 1.0 - 0.1


def test_in_place(device):
    a = rk.array([-2.0, 0.25, 7.0], device=device)
    assert rk.map(rk.clamp, a, 0.0, 1.0, out=a) is a
    assert a.list() == [0.0, 0.25, 1.0]


def test_builtins_types_and_python_functions(device):
    a = rk.array([4.0, 9.0], device=device)
    assert rk.map(rk.sqrt, a).list() == [2.0, 3.0]
    assert rk.map(rk.vec3, a, a, 1.0).list() == [[4.0, 4.0, 1.0], [9.0, 9.0, 1.0]]

    def plain(x: float):
        return x + 1.0

    assert rk.map(plain, a).list() == [5.0, 10.0]


def test_a_point_through_a_transform(device):
    points = rk.array([[1.0, 2.0, 3.0]], dtype=rk.vec3, device=device)
    moved = rk.map(rk.transform_point, rk.transform(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), points)
    assert moved.list() == [[2.0, 2.0, 3.0]]


def test_an_empty_array(device):
    assert rk.map(mixed, rk.zeros(0, device=device), 1.0).shape == (0,)


def test_the_kernel_alone():
    made = rk.map(mixed, rk.zeros(3), 1.0, return_kernel=True)
    out = rk.zeros(2)
    rk.launch(made, 2, [rk.ones(2), rk.float32(4.0), out])
    assert out.list() == [6.0, 6.0]


def test_gradients_are_asked_for_where_an_input_does():
    assert rk.map(mixed, rk.zeros(2, requires_grad=True), 1.0).requires_grad
    assert not rk.map(mixed, rk.zeros(2), 1.0).requires_grad


TWO, VECTORS = rk.zeros(2), rk.zeros(2, rk.vec3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: rk.map(mixed, 1.0, 2.0), TypeError, "map: expected an array among the inputs of mixed()"),
        (lambda: rk.map(mixed, VECTORS, 1.0), TypeError, "map: mixed() does not take (vec3, float 1.0)"),
        (lambda: rk.map(nothing, rk.zeros(2)), TypeError, "map: nothing() returns nothing"),
        (lambda: rk.map(mixed, TWO, 1.0, out=rk.zeros(3)), ValueError, "expected shape (2,), got (3,)"),
        (lambda: rk.map(mixed, TWO, 1.0, out=rk.zeros(2, int)), TypeError, "expected an array of float32"),
        (lambda: rk.map(mixed, rk.zeros(2), rk.zeros(3)), ValueError, "broadcast"),
        (lambda: rk.map(both, VECTORS, 1.0, out=TWO), ValueError, "expected 2 arrays in out, got 1"),
        (lambda: rk.map(7, rk.zeros(2)), TypeError, "map: expected a func, got int 7"),
    ],
)  # fmt: skip
def test_mistakes(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert message in str(caught.value)


def test_lambdas():
    by, a = 3.0, rk.array([1.0, 2.0, 3.0])
    several = [lambda x: x * 2.0 + 1.0, lambda x: x + by, lambda x: x if x > 1.5 else -x]
    assert [rk.map(f, a).list() for f in several] == [[3.0, 5.0, 7.0], [4.0, 5.0, 6.0], [-1.0, 2.0, 3.0]]
    assert rk.map(lambda x, y: rk.vec3(x, y, 0.0), a, 2.0).list()[2] == [3.0, 2.0, 0.0]

    def times(factor):
        return lambda x: x * factor

    assert [rk.map(times(k), a).list() for k in (2.0, 3.0)] == [[2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]
    unknown = eval("lambda x: x * 2.0")
    with pytest.raises(TypeError, match="map: no source text for the lambda"):
        rk.map(unknown, a)
