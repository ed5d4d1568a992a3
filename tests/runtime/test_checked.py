"""Launches that look for mistakes: wrong indices, NaN, and the options that turn the search on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import robokern as rk

floats = rk.array(dtype=float)


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    rk.config.mode, rk.config.verify_fp, rk.config.max_unroll = "release", False, 16


@rk.func
def read(x: floats, i: int):
    return x[i]


@rk.kernel
def shift(out: floats, x: floats, by: int):
    i = rk.tid()
    out[i] = read(x, i + by)


@rk.kernel
def grid_write(out: rk.array2d(dtype=float), j: int):
    i, k = rk.tid()
    out[i + j, k] = 1.0


@rk.kernel(mode="debug")
def always_checked(out: floats):
    i = rk.tid()
    out[i * 2] += 1.0


def test_a_wrong_index_names_kernel_line_index_and_shape(device: str) -> None:
    rk.config.mode = "debug"
    out, x = (rk.zeros(4, dtype=float, device=device) for _ in range(2))
    rk.launch(shift, dim=4, inputs=[out, x, 0], device=device)
    with pytest.raises(
        rk.KernelIndexError,
        match=r"test_checked.py:22:12: load in kernel 'shift': index \(4,\) is outside an array of shape "
        r"\(4,\), in item \(3,\) of grid \(4,\)",
    ):
        rk.launch(shift, dim=4, inputs=[out, x, 1], device=device)
    with pytest.raises(rk.KernelIndexError, match=r"index \(-1,\)"):
        rk.launch(shift, dim=4, inputs=[out, x, -1], device=device)


def test_two_dimensions(device: str) -> None:
    rk.config.mode = "debug"
    out = rk.zeros((2, 3), dtype=float, device=device)
    with pytest.raises(
        rk.KernelIndexError, match=r"store in kernel 'grid_write': index \(2, 0\) is outside .* \(2, 3\)"
    ):
        rk.launch(grid_write, dim=(2, 1), inputs=[out, 1], device=device)
    assert device == "ref" or out.numpy()[1, 0] == 1.0  # the interpreter stops at once


def test_debug_for_one_kernel(device: str) -> None:
    out = rk.zeros(4, dtype=float, device=device)
    with pytest.raises(rk.KernelIndexError, match="atomic in kernel 'always_checked'"):
        rk.launch(always_checked, dim=3, inputs=[out], device=device)
    assert device == "ref" or out.numpy().tolist() == [1, 0, 1, 0]


def test_a_recorded_launch_is_checked_too(device: str) -> None:
    rk.config.mode = "debug"
    out, x = (rk.zeros(4, dtype=float, device=device) for _ in range(2))
    launch = rk.launch(shift, dim=4, inputs=[out, x, 0], device=device, record_cmd=True)
    assert launch is not None
    launch.launch()
    launch.set_param_by_name("by", 2)
    with pytest.raises(rk.KernelIndexError):
        launch.launch()


@rk.kernel
def divide(out: floats, by: floats):
    i = rk.tid()
    out[i] = 1.0 / by[i]


def test_verify_fp_names_argument_and_index(device: str) -> None:
    out, by = rk.zeros(3, dtype=float, device=device), rk.array([1.0, 0.0, 2.0], dtype=float, device=device)
    rk.launch(divide, dim=3, inputs=[out, by], device=device)
    rk.config.verify_fp = True
    with pytest.raises(
        rk.KernelFloatError, match=r"kernel 'divide' left inf in argument 'out' at index \(1,\)"
    ):
        rk.launch(divide, dim=3, inputs=[out, by], device=device)


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="no option 'modee'"):
        rk.set_module_options({"modee": "debug"})
    with pytest.raises(ValueError, match="'release' or 'debug'"):
        rk.config.mode = "fast"
    with pytest.raises(ValueError, match="takes int"):
        rk.config.max_unroll = "all"
    with pytest.raises(TypeError, match="no option 'unroll'"):
        rk.kernel(unroll=3)(lambda: None)


def test_the_nearest_option_counts() -> None:
    rk.set_module_options({"max_unroll": 4})
    assert rk.get_module_options()["max_unroll"] == 4
    assert shift.options.max_unroll == 4
    assert rk.get_module_options("another")["max_unroll"] == 16
    rk.set_module_options({"max_unroll": 16})
