"""PyTorch and JAX call kernels and differentiate through them; each part needs its package."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError, LaunchError
from robokern.runtime.bridge import call


@rk.kernel
def step(
    x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), dt: rk.float64,
    x1: rk.array(dtype=rk.vec3d), v1: rk.array(dtype=rk.vec3d),
):  # fmt: skip
    i = rk.tid()
    w = v[i] - x[i] * (rk.length(x[i]) * dt)
    v1[i] = w
    x1[i] = x[i] + w * dt


@rk.kernel
def spoil(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = x[i]
    x[i] = rk.float64(0.0)


X = np.random.default_rng(3).normal(size=(4, 3))
V = np.random.default_rng(4).normal(size=(4, 3))


def reference(x, v, norm):
    w = v - x * (norm(x) * 0.1)
    return (x + w * 0.1), w


@pytest.mark.parametrize("needed", [True, False])
def test_an_input_that_is_overwritten_is_refused(needed):
    values = np.ones(2)
    with pytest.raises(AdjointError, match=r"input 0 \('x'\) is overwritten by kernel 'spoil'"):
        call(spoil, [0], None, None, None).forward([values], [needed])
    np.testing.assert_array_equal(values, 1.0)  # before it happens


def test_an_input_that_is_filled_is_refused():
    made = call(lambda x, y: x.fill_(0.0), [0], [rk.float64, rk.float64], None, None)
    with pytest.raises(AdjointError, match="input 0 is overwritten by a copy or fill"):
        made.forward([np.ones(2)], [False])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (((X, V, 0.1), (True, True, True)), r"input 2 \('dt'\) needs a gradient but is passed by value"),
        (
            ((X.astype(np.float32), V, 0.1), (True,) * 2),
            r"input 0 \('x'\): expected float64 data, got float32",
        ),
        (((X[:, :2], V, 0.1), (True,) * 2), r"input 0 \('x'\): vec3d needs data .* got shape \(4, 2\)"),
        (((X, V), (True, True)), "expected 3 inputs, got 2"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given, message):
    with pytest.raises((AdjointError, LaunchError), match=message):
        call(step, [0, 1], None, None, None).forward(*given)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([], "expected 1 to 5 shapes, .* got 0"),
        ([0] * 6, "expected 1 to 5 shapes, .* got 6"),
        ([0, 2], r"number of an input array, one of \[0, 1\]"),
    ],
)
def test_outputs_that_do_not_fit_are_refused(outputs, message):
    with pytest.raises(AdjointError, match=message):
        call(step, outputs, None, None, None)


def test_derivatives_on_numpy_data():
    made = call(step, [0, 1], None, None, None)
    (x1, _), record = made.forward([X.copy(), V.copy(), 0.1], [True, True, False])
    gx, gv, _ = record.backward([np.ones((4, 3)), None])
    np.testing.assert_allclose(x1, reference(X, V, lambda a: np.linalg.norm(a, axis=1, keepdims=True))[0])
    np.testing.assert_allclose(gv, 0.1 * np.ones((4, 3)))
    shifted = [
        np.sum(reference(X + s * 1e-6 * V, V, lambda a: np.linalg.norm(a, axis=1, keepdims=True))[0])
        for s in (1, -1)
    ]
    np.testing.assert_allclose(np.sum(gx.numpy() * V), (shifted[0] - shifted[1]) / 2e-6, rtol=1e-7)


def test_torch():
    torch = pytest.importorskip("torch", reason="its bridge is called: pip install robokern[torch]")
    from robokern.runtime.torch_bridge import torch_function

    advance = torch_function(step, outputs=[0, 1])

    def rollout(one):
        x, v = (torch.tensor(a, requires_grad=True) for a in (X, V))
        a, b = x, v
        for _ in range(3):
            a, b = one(a, b)
        (a.sin().sum() + (b * b).sum()).backward()
        return x.grad.numpy(), v.grad.numpy()

    ours = rollout(lambda a, b: advance(a, b, 0.1))
    theirs = rollout(lambda a, b: reference(a, b, lambda y: y.norm(dim=1, keepdim=True)))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


@rk.kernel
def double(x: rk.array(dtype=rk.vec3d), y: rk.array(dtype=rk.vec3d)):
    i = rk.tid()
    y[i] = 2.0 * x[i]


def test_torch_sees_tensors_that_change_before_backward():
    torch = pytest.importorskip("torch", reason="its bridge is called: pip install robokern[torch]")
    advance, twice = rk.torch_function(step, outputs=[0, 1]), rk.torch_function(double, outputs=[0])
    x, v = (torch.tensor(a, requires_grad=True) for a in (X, V))
    moved = x + 0.0
    result = advance(moved, v, 0.1)[0]
    moved.zero_()  # the derivative needs what it held
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.sum().backward()
    moved = x + 0.0
    result = twice(moved)
    moved.zero_()  # a linear function needs nothing
    result.sum().backward()
    np.testing.assert_array_equal(x.grad, np.full(X.shape, 2.0))


def test_torch_func_and_second_derivatives():
    torch = pytest.importorskip("torch", reason="its bridge is called: pip install robokern[torch]")
    advance = rk.torch_function(step, outputs=[0, 1])
    x, v = (torch.tensor(a, requires_grad=True) for a in (X, V))

    def loss(x):
        return (advance(x, v.detach(), 0.1)[0] ** 2).sum()

    (slope,) = torch.autograd.grad(loss(x), x, create_graph=True)
    np.testing.assert_array_equal(slope.detach(), torch.func.grad(loss)(x.detach()))
    with pytest.raises(AdjointError, match="step: the gradient of a torch_function cannot be differentiated"):
        (loss(x) + slope.square().sum()).backward()
    with pytest.raises(AdjointError, match=r"step: torch\.func\.vmap is not supported"):
        torch.func.vmap(lambda a: advance(a, a, 0.1))(torch.zeros(2, 4, 3, dtype=torch.float64))


def test_jax():
    jax = pytest.importorskip("jax", reason="its bridge is called: pip install robokern[jax]")
    jax.config.update("jax_enable_x64", True)
    from robokern.runtime.jax_bridge import jax_function

    advance = jax_function(step, outputs=[0, 1])

    def loss(one, x, v):
        for _ in range(3):
            x, v = one(x, v)
        return jax.numpy.sin(x).sum() + (v * v).sum()

    def norm(a):
        return jax.numpy.linalg.norm(a, axis=1, keepdims=True)

    ours = jax.jit(jax.grad(lambda x, v: loss(lambda a, b: advance(a, b, 0.1), x, v), (0, 1)))(X, V)
    theirs = jax.grad(lambda x, v: loss(lambda a, b: reference(a, b, norm), x, v), (0, 1))(X, V)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_jax_refuses_what_it_cannot_differentiate():
    jax = pytest.importorskip("jax", reason="its bridge is called: pip install robokern[jax]")
    jax.config.update("jax_enable_x64", True)
    advance = rk.jax_function(step, outputs=[0, 1])

    def loss(x, dt=0.1):
        return advance(x, V, dt)[0].sum()

    with pytest.raises(AdjointError, match="step: the gradient of a jax_function cannot be differentiated"):
        jax.hessian(loss)(X)
    with pytest.raises(AdjointError, match=r"input 2 \('dt'\) is passed by value"):
        jax.grad(loss, 1)(X, 0.1)
    with pytest.raises(AdjointError, match="expected 3 inputs, got 2"):
        advance(X, V)


@rk.kernel
def cubed(x: rk.array(dtype=rk.vec3), y: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    y[i] = rk.cw_mul(x[i], rk.cw_mul(x[i], x[i]))


@rk.kernel
def cubed_bfloat16(x: rk.array(dtype=rk.bfloat16), y: rk.array(dtype=rk.bfloat16)):
    i = rk.tid()
    y[i] = x[i] * x[i] * x[i]


def test_torch_where_the_tensors_are(device):
    torch = pytest.importorskip("torch")
    from robokern.runtime.torch_bridge import torch_function

    if device.startswith("cuda") and not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    place = "cuda" if device.startswith("cuda") else "cpu"
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], device=place, requires_grad=True)
    y = torch_function(cubed, outputs=[0])(x)
    (y * y).sum().backward()
    assert y.device == x.device and x.grad.device == x.device
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 6 * x.detach().cpu().numpy() ** 5)


def test_torch_bfloat16():
    torch = pytest.importorskip("torch")
    from robokern.runtime.torch_bridge import torch_function

    x = torch.tensor([1.0, 2.0, -0.5], dtype=torch.bfloat16, requires_grad=True)
    y = torch_function(cubed_bfloat16, outputs=[0])(x)
    y.sum().backward()
    np.testing.assert_array_equal(y.detach().float().numpy(), [1, 8, -0.125])
    np.testing.assert_array_equal(x.grad.float().numpy(), [3, 12, 0.75])
