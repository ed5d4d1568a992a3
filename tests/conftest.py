"""Fixtures for all tests: every test of device code takes `device`."""

from __future__ import annotations

import pytest

import robokern as rk

DEVICES = ["ref", *(str(d) for d in rk.get_devices() if str(d) != "ref")]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Each device of this machine: the interpreter, the CPU, and CUDA where there is one."""
    return str(request.param)
