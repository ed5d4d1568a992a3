"""Dense linear algebra on rows of memory, against NumPy and against Warp."""

import numpy as np
import pytest

import robokern as rk

SIZES = [1, 2, 3, 7, 12]


def programs(api, real):
    """The same text under both imports."""
    row, rows = api.array(dtype=real), api.array2d(dtype=real)

    @api.kernel
    def multiply(m: int, n: int, p: int, t1: int, t2: int, A: row, B: row, C: row):
        api.dense_gemm(m, n, p, t1, t2, A, B, C)

    @api.kernel
    def solve(n: int, shift: real, A: rows, L: rows, b: rows, x: rows):
        i = api.tid()
        api.dense_chol(n, A[i], shift, L[i])
        api.dense_solve(n, A[i], L[i], b[i], x[i])

    return multiply, solve


def positive_definite(n, count=3, seed=0):
    rng = np.random.default_rng(seed)
    m = rng.normal(size=(count, n, n))
    return m @ m.transpose(0, 2, 1) + n * np.eye(n), rng.normal(size=(count, n))


@pytest.mark.parametrize("real", [rk.float32, rk.float64], ids=str)
@pytest.mark.parametrize("t1", [0, 1])
@pytest.mark.parametrize("t2", [0, 1])
def test_products(real, t1, t2, device):
    m, n, p = 3, 5, 4
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(m, p)), rng.normal(size=(p, n))
    stored = [rk.array((x.T if t else x).ravel(), dtype=real, device=device) for x, t in ((a, t1), (b, t2))]
    c = rk.zeros(m * n, dtype=real, device=device)
    rk.launch(programs(rk, real)[0], dim=1, inputs=[m, n, p, t1, t2, *stored, c], device=device)
    np.testing.assert_allclose(c.numpy().reshape(m, n), a @ b, rtol=1e-5 if real == rk.float32 else 1e-13)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("real", [rk.float32, rk.float64], ids=str)
def test_solutions(n, real, device):
    a, b = positive_definite(n)
    A = rk.array(a.reshape(3, -1), dtype=real, device=device)
    L, x = (rk.zeros((3, k), dtype=real, device=device) for k in (n * n, n))
    rk.launch(programs(rk, real)[1], dim=3, inputs=[n, 0.5, A, L, rk.array(b, dtype=real, device=device), x])
    shifted = a + 0.5 * np.eye(n)
    near = {"rtol": 1e-4, "atol": 1e-5} if real == rk.float32 else {"rtol": 1e-11, "atol": 1e-13}
    np.testing.assert_allclose(L.numpy().reshape(3, n, n), np.linalg.cholesky(shifted), **near)
    np.testing.assert_allclose(x.numpy(), np.linalg.solve(shifted, b[..., None])[..., 0], **near)


def test_warp_agrees():
    wp = pytest.importorskip("warp", reason="the peer: pip install robokern[bench]")
    n = 6
    a, b = positive_definite(n)
    found = []
    for api in (rk, wp):
        arrays = [api.array(a.reshape(3, -1), dtype=float, device="cpu"), api.zeros((3, n * n), device="cpu")]
        arrays += [api.array(b, dtype=float, device="cpu"), api.zeros((3, n), device="cpu")]
        api.launch(programs(api, float)[1], dim=3, inputs=[n, 0.1, *arrays], device="cpu")
        found.append([x.numpy() for x in arrays])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_factor_may_replace_the_matrix(device):
    @rk.kernel
    def in_place(n: int, A: rk.array(dtype=float), b: rk.array(dtype=float)):
        rk.dense_chol(n, A, 0.0, A)
        rk.dense_subs(n, A, b, b)

    a, b = positive_definite(4, 1)
    A, x = rk.array(a.ravel(), dtype=float, device=device), rk.array(b[0], dtype=float, device=device)
    rk.launch(in_place, dim=1, inputs=[4, A, x], device=device)
    np.testing.assert_allclose(x.numpy(), np.linalg.solve(a[0], b[0]), rtol=1e-4, atol=1e-5)


def test_no_factor_is_nan():
    L, x = rk.zeros((1, 4)), rk.zeros((1, 2))
    A = rk.array([[1.0, 2.0, 2.0, 1.0]])
    rk.launch(programs(rk, rk.float32)[1], dim=1, inputs=[2, 0.0, A, L, rk.zeros((1, 2)), x])
    assert np.isnan(x.numpy()).all()


def test_derivatives_of_a_solution():
    """d(w.x) by b is A^-1 w, by A is -A^-1 w x^T (Giles 2008, section 2.3.1), its two halves added."""
    n = 5
    a, b = positive_definite(n)
    w = np.random.default_rng(2).normal(size=b.shape)
    A = rk.array(a.reshape(3, -1), dtype=rk.float64, requires_grad=True)
    B = rk.array(b, dtype=rk.float64, requires_grad=True)
    L, x = (rk.zeros((3, k), dtype=rk.float64, requires_grad=True) for k in (n * n, n))
    with rk.Tape() as tape:
        rk.launch(programs(rk, rk.float64)[1], dim=3, inputs=[n, 0.0, A, L, B, x])
    tape.backward(grads={x: rk.array(w, dtype=rk.float64)})
    by_b = np.linalg.solve(a, w[..., None])[..., 0]
    full = -by_b[:, :, None] * np.linalg.solve(a, b[..., None])[..., 0][:, None, :]
    lower = np.tril(full + full.transpose(0, 2, 1)) - full * np.eye(n)
    np.testing.assert_allclose(B.grad.numpy(), by_b, rtol=1e-11)
    np.testing.assert_allclose(A.grad.numpy().reshape(3, n, n), lower, rtol=1e-9, atol=1e-12)


def test_derivatives_of_a_product():
    m, n, p = 2, 3, 4
    rng = np.random.default_rng(3)
    a, b, w = (rng.normal(size=s) for s in ((m, p), (p, n), (m, n)))
    A, B = (rk.array(v.ravel(), dtype=rk.float64, requires_grad=True) for v in (a.T, b))
    C = rk.zeros(m * n, dtype=rk.float64, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(programs(rk, rk.float64)[0], dim=1, inputs=[m, n, p, 1, 0, A, B, C])
    tape.backward(grads={C: rk.array(w.ravel(), dtype=rk.float64)})
    np.testing.assert_allclose(A.grad.numpy().reshape(p, m), (w @ b.T).T, rtol=1e-12)
    np.testing.assert_allclose(B.grad.numpy().reshape(p, n), a.T @ w, rtol=1e-12)
