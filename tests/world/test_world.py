"""World: selecting by name, capabilities, keys of draws, and the scenes made of its geoms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import robokern as rk
from robokern.errors import ConfigError, GeometryError, HostError
from robokern.world.frame import Frame
from robokern.world.geom import Geom
from robokern.world.param import Param
from robokern.world.pose import compose
from robokern.world.random import uniform, uniforms
from robokern.world.world import World

pytestmark = pytest.mark.usefixtures("compiled")

GEOMS = (
    Geom("floor", 0, "plane", (0.0, 0.0)),
    Geom("FL_foot", 2, "sphere", (0.02,)),
    Geom("FR_foot", 3, "sphere", (0.02,)),
    Geom("paint", 1, "ellipsoid", (0.1, 0.2, 0.3), visible=False, collides=False),
)


def world(**fields: object) -> World:
    settings: dict[str, object] = {
        "host": "test",
        "num_worlds": 2,
        "timestep": 0.002,
        "gravity": (0.0, 0.0, -9.81),
        "bodies": ("world", "base", "FL_foot", "FR_foot"),
        "joints": ("base", "FL_hip"),
        "geoms": GEOMS,
    }
    return World(**(settings | fields))  # type: ignore[arg-type]


def test_select_matches_whole_names():
    here = world()
    assert here.select("body", ".*_foot") == [2, 3]
    assert here.select("body", "foot|base") == [1]
    assert here.select("body", ["FR_.*", "base", "b.*"]) == [1, 3]
    assert here.select("geom", "FL_foot") == [1]
    assert here.select("joint", ".*hip") == [1]


def test_select_that_finds_nothing_lists_the_choices():
    with pytest.raises(ConfigError) as error:
        world().select("body", "bse")
    assert str(error.value) == (
        "no body matches 'bse'; did you mean 'base'? choose from: world, base, FL_foot, FR_foot"
    )


def test_select_takes_regular_expressions_only():
    with pytest.raises(ConfigError, match=r"'\*_foot' is not a regular expression"):
        world().select("body", "*_foot")
    with pytest.raises(ValueError, match="'actuator'"):
        world().select("actuator", ".*")


def test_geoms_of_bodies():
    assert world().geoms_of([2, 3]) == [1, 2]


def test_what_the_host_cannot_do_is_refused():
    here = world(capabilities=frozenset({"write:body_mass"}))
    here.touch("body_mass")
    assert here.touched == {"body_mass"}
    with pytest.raises(
        ConfigError, match="host 'test' cannot honour 'write:geom_friction'; it offers: write:body_mass"
    ):
        here.touch("geom_friction")
    with pytest.raises(ConfigError, match="disable_contact"):
        here.disable_host_contact([1])


def test_contacts_are_switched_off_before_the_first_step():
    here = world(capabilities=frozenset({"disable_contact"}))
    here.disable_host_contact([1])
    here.disable_host_contact({2})
    assert here.contact_disabled == {1, 2}
    here.running = True
    with pytest.raises(HostError, match="before the first step"):
        here.disable_host_contact([1])


def test_keys_differ_by_plugin_and_purpose_and_never_change():
    key = world().rng_key
    assert len({key("a", "x"), key("a", "y"), key("b", "x"), key("ax", "")}) == 4
    assert key("randomize_mass", "draw") == world(num_worlds=64, seed=9).rng_key("randomize_mass", "draw")
    assert key("randomize_mass", "draw") == 2935370946


def test_draws_are_uniform_and_depend_on_each_argument():
    draws = np.array([uniform(7, 1, world, 0) for world in range(4000)])
    assert draws.min() >= 0.0 and draws.max() < 1.0
    # standard error of the mean 0.0046, of the variance 0.0012
    assert abs(draws.mean() - 0.5) < 0.018 and abs(draws.var() - 1.0 / 12.0) < 0.005
    assert len({uniform(7, 1, 3, 0), uniform(8, 1, 3, 0), uniform(7, 2, 3, 0), uniform(7, 1, 3, 1)}) == 4
    assert uniform(7, 1, 3, 0) == draws[3]


def test_many_draws_at_once_have_the_bits_of_each():
    worlds, draws = (x.astype(np.uint64) for x in np.meshgrid(np.arange(0, 90, 7), np.arange(40)))
    for seed, key in ((7, 1), (2**32 - 1, 2**32 - 1), (0, 0)):
        each = [uniform(seed, key, int(w), int(d)) for w, d in zip(worlds.flat, draws.flat, strict=True)]
        np.testing.assert_array_equal(uniforms(seed, key, worlds, draws).ravel(), each)


def test_compose_agrees_with_scipy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        (p, r), (a, b) = rng.normal(size=(2, 3)), Rotation.random(2, random_state=rng)
        got = compose((*p, *a.as_quat()), (*r, *b.as_quat()))
        np.testing.assert_allclose(got[:3], p + a.apply(r), atol=1e-12)
        np.testing.assert_allclose(
            (a * b).inv().as_matrix() @ Rotation.from_quat(got[3:]).as_matrix(), np.eye(3), atol=1e-12
        )


def test_a_frame_starts_with_bodies_at_the_origin():
    frame = Frame.allocate(2, 3, 5, 4)
    np.testing.assert_array_equal(
        frame.body_pose.numpy(), np.broadcast_to([0, 0, 0, 0, 0, 0, 1.0], (2, 3, 7))
    )
    assert frame.body_force.numpy().shape == (2, 3, 3)
    assert frame.joint_position.shape == (2, 5) and frame.joint_velocity.shape == (2, 4)
    assert frame.reset_mask.numpy().dtype == bool


def test_a_parameter_has_its_own_value_and_default():
    inertia = Param.of("body_inertia", np.ones((4, 3)), 2, "kg m^2", "body", None)
    assert inertia.default.shape == (2, 4) and inertia.default.numpy().shape == (2, 4, 3)
    inertia.value[1] = rk.vec3(5.0)
    assert np.all(inertia.default.numpy() == 1.0) and np.all(inertia.value.numpy()[0] == 1.0)


def test_the_scene_holds_what_is_visible_and_the_terrain_what_stands_still():
    here = world()
    assert [instance.body for instance in here.scene.instances] == [0, 2, 3]
    assert len(here.terrain.instances) == 1
    assert here.scene.shapes[0] is here.terrain.shapes[0]
    assert here.scene.shapes[1] is here.scene.shapes[2]


def test_fixed_bodies_are_part_of_the_terrain_where_they_stand():
    post = Geom("post", 1, "box", (1.0, 1.0, 1.0), (1.0, 0, 0, 0, 0, 0, 1.0))
    quarter = (0.0, 2.0, 0.0, 0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5))
    here = world(geoms=(post,), fixed_bodies={0: (0, 0, 0, 0, 0, 0, 1), 1: quarter})
    (instance,) = here.terrain.instances
    assert instance.body == 0
    np.testing.assert_allclose(instance.body_from_shape[:3], [0.0, 3.0, 0.0], atol=1e-12)


def test_a_visible_geom_that_a_scene_does_not_have_is_refused():
    here = world(geoms=(Geom("egg", 1, "ellipsoid", (0.1, 0.2, 0.3)),))
    with pytest.raises(GeometryError, match=r"geom 'egg' is of kind 'ellipsoid'.*expected one of plane"):
        _ = here.scene


def test_an_array_of_a_mask():
    np.testing.assert_array_equal(world().mask(np.array([True, False])).numpy(), [True, False])
