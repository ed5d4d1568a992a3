"""Arrays, dtypes and devices exchanged by name."""

import ctypes

import numpy as np
import pytest

import robokern as rk
from robokern.ir.types import SCALARS
from robokern.runtime import cache


def test_numpy_dtypes():
    for scalar in SCALARS:
        if scalar != rk.bfloat16:
            assert rk.dtype_from_numpy(rk.dtype_to_numpy(scalar)) == scalar
    assert rk.dtype_to_numpy(rk.vec3) == np.float32 and rk.dtype_to_numpy(rk.bfloat16) == np.uint16
    with pytest.raises(TypeError, match="NumPy dtype complex64 is not a type of the kernel language"):
        rk.dtype_from_numpy(np.complex64)


def test_memory_at_an_address():
    memory = (ctypes.c_float * 6)(*range(6))
    a = rk.from_ptr(ctypes.addressof(memory), 6, dtype=float)
    rows = rk.from_ptr(ctypes.addressof(memory), dtype=rk.vec3, shape=(2,))
    a[0] = 7.0
    assert memory[0] == 7.0 and rows.list() == [[7.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    every = rk.array(ptr=ctypes.addressof(memory), dtype=float, shape=(3,), strides=(8,))
    assert every.list() == [7.0, 2.0, 4.0] and not every.is_contiguous
    with pytest.raises(ValueError, match="expected 2 strides for shape"):
        rk.array(ptr=ctypes.addressof(memory), dtype=float, shape=(3, 2), strides=(8,))


@pytest.mark.parametrize("target", ["int8", "uint8"])
def test_dlpack_takes_truth_values_and_integers_as_integers_of_their_width(target):
    for source in (rk.array([True, False], dtype=bool), rk.array([1, 0], dtype=rk.int8)):
        made = rk.from_dlpack(source, dtype=getattr(rk, target))
        assert made.ptr == source.ptr and made.list() == [1, 0]
    for wrong in (rk.float32, rk.bfloat16, rk.int32):
        with pytest.raises(TypeError, match="cannot share memory"):
            rk.from_dlpack(rk.array([1, 0], dtype=rk.int16), dtype=wrong)


def test_dlpack_capsule():
    class Holder:
        def __dlpack__(self, **options):
            return rk.to_dlpack(a)

        def __dlpack_device__(self):
            return a.__dlpack_device__()

    a = rk.array([1.0, 2.0])
    assert np.from_dlpack(Holder()).tolist() == [1.0, 2.0]


def test_the_cache_is_cleared(tmp_path):
    rk.config.kernel_cache_dir = tmp_path
    try:
        cache.object_cache().store("ab" * 32, b"code")
        (tmp_path / "mine.o").write_bytes(b"")
        rk.clear_kernel_cache()
        assert [p.name for p in tmp_path.rglob("*.o")] == ["mine.o"]
    finally:
        rk.config.kernel_cache_dir = None


def test_torch_tensors():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    a = rk.zeros((2, 3), dtype=rk.vec3, requires_grad=True)
    t = rk.to_torch(a)
    assert t.shape == (2, 3, 3) and t.requires_grad and t.grad.data_ptr() == a.grad.ptr
    back = rk.from_torch(t, dtype=rk.vec3)
    assert back.ptr == a.ptr and back.requires_grad and back.grad.ptr == a.grad.ptr
    fresh = torch.ones(3, requires_grad=True)
    shared = rk.from_torch(fresh)
    assert shared.requires_grad and fresh.grad.data_ptr() == shared.grad.ptr
    assert not rk.from_torch(fresh, requires_grad=False).requires_grad
    for scalar in (rk.float32, rk.bfloat16, rk.int8, rk.uint8, rk.bool):
        assert rk.dtype_from_torch(rk.dtype_to_torch(scalar)) == scalar
    assert rk.device_to_torch("ref") == "cpu" and rk.device_from_torch(fresh.device) == rk.get_device("cpu")
    assert rk.to_torch(rk.ones(2, dtype=rk.bfloat16)).dtype == torch.bfloat16


def test_jax_arrays():
    jax = pytest.importorskip("jax", reason="needs JAX")
    a = rk.array([1.0, 2.0])
    assert rk.to_jax(a).tolist() == [1.0, 2.0]
    given = jax.numpy.arange(6.0, dtype="float32").reshape(2, 3)
    assert rk.from_jax(given, dtype=rk.vec3).list()[1] == [3.0, 4.0, 5.0]
    assert rk.dtype_from_jax(rk.dtype_to_jax(rk.bfloat16)) == rk.bfloat16
    assert rk.device_from_jax(rk.device_to_jax("cpu")) == rk.get_device("cpu")
