"""Runs funcs of the library over arrays on every device; all must give the same bits."""

import numpy as np
import pytest

import robokern as rk

GPUS = [str(device) for device in rk.get_devices() if device.is_cuda]


def _kernel(func, result, types):
    """A kernel that applies `func` to each row of its arguments."""
    if len(types) == 1:
        (a,) = types

        @rk.kernel
        def apply(x: rk.array(dtype=a), out: rk.array(dtype=result)):
            i = rk.tid()
            out[i] = func(x[i])

    elif len(types) == 2:
        a, b = types

        @rk.kernel
        def apply(x: rk.array(dtype=a), y: rk.array(dtype=b), out: rk.array(dtype=result)):
            i = rk.tid()
            out[i] = func(x[i], y[i])

    else:
        a, b, c = types

        @rk.kernel
        def apply(
            x: rk.array(dtype=a), y: rk.array(dtype=b), z: rk.array(dtype=c), out: rk.array(dtype=result)
        ):
            i = rk.tid()
            out[i] = func(x[i], y[i], z[i])

    return apply


def same_bits(a, b):
    """Equal bit for bit, any NaN being equal to any other."""
    if a.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    unsigned = {2: np.uint16, 4: np.uint32, 8: np.uint64}[a.dtype.itemsize]
    return bool(np.all((a.view(unsigned) == b.view(unsigned)) | (np.isnan(a) & np.isnan(b))))


@pytest.fixture
def evaluate():
    """`evaluate(func, result_type, (type, data), ...)`: on the CPU; all devices must give its bits."""

    def run(func, result, *columns, check_interpreter=True):
        kernel = _kernel(func, result, [t for t, _ in columns])
        count = len(columns[0][1])
        outputs = []
        for device in ("cpu", *(["ref"] if check_interpreter else []), *GPUS):
            inputs = [rk.array(np.ascontiguousarray(data), dtype=t, device=device) for t, data in columns]
            out = rk.zeros(count, dtype=result, device=device)
            rk.launch(kernel, dim=count, inputs=[*inputs, out], device=device)
            outputs.append(out.numpy().copy())
        assert all(same_bits(outputs[0], other) for other in outputs[1:]), (
            f"{func.__name__}: bits differ between the CPU, the interpreter and the GPU"
        )
        return outputs[0]

    return run


@pytest.fixture
def generator():
    return np.random.default_rng(20261122)
