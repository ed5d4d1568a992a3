"""Pictures of a recorded lidar: the range image, and the point cloud seen from above over the terrain.

matplotlib is imported when a picture is drawn; the Agg canvas needs no display.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robokern.view.terrain import HeightMap, height_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    from robokern.world.world import World

Floats = NDArray[np.floating[Any]]

RANGE_COLOURS = "viridis_r"  # near is light; even steps of lightness are even ratios of distance
HEIGHT_COLOURS = "viridis"
NO_HIT_COLOUR = "#d9d9d9"
PATH_COLOUR = "#00c2d1"
MARGIN = 1.0  # of terrain shown around the outermost points [m]


@dataclass(frozen=True)
class Scans:
    """What a lidar recorded in one world.

    Attributes:
        name: the plugin's instance name.
        world: index of the world.
        time: (scans,) [s].
        elevation: of each channel, (channels,) [deg].
        azimuth: of each column, (columns,), positive to the left [deg].
        ranges: (scans, channels, columns) [m].
        points: (scans, channels, columns, 3), world frame [m]; not finite where nothing was hit.
        position: of the sensor, (scans, 3), world frame [m].
        max_range: [m].
    """

    name: str
    world: int
    time: Floats
    elevation: Floats
    azimuth: Floats
    ranges: Floats
    points: Floats
    position: Floats
    max_range: float


def draw(recording: Path, world: World, folder: Path, index: int = 0) -> list[Path]:
    """Draws both pictures of every lidar in a recording.

    Args:
        recording: the zarr store.
        world: what the terrain is taken from.
        folder: where the PNG files go.
        index: which of the parallel worlds is shown.

    Returns:
        The files written.
    """
    written = []
    for scans in read_scans(recording, index):
        hits = _hits(scans)
        heights = height_map(world, index, *_extent(hits, scans.position))
        pictures: dict[str, Callable[[], Figure]] = {
            "range_image": lambda scans=scans: range_image(scans),  # type: ignore[misc]
            "from_above": lambda scans=scans, heights=heights: from_above(scans, heights),  # type: ignore[misc]
        }
        for kind, make in pictures.items():
            path = folder / f"{scans.name}_{kind}.png"
            make().savefig(path, dpi=130)
            written.append(path)
    return written


def read_scans(recording: Path, index: int) -> list[Scans]:
    """Every group of the store that holds ranges over channels and columns, and has a scan."""
    import zarr

    root = zarr.open_group(str(recording), mode="r")
    groups = [(name, group) for name, group in sorted(root.groups()) if _is_lidar(group)]
    return [_read_scans(name, group, index) for name, group in groups]


def _is_lidar(group: Any) -> bool:
    needed = {"time", "elevation", "azimuth", "ranges", "points", "pose"}
    return needed <= set(group.array_keys()) and group["time"].shape[0] > 0


def _read_scans(name: str, group: Any, index: int) -> Scans:
    return Scans(
        name=name,
        world=index,
        time=group["time"][:],
        elevation=group["elevation"][:],
        azimuth=group["azimuth"][:],
        ranges=group["ranges"][:, index],
        points=group["points"][:, index],
        position=group["pose"][:, index, :3],
        max_range=float(group.attrs["max_range"]),
    )


def range_image(scans: Scans, scan: int = -1) -> Figure:
    """The ranges of one scan as an image over azimuth and elevation; what is on the left is left."""
    figure, axes = _figure(11.0, 3.6)
    ranges = scans.ranges[scan]
    hit = np.isfinite(scans.points[scan]).all(axis=-1)
    axes.set_facecolor(NO_HIT_COLOUR)
    image = axes.pcolormesh(
        _edges(scans.azimuth),
        _edges(scans.elevation),
        np.ma.masked_array(ranges, ~hit),
        cmap=RANGE_COLOURS,
        norm=_range_norm(ranges[hit], scans.max_range),
    )
    axes.invert_xaxis()
    axes.set_xlabel("azimuth [deg], positive to the left")
    axes.set_ylabel("elevation [deg]")
    missed = 100.0 * (1.0 - hit.mean())
    axes.set_title(
        f"{scans.name}: range image at t = {scans.time[scan]:.2f} s, world {scans.world}",
        loc="left",
        fontsize=11,
    )
    bar = figure.colorbar(image, ax=axes, label="range [m]", pad=0.01, ticks=_range_ticks(), format="%g")
    bar.minorticks_off()
    _legend_patch(axes, f"no hit within {scans.max_range:g} m ({missed:.0f} % of rays)")
    return figure


def from_above(scans: Scans, terrain: HeightMap) -> Figure:
    """All scans' points over the shaded terrain, with the sensor's path."""
    figure, axes = _figure(8.6, 7.6)
    _shade(axes, terrain)
    hits = _hits(scans)
    # upper points last, so that what stands on the ground is not buried in it; a few outliers take no colours
    order = np.argsort(hits[:, 2])
    low, high = np.quantile(hits[:, 2], [0.01, 0.99]) if len(hits) else (0.0, 1.0)
    cloud = axes.scatter(
        hits[order, 0],
        hits[order, 1],
        c=hits[order, 2],
        s=0.9,
        cmap=HEIGHT_COLOURS,
        vmin=low,
        vmax=high,
        alpha=0.7,
        linewidths=0,
        rasterized=True,
    )
    axes.plot(
        scans.position[:, 0], scans.position[:, 1], color=PATH_COLOUR, linewidth=2.0, label="sensor path"
    )
    axes.plot(*scans.position[0, :2], "o", color=PATH_COLOUR, markeredgecolor="black", label="start")
    axes.plot(*scans.position[-1, :2], "s", color=PATH_COLOUR, markeredgecolor="black", label="end")
    axes.set_aspect("equal")
    axes.set_xlabel("x [m]")
    axes.set_ylabel("y [m]")
    span = f"{len(scans.time)} scans, t = {scans.time[0]:.1f} to {scans.time[-1]:.1f} s"
    axes.set_title(
        f"{scans.name}: {len(hits):,} points from above, {span}, world {scans.world}", loc="left", fontsize=11
    )
    bar = figure.colorbar(cloud, ax=axes, label="height of point [m]", shrink=0.8, pad=0.01, extend="both")
    if bar.solids is not None:
        bar.solids.set_alpha(1.0)
    axes.legend(loc="upper right", fontsize=9, framealpha=0.9)
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _shade(axes: Axes, terrain: HeightMap) -> None:
    """Grey relief lit from the north-west, as maps are."""
    from matplotlib.colors import LightSource

    heights = terrain.heights
    known = np.isfinite(heights)
    axes.set_facecolor("white")
    axes.set_xlim(terrain.x[0], terrain.x[-1])
    axes.set_ylim(terrain.y[0], terrain.y[-1])
    if not known.any():
        return
    filled = np.where(known, heights, heights[known].min())
    spacing_x, spacing_y = terrain.x[1] - terrain.x[0], terrain.y[1] - terrain.y[0]
    # row 0 is the southernmost: dy < 0 tells the light so
    light = LightSource(azdeg=315.0, altdeg=45.0).hillshade(
        filled, vert_exag=1.5, dx=spacing_x, dy=-spacing_y
    )
    alpha = _inner(known).astype(np.float64)
    axes.imshow(
        0.35 + 0.6 * light,
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        alpha=alpha,
        origin="lower",
        extent=(terrain.x[0], terrain.x[-1], terrain.y[0], terrain.y[-1]),
        interpolation="bilinear",
    )


def _inner(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells whose four neighbours are known too: at a border the slope, and so the shade, has no meaning."""
    inner = known.copy()
    for axis in (0, 1):
        for shift in (1, -1):
            inner &= np.roll(known, shift, axis)
    return inner


