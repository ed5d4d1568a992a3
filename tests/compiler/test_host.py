"""Values of the language on the host: builtins, components by name, overloads made inside functions."""

import numpy as np
import pytest

import robokern as rk


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (lambda: rk.sqrt(2.0), np.float32(np.sqrt(np.float32(2)))),
        (lambda: rk.max(1.0, 2.0), np.float32(2)),
        (lambda: rk.min(rk.vec3(3.0, 1.0, 2.0)), np.float32(1)),
        (lambda: rk.abs(rk.int64(-3)), np.int64(3)),
        (lambda: rk.floordiv(-7, 2), np.int32(-4)),
        (lambda: rk.mod(-7, 2), np.int32(-1)),
        (lambda: rk.where(True, 1.5, 2.5), np.float32(1.5)),
        (lambda: rk.cast(rk.int32(1065353216), rk.float32), np.float32(1)),
        (lambda: rk.fma(2.0, 3.0, 4.0), np.float32(10)),
        (lambda: rk.sqrt(rk.float64(2)), np.sqrt(2.0)),
    ],
)
def test_builtins_are_called_from_python(value, want):
    got = value()
    assert got == want and got.dtype == want.dtype


def test_what_needs_a_kernel_says_so():
    for builtin in (rk.tid, rk.atomic_add, rk.local):
        with pytest.raises(TypeError, match="belongs to the kernel language: call it in a kernel or func"):
            builtin(1)


def test_components_are_set_by_name():
    v, q, t = rk.vec3(1.0, 2.0, 3.0), rk.quat(), rk.transform()
    v.x, v.z, q.w = 7.0, 9.0, 1.0
    t.p = rk.vec3(1.0, 2.0, 3.0)
    t.q = q
    assert (list(v), list(q)) == ([7.0, 2.0, 9.0], [0.0, 0.0, 0.0, 1.0])
    assert list(t) == [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0]
    with pytest.raises(AttributeError, match="vec3 has no component 'w'"):
        v.w = 1.0
    with pytest.raises(AttributeError, match="mat22 has no component 'x'"):
        rk.mat22().x = 1.0


def test_overloads_inside_a_function():
    def make(scale):
        @rk.func
        def kind(x: int):
            return scale

        @rk.func
        def kind(x: float):
            return 2 * scale

        return kind

    first, second = make(1), make(10)
    assert [int(f(x)) for f in (first, second) for x in (3, 3.0)] == [1, 2, 10, 20]


def test_functions_made_in_a_loop_are_apart():
    made = []
    for factor in (2.0, 3.0):

        @rk.func
        def scaled(x: float):
            return x * factor  # noqa: B023 - read when it is compiled, at its first call

        made.append(scaled)
        assert scaled(1.0) == factor
    assert made[0] is not made[1]


def test_arrays_are_computed_with(device):
    a, b = (rk.array(x, dtype=float, device=device) for x in ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]))
    assert (a + b).list() == [5.0, 7.0, 9.0] and (a - 1.0).list() == [0.0, 1.0, 2.0]
    assert (2.0 * a).list() == [2.0, 4.0, 6.0] and (b / a).list() == [4.0, 2.5, 2.0]
    assert (2.0 - a).list() == [1.0, 0.0, -1.0] and (-a).list() == [-1.0, -2.0, -3.0]
    assert (a**2.0).list() == [1.0, 4.0, 9.0] and (+a).list() == a.list()
    same = a
    a += 1.0
    a *= b
    a -= b
    a /= 2.0
    assert a is same and a.list() == [2.0, 5.0, 9.0]
    n = rk.array([7, -7], dtype=int, device=device)
    assert (n // 2).list() == [3, -4] and (n % 2).list() == [1, -1] and (20 % n).list() == [6, 6]
    v = rk.array([[1.0, 2.0, 3.0]], dtype=rk.vec3, device=device)
    assert (v + rk.vec3(1.0, 1.0, 1.0)).list() == [[2.0, 3.0, 4.0]]
    with pytest.raises(TypeError, match="unsupported operand"):
        a + "1"
    with pytest.raises(rk.KernelError, match="cannot add float32 and int32"):
        a + n


def test_arithmetic_of_arrays_is_differentiated():
    x = rk.array([1.0, 2.0], dtype=float, requires_grad=True)
    with rk.Tape() as tape:
        y = x * x + 3.0 * x
    tape.backward(grads={y: rk.ones(2)})
    assert x.grad.list() == [5.0, 7.0]


def test_what_is_passed_for_inout_changes_on_the_host_too():
    t = rk.transform(rk.vec3(1.0, 2.0, 3.0), rk.quat(0.0, 0.0, 1.0, 0.0))
    rk.transform_set_translation(t, rk.vec3(4.0, 5.0, 6.0))
    rk.transform_set_rotation(t, rk.quat(1.0, 0.0, 0.0, 0.0))
    assert t == [4.0, 5.0, 6.0, 1.0, 0.0, 0.0, 0.0]
