"""MuJoCo as a host: many worlds of one MJCF model, stepped together by `mujoco.batch`.

A `Batch` keeps the state of all worlds as rows of one array. Its bound fields go straight into the frame's
arrays, converted from float64 to float32, and the frame's wrenches straight into its `xfrc_applied`.

Conventions translated here and nowhere else:

* MuJoCo's quaternions are wxyz; those of robokern, also inside `joint_position`, are xyzw.
* `cvel` is the spatial velocity at the centre of mass of the body's whole tree; the frame holds that of the
  body's origin: v + w x (origin - centre).
* `xfrc_applied` is a force through the body's centre of mass and a torque about it, in world axes, as in the
  frame.
* Joint coordinates and velocities are MuJoCo's `qpos` and `qvel`: a free joint turns in body axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.adapters.gait import Gait
from robokern.errors import ConfigError, HostError
from robokern.runtime.device import DeviceLike
from robokern.world.frame import Frame
from robokern.world.geom import SIZES, Geom
from robokern.world.host import Mask
from robokern.world.param import Param
from robokern.world.random import uniform
from robokern.world.world import World

Floats = NDArray[np.float64]

# parameter -> unit, what it counts, MuJoCo's field, whether mj_setConst reads it
WRITABLE = {
    "body_mass": ("kg", "body", "body_mass", True),
    "body_inertia": ("kg m^2", "body", "body_inertia", True),
    "geom_friction": ("1", "geom", "geom_friction", False),
}
WXYZ_TO_XYZW = [1, 2, 3, 0]


@dataclass(frozen=True)
class Settings:
    """What `host: {type: mujoco}` takes in a run file."""

    model: Path = field(metadata={"help": "MJCF file"})
    worlds: int = field(default=1, metadata={"ge": 1, "help": "how many copies are stepped together"})
    timestep: float | None = field(
        default=None, metadata={"gt": 0.0, "unit": "s", "help": "length of a step; left out: the model's own"}
    )
    keyframe: str | None = field(
        default=None,
        metadata={"help": "where worlds start; left out: the model's first keyframe, or its zeros"},
    )
    gait: Path | None = field(
        default=None,
        metadata={"help": "CSV file of actuator commands over one period; left out: the keyframe's"},
    )
    gait_ramp: float = field(
        default=0.5,
        metadata={"ge": 0.0, "unit": "s", "help": "blends from the keyframe's commands to the gait"},
    )
    gait_phase_spread: float = field(
        default=0.0,
        metadata={"ge": 0.0, "le": 1.0, "unit": "1", "help": "worlds begin within this share of the period"},
    )
    heading_spread: float = field(
        default=0.0,
        metadata={
            "ge": 0.0,
            "le": math.pi,
            "unit": "rad",
            "help": "worlds start turned by up to this, either way",
        },
    )
    threads: int = field(default=0, metadata={"ge": 0, "help": "that step worlds; 0: one per processor"})

    def open(self, seed: int = 0, device: DeviceLike = None) -> MujocoHost:
        """Loads the model and makes its worlds.

        Raises:
            HostError: MuJoCo is not installed, the file is missing or cannot be loaded, no such keyframe.
            ConfigError: the gait file is wrong.
        """
        return MujocoHost(self, seed, device)


class MujocoHost:
    """Copies of one MuJoCo model. Made by `Settings.open`.

    Parameters are per world only where a randomizer wrote them. After masses or inertias change,
    `mj_setConst` is run for the worlds that changed: it refreshes `body_subtreemass`, `body_invweight0`,
    `dof_invweight0`, `dof_M0`, `actuator_acc0` and `tendon_invweight0`, which scale the constraint solver.
    Friction has no derived constant.

    A geom whose contacts are left to plugins loses its contype and conaffinity; MuJoCo's `<pair>` elements go
    past those, so one that names such a geom is refused.
    """

    name = "mujoco"

    def __init__(self, settings: Settings, seed: int = 0, device: DeviceLike = None) -> None:
        self.settings = settings
        self._mujoco = _import_mujoco()
        _keep_log_out_of_the_working_directory(self._mujoco)
        self._model = _load(self._mujoco, settings)
        self._keyframe = _keyframe(self._model, settings)
        self._gait = None if settings.gait is None else Gait.load(settings.gait)
        self._actuators = _actuators(self._model, self._gait)
        self.world = _world(self._mujoco, self._model, settings, seed, device)
        self.frame = Frame.allocate(
            settings.worlds, self._model.nbody, self._model.nq, self._model.nv, self.world.device
        )
        self._root = _first_free_joint(self._mujoco, self._model)
        if settings.heading_spread and self._root is None:
            raise HostError(f"{settings.model}: heading_spread needs a free joint; the model has none")
        self._position_order = _xyzw_order(self._mujoco, self._model)
        self._phase = np.zeros(settings.worlds)
        self._episode = np.zeros(settings.worlds, dtype=np.int64)
        self._steps = 0
        self._contact_off: set[int] = set()
        self._start()

    def reset(self, mask: Mask) -> None:
        """Puts the worlds of `mask` (worlds,) at the keyframe, with new draws of gait phase and heading."""
        if self.world.contact_disabled != self._contact_off:
            self._switch_contact_off()
        self._copy_parameters()
        worlds = np.flatnonzero(mask)
        self._batch.reset(worlds, self._keyframe, self._mujoco.mjtStage.mjSTAGE_NONE)
        for world in worlds:
            self._vary(int(world))
        self._episode[worlds] += 1
        self._batch.forward(worlds, self._mujoco.mjtStage.mjSTAGE_VEL)

    def apply(self) -> None:
        """Gives wrenches, touched parameters and the gait's commands to MuJoCo.

        Raises:
            HostError: contacts were switched off after the worlds were reset.
        """
        if self.world.contact_disabled != self._contact_off:
            raise HostError("contacts were switched off after the worlds were reset; do it in setup")
        self._copy_parameters()
        self._wrench[..., :3] = self.frame.body_force.numpy()
        self._wrench[..., 3:] = self.frame.body_torque.numpy()
        if self._gait is not None:
            self._command(self._gait)

    def step(self) -> None:
        """Advances all worlds by one step on MuJoCo's threads, with the GIL released.

        Raises:
            HostError: a world's state is not finite, or MuJoCo gave up; names the worlds and the step.
        """
        self.world.running = True
        self._steps += 1
        try:
            self._batch.step(stage=self._mujoco.mjtStage.mjSTAGE_VEL)
        except self._mujoco.batch.SimulationError as error:
            raise HostError(f"mujoco: step {self._steps}: {' '.join(str(error).split())}") from None
        self._check_finite()

    def read(self) -> None:
        """Fills the frame with the state after the last step or reset."""
        frame = self.frame
        rotation = self._quaternion[..., WXYZ_TO_XYZW]
        frame.body_pose.assign(np.concatenate([self._origin, rotation], axis=-1))
        frame.body_com.assign(self._com)
        angular = self._spatial_velocity[..., :3]
        arm = self._origin - self._tree_com[:, self._model.body_rootid]
        frame.body_angular_velocity.assign(angular)
        frame.body_linear_velocity.assign(self._spatial_velocity[..., 3:] + np.cross(angular, arm))
        frame.joint_position.assign(self._qpos[:, self._position_order])
        frame.joint_velocity.assign(self._qvel)

    def model(self, world: int) -> Any:
        """A `mujoco.MjModel` with the parameters of one world, for rendering or any `mj_` function."""
        return self._batch.get_model(world)

    def data(self, world: int) -> Any:
        """A `mujoco.MjData` with the state of one world."""
        return self._batch.get_data(world)

    def close(self) -> None:
        """Nothing to give back: MuJoCo's threads and memory go with the object."""

    def _start(self) -> None:
        """Makes the batch and binds its fields; all worlds at the keyframe."""
        batch = self._mujoco.batch.Batch(
            self._model, self.world.num_worlds, self.settings.threads, persistent=True
        )
        self._batch = batch
        self._origin, self._quaternion, self._com = (
            batch.bind("xpos"),
            batch.bind("xquat"),
            batch.bind("xipos"),
        )
        self._spatial_velocity, self._tree_com = batch.bind("cvel"), batch.bind("subtree_com")
        self._qpos, self._qvel, self._time = batch.bind("qpos"), batch.bind("qvel"), batch.bind("time")
        self._control, self._wrench = batch.bind("ctrl"), batch.bind("xfrc_applied")
        batch.reset(None, self._keyframe, self._mujoco.mjtStage.mjSTAGE_VEL)
        self._standing = self._control[0].copy()
        self.read()

    def _vary(self, world: int) -> None:
        """Draws a world's gait phase and heading; they depend on seed, world and episode only."""
        episode = int(self._episode[world])
        phase, heading = (
            uniform(self.world.seed, self.world.rng_key("mujoco", purpose), world, episode)
            for purpose in ("gait phase", "heading")
        )
        if self._gait is not None:
            self._phase[world] = phase * self.settings.gait_phase_spread * self._gait.period
        if self._root is not None:
            turn = (2.0 * heading - 1.0) * self.settings.heading_spread
            rotation = self._qpos[world, self._root + 3 : self._root + 7]
            rotation[:] = _turned_about_z(rotation, turn)

    def _command(self, gait: Gait) -> None:
        ramp = self.settings.gait_ramp
        share = np.minimum(self._time / ramp, 1.0) if ramp else np.ones_like(self._time)
        target = gait.at(self._time + self._phase)
        standing = self._standing[self._actuators]
        self._control[:, self._actuators] = standing + share[:, None] * (target - standing)

    def _copy_parameters(self) -> None:
        """Copies touched parameters, then refreshes derived constants of the worlds where they changed."""
        stale = np.zeros(self.world.num_worlds, dtype=bool)
        for name in sorted(self.world.touched):
            changed = self._copy_parameter(name)
            if WRITABLE[name][3]:
                stale |= changed
        self.world.touched.clear()
        if stale.any():
            self._batch.set_const(stale)

    def _copy_parameter(self, name: str) -> NDArray[np.bool_]:
        """Copies one parameter; mask (worlds,) of where it changed."""
        source, parameter = WRITABLE[name][2], self.world.params[name]
        target = self._batch.expand(source)
        target = target[..., 0] if name == "geom_friction" else target
        original = getattr(self._model, source)
        original = original[..., 0] if name == "geom_friction" else original
        # what was not varied keeps the model's float64
        default, value = parameter.default.numpy(), parameter.value.numpy()
        wanted = np.where(value == default, original, value)
        changed = np.any((wanted != target).reshape(len(target), -1), axis=1)
        target[...] = wanted
        return np.asarray(changed)

    def _switch_contact_off(self) -> None:
        """Takes the geoms that plugins handle out of MuJoCo's collision detection."""
        off = sorted(self.world.contact_disabled)
        paired = set(self._model.pair_geom1) | set(self._model.pair_geom2)
        for geom in off:
            if geom in paired:
                raise HostError(
                    f"contact of geom {self.world.geoms[geom].name!r} cannot be switched off: "
                    "a <pair> names it; remove the pair from the model"
                )
        self._model.geom_contype[off] = 0
        self._model.geom_conaffinity[off] = 0
        self._mujoco.mj_setConst(self._model, self._mujoco.MjData(self._model))
        self._contact_off = set(off)
        self._start()

    def _check_finite(self) -> None:
        warning = self._mujoco.mjtWarning
        unstable = [warning.mjWARN_BADQPOS, warning.mjWARN_BADQVEL, warning.mjWARN_BADQACC]
        bad = self._batch.warning[:, [int(w) for w in unstable], 1].any(axis=1)
        bad |= ~np.isfinite(self._qpos).all(axis=1) | ~np.isfinite(self._qvel).all(axis=1)
        if bad.any():
            worlds = np.flatnonzero(bad)
            shown = ", ".join(map(str, worlds[:8])) + (", ..." if len(worlds) > 8 else "")
            raise HostError(
                f"mujoco: the state of world {shown} is not finite or unbounded at step {self._steps} "
                f"(t = {self._steps * self.world.timestep:.4g} s); "
                "lower the timestep, or soften contact and actuators"
            )


