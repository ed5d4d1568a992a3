"""Fixtures for all tests: every test of device code takes `device`, or `compiled` where it is large."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import robokern as rk

DEVICES = ["ref", *(str(d) for d in rk.get_devices() if str(d) != "ref")]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each device of this machine, CUDA where there is one, and the default while the test runs."""
    with rk.ScopedDevice(request.param):
        yield str(request.param)


@pytest.fixture(params=DEVICES[1:])
def compiled(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `device`, without the interpreter, which is slow."""
    with rk.ScopedDevice(request.param):
        yield str(request.param)
