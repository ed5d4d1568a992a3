"""Mass draws and the inertia that follows, down to how MuJoCo accelerates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.adapters import mujoco as mujoco_host
from robokern.plugin.registry import Registry
from robokern.sim.loop import Loop
from robokern.world.param import Param
from robokern.world.world import World

pytestmark = pytest.mark.usefixtures("compiled")

MASS = np.array([0.0, 10.0, 2.0, 0.5])
INERTIA = np.array([[0.0, 0.0, 0.0], [0.3, 0.2, 0.1], [0.03, 0.02, 0.01], [0.003, 0.002, 0.001]])
BODIES = ("world", "base", "thigh", "foot")


def world_of(worlds: int, seed: int = 7, device: rk.Device | None = None) -> World:
    params = {
        "body_mass": Param.of("body_mass", MASS, worlds, "kg", "body", device),
        "body_inertia": Param.of("body_inertia", INERTIA, worlds, "kg m^2", "body", device),
    }
    offers = frozenset({"write:body_mass", "write:body_inertia"})
    return World(
        "none", worlds, 0.01, (0, 0, -9.81), BODIES, (), (), params, offers, device=device, seed=seed
    )


def plugin_of(world: World, **settings: Any) -> Any:
    made = Registry().load("randomize_mass")
    plugin = made("mass", made.Config(**{"range": (0.8, 1.2)} | settings))
    plugin.setup(world)
    plugin.remember_state()
    return plugin


def draw(plugin: Any, mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Draws once; mass (worlds, bodies) and inertia (worlds, bodies, 3)."""
    world = plugin.world
    chosen = np.ones(world.num_worlds, dtype=bool) if mask is None else mask
    plugin.randomize(None, world.mask(chosen))
    return tuple(world.params[name].value.numpy().copy() for name in ("body_mass", "body_inertia"))


def test_bodies_without_mass_are_left_out():
    plugin = plugin_of(world_of(8))
    mass, _ = draw(plugin)
    assert plugin.outputs["mass"].shape == (8, 3)
    assert (mass[:, 0] == 0.0).all()
    np.testing.assert_array_equal(plugin.outputs["mass"].numpy(), mass[:, 1:])


def test_inertia_follows_by_the_ratio_of_masses():
    mass, inertia = draw(plugin_of(world_of(64)))
    ratio = mass[:, 1:] / MASS[1:]
    np.testing.assert_allclose(inertia[:, 1:], ratio[..., None] * INERTIA[1:], rtol=1e-6)
    assert np.ptp(ratio) > 0.3


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("scale", lambda default, u: default * u),
        ("add", lambda default, u: default + u),
        ("abs", lambda _, u: u),
    ],
)
def test_operations_start_from_the_default(operation: str, expected: Any):
    mass, inertia = draw(plugin_of(world_of(3), operation=operation, range=(0.5, 0.5), bodies="base"))
    wanted = expected(MASS[1], 0.5)
    np.testing.assert_allclose(mass[:, 1], wanted, rtol=1e-6)
    np.testing.assert_allclose(inertia[0, 1], wanted / MASS[1] * INERTIA[1], rtol=1e-6)
    np.testing.assert_array_equal(mass[:, 2:], np.tile(MASS[2:].astype(np.float32), (3, 1)))


def test_nothing_accumulates_over_a_hundred_resets():
    plugin = plugin_of(world_of(32), range=(0.9, 1.1))
    for _ in range(100):
        mass, inertia = draw(plugin)
        for ratio in (mass[:, 1:] / MASS[1:], inertia[:, 1:] / INERTIA[1:]):
            assert ratio.min() >= 0.9 * (1 - 1e-6)
            assert ratio.max() <= 1.1 * (1 + 1e-6)


