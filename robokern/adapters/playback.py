# mypy: ignore-errors
"""Device side of a recorded motion: each world shows the frame at its own place in the motion."""

from __future__ import annotations

from robokern.compiler.builtins import tid
from robokern.compiler.function import kernel, struct
from robokern.ir.types import ArrayType, bool_, int32, transform, vec3


@struct
class States:
    """Poses and velocities of every body, [time, world, body] in a motion."""

    pose: ArrayType(transform, 3)
    com: ArrayType(vec3, 3)
    linear: ArrayType(vec3, 3)
    angular: ArrayType(vec3, 3)


@kernel
def advance(
    frames: int32,
    # out
    at: ArrayType(int32, 1),  # (worlds,) place in the motion
):
    """One timestep on; after the last frame comes the first."""
    world = tid()
    at[world] = (at[world] + 1) % frames


@kernel
def restart(
    mask: ArrayType(bool_, 1),  # (worlds,)
    # out
    at: ArrayType(int32, 1),  # (worlds,)
):
    """The masked worlds go back to the first frame."""
    world = tid()
    if mask[world]:
        at[world] = 0


@kernel
def show(
    motion: States,
    at: ArrayType(int32, 1),  # (worlds,)
    first_world: int32,
    # out
    pose: ArrayType(transform, 2),  # (worlds, bodies)
    com: ArrayType(vec3, 2),  # (worlds, bodies)
    linear: ArrayType(vec3, 2),  # (worlds, bodies)
    angular: ArrayType(vec3, 2),  # (worlds, bodies)
):
    """Fills the frame; world k of the run shows world k of the motion, and again the first after its last."""
    world, body = tid()
    held = (first_world + world) % motion.pose.shape[1]
    row = at[world]
    pose[world, body] = motion.pose[row, held, body]
    com[world, body] = motion.com[row, held, body]
    linear[world, body] = motion.linear[row, held, body]
    angular[world, body] = motion.angular[row, held, body]
