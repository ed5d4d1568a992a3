"""`grad(f)` in kernels, against closed forms, central differences and the derivative of the whole kernel."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError, KernelError
from robokern.runtime.tape import Tape

d = rk.float64


@rk.struct
class Material:
    stiffness: rk.float64
    offset: rk.vec3d
    turns: int


@rk.func
def energy(p: rk.vec3d, material: Material, k: int):
    """Smooth, with a loop that depends on the data, a branch and components."""
    total = d(0.0)
    q = p
    for j in range(material.turns + k):
        q = q + rk.cross(q, material.offset) * d(0.1)
        if rk.length(q) > d(2.0):
            break
        total += q[j % 3] * q[j % 3] * material.stiffness
    if total > d(0.5):
        total = rk.sin(total)
    return total


@rk.kernel
def slopes_of_energy(
    p: rk.array(dtype=rk.vec3d),
    material: rk.array(dtype=Material),
    by_p: rk.array(dtype=rk.vec3d),
    by_material: rk.array(dtype=Material),
    k: int,
):
    i = rk.tid()
    a, b, c = rk.grad(energy)(p[i], material[i], k)
    by_p[i] = a
    by_material[i] = b
    assert c == 0


@rk.kernel
def energies(p: rk.array(dtype=rk.vec3d), material: rk.array(dtype=Material), y: rk.array(dtype=d), k: int):
    i = rk.tid()
    y[i] = energy(p[i], material[i], k)


def test_a_func_of_vectors_and_structs_with_loops_and_branches(device):
    rng = np.random.default_rng(3)
    p = rk.array(rng.normal(size=(40, 3)), dtype=rk.vec3d, requires_grad=True)
    material = rk.zeros(40, dtype=Material)
    data = material.numpy()
    data["stiffness"], data["offset"] = rng.uniform(0.5, 1.5, 40), rng.normal(size=(40, 3))
    data["turns"] = rng.integers(0, 6, 40)
    material.assign(data)
    material.requires_grad = True
    by_p, by_material = rk.zeros(40, dtype=rk.vec3d), rk.zeros(40, dtype=Material)
    rk.launch(slopes_of_energy, 40, [p, material, by_p, by_material, 2], device=device)
    y = rk.zeros(40, dtype=d)
    with Tape() as tape:
        rk.launch(energies, 40, [p, material, y, 2], device=device)
    tape.backward(grads={y: np.ones(40)})
    np.testing.assert_allclose(by_p.numpy(), p.grad.numpy(), rtol=1e-12, atol=1e-14)
    for name in ("stiffness", "offset"):
        np.testing.assert_allclose(by_material.numpy()[name], material.grad.numpy()[name], rtol=1e-12)
    assert (by_material.numpy()["turns"] == 0).all() and np.abs(by_p.numpy()).max() > 0.1


@rk.func
def cube(x: rk.float64):
    return x * x * x


@rk.func
def slope_of_cube(x: rk.float64):
    return rk.grad(cube)(x)


slope_at_module_level = rk.grad(rk.atan2)


@rk.kernel
def one_result(x: rk.array(dtype=d), y: rk.array2d(dtype=d)):
    i = rk.tid()
    y[i, 0] = rk.grad(cube)(x[i])
    y[i, 1] = rk.grad(slope_of_cube)(x[i])
    y[i, 2], y[i, 3] = slope_at_module_level(x[i], d(0.5))
    f = rk.grad(rk.sqrt)
    y[i, 4] = f(x[i])
    y[i, 5], y[i, 6] = rk.grad(rk.max)(x[i], d(1.0))


def test_numbers_builtins_library_functions_and_second_derivatives(device):
    values = np.array([0.3, 1.7])
    x, y = rk.array(values, dtype=d, requires_grad=True), rk.zeros((2, 7), dtype=d)
    with Tape() as tape:
        rk.launch(one_result, 2, [x, y], device=device)
    square = values**2 + 0.25
    expected = [
        3 * values**2, 6 * values, 0.5 / square, -values / square,
        0.5 / np.sqrt(values), values > 1, values < 1,
    ]  # fmt: skip
    np.testing.assert_allclose(y.numpy(), np.transpose(expected), rtol=1e-14)
    tape.backward(grads={y: np.ones((2, 7))})
    derived = 6 * values + 6 + (-values - (0.25 - values**2)) / square**2 - 0.25 * values**-1.5
    np.testing.assert_allclose(x.grad.numpy(), derived, rtol=1e-12)


@rk.func
def newton(a: rk.float64):
    g = a
    for _k in range(60):
        n = d(0.5) * (g + a / g)
        if abs(n - g) < d(1.0e-14):
            break
        g = n
    return g


@rk.kernel
def root_and_slopes(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    y[0] = rk.grad(newton)(x[0])


def test_the_derivative_of_a_derivative_through_a_loop(device):
    x, y = rk.array([2.0], dtype=d, requires_grad=True), rk.zeros(1, dtype=d)
    with Tape() as tape:
        rk.launch(root_and_slopes, 1, [x, y], device=device)
    tape.backward(y)
    np.testing.assert_allclose(y.numpy(), [0.5 / np.sqrt(2)], rtol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), [-0.25 * 2**-1.5], rtol=1e-9)


@rk.func
def clipped(x: rk.float64):
    return rk.min(x, d(1.0))


@rk.func_grad(clipped)
def clipped_gradient(x: rk.float64, adj_result: rk.float64):
    rk.adjoint[x] += adj_result * d(5.0)


@rk.func
def looked_up(x: rk.float64, table: rk.array(dtype=d)):
    return x * table[1], x + table[0]


@rk.func
def storing(x: rk.float64, out: rk.array(dtype=d)):
    out[0] = x
    return x


@rk.func
def counting(x: rk.float64):
    return int(x)


@rk.kernel
def by_hand_and_with_arrays(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    y[0] = rk.grad(clipped)(x[0])
    y[1], _ = rk.grad(looked_up)(x[0], x)


def test_derivatives_by_hand_are_used_and_arrays_are_constant(device):
    x, y = rk.array([3.0, 7.0], dtype=d), rk.zeros(2, dtype=d)
    rk.launch(by_hand_and_with_arrays, 1, [x, y], device=device)
    np.testing.assert_array_equal(y.numpy(), [5, 8])


@rk.kernel
def asks_for_a_store(x: rk.array(dtype=d)):
    x[0], _ = rk.grad(storing)(x[0], x)


@rk.kernel
def asks_for_an_integer(x: rk.array(dtype=d)):
    x[0] = rk.grad(counting)(x[0])


@rk.kernel
def asks_for_a_number(x: rk.array(dtype=d)):
    x[0] = rk.grad(x[0])(x[0])


@rk.kernel
def uses_the_derivative_by_an_array(x: rk.array(dtype=d)):
    _, b = rk.grad(looked_up)(x[0], x)
    x[0] = b[0]


@pytest.mark.parametrize(
    ("kernel", "kind", "text"),
    [
        (asks_for_a_store, AdjointError, r"grad\(storing\) in 'asks_for_a_store' .*writes to an array"),
        (asks_for_an_integer, KernelError, r"grad: counting\(\) returns no float"),
        (asks_for_a_number, KernelError, r"grad\(\) takes a func, got float64"),
        (uses_the_derivative_by_an_array, KernelError, "None"),
    ],
)
def test_what_has_no_derivative_is_refused(kernel, kind, text):
    with pytest.raises(kind, match=text):
        rk.launch(kernel, 1, [rk.zeros(2, dtype=d)])


def test_only_funcs_have_a_gradient():
    with pytest.raises(TypeError, match="takes a func"):
        rk.grad(np.sin)
    with pytest.raises(TypeError, match="kernel language"):
        rk.grad(cube)(1.0)
