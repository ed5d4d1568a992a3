"""The quickstart scene: the robot walks, worlds keep their bits, the assets are what their scripts write."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from robokern.adapters.mujoco import MujocoHost, Settings

SCENE = Path(__file__).resolve().parents[2] / "scenes" / "quickstart"
BASE = 1


def quickstart(worlds: int, seed: int = 7) -> MujocoHost:
    settings = Settings(
        SCENE / "scene.xml", worlds, gait=SCENE / "gait.csv", gait_phase_spread=1.0, heading_spread=0.35
    )
    host = settings.open(seed)
    host.reset(np.ones(worlds, dtype=bool))
    host.read()
    return host


def advance(host: MujocoHost) -> None:
    host.apply()
    host.step()
    host.read()


def up(pose: np.ndarray) -> np.ndarray:
    """World z of the body's z axis."""
    return 1.0 - 2.0 * (pose[..., 3] ** 2 + pose[..., 4] ** 2)


def forward(pose: np.ndarray) -> np.ndarray:
    """The body's x axis in the world's xy plane."""
    x, y, z, w = (pose[..., k] for k in range(3, 7))
    return np.stack([1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z)], axis=-1)


def test_it_walks_upright_with_other_frictions_and_masses():
    host = quickstart(worlds=12)
    vary = np.linspace(0.0, 1.0, 12, dtype=np.float32)
    params = host.world.params
    friction = params["geom_friction"].value
    friction.assign(np.broadcast_to((0.5 + 0.6 * vary)[:, None], friction.shape))
    for name in ("body_mass", "body_inertia"):
        default = params[name].default.numpy()[:, BASE]
        params[name].value[:, BASE] = default * (1.15 - 0.3 * vary).reshape(-1, *[1] * (default.ndim - 1))
        host.world.touch(name)
    host.world.touch("geom_friction")
    start = host.frame.body_pose.numpy()[:, BASE].copy()
    lowest = np.ones(12)
    for _ in range(3000):
        advance(host)
        lowest = np.minimum(lowest, up(host.frame.body_pose.numpy()[:, BASE]))
    way = host.frame.body_pose.numpy()[:, BASE, :2] - start[:, :2]
    progress = np.sum(way * forward(start), axis=-1)
    assert lowest.min() > 0.85, f"tilted: {lowest}"
    assert progress.min() > 0.5, f"did not get ahead: {progress}"


def test_the_same_seed_gives_the_same_bits_for_any_number_of_worlds():
    hosts = [quickstart(8), quickstart(64), quickstart(8)]
    for step in range(150):
        for host in hosts:
            advance(host)
            if step == 60:
                host.reset(np.arange(host.world.num_worlds) == 3)
    few, many, again = (
        np.concatenate(
            [
                getattr(host.frame, name).numpy()[:8].reshape(8, -1)
                for name in ("body_pose", "body_linear_velocity", "body_angular_velocity", "joint_velocity")
            ],
            axis=1,
        )
        for host in hosts
    )
    np.testing.assert_array_equal(few, again)
    np.testing.assert_array_equal(few, many)
    assert len(np.unique(few, axis=0)) == 8, "worlds must differ"


def test_another_seed_starts_differently():
    first, second = (quickstart(4, seed).frame.body_pose.numpy()[:, BASE] for seed in (1, 2))
    assert np.all(np.any(first != second, axis=-1))


def test_terrain_has_a_mesh_of_several_thousand_triangles_and_a_height_field():
    geoms = quickstart(1).world.geoms
    faces = [len(geom.faces) for geom in geoms if geom.faces is not None]
    assert max(faces) >= 5000
    assert {"mesh", "height_field", "box", "cylinder", "capsule", "sphere"} <= {geom.kind for geom in geoms}
    boulders = [geom.vertices for geom in geoms if geom.name.startswith("boulder")]
    assert len(boulders) == 4 and all(vertices is boulders[0] for vertices in boulders), "one mesh, shared"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"quickstart_{name}", SCENE / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_gait_is_what_its_script_writes(tmp_path: Path):
    script("gait").main(tmp_path / "gait.csv")
    assert (tmp_path / "gait.csv").read_text() == (SCENE / "gait.csv").read_text()


@pytest.mark.parametrize(("asset", "header"), [("ground.hf", 8), ("slab.stl", 84), ("boulder.stl", 84)])
def test_assets_are_what_their_script_writes(tmp_path: Path, asset: str, header: int):
    script("terrain").main(tmp_path)
    made, kept = ((folder / asset).read_bytes() for folder in (tmp_path, SCENE / "assets"))
    assert made[:header] == kept[:header] and len(made) == len(kept)
    if asset == "ground.hf":
        made_values, kept_values = (np.frombuffer(data[header:], "<f4") for data in (made, kept))
    else:
        record = np.dtype([("vectors", "<f4", 12), ("attribute", "<u2")])
        made_values, kept_values = (np.frombuffer(data[header:], record)["vectors"] for data in (made, kept))
    # processors differ in the last bits of square roots and sums
    np.testing.assert_allclose(made_values, kept_values, atol=2e-6)
