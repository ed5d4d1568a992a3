"""The state of all worlds at this step."""

from __future__ import annotations

from dataclasses import dataclass

from robokern.ir.types import bool_, float32, transform, vec3
from robokern.runtime.array import Array
from robokern.runtime.creation import zeros
from robokern.runtime.device import DeviceLike


@dataclass(eq=False)
class Frame:
    """Arrays over worlds and bodies; a host fills the state, plugins add the wrenches.

    Attributes:
        step: completed steps.
        time: [s].
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
    step: int = 0
    time: float = 0.0

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
