"""Moments and limits of the draws, nothing accumulates, masks, the same bits for any number of worlds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.plugin.registry import Registry
from robokern.world.geom import Geom
from robokern.world.param import Param
from robokern.world.world import World

pytestmark = pytest.mark.usefixtures("compiled")

DEFAULTS = np.array([1.0, 0.8, 0.6, 0.5])
BODIES = ("world", "FL_foot", "FR_foot", "trunk")


def world_of(worlds: int, seed: int = 7, device: rk.Device | None = None) -> World:
    geoms = tuple(Geom(f"{name}_geom", body, "sphere", (0.1,)) for body, name in enumerate(BODIES))
    friction = Param.of("geom_friction", DEFAULTS, worlds, "1", "geom", device)
    params = {"geom_friction": friction}
    offers = frozenset({"write:geom_friction"})
    return World(
        "none", worlds, 0.01, (0, 0, -9.81), BODIES, (), geoms, params, offers, device=device, seed=seed
    )


def plugin_of(world: World, **settings: Any) -> Any:
    made = Registry().load("randomize_friction")
    plugin = made("friction", made.Config(**{"range": (0.5, 1.5), "bodies": ".*_foot"} | settings))
    plugin.setup(world)
    plugin.remember_state()
    return plugin


def draw(plugin: Any, mask: np.ndarray | None = None) -> np.ndarray:
    """Draws once and gives the values of all geoms, (worlds, geoms)."""
    world = plugin.world
    chosen = np.ones(world.num_worlds, dtype=bool) if mask is None else mask
    plugin.randomize(None, world.mask(chosen))
    return world.params["geom_friction"].value.numpy().copy()


def test_only_the_selected_geoms_change():
    values = draw(plugin_of(world_of(16)))
    np.testing.assert_array_equal(values[:, [0, 3]], np.tile(DEFAULTS[[0, 3]].astype(np.float32), (16, 1)))
    assert len(np.unique(values[:, [1, 2]])) == 32


def test_geoms_are_selected_by_their_own_name_too():
    plugin = plugin_of(world_of(4), geoms="FR_.*")
    assert plugin.outputs["friction"].shape == (4, 1)
    values = draw(plugin)
    np.testing.assert_array_equal(plugin.outputs["friction"].numpy()[:, 0], values[:, 2])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("scale", lambda default, u: default * u),
        ("add", lambda default, u: default + u),
        ("abs", lambda _, u: u),
    ],
)
def test_operations_start_from_the_default(operation: str, expected: Any):
    # a range of one point: the draw is known
    values = draw(plugin_of(world_of(3), operation=operation, range=(0.25, 0.25)))
    np.testing.assert_allclose(
        values[:, 1:3], np.broadcast_to(expected(DEFAULTS[1:3], 0.25), (3, 2)), rtol=1e-6
    )


def test_nothing_accumulates_over_a_hundred_resets():
    plugin = plugin_of(world_of(64), operation="scale", range=(0.9, 1.1))
    for _ in range(100):
        values = draw(plugin)[:, 1:3]
        ratio = values / DEFAULTS[1:3]
        assert ratio.min() >= 0.9 * (1 - 1e-6)
        assert ratio.max() <= 1.1 * (1 + 1e-6)


def test_every_draw_is_another():
    plugin = plugin_of(world_of(4))
    plugin.reset(None, plugin.world.mask(np.ones(4, dtype=bool)))
    first = draw(plugin)
    # a reset restores declared state, and must not repeat the episode's draw
    plugin.reset(None, plugin.world.mask(np.ones(4, dtype=bool)))
    assert (draw(plugin)[:, 1:3] != first[:, 1:3]).all()


def many(worlds: int = 20_000, **settings: Any) -> np.ndarray:
    return draw(plugin_of(world_of(worlds), operation="abs", **settings))[:, 1].astype(np.float64)


def test_uniform_moments_and_limits():
    values = many(range=(0.4, 1.2))
    assert values.min() >= 0.4
    assert values.max() <= 1.2
    # five standard errors of 20,000 draws
    assert abs(values.mean() - 0.8) < 5 * 0.8 / np.sqrt(12 * len(values))
    assert values.var() == pytest.approx(0.8**2 / 12, rel=0.05)


def test_log_uniform_moments_and_limits():
    values = many(distribution="log_uniform", range=(0.01, 1.0))
    assert values.min() >= 0.01
    assert values.max() <= 1.0
    logs = np.log10(values)
    assert abs(logs.mean() + 1.0) < 5 * 2.0 / np.sqrt(12 * len(values))
    assert logs.var() == pytest.approx(4.0 / 12, rel=0.05)


def test_gaussian_moments():
    values = many(distribution="gaussian", range=(1.0, 0.1))
    assert abs(values.mean() - 1.0) < 5 * 0.1 / np.sqrt(len(values))
    assert values.std() == pytest.approx(0.1, rel=0.05)
    # skewness and excess kurtosis vanish, within five standard errors
    scaled = (values - values.mean()) / values.std()
    assert abs((scaled**3).mean()) < 5 * np.sqrt(6 / len(values))
    assert abs((scaled**4).mean() - 3.0) < 5 * np.sqrt(24 / len(values))


def test_friction_is_never_negative():
    values = many(1000, distribution="gaussian", range=(0.0, 1.0))
    assert values.min() == 0.0
    assert values.max() > 1.0


def test_only_masked_worlds_change():
    plugin = plugin_of(world_of(8))
    before = draw(plugin)
    mask = np.arange(8) % 2 == 0
    after = draw(plugin, mask)
    np.testing.assert_array_equal(after[~mask], before[~mask])
    assert (after[mask][:, 1:3] != before[mask][:, 1:3]).all()


def test_the_same_bits_for_any_number_of_worlds_and_any_masks_before():
    few, lots = plugin_of(world_of(8)), plugin_of(world_of(64))
    draw(few)
    draw(lots)
    # other worlds' extra draws do not disturb world 3
    draw(lots, np.arange(64) == 5)
    third = np.arange(8) == 3, np.arange(64) == 3
    assert draw(few, third[0])[3].tobytes() == draw(lots, third[1])[3].tobytes()


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform", "gaussian"])
def test_the_same_bits_on_every_device(distribution: str):
    bits = {
        draw(plugin_of(world_of(4, device=device), distribution=distribution)).tobytes()
        for device in rk.get_devices()
    }
    assert len(bits) == 1


def test_seed_and_name_give_other_draws():
    values = draw(plugin_of(world_of(4)))
    assert (draw(plugin_of(world_of(4, seed=8)))[:, 1:3] != values[:, 1:3]).all()
    made = Registry().load("randomize_friction")
    other = made("other", made.Config(range=(0.5, 1.5), bodies=".*_foot"))
    other.setup(world_of(4))
    assert (draw(other)[:, 1:3] != values[:, 1:3]).all()


def test_worlds_and_geoms_draw_independently():
    values = draw(plugin_of(world_of(5000), operation="abs"))[:, 1:3].astype(np.float64)
    # a correlation of n independent pairs has a standard error of 1 / sqrt(n)
    assert abs(np.corrcoef(values[:, 0], values[:, 1])[0, 1]) < 5 / np.sqrt(5000)
    assert abs(np.corrcoef(values[:-1, 0], values[1:, 0])[0, 1]) < 5 / np.sqrt(5000)


def test_the_host_is_told():
    plugin = plugin_of(world_of(2))
    draw(plugin)
    assert plugin.world.touched == {"geom_friction"}


def test_selectors_that_fit_no_geom_are_refused():
    with pytest.raises(rk.ConfigError, match=r"no geom matches 'trunk_geom' on bodies '\.\*_foot'"):
        plugin_of(world_of(2), geoms="trunk_geom")
