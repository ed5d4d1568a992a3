"""Declared state goes back to what `setup` left, in the chosen worlds only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.plugin.plugin import Contact, Plugin, Randomizer, Sensor


@pytest.mark.parametrize(
    ("dtype", "shape"), [(float, (3,)), (int, (3, 4)), (rk.vec3, (3, 2)), (rk.float64, (3, 2, 2))]
)
def test_reset_restores_the_masked_worlds(device: str, dtype: Any, shape: tuple[int, ...]) -> None:
    start = np.arange(np.prod(shape + ((3,) if dtype is rk.vec3 else ()))).reshape(
        shape + ((3,) if dtype is rk.vec3 else ())
    )
    plugin = Plugin("p", None)
    plugin.state["x"] = rk.array(start, dtype=dtype, device=device)
    plugin.remember_state()
    plugin.state["x"].assign(start + 100)
    mask = rk.array(np.array([True, False, True]), dtype=bool, device=device)
    plugin.reset(None, mask)  # type: ignore[arg-type]
    after = plugin.state["x"].numpy()
    np.testing.assert_array_equal(after[[0, 2]], start[[0, 2]])
    np.testing.assert_array_equal(after[1], start[1] + 100)


def test_without_state_nothing_is_launched() -> None:
    Plugin("p", None).reset(None, None)  # type: ignore[arg-type]


def test_roles() -> None:
    assert (Sensor.role, Contact.role, Randomizer.role) == ("sensor", "contact", "randomizer")


def test_a_randomizer_says_what_it_lacks() -> None:
    class Mass(Randomizer):
        pass

    with pytest.raises(NotImplementedError, match=r"Mass has no randomize\(\)"):
        Mass("m", None).randomize(None, None)  # type: ignore[arg-type]


def test_the_layer_is_reached_through_robokern() -> None:
    assert rk.Sensor is Sensor
    assert (
        rk.PluginConfig.__module__
        == rk.RandomizerConfig.__module__
        == rk.field.__module__
        == "robokern.plugin.settings"
    )
