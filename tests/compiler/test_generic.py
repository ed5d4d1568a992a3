"""Generic kernels and funcs, type variables, kernels from text, funcs called by Python."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pytest

import robokern as rk

T = TypeVar("T", rk.float32, rk.float64)


@rk.func
def mix(a: T, b: T, w: T):
    return a * (1.0 - w) + b * w


@rk.kernel
def blend(out: rk.array(dtype=T), a: rk.array(dtype=T), b: rk.array(dtype=T), w: T):
    i = rk.tid()
    out[i] = mix(a[i], b[i], w)


@rk.kernel
def mixed(out: rk.array(dtype=float), w: rk.float64):
    out[0] = mix(out[0], 1.0, w)


@pytest.mark.parametrize("dtype", [rk.float32, rk.float64])
def test_type_variables(device: str, dtype: Any) -> None:
    a, b = (rk.full(3, x, dtype=dtype, device=device) for x in (1.0, 3.0))
    out = rk.zeros(3, dtype=dtype, device=device)
    rk.launch(blend, dim=3, inputs=[out, a, b, dtype(0.25)], device=device)
    assert out.numpy().tolist() == [1.5] * 3


def test_a_type_variable_stands_for_one_type() -> None:
    with pytest.raises(rk.KernelError, match=r"mix\(\) does not take \(float32, 1.0, float64\)"):
        rk.launch(mixed, dim=1, inputs=[rk.zeros(1, dtype=float), 0.5], device="ref")


@rk.kernel
def fill(out: rk.array(dtype=Any), value: Any):
    i = rk.tid()
    out[i] = value


fill_vectors = rk.overload(fill, {"out": rk.array(dtype=rk.vec3), "value": rk.vec3})


def test_overload_fixes_types(device: str) -> None:
    assert fill.is_generic
    assert not fill_vectors.is_generic
    out = rk.zeros(2, dtype=rk.vec3, device=device)
    rk.launch(fill_vectors, dim=2, inputs=[out, rk.vec3(1.0, 2.0, 3.0)], device=device)
    assert out.numpy().tolist() == [[1, 2, 3]] * 2
    with pytest.raises(TypeError, match="no generic kernel"):
        rk.overload(lambda x: x)
    with pytest.raises(TypeError, match="parameter 'other' cannot be float32"):
        rk.overload(fill, {"other": float})


TEXT = """
import robokern as rk

@rk.func
def twice(x: float):
    return 2.0 * x

@rk.kernel
def double(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = twice(x[i]) + SHIFT

@rk.kernel
def wrong(x: rk.array(dtype=float)):
    x[0] = twice(1)
"""


def test_kernels_from_text(device: str) -> None:
    found = rk.from_source(TEXT, "lesson", {"SHIFT": 1.0})
    assert sorted(n for n in found if n != "rk") == ["double", "twice", "wrong"]
    x = rk.array([1.0, 2.0], dtype=float, device=device)
    rk.launch(found["double"], dim=2, inputs=[x], device=device)
    assert x.numpy().tolist() == [3.0, 5.0]
    with pytest.raises(
        rk.KernelError, match=r"(?s)<lesson-\w+>:15:12: twice\(\) does not take \(1\).*x\[0\]"
    ):
        rk.launch(found["wrong"], dim=1, inputs=[x], device=device)


@rk.func
def roots(a: float, b: float, c: float):
    d = rk.sqrt(b * b - 4.0 * a * c)
    return (-b - d) / (2.0 * a), (-b + d) / (2.0 * a)


@rk.kernel
def roots_kernel(out: rk.array(dtype=float), a: float, b: float, c: float):
    low, high = roots(a, b, c)
    out[0] = low
    out[1] = high


def test_funcs_on_the_host_give_the_kernels_bits() -> None:
    rng = np.random.default_rng(5)
    out = rk.zeros(2, dtype=float)
    for _ in range(50):
        a, b, c = (np.float32(x) for x in (rng.uniform(0.1, 2), rng.uniform(3, 9), rng.uniform(0.1, 1)))
        rk.launch(roots_kernel, dim=1, inputs=[out, a, b, c])
        np.testing.assert_array_equal(np.array(roots(a, b, c)), out.numpy())


def test_operators_on_the_host() -> None:
    m = rk.mat33(*range(9))
    v = rk.vec3(1.0, 2.0, 3.0)
    assert (m @ v) == rk.vec3(8.0, 26.0, 44.0)
    assert 2.0 * v == v + v
    q = rk.quat_from_axis_angle(rk.vec3(0.0, 0.0, 1.0), np.pi / 2)
    np.testing.assert_allclose(np.asarray(rk.quat_rotate(q, v)), [-2.0, 1.0, 3.0], atol=1e-6)
    assert rk.transform(v, q).p == v
    with pytest.raises(TypeError, match="cannot multiply vec3 and vec3"):
        v * v
    with pytest.raises(TypeError, match=r"dot\(\) does not take \(vec3, 2.0\)"):
        rk.dot(v, 2.0)
