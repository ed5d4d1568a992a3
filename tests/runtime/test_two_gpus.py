"""Two GPUs in one process: copies between them, kernels, streams and graphs of each, foreign contexts."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

import robokern as rk
from robokern.runtime import libcuda

pytestmark = pytest.mark.skipif(len(rk.get_cuda_devices()) < 2, reason="needs two NVIDIA GPUs")


@rk.kernel
def twice(a: rk.array(dtype=float)):
    i = rk.tid()
    a[i] = 2.0 * a[i]


def test_copies_between_gpus():
    a = rk.array(np.arange(1 << 20), dtype=float, device="cuda:0")
    b = a.to("cuda:1")
    assert str(b.device) == "cuda:1" and np.array_equal(a.numpy(), b.numpy())
    grid = b.reshape((1024, 1024))
    grid[::2] = a.reshape((1024, 1024))[1::2]
    expected = np.arange(1 << 20, dtype=np.float32).reshape(1024, 1024)
    expected[::2] = expected[1::2]
    assert np.array_equal(grid.numpy(), expected)
    rk.copy(a, b)
    assert np.array_equal(a.numpy(), b.numpy())


def test_a_copy_comes_after_what_writes_the_source_and_before_what_overwrites_it():
    a, b = rk.ones(1 << 24, device="cuda:0"), rk.zeros(1 << 24, device="cuda:1")
    for power in range(1, 9):
        rk.launch(twice, dim=a.size, inputs=[a], device="cuda:0")
        rk.copy(b, a)
        rk.launch(twice, dim=b.size, inputs=[b], device="cuda:1")
        found = b.numpy()
        assert found.min() == found.max() == 2.0 ** (power + 1)


def test_arrays_of_the_other_gpu_are_refused():
    a = rk.ones(4, device="cuda:1")
    with pytest.raises(rk.LaunchError) as caught:
        rk.launch(twice, dim=4, inputs=[a], device="cuda:0")
    assert str(caught.value) == (
        "kernel 'twice', argument 'a': expected an array on cuda:0, got one on cuda:1; "
        "move it there with .to('cuda:0'), or launch on 'cuda:1'"
    )


def test_each_gpu_has_its_stream_and_its_graph():
    arrays = [rk.ones(1000, device=device) for device in rk.get_cuda_devices()[:2]]
    graphs = []
    for array in arrays:
        with rk.ScopedCapture(array.device) as capture:
            rk.launch(twice, dim=1000, inputs=[array], device=array.device)
        graphs.append(capture.graph)
    streams = [rk.Stream(array.device) for array in arrays]
    for _ in range(3):
        for graph, stream in zip(graphs, streams, strict=True):
            rk.capture_launch(graph, stream=stream)
    rk.synchronize()
    assert all(np.all(array.numpy() == 8.0) for array in arrays)
    with pytest.raises(rk.DeviceError, match="expected a stream of cuda:0, got one of cuda:1"):
        rk.capture_launch(graphs[0], stream=streams[1])


def test_what_another_library_made_current_stays_current():
    second = rk.get_device("cuda:1").gpu
    a = rk.ones(1000, device="cuda:0")
    rk.launch(twice, dim=1000, inputs=[a], device="cuda:0")
    before = libcuda.current_context()
    libcuda.call("cuCtxSetCurrent", second.handle)
    try:
        rk.launch(twice, dim=1000, inputs=[a], device="cuda:0")
        b = a.clone()
        assert np.all(b.numpy() == 4.0)
        assert libcuda.current_context() == second.handle
    finally:
        libcuda.call("cuCtxSetCurrent", before)


def test_a_thread_for_each_gpu():
    results = {}

    def work(device: str) -> None:
        with rk.ScopedStream(rk.Stream(device)):
            a = rk.ones(1 << 16, device=device)
            for _ in range(10):
                rk.launch(twice, dim=a.size, inputs=[a], device=device)
            results[device] = a.numpy()

    threads = [threading.Thread(target=work, args=(f"cuda:{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.all(found == 1024.0) for found in results.values()) and len(results) == 2


def test_the_second_gpu_does_not_become_the_device_of_other_libraries(tmp_path):
    script = """
import robokern as rk
from robokern.runtime import libcuda
@rk.kernel
def twice(a: rk.array(dtype=float)):
    i = rk.tid()
    a[i] = 2.0 * a[i]
with rk.ScopedDevice("cuda:1"):
    a = rk.ones(8)
    with rk.ScopedCapture() as capture:
        rk.launch(twice, dim=8, inputs=[a])
    rk.launch(twice, dim=8, inputs=[a])
    rk.capture_launch(capture.graph)
    print(a.list() == [4.0] * 8, libcuda.current_context())
    b = rk.ones(8, device="cuda:0")
    print(libcuda.current_context() == b.device.gpu.handle)
"""
    file = tmp_path / "second.py"
    file.write_text(script)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("True 0\nTrue\n", 0), done.stderr