def _import_mujoco() -> Any:
    """MuJoCo with its batch module."""
    try:
        import mujoco
    except ImportError:
        raise HostError("host 'mujoco' needs MuJoCo: pip install 'robokern[mujoco]'") from None
    try:
        import mujoco.batch
    except ImportError:
        raise HostError(
            f"host 'mujoco' needs MuJoCo 4.0, found {mujoco.__version__}: pip install 'mujoco>=4.0,<5'"
        ) from None
    return mujoco


def _keep_log_out_of_the_working_directory(mujoco: Any) -> None:
    """Warnings go to the console only, not also to a MUJOCO_LOG.TXT wherever the process was started."""
    config = mujoco.MjLogConfig.get()
    config.logto_file = False
    config.set()


def _load(mujoco: Any, settings: Settings) -> Any:
    """The compiled model with the settings' timestep, without MuJoCo's silent reset of unstable worlds."""
    path = Path(settings.model)
    if not path.is_file():
        raise HostError(f"{path}: there is no such model file; 'host.model' expects an MJCF file")
    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        raise HostError(f"{path}: MuJoCo cannot load it: {' '.join(str(error).split())}") from None
    if settings.timestep is not None:
        model.opt.timestep = settings.timestep
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    return model


def _keyframe(model: Any, settings: Settings) -> int:
    """Index of the keyframe to start from, -1 for the model's zeros."""
    names = [model.key(k).name for k in range(model.nkey)]
    if settings.keyframe is None:
        return 0 if names else -1
    if settings.keyframe not in names:
        choices = ", ".join(filter(None, names)) or "none"
        raise HostError(f"{settings.model}: no keyframe {settings.keyframe!r}; the model has: {choices}")
    return names.index(settings.keyframe)


