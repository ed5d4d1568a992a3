"""A host that plays a recorded motion; needs no simulator.

`MotionRecorder` makes such a motion from the frames of any other host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.adapters.playback import States, advance, restart, show
from robokern.errors import HostError
from robokern.ir.types import int32, transform, vec3
from robokern.runtime.array import Array
from robokern.runtime.creation import zeros
from robokern.runtime.device import DeviceLike
from robokern.runtime.launch import launch
from robokern.world.frame import Frame
from robokern.world.host import Host, Mask
from robokern.world.motion import STATES, Motion
from robokern.world.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """What `host: {type: recorded}` takes in a run file."""

    motion: Path = field(metadata={"help": "motion file, .npz or .zarr"})
    worlds: int | None = field(
        default=None,
        metadata={"ge": 1, "help": "a motion of one world plays in all of them; left out: the file's"},
    )
    timestep: float | None = field(
        default=None,
        metadata={
            "gt": 0.0,
            "unit": "s",
            "help": "poses are interpolated at; left out: as the file's times are spaced",
        },
    )
    repeat: bool = field(
        default=False,
        metadata={"help": "after its last time and its last world the motion begins again; else an error"},
    )

    def open(self, seed: int = 0, device: DeviceLike = None) -> RecordedHost:
        """Reads the motion.

        Raises:
            HostError: the file cannot be read, is not as the format says, or does not fit the settings.
        """
        return RecordedHost(self, seed, device)


class RecordedHost:
    """Plays a motion: step k shows the time k timesteps after the first. Made by `Settings.open`.

    It honours no capability: wrenches have no effect, and contacts and parameters cannot be written. Worlds
    that are reset go back to the first time; the others go on. The motion lies in the device's memory and a
    step is launches only, so that a loop can capture it.
    """

    name = "recorded"

    def __init__(self, settings: Settings, seed: int = 0, device: DeviceLike = None) -> None:
        self.settings = settings
        motion = Motion.load(settings.motion)
        worlds = _worlds(settings, motion)
        timestep = settings.timestep or _spacing(motion, settings.motion)
        if settings.timestep is not None:
            motion = resampled(motion, settings.timestep)
        self.world = World(
            host="recorded",
            num_worlds=worlds,
            timestep=timestep,
            gravity=motion.gravity,
            bodies=motion.bodies,
            geoms=motion.geoms,
            device=device,
            seed=seed,
        )
        self.frame = Frame.allocate(worlds, len(motion.bodies), 0, 0, device)
        self._motion = _on_device(motion, timestep, device)
        self._frames = len(motion.times)
        self._at: Array = zeros(worlds, dtype=int32, device=device)
        # steps of the whole run, and at which of them each world started
        self._steps, self._started = 0, np.zeros(worlds, dtype=np.int64)
        self.read()

    def reset(self, mask: Mask) -> None:
        """The worlds of `mask` (worlds,) start anew."""
        self._started[mask] = self._steps
        chosen = self.world.mask(np.asarray(mask))
        launch(restart, len(self._at), [chosen], [self._at], device=self.world.device)

    def apply(self) -> None:
        """A recorded motion yields to no wrench."""

    def step(self) -> None:
        """One timestep on.

        Raises:
            HostError: the motion has ended.
        """
        self.begin_step()
        launch(advance, len(self._at), [self._frames], [self._at], device=self.world.device)

    def read(self) -> None:
        """Fills the frame; a motion of one world is shown in all."""
        frame = self.frame
        shown = [frame.body_pose, frame.body_com, frame.body_linear_velocity, frame.body_angular_velocity]
        inputs = [self._motion, self._at, self.world.first_world]
        launch(show, frame.body_pose.shape, inputs, shown, device=self.world.device)

    def begin_step(self) -> None:
        """Counts a step.

        Raises:
            HostError: the motion has ended.
        """
        self.world.running = True
        last = self._frames - 1
        if not self.settings.repeat and self._steps - int(self._started.min()) >= last:
            raise HostError(
                f"{self.settings.motion}: the motion ends after {last} steps of {self.world.timestep:g} s; "
                f"shorten the run to at most {last * self.world.timestep:g} s, or set host.repeat"
            )
        self._steps += 1

    def launch_step(self) -> None:
        """One timestep on, and the frame filled."""
        launch(advance, len(self._at), [self._frames], [self._at], device=self.world.device)
        self.read()

    def close(self) -> None:
        """Nothing is held."""


class MotionRecorder:
    """Collects the frames of a host: call `capture` after each `read`, then `motion`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._times: list[float] = []
        self._frames: dict[str, list[NDArray[np.float32]]] = {name: [] for name in ("body_pose", *STATES)}

    def capture(self, time: float) -> None:
        """Keeps a copy of the frame, at `time` [s]."""
        self._times.append(time)
        for name, kept in self._frames.items():
            kept.append(getattr(self._host.frame, name).numpy().copy())

    def motion(self) -> Motion:
        """All frames captured so far, with the geoms of the host's world."""
        states = {name: np.stack(kept) for name, kept in self._frames.items()}
        pose = states.pop("body_pose")
        world = self._host.world
        return Motion(np.array(self._times), world.bodies, pose, states, world.geoms, world.gravity)


