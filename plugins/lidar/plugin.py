"""A lidar with a channels x columns pattern."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import robokern as rk

from .kernels import ALIGN_BASE, ALIGN_WORLD, ALIGN_YAW, cast_rays, place_sensor

ALIGNMENTS = {"base": ALIGN_BASE, "yaw": ALIGN_YAW, "world": ALIGN_WORLD}


class Config(rk.PluginConfig):
    """Settings of a lidar."""

    body: str = rk.field(help="body that carries the sensor (regular expression that matches one)")
    position: tuple[float, float, float] = rk.field(
        (0.0, 0.0, 0.0), unit="m", help="of the sensor in the body frame"
    )
    rpy_deg: tuple[float, float, float] = rk.field(
        (0.0, 0.0, 0.0), unit="deg", help="roll, pitch, yaw of the sensor in the body frame"
    )
    channels: int = rk.field(16, ge=1, le=4096, help="rows of the pattern, evenly over vertical_fov_deg")
    columns: int = rk.field(
        360, ge=1, le=65536, help="columns of the pattern, evenly over horizontal_fov_deg"
    )
    vertical_fov_deg: tuple[float, float] = rk.field(
        (-15.0, 15.0), unit="deg", help="lowest and highest elevation, within [-90, 90]"
    )
    horizontal_fov_deg: tuple[float, float] = rk.field(
        (-180.0, 180.0), unit="deg", help="first and last azimuth, positive to the left, at most 360 apart"
    )
    elevations_deg: list[float] | None = rk.field(
        None, unit="deg", help="elevation of every channel; replaces channels and vertical_fov_deg"
    )
    azimuths_deg: list[float] | None = rk.field(
        None, unit="deg", help="azimuth of every column; replaces columns and horizontal_fov_deg"
    )
    ray_alignment: Literal["base", "yaw", "world"] = rk.field(
        "base", help="what turns the pattern: the body, its heading only, or nothing"
    )
    max_range: float = rk.field(30.0, unit="m", gt=0, help="farthest distance that is measured")
    rate_hz: float = rk.field(10.0, unit="Hz", gt=0, help="scans per simulated second")
    no_hit: Literal["inf", "max", "nan"] | float = rk.field(
        "inf", unit="m", help="range where nothing is hit: inf, max (max_range), nan, or a number"
    )
    exclude_own_body: bool = rk.field(True, help="do not see the body that carries the sensor")
    exclude_bodies: list[str] = rk.field([], help="more bodies not to see (regular expressions)")


class Lidar(rk.Sensor):
    """Casts one ray per channel and column from a sensor on a body."""

    Config = Config

    def setup(self, world: Any) -> None:
        config: Config = self.config
        elevation, azimuth = elevations(config), azimuths(config)
        self.world = world
        self.body = the_body(world, config.body)
        self.directions = rk.array(directions(elevation, azimuth), dtype=rk.vec3, device=world.device)
        self.excluded = rk.array(self._excluded(world), dtype=int, device=world.device)
        self.coordinates = {
            "elevation": ("channels", elevation, "deg"),
            "azimuth": ("columns", azimuth, "deg"),
        }
        self.attributes = {"max_range": config.max_range}
        self.work = {"rays": world.num_worlds * len(elevation) * len(azimuth)}
        shape = (world.num_worlds, len(elevation), len(azimuth))
        self.outputs["ranges"] = rk.zeros(shape, dtype=float, device=world.device)
        self.outputs["points"] = rk.zeros(shape, dtype=rk.vec3, device=world.device)
        self.outputs["pose"] = rk.zeros(world.num_worlds, dtype=rk.transform, device=world.device)

    def after_step(self, frame: Any) -> None:
        config: Config = self.config
        pose, ranges = self.outputs["pose"], self.outputs["ranges"]
        rk.launch(
            place_sensor,
            dim=self.world.num_worlds,
            inputs=[frame.body_pose, self.body, mount(config), ALIGNMENTS[config.ray_alignment]],
            outputs=[pose],
            device=self.world.device,
        )
        own = self.body if config.exclude_own_body else -1
        rk.launch(
            cast_rays,
            dim=ranges.shape,
            inputs=[
                self.world.scene.id,
                self.directions,
                pose,
                own,
                self.excluded,
                config.max_range,
                no_hit_range(config),
            ],
            outputs=[ranges, self.outputs["points"]],
            device=self.world.device,
        )

    def _excluded(self, world: Any) -> NDArray[np.int32]:
        """1 for each body that is looked through, (bodies,)."""
        flags = np.zeros(len(world.bodies), dtype=np.int32)
        for pattern in self.config.exclude_bodies:
            flags[world.select("body", pattern)] = 1
        return flags


def the_body(world: Any, pattern: str) -> int:
    """Index of the one body that matches.

    Raises:
        ConfigError: none or several match.
    """
    found: list[int] = world.select("body", pattern)
    if len(found) != 1:
        names = ", ".join(world.bodies[i] for i in found)
        raise rk.ConfigError(f"{pattern!r} matches {len(found)} bodies; expected one of: {names}")
    return found[0]


def elevations(config: Config) -> NDArray[np.float64]:
    """Elevation of each channel [deg], channel 0 first."""
    if config.elevations_deg is not None:
        return angles("elevations_deg", config.elevations_deg, 90.0)
    low, high = fov("vertical_fov_deg", config.vertical_fov_deg, -90.0, 90.0)
    return np.array([0.5 * (low + high)]) if config.channels == 1 else np.linspace(low, high, config.channels)


def azimuths(config: Config) -> NDArray[np.float64]:
    """Azimuth of each column [deg]; a full turn does not repeat its first direction."""
    if config.azimuths_deg is not None:
        return angles("azimuths_deg", config.azimuths_deg, 360.0)
    low, high = fov("horizontal_fov_deg", config.horizontal_fov_deg, -360.0, 360.0)
    if config.columns == 1:
        return np.array([0.5 * (low + high)])
    return np.linspace(low, high, config.columns, endpoint=high - low < 360.0)


def fov(key: str, limits: tuple[float, float], least: float, most: float) -> tuple[float, float]:
    """Checked limits [deg].

    Raises:
        ConfigError: not in order, outside [least, most], or wider than a full turn.
    """
    low, high = limits
    if not (least <= low < high <= most and high - low <= 360.0):
        raise rk.ConfigError(
            f"{key}: expected [low, high] in [{least:g}, {most:g}], low < high, at most 360 apart; "
            f"got [{low:g}, {high:g}]"
        )
    return low, high


def angles(key: str, values: list[float], most: float) -> NDArray[np.float64]:
    """Checked explicit angles [deg], in the order given.

    Raises:
        ConfigError: none, out of order, beyond +-most, or more than a full turn apart.
    """
    given = np.asarray(values, dtype=np.float64)
    steps = np.diff(given)
    in_order = bool((steps > 0.0).all() or (steps < 0.0).all())
    if not len(given) or not in_order or np.abs(given).max() > most or np.ptp(given) > 360.0:
        raise rk.ConfigError(
            f"{key}: expected at least one angle, rising or falling, within +-{most:g}, at most 360 apart; "
            f"got {values}"
        )
    return given


def directions(elevation_deg: NDArray[np.float64], azimuth_deg: NDArray[np.float64]) -> NDArray[np.float32]:
    """Unit vectors (channels, columns, 3) in the sensor frame: x forward, y left, z up."""
    elevation, azimuth = np.deg2rad(elevation_deg)[:, None], np.deg2rad(azimuth_deg)[None, :]
    parts = np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)
    return np.stack(np.broadcast_arrays(*parts), axis=-1).astype(np.float32)


def mount(config: Config) -> Any:
    """body_from_sensor: position and the rotation Rz(yaw) Ry(pitch) Rx(roll)."""
    roll, pitch, yaw = (0.5 * math.radians(angle) for angle in config.rpy_deg)
    cr, sr, cp, sp, cy, sy = (f(a) for a in (roll, pitch, yaw) for f in (math.cos, math.sin))
    x = sr * cp * cy - cr * sp * sy
    y = cr * sp * cy + sr * cp * sy
    z = cr * cp * sy - sr * sp * cy
    w = cr * cp * cy + sr * sp * sy
    return rk.transform(rk.vec3(*config.position), rk.quat(x, y, z, w))


def no_hit_range(config: Config) -> float:
    """The number that stands for "nothing hit" [m]."""
    named = {"inf": math.inf, "nan": math.nan, "max": config.max_range}
    return named[config.no_hit] if isinstance(config.no_hit, str) else config.no_hit
