"""Parts of the worlds on several devices: the same bits as in one loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.errors import PluginError
from robokern.sim.loop import Loop
from robokern.sim.shards import Shards, shares
from tests.sim.test_replay import STEPS, WORLDS, Probe, host, plugins

GPUS = [device for device in rk.get_devices() if device.is_cuda]


def part(folder: Path, first: int, count: int, device: Any, capture: Any = "on") -> Loop:
    """A loop over some of the worlds."""
    with rk.ScopedDevice(device):
        made = host(folder, count)
    made.world.first_world = first
    return Loop(made, plugins(), capture=capture)


def values(loop: Loop) -> list[np.ndarray]:
    """Everything that plugins gave, the world first."""
    return [array.numpy().copy() for plugin in loop.plugins for array in plugin.outputs.values()]


def test_shares_cover_all_worlds():
    assert shares(64, 2) == [(0, 32), (32, 32)]
    assert shares(7, 3) == [(0, 2), (2, 2), (4, 3)]


@pytest.mark.parametrize("devices", [("cpu", "cpu"), ("cpu", *GPUS)], ids=["cpu", "all"])
def test_shards_have_the_bits_of_one_loop(tmp_path: Path, devices: tuple[Any, ...]):
    with part(tmp_path, 0, WORLDS, "cpu", "off") as whole:
        whole.setup(STEPS)
        whole.run(STEPS)
        expected = values(whole)
    parts = shares(WORLDS, len(devices))
    loops = [part(tmp_path, *p, device) for p, device in zip(parts, devices, strict=True)]
    with Shards(loops) as shards:
        shards.setup(STEPS)
        shards.run(STEPS // 2)
        shards.run(STEPS - STEPS // 2)
        found = [values(loop) for loop in loops]
    for together, *apart in zip(expected, *found, strict=True):
        np.testing.assert_array_equal(np.concatenate(apart).view(np.uint8), together.view(np.uint8))
    assert all(loop.replay.replays > 0 for loop in loops)


def test_an_error_in_one_part_is_raised_when_the_others_are_done(tmp_path: Path):
    def fail(probe: Probe, frame: Any) -> None:
        raise ValueError("broken")

    loops = [part(tmp_path, first, count, "cpu") for first, count in shares(WORLDS, 2)]
    loops[0] = Loop(loops[0].host, [Probe(fail)])
    with Shards(loops) as shards:
        shards.setup(STEPS)
        with pytest.raises(PluginError, match="broken"):
            shards.run(10)
        assert (loops[0].clock.step, loops[1].clock.step) == (1, 10)