def _range_norm(hits: Floats, max_range: float) -> LogNorm:
    """Logarithmic colours: the ground at the feet and the far rim both keep their steps."""
    from matplotlib.colors import LogNorm

    if not len(hits):
        return LogNorm(0.1 * max_range, max_range)
    low = max(float(hits.min()), 1e-3 * max_range)
    return LogNorm(low, max(float(hits.max()), 1.001 * low))


def _range_ticks() -> Any:
    from matplotlib.ticker import LogLocator

    return LogLocator(base=10.0, subs=(1.0, 2.0, 5.0))


def _legend_patch(axes: Axes, text: str) -> None:
    from matplotlib.patches import Patch

    patch = Patch(facecolor=NO_HIT_COLOUR, edgecolor="black", label=text)
    axes.legend(handles=[patch], loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=9, frameon=False)


def _edges(centres: Floats) -> Floats:
    """Borders of cells around sorted centres, halfway between neighbours."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _hits(scans: Scans) -> Floats:
    """Hit points of all scans, (n, 3) [m]."""
    points = scans.points.reshape(-1, 3)
    return points[np.isfinite(points).all(axis=1)]


def _extent(*points: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """x and y limits [m] around all points, with a margin; outliers of a thousandth are left outside."""
    sets: Sequence[Floats] = [p for p in points if len(p)]
    low = np.min([np.quantile(p[:, :2], 0.001, axis=0) for p in sets], axis=0) - MARGIN
    high = np.max([np.quantile(p[:, :2], 0.999, axis=0) for p in sets], axis=0) + MARGIN
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))
