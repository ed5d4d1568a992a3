"""Pictures show what was recorded: which cell is which colour, and the terrain under the points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robokern.sim.record import Recording, Variable
from robokern.view.pictures import HEIGHT_COLOURS, Scans, draw, from_above, range_image, read_scans
from robokern.view.terrain import HeightMap, height_map
from robokern.world.frame import Frame
from robokern.world.geom import Geom
from robokern.world.world import World

pytest.importorskip("matplotlib", reason="draws the pictures; in the sim extra")


def scans_of(scans: int = 3, channels: int = 4, columns: int = 6) -> Scans:
    """Rays from 1 m above flat ground; the upper half of the channels hits nothing."""
    elevation = np.linspace(-60.0, 20.0, channels)
    azimuth = np.arange(-180.0, 180.0, 360.0 / columns)
    e, a = np.deg2rad(elevation)[:, None], np.deg2rad(azimuth)[None, :]
    direction = np.stack(
        np.broadcast_arrays(np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)), axis=-1
    )
    with np.errstate(divide="ignore"):
        ranges = np.where(direction[..., 2] < 0.0, -1.0 / direction[..., 2], np.inf)
    position = np.stack([np.linspace(0.0, 1.0, scans), np.zeros(scans), np.ones(scans)], axis=1)
    points = np.where(
        np.isfinite(ranges)[..., None],
        direction * np.where(np.isfinite(ranges), ranges, 0)[..., None],
        np.nan,
    )
    return Scans(
        name="lidar",
        world=0,
        time=0.1 * np.arange(1, scans + 1),
        elevation=elevation,
        azimuth=azimuth,
        ranges=np.tile(ranges, (scans, 1, 1)).astype(np.float32),
        points=(position[:, None, None] + points).astype(np.float32),
        position=position,
        max_range=10.0,
    )


def hilly() -> World:
    hill = Geom("hill", 0, "sphere", (1.0,))
    robot = Geom("robot", 1, "box", (0.2, 0.2, 0.2))
    return World(
        "none",
        2,
        0.01,
        (0, 0, -9.81),
        ("world", "base"),
        geoms=(Geom("ground", 0, "plane", (0.0, 0.0)), hill, robot),
        device="cpu",
    )


def test_misses_are_masked_and_left_is_left():
    scans = scans_of()
    axes = range_image(scans).axes[0]
    mesh = axes.collections[0]
    values = np.ma.masked_array(mesh.get_array()).reshape(scans.ranges.shape[1:])
    np.testing.assert_array_equal(np.ma.getmaskarray(values), ~np.isfinite(scans.ranges[-1]))
    np.testing.assert_allclose(values.compressed(), scans.ranges[-1][np.isfinite(scans.ranges[-1])])
    left, right = axes.get_xlim()
    assert left > right, "positive azimuth, to the left of the sensor, is drawn on the left"
    assert "no hit within 10 m (25 % of rays)" in axes.get_legend().get_texts()[0].get_text()


def test_an_image_without_any_hit_can_be_drawn():
    scans = scans_of()
    scans.points[:] = np.nan
    scans.ranges[:] = np.inf
    range_image(scans).canvas.draw()


def test_points_from_above_lie_where_they_were_hit():
    scans = scans_of()
    flat = HeightMap(np.linspace(-3, 3, 20), np.linspace(-3, 3, 20), np.zeros((20, 20), np.float32))
    axes = from_above(scans, flat).axes[0]
    drawn = np.asarray(axes.collections[0].get_offsets())
    points = scans.points[np.isfinite(scans.points).all(axis=-1)]
    assert len(drawn) == len(points)
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(points[:, :2], axis=0), rtol=1e-6)
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), scans.position[:, 0])
    assert axes.collections[0].get_cmap().name == HEIGHT_COLOURS


def test_height_map_of_a_sphere_on_a_plane_without_the_robot():
    world = hilly()
    frame = Frame.allocate(2, 2, 0, 0, "cpu")
    # over the plane, where it would be seen were it not looked through
    frame.body_pose.numpy()[:, 1, :3] = (2.0, 0.0, 1.0)
    world.scene.update(frame.body_pose)
    terrain = height_map(world, 1, (-3.0, 3.0), (-2.0, 2.0))
    assert terrain.heights.shape == (240, 360)
    x, y = np.meshgrid(terrain.x.astype(np.float64), terrain.y.astype(np.float64))
    radius = np.hypot(x, y)
    expected = np.sqrt(np.clip(1.0 - radius**2, 0.0, None))
    # rays start 1 km up: float32 there counts in steps of 6e-5 m; at the rim the sphere is steep
    away = np.abs(radius - 1.0) > 0.01
    np.testing.assert_allclose(terrain.heights[away], expected[away], atol=2e-3)


def test_no_ground_is_nan():
    world = World(
        "none", 1, 0.01, (0, 0, -9.81), ("world",), geoms=(Geom("hill", 0, "sphere", (1.0,)),), device="cpu"
    )
    heights = height_map(world, 0, (-2.0, 2.0), (-2.0, 2.0)).heights
    assert np.isnan(heights[0, 0])
    assert heights[180, 180] == pytest.approx(1.0, abs=1e-3)


def record(path: Path, scans: Scans) -> None:
    """What a run leaves of two worlds: the second is `scans`, the first has no hit."""
    arrays = {
        "ranges": np.stack([np.full_like(scans.ranges, np.inf), scans.ranges], axis=1),
        "points": np.stack([np.full_like(scans.points, np.nan), scans.points], axis=1),
        "pose": np.zeros((len(scans.time), 2, 7), np.float32),
    }
    arrays["pose"][:, 1, :3] = scans.position
    variables = {
        "ranges": Variable(("worlds", "channels", "columns"), "m"),
        "points": Variable(("worlds", "channels", "columns"), "m"),
        "pose": Variable(("worlds",)),
    }
    coordinates = {
        "elevation": ("channels", scans.elevation, "deg"),
        "azimuth": ("columns", scans.azimuth, "deg"),
    }
    with Recording(path) as recording:
        first = {key: array[0] for key, array in arrays.items()}
        recording.add("lidar", variables, first, len(scans.time), coordinates, {"max_range": scans.max_range})
        recording.add("feet", {"force": Variable(("worlds",))}, {"force": np.zeros(2, np.float32)}, 1)
        for k, time in enumerate(scans.time):
            recording.append("lidar", k, time, {key: array[k] for key, array in arrays.items()})


def test_scans_are_read_back(tmp_path: Path):
    scans = scans_of()
    record(tmp_path / "r.zarr", scans)
    (got,) = read_scans(tmp_path / "r.zarr", 1)
    assert (got.name, got.world, got.max_range) == ("lidar", 1, 10.0)
    for key in ("time", "elevation", "azimuth", "ranges", "points", "position"):
        np.testing.assert_allclose(getattr(got, key), getattr(scans, key), rtol=1e-6)


@pytest.mark.parametrize("index", [0, 1])
def test_both_pictures_are_written_also_of_a_world_without_hits(tmp_path: Path, index: int):
    from matplotlib.image import imread

    record(tmp_path / "r.zarr", scans_of())
    written = draw(tmp_path / "r.zarr", hilly(), tmp_path, index)
    assert [path.name for path in written] == ["lidar_range_image.png", "lidar_from_above.png"]
    for path in written:
        assert imread(path)[..., :3].std() > 0.05