@pytest.mark.parametrize(
    ("distribution", "limits", "mean", "deviation"),
    [
        ("uniform", (0.5, 1.5), 1.0, 1.0 / np.sqrt(12.0)),
        (
            "log_uniform",
            (0.5, 2.0),
            1.5 / np.log(4.0),
            np.sqrt(3.75 / (2 * np.log(4.0)) - (1.5 / np.log(4.0)) ** 2),
        ),
        ("gaussian", (1.0, 0.1), 1.0, 0.1),
    ],
)
def test_moments(distribution: str, limits: tuple[float, float], mean: float, deviation: float):
    plugin = plugin_of(world_of(20_000), distribution=distribution, range=limits, bodies="base")
    ratio = draw(plugin)[0][:, 1].astype(np.float64) / MASS[1]
    # five standard errors
    assert abs(ratio.mean() - mean) < 5 * deviation / np.sqrt(len(ratio))
    assert ratio.std() == pytest.approx(deviation, rel=0.05)
    if distribution != "gaussian":
        assert ratio.min() >= limits[0] * (1 - 1e-6)
        assert ratio.max() <= limits[1] * (1 + 1e-6)


def test_mass_stays_above_the_least():
    mass, inertia = draw(
        plugin_of(world_of(1000), operation="add", range=(-20.0, 0.0), bodies="base", least=0.5)
    )
    assert mass[:, 1].min() == 0.5
    assert inertia[:, 1].min() > 0.0


def test_only_masked_worlds_change():
    plugin = plugin_of(world_of(8))
    before = draw(plugin)
    mask = np.arange(8) < 3
    for old, new in zip(before, draw(plugin, mask), strict=True):
        np.testing.assert_array_equal(new[~mask], old[~mask])
        assert (new[mask][:, 1:] != old[mask][:, 1:]).all()


def test_the_same_bits_for_any_number_of_worlds():
    few, lots = draw(plugin_of(world_of(8))), draw(plugin_of(world_of(64)))
    for a, b in zip(few, lots, strict=True):
        assert a[3].tobytes() == b[3].tobytes()


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform", "gaussian"])
def test_the_same_bits_on_every_device(distribution: str):
    bits = set()
    for device in rk.get_devices():
        drawn = draw(plugin_of(world_of(4, device=device), distribution=distribution))
        bits.add(b"".join(values.tobytes() for values in drawn))
    assert len(bits) == 1


def test_only_bodies_without_mass_is_refused():
    with pytest.raises(rk.ConfigError, match="'world' matches only bodies without mass"):
        plugin_of(world_of(2), bodies="world")


PUSHED = """
<mujoco>
  <option gravity="0 0 0" timestep="0.001"/>
  <worldbody>
    <body name="base"><freejoint/><geom type="box" size="0.1 0.2 0.3" mass="2"/></body>
  </worldbody>
</mujoco>
"""


def test_mujoco_accelerates_the_new_mass_and_turns_the_new_inertia(tmp_path: Path):
    path = tmp_path / "scene.xml"
    path.write_text(PUSHED)
    host = mujoco_host.Settings(model=path, worlds=4).open(seed=7)
    made = Registry().load("randomize_mass")
    plugin = made("mass", made.Config(mode="startup", range=(0.5, 2.0)))
    with Loop(host, [plugin]) as loop:
        loop.setup(0)
        host.frame.body_force[:, 1] = (3.0, 0.0, 0.0)
        host.frame.body_torque[:, 1] = (0.0, 0.0, 0.1)
        host.apply()
        host.step()
        host.read()
        mass = plugin.outputs["mass"].numpy()[:, 0]
        inertia = mass / 12.0 * (0.2**2 + 0.4**2)
        np.testing.assert_allclose(host.frame.body_linear_velocity.numpy()[:, 1, 0], 3e-3 / mass, rtol=1e-5)
        np.testing.assert_allclose(
            host.frame.body_angular_velocity.numpy()[:, 1, 2], 1e-4 / inertia, rtol=1e-5
        )
        assert len(np.unique(mass)) == 4
