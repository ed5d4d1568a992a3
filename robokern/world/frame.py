"""The state of all worlds at this step."""

from __future__ import annotations

from dataclasses import dataclass, field

from robokern.errors import DeviceError
from robokern.ir.types import bool_, float32, transform, vec3
from robokern.runtime import recording
from robokern.runtime.array import Array
from robokern.runtime.call_site import call_site, line
from robokern.runtime.creation import zeros
from robokern.runtime.device import DeviceLike


@dataclass(eq=False)
class Frame:
    """Arrays over worlds and bodies; a host fills the state, plugins add the wrenches.

    Attributes:
        body_pose: (worlds, bodies) transform, world_from_body at the body's origin [m], xyzw.
        body_com: (worlds, bodies) vec3, centre of mass in world coordinates [m].
        body_linear_velocity: (worlds, bodies) vec3, of the body's origin, world axes [m/s].
        body_angular_velocity: (worlds, bodies) vec3, world axes [rad/s].
        body_force: (worlds, bodies) vec3, world axes [N]; added to atomically, cleared before every step.
        body_torque: (worlds, bodies) vec3, world axes, about the centre of mass [N m].
        joint_position: (worlds, positions) [m], [rad], quaternions xyzw.
        joint_velocity: (worlds, degrees of freedom) [m/s], [rad/s].
        reset_mask: (worlds,) bool, the worlds that start anew.
    """

    body_pose: Array
    body_com: Array
    body_linear_velocity: Array
    body_angular_velocity: Array
    body_force: Array
    body_torque: Array
    joint_position: Array
    joint_velocity: Array
    reset_mask: Array
    _clock: tuple[int, float] = field(default=(0, 0.0), init=False)

    @property
    def step(self) -> int:
        """Completed steps, a number of the host.

        Raises:
            DeviceError: inside a captured step, whose replays would all see the number of the first.
        """
        return self._now("step")[0]

    @property
    def time(self) -> float:
        """Simulated time [s], a number of the host.

        Raises:
            DeviceError: inside a captured step.
        """
        return self._now("time")[1]

    def set_clock(self, step: int, time: float) -> None:
        """Told by the loop: completed steps, simulated time [s]."""
        self._clock = (step, time)

    def _now(self, name: str) -> tuple[int, float]:
        if recording.capturing(self.body_pose.device.ordinal) is not None:
            raise DeviceError(
                f"{line(call_site(2))}: frame.{name} is a number of the host, and a captured step is "
                "replayed with what it was; count steps in an array of the plugin's state, by a kernel"
            )
        return self._clock

    @classmethod
    def allocate(
        cls, worlds: int, bodies: int, positions: int, velocities: int, device: DeviceLike = None
    ) -> Frame:
        """A frame of zeros with every body at the origin, unrotated."""

        def vectors() -> Array:
            return zeros((worlds, bodies), dtype=vec3, device=device)

        pose = zeros((worlds, bodies), dtype=transform, device=device)
        pose.fill_([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
        return cls(
            body_pose=pose,
            body_com=vectors(),
            body_linear_velocity=vectors(),
            body_angular_velocity=vectors(),
            body_force=vectors(),
            body_torque=vectors(),
            joint_position=zeros((worlds, positions), dtype=float32, device=device),
            joint_velocity=zeros((worlds, velocities), dtype=float32, device=device),
            reset_mask=zeros(worlds, dtype=bool_, device=device),
        )
