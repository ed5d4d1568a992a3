"""A GPU's arrays shared with PyTorch, CuPy and JAX: one memory, one context, in the order of both streams."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

import robokern as rk

pytestmark = pytest.mark.skipif(not rk.is_cuda_available(), reason="needs an NVIDIA GPU")
GPU = "cuda:0"


@rk.kernel
def twice(a: rk.array(dtype=float)):
    i = rk.tid()
    a[i] = 2.0 * a[i]


def launch_twice(a):
    rk.launch(twice, dim=a.size, inputs=[a], device=GPU)


def test_our_own_arrays():
    a = rk.full((3, 4), rk.vec3(1.0, 2.0, 3.0), device=GPU)
    b = rk.from_dlpack(a, dtype=rk.vec3, device=GPU)
    assert (b.ptr, b.shape, b.dtype) == (a.ptr, (3, 4), rk.vec3)
    every_other = rk.from_dlpack(a[:, ::2], dtype=rk.vec3, device=GPU)
    assert every_other.strides == (48, 24) and a.__dlpack_device__() == (2, 0)
    del a
    assert np.all(b.numpy() == [1.0, 2.0, 3.0])


def test_host_memory_is_refused():
    with pytest.raises(TypeError) as caught:
        rk.from_dlpack(np.zeros(3), device=GPU)
    assert str(caught.value) == "from_dlpack: expected an array on cuda:0, got one on no GPU; move it"
    with pytest.raises(BufferError, match="the memory on cuda:0 is shared as it is"):
        rk.zeros(3, device=GPU).__dlpack__(dl_device=(1, 0))


def test_pytorch_shares_the_memory():
    torch = pytest.importorskip("torch")
    tensor = torch.arange(5, dtype=torch.float32, device="cuda")
    a = rk.from_dlpack(tensor, device=GPU)
    launch_twice(a)
    assert a.ptr == tensor.data_ptr() and tensor.tolist() == [0, 2, 4, 6, 8]
    back = torch.from_dlpack(a)
    back += 1
    assert a.numpy().tolist() == [1, 3, 5, 7, 9]
    points = rk.zeros(4, dtype=rk.vec3, device=GPU)
    assert tuple(torch.as_tensor(points, device="cuda").shape) == (4, 3)  # __cuda_array_interface__


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "int8", "uint8", "int64"])
def test_pytorch_dtypes(name):
    torch = pytest.importorskip("torch")
    tensor = torch.ones(4, dtype=getattr(torch, name), device="cuda")
    a = rk.from_dlpack(tensor, device=GPU)
    assert a.dtype == getattr(rk, name)
    assert torch.from_dlpack(a).dtype == tensor.dtype


def test_pytorch_streams_are_waited_for():
    torch = pytest.importorskip("torch")
    stream, data = torch.cuda.Stream(), torch.zeros(1 << 26, device="cuda")
    torch.cuda.synchronize()
    for _ in range(3):
        with torch.cuda.stream(stream):
            data.fill_(0)
            for _ in range(20):
                data.add_(1.0)
            a = rk.from_dlpack(data, device=GPU)
        launch_twice(a)
        with torch.cuda.stream(stream):
            torch.from_dlpack(a).add_(1.0)
            stream.synchronize()
        assert float(data.min()) == float(data.max()) == 41.0
    with rk.ScopedStream(rk.Stream(GPU)):
        b = rk.zeros(1 << 26, device=GPU)
        for _ in range(10):
            b.fill_(1.0)
            launch_twice(b)
        taken = torch.from_dlpack(b)
    assert float(taken.min()) == float(taken.max()) == 2.0


def test_work_on_a_pytorch_stream():
    torch = pytest.importorskip("torch")
    stream = torch.cuda.Stream()
    data = torch.ones(1000, device="cuda")
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), rk.ScopedStream(rk.Stream(GPU, cuda_stream=stream.cuda_stream)):
        a = rk.from_dlpack(data, device=GPU)
        launch_twice(a)
        data += 1.0
        launch_twice(a)
    stream.synchronize()
    assert data.tolist() == [6.0] * 1000


def test_cupy_shares_the_memory():
    cupy = pytest.importorskip("cupy")
    given = cupy.arange(5, dtype=cupy.float32)
    a = rk.from_dlpack(given, device=GPU)
    launch_twice(a)
    assert given.tolist() == [0, 2, 4, 6, 8]
    assert cupy.from_dlpack(a).data.ptr == cupy.asarray(a).data.ptr == a.ptr


def test_jax_shares_the_memory():
    jnp = pytest.importorskip("jax.numpy")
    given = jnp.arange(5, dtype=jnp.float32) + 0
    if "cuda" not in str(next(iter(given.devices()))).lower():
        pytest.skip("this JAX has no GPU")
    assert rk.from_dlpack(given, device=GPU).numpy().tolist() == [0, 1, 2, 3, 4]
    assert (jnp.from_dlpack(rk.full(7, 3.0, device=GPU)) * 2).tolist() == [6.0] * 7


FIRST = "import robokern as rk; rk.zeros(1, device='cuda')"
SECOND = "import torch; torch.zeros(1, device='cuda')"
TOGETHER = """
import ctypes, torch, robokern as rk
from robokern.runtime import libcuda
torch.zeros(1, device="cuda").sum().item()
a = torch.from_dlpack(rk.full(3, 2.0, device="cuda"))
print((a + 1).tolist(), libcuda.current_context() == rk.get_device("cuda").gpu.handle)
"""


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["robokern-first", "pytorch-first"])
def test_one_context_whoever_comes_first(order):
    pytest.importorskip("torch")
    script = "\n".join([*order, TOGETHER])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[3.0, 3.0, 3.0] True\n", 0), done.stderr


def test_threads_without_a_context_of_their_own():
    sums = []

    def work() -> None:
        a = rk.ones(1000, device=GPU)
        launch_twice(a)
        sums.append(float(a.numpy().sum()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [2000.0] * 8


def test_arrays_made_and_dropped_by_a_thread_alone():
    script = """
import threading, robokern as rk
def work():
    for n in (1, 1000, 10):
        a = rk.ones(n, device="cuda").numpy()
    print(a.sum())
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("10.0\n", 0), done.stderr
