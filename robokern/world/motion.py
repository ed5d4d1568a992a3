"""A motion on file: where bodies were over time, and the geometry they carry. Needs no simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.errors import HostError
from robokern.world.geom import SIZES, Geom

Table = Mapping[str, NDArray[Any]]
Arrays = dict[str, NDArray[Any]]

# Zarr 3 has no text of fixed length: these are attributes of its group
TEXTS = ("bodies", "geom_name", "geom_kind")
# optional states -> size of one item
STATES = {"body_com": 3, "body_linear_velocity": 3, "body_angular_velocity": 3}


@dataclass(frozen=True, eq=False)
class Motion:
    """Poses of bodies over time in one or more worlds.

    On file (`.npz`, or a `.zarr` group, whose text is in its attributes) the keys are:

    =============================  ===========================================================================
    times                          (T,) float64 [s], rising
    bodies                         (B,) text; the first is the static `world`
    body_pose                      (T, W, B, 7) or (T, B, 7): position [m], xyzw quaternion, world_from_body
    body_com                       (T, W, B, 3) [m], optional; else the bodies' origins
    body_linear_velocity           (T, W, B, 3) [m/s], of the origin, optional; else from differences of poses
    body_angular_velocity          (T, W, B, 3) [rad/s], world axes, optional; else from differences of poses
    gravity                        (3,) [m/s^2], optional; else (0, 0, -9.80665)
    geom_name, geom_kind           (G,) text, as in `Geom`; all geom keys are optional, together
    geom_body                      (G,) integer
    geom_pose                      (G, 7) body_from_geom
    geom_size                      (G, 3), zeros behind the sizes a kind has
    geom_collides, geom_visible    (G,) bool
    vertices, vertex_start         (V, 3), (G + 1,): geom g has those from start[g] to start[g + 1]
    faces, face_start              (F, 3), (G + 1,), alike; indices count from the geom's first vertex
    heights, height_start          (H,), (G + 1,), alike, row by row
    height_columns                 (G,) length of a row of heights
    =============================  ===========================================================================
    """

    times: NDArray[np.float64]
    bodies: tuple[str, ...]
    body_pose: NDArray[np.float32]
    states: dict[str, NDArray[np.float32]]
    geoms: tuple[Geom, ...] = ()
    gravity: tuple[float, float, float] = (0.0, 0.0, -9.80665)

    @classmethod
    def load(cls, path: Path) -> Motion:
        """Reads `.npz` or `.zarr`.

        Raises:
            HostError: no such file, or what a key holds is not as the format says.
        """
        table = _read(path)
        times = _get(table, path, "times").astype(np.float64)
        bodies = tuple(str(name) for name in _get(table, path, "bodies"))
        shape = (len(times), len(bodies))
        pose = _state(table, path, "body_pose", shape, 7)
        states = {key: _state(table, path, key, shape, size) for key, size in STATES.items() if key in table}
        _check(times, pose, path)
        return cls(
            times, bodies, pose, states, tuple(_geoms(table, path, len(bodies))), _gravity(table, path)
        )

    def save(self, path: Path) -> None:
        """Writes `.npz` or `.zarr`, replacing what is there.

        Raises:
            HostError: another suffix.
        """
        table = {
            "times": self.times,
            "bodies": np.array(self.bodies),
            "body_pose": self.body_pose,
            "gravity": np.array(self.gravity),
            **self.states,
        }
        _write(path, table | _geom_table(self.geoms))


def _read(path: Path) -> Table:
    if not path.exists():
        raise HostError(f"{path}: there is no such motion file; expected .npz or .zarr")
    try:
        if path.suffix == ".zarr":
            group = _zarr().open_group(path, mode="r")
            texts = {key: np.array(group.attrs[key]) for key in TEXTS if key in group.attrs}
            return {key: np.asarray(group[key][...]) for key in group.array_keys()} | texts
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, KeyError) as error:
        raise HostError(f"{path}: not a motion file: {' '.join(str(error).split())}") from None


def _write(path: Path, table: Table) -> None:
    if path.suffix == ".npz":
        np.savez_compressed(path, allow_pickle=False, **table)
    elif path.suffix == ".zarr":
        group = _zarr().open_group(path, mode="w")
        group.attrs.update({key: table[key].tolist() for key in TEXTS if key in table})
        for key in table.keys() - set(TEXTS):
            group.create_array(key, data=table[key])
    else:
        raise HostError(f"{path}: expected the suffix .npz or .zarr")


def _zarr() -> Any:
    try:
        import zarr
    except ImportError:
        raise HostError("a .zarr motion needs zarr: pip install 'robokern[sim]', or use .npz") from None
    return zarr


def _get(table: Table, path: Path, key: str) -> NDArray[Any]:
    if key not in table:
        raise HostError(f"{path}: no key {key!r}; it has: {', '.join(sorted(table)) or 'none'}")
    return table[key]


def _state(table: Table, path: Path, key: str, shape: tuple[int, int], size: int) -> NDArray[np.float32]:
    """A state as (times, worlds, bodies, size); one world may go without its dimension."""
    values = _get(table, path, key)
    values = values[:, None] if values.ndim == 3 else values
    times, bodies = shape
    if values.ndim != 4 or (values.shape[0], *values.shape[2:]) != (times, bodies, size):
        raise HostError(
            f"{path}: {key}: expected shape (times, worlds, bodies, {size}) "
            f"with {times} times and {bodies} bodies; got {table[key].shape}"
        )
    if not np.all(np.isfinite(values)):
        raise HostError(f"{path}: {key}: expected finite numbers")
    return values.astype(np.float32)


def _gravity(table: Table, path: Path) -> tuple[float, float, float]:
    values = table.get("gravity", np.array(Motion.gravity))
    if values.shape != (3,):
        raise HostError(f"{path}: gravity: expected shape (3,); got {values.shape}")
    return float(values[0]), float(values[1]), float(values[2])


def _check(times: NDArray[np.float64], pose: NDArray[np.float32], path: Path) -> None:
    if len(times) < 2 or not np.all(np.diff(times) > 0.0):
        raise HostError(f"{path}: times: expected two or more, rising; got {times[:4]}")
    length = np.linalg.norm(pose[..., 3:], axis=-1)
    if not np.all(np.abs(length - 1.0) < 1e-3):
        raise HostError(
            f"{path}: body_pose: expected unit quaternions (xyzw); one has length {length.flat[0]:.4g}"
        )


def _geom_table(geoms: Sequence[Geom]) -> Arrays:
    """The geoms as arrays; lists of different length are joined and told apart by where each starts."""
    vertices = [np.zeros((0, 3), np.float32) if g.vertices is None else g.vertices for g in geoms]
    faces = [np.zeros((0, 3), np.int32) if g.faces is None else g.faces for g in geoms]
    heights = [np.zeros((0, 1), np.float32) if g.heights is None else g.heights for g in geoms]
    if not geoms:
        return {}
    return {
        "geom_name": np.array([g.name for g in geoms]),
        "geom_kind": np.array([g.kind for g in geoms]),
        "geom_body": np.array([g.body for g in geoms], np.int32),
        "geom_pose": np.array([g.body_from_geom for g in geoms], np.float64),
        "geom_size": np.array([(*g.size, 0.0, 0.0, 0.0)[:3] for g in geoms], np.float64),
        "geom_collides": np.array([g.collides for g in geoms]),
        "geom_visible": np.array([g.visible for g in geoms]),
        "vertices": np.concatenate(vertices),
        "vertex_start": _starts([len(v) for v in vertices]),
        "faces": np.concatenate(faces),
        "face_start": _starts([len(f) for f in faces]),
        "heights": np.concatenate([h.ravel() for h in heights]),
        "height_start": _starts([h.size for h in heights]),
        "height_columns": np.array([h.shape[1] for h in heights], np.int32),
    }


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _geoms(table: Table, path: Path, bodies: int) -> list[Geom]:
    if "geom_name" not in table:
        return []
    keys = _geom_table([Geom("", 0, "")])
    part = {key: _get(table, path, key) for key in keys}
    worst = int(np.max(part["geom_body"], initial=0))
    if worst >= bodies:
        raise HostError(
            f"{path}: geom_body: expected an index below {bodies}, the number of bodies; got {worst}"
        )
    return [_geom(part, index) for index in range(len(part["geom_name"]))]


def _geom(part: Table, index: int) -> Geom:
    def slice_of(values: str, starts: str) -> NDArray[Any] | None:
        begin, end = part[starts][index : index + 2]
        return part[values][begin:end] if end > begin else None

    heights = slice_of("heights", "height_start")
    kind = str(part["geom_kind"][index])
    return Geom(
        name=str(part["geom_name"][index]),
        body=int(part["geom_body"][index]),
        kind=kind,
        size=tuple(float(x) for x in part["geom_size"][index][: SIZES.get(kind, 3)]),
        body_from_geom=tuple(float(x) for x in part["geom_pose"][index]),
        vertices=slice_of("vertices", "vertex_start"),
        faces=slice_of("faces", "face_start"),
        heights=None if heights is None else heights.reshape(-1, int(part["height_columns"][index])),
        collides=bool(part["geom_collides"][index]),
        visible=bool(part["geom_visible"][index]),
    )