def resampled(motion: Motion, timestep: float) -> Motion:
    """The motion at a constant spacing [s]: positions and velocities linear in time, rotations by slerp.

    Source: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    steps = int(np.floor((motion.times[-1] - motion.times[0]) / timestep * (1.0 + 1e-12)))
    times = motion.times[0] + timestep * np.arange(steps + 1)
    left = np.clip(np.searchsorted(motion.times, times, side="right") - 1, 0, len(motion.times) - 2)
    share = (times - motion.times[left]) / (motion.times[left + 1] - motion.times[left])
    share = np.clip(share, 0.0, 1.0)[:, None, None, None]
    pose = _between(motion.body_pose, left, share)
    pose[..., 3:] = slerp(motion.body_pose[left, ..., 3:], motion.body_pose[left + 1, ..., 3:], share)
    states = {
        name: _between(values, left, share).astype(np.float32) for name, values in motion.states.items()
    }
    return Motion(times, motion.bodies, pose.astype(np.float32), states, motion.geoms, motion.gravity)


def slerp(a: NDArray[np.float32], b: NDArray[np.float32], share: Floats) -> Floats:
    """Rotation `share` of the short way from `a` to `b`; unit quaternions, last axis xyzw."""
    start, end = a.astype(np.float64), b.astype(np.float64)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    end, cosine = np.where(cosine < 0.0, -end, end), np.abs(cosine)
    angle = np.arccos(np.minimum(cosine, 1.0))
    sine = np.sin(angle)
    small = sine < 1e-6
    safe = np.where(small, 1.0, sine)
    from_start = np.where(small, 1.0 - share, np.sin((1.0 - share) * angle) / safe)
    from_end = np.where(small, share, np.sin(share * angle) / safe)
    mixed = from_start * start + from_end * end
    return np.asarray(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True))


def complete(motion: Motion, timestep: float) -> dict[str, NDArray[np.float32]]:
    """Every state of `STATES`; velocities that are not on file come from differences of poses."""
    linear, angular = velocities(motion.body_pose, timestep)
    derived: dict[str, NDArray[Any]] = {
        "body_com": motion.body_pose[..., :3],
        "body_linear_velocity": linear,
        "body_angular_velocity": angular,
    }
    return {name: motion.states.get(name, derived[name]).astype(np.float32) for name in STATES}


def velocities(pose: NDArray[np.float32], timestep: float) -> tuple[Floats, Floats]:
    """Linear and angular velocity, world axes, by central differences, one-sided at both ends.

    Args:
        pose: (T, W, B, 7).
        timestep: between poses [s].
    """
    before = np.maximum(np.arange(len(pose)) - 1, 0)
    after = np.minimum(np.arange(len(pose)) + 1, len(pose) - 1)
    span = (timestep * (after - before))[:, None, None, None]
    linear = (pose[after, ..., :3].astype(np.float64) - pose[before, ..., :3]) / span
    return linear, rotation_vector(pose[before, ..., 3:], pose[after, ..., 3:]) / span


def rotation_vector(start: NDArray[np.float32], end: NDArray[np.float32]) -> Floats:
    """Axis times angle [rad] of the short turn from `start` to `end`, world axes; quaternions xyzw."""
    a, b = start.astype(np.float64), end.astype(np.float64)
    vector = a[..., 3:] * b[..., :3] - b[..., 3:] * a[..., :3] - np.cross(b[..., :3], a[..., :3])
    scalar = np.sum(a * b, axis=-1, keepdims=True)
    vector, scalar = np.where(scalar < 0.0, -vector, vector), np.abs(scalar)
    sine = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, scalar)
    return np.asarray(np.where(sine > 1e-12, vector / np.where(sine > 1e-12, sine, 1.0), 0.0) * angle)


def _on_device(motion: Motion, timestep: float, device: DeviceLike) -> Any:
    states = complete(motion, timestep)
    pose: Array = Array(motion.body_pose, transform, device=device)
    vectors = {name: Array(states[name], vec3, device=device) for name in STATES}
    return States(
        pose=pose,
        com=vectors["body_com"],
        linear=vectors["body_linear_velocity"],
        angular=vectors["body_angular_velocity"],
    )


def _between(values: NDArray[np.float32], left: NDArray[np.int64], share: Floats) -> Floats:
    return np.asarray((1.0 - share) * values[left] + share * values[left + 1])


def _worlds(settings: Settings, motion: Motion) -> int:
    """How many worlds to show."""
    held = motion.body_pose.shape[1]
    wanted = settings.worlds or held
    if held != 1 and wanted > held and not settings.repeat:
        raise HostError(f"{settings.motion}: host.worlds: the motion has {held} worlds; got {wanted}")
    return wanted


def _spacing(motion: Motion, path: Path) -> float:
    """The file's constant spacing of times [s]."""
    steps = np.diff(motion.times)
    mean = float((motion.times[-1] - motion.times[0]) / len(steps))
    if not np.allclose(steps, mean, rtol=1e-6, atol=0.0):
        raise HostError(
            f"{path}: times are {steps.min():g} to {steps.max():g} s apart; "
            "set host.timestep to interpolate between them"
        )
    return float(f"{mean:.9g}")