def _actuators(model: Any, gait: Gait | None) -> list[int]:
    """Index of the actuator of each column of the gait."""
    names = [model.actuator(k).name for k in range(model.nu)]
    for name in gait.actuators if gait else ():
        if name not in names:
            raise ConfigError(
                f"gait: no actuator {name!r} in the model; it has: {', '.join(names) or 'none'}"
            )
    return [names.index(name) for name in gait.actuators] if gait else []


def _world(mujoco: Any, model: Any, settings: Settings, seed: int, device: DeviceLike) -> World:
    params = {
        name: Param.of(name, _parameter(model, name), settings.worlds, unit, selects, device)
        for name, (unit, selects, _, _) in WRITABLE.items()
    }
    return World(
        host="mujoco",
        num_worlds=settings.worlds,
        timestep=float(model.opt.timestep),
        gravity=(float(model.opt.gravity[0]), float(model.opt.gravity[1]), float(model.opt.gravity[2])),
        bodies=tuple(model.body(k).name or f"body_{k}" for k in range(model.nbody)),
        joints=tuple(model.joint(k).name or f"joint_{k}" for k in range(model.njnt)),
        geoms=tuple(_geoms(mujoco, model)),
        params=params,
        capabilities=frozenset({"wrench", "disable_contact", *(f"write:{name}" for name in WRITABLE)}),
        fixed_bodies=_fixed_bodies(mujoco, model),
        device=device,
        seed=seed,
    )


def _fixed_bodies(mujoco: Any, model: Any) -> dict[int, tuple[float, ...]]:
    """Bodies that neither joints nor mocap can move, and where they are."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    fixed = np.flatnonzero((model.body_weldid == 0) & (model.body_mocapid[model.body_rootid] < 0))
    return {int(b): (*map(float, data.xpos[b]), *map(float, data.xquat[b][WXYZ_TO_XYZW])) for b in fixed}


def _parameter(model: Any, name: str) -> Floats:
    values: Floats = getattr(model, WRITABLE[name][2])
    return values[:, 0] if name == "geom_friction" else values


def _geoms(mujoco: Any, model: Any) -> Iterator[Geom]:
    """Every geom of the model; MuJoCo moves a mesh to its centre of mass, and `geom_pos` follows."""
    meshes = [_mesh(model, mesh) for mesh in range(model.nmesh)]
    for index in range(model.ngeom):
        position, quaternion = model.geom_pos[index], model.geom_quat[index][WXYZ_TO_XYZW]
        kind, shape = _shape(mujoco, model, index, meshes)
        yield Geom(
            name=model.geom(index).name or f"geom_{index}",
            body=int(model.geom_bodyid[index]),
            kind=kind,
            body_from_geom=tuple(float(x) for x in (*position, *quaternion)),
            collides=bool(model.geom_contype[index] or model.geom_conaffinity[index]),
            visible=_visible(model, index),
            **shape,
        )


def _shape(
    mujoco: Any, model: Any, index: int, meshes: Sequence[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    """Kind of a geom, and its size or its heights or its mesh, one in memory for all geoms that share it."""
    kind, size, data = (
        mujoco.mjtGeom(model.geom_type[index]),
        model.geom_size[index],
        int(model.geom_dataid[index]),
    )
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        return "mesh", meshes[data]
    if kind == mujoco.mjtGeom.mjGEOM_HFIELD:
        return "height_field", _height_field(model, data)
    name = kind.name.removeprefix("mjGEOM_").lower()
    return name, {"size": tuple(float(x) for x in size[: SIZES.get(name, 3)])}


def _mesh(model: Any, mesh: int) -> dict[str, Any]:
    vertex, face = int(model.mesh_vertadr[mesh]), int(model.mesh_faceadr[mesh])
    return {
        "vertices": np.array(model.mesh_vert[vertex : vertex + model.mesh_vertnum[mesh]], dtype=np.float32),
        "faces": np.array(model.mesh_face[face : face + model.mesh_facenum[mesh]], dtype=np.int32),
    }


def _height_field(model: Any, height_field: int) -> dict[str, Any]:
    rows, columns = int(model.hfield_nrow[height_field]), int(model.hfield_ncol[height_field])
    half_x, half_y, top, base = (float(x) for x in model.hfield_size[height_field])
    start = int(model.hfield_adr[height_field])
    share = model.hfield_data[start : start + rows * columns].reshape(rows, columns).astype(np.float64)
    return {"size": (half_x, half_y, base), "heights": (share * top).astype(np.float32)}


def _visible(model: Any, index: int) -> bool:
    """Whether it is drawn: `mj_ray` leaves out what is fully transparent."""
    material = int(model.geom_matid[index])
    colour: Sequence[float] = model.geom_rgba[index] if material < 0 else model.mat_rgba[material]
    return bool(colour[3] > 0.0)


def _first_free_joint(mujoco: Any, model: Any) -> int | None:
    """Where the position of the first free joint begins in `qpos`."""
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    return int(model.jnt_qposadr[free[0]]) if len(free) else None


def _xyzw_order(mujoco: Any, model: Any) -> NDArray[np.int64]:
    """Column of `qpos` for each of `joint_position`: quaternions of free and ball joints are reordered."""
    order = np.arange(model.nq)
    starts = {mujoco.mjtJoint.mjJNT_FREE: 3, mujoco.mjtJoint.mjJNT_BALL: 0}
    for kind, first in zip(model.jnt_type, model.jnt_qposadr, strict=True):
        if mujoco.mjtJoint(kind) in starts:
            at = int(first) + starts[mujoco.mjtJoint(kind)]
            order[at : at + 4] = order[at : at + 4][WXYZ_TO_XYZW]
    return order


def _turned_about_z(wxyz: Floats, angle: float) -> tuple[float, float, float, float]:
    """The rotation `wxyz` followed by a turn of `angle` [rad] about the world's z axis."""
    c, s = math.cos(0.5 * angle), math.sin(0.5 * angle)
    w, x, y, z = (float(component) for component in wxyz)
    return (c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w)
