"""Where is the weight in the box? System identification through contact: robokern physics, torch.optim.

A box with an unknown load is tossed onto a floor a few times, under motion capture. From that alone come its
friction, the stiffness and damping of its contacts, and the place of its centre of mass.

`python examples/identify_box.py` (needs `pip install robokern[torch] matplotlib`) draws the loss, and a toss
before and after, to out/identify_box.png.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import robokern as rk

HALF_LENGTH, HALF_HEIGHT = 0.10, 0.06  # [m]
MASS, INERTIA = 0.5, 0.0025  # [kg], [kg m^2]
DT, STEPS_PER_FRAME, FRAME_TIME = 0.00025, 40, 0.01  # [s], motion capture at 100 Hz
NOISE = torch.tensor([[1e-3, 1e-3, 5e-3], [1e-2, 1e-2, 5e-2]], dtype=torch.float64)  # of a frame


@rk.func
def contact(
    pose: rk.vec3d,
    velocity: rk.vec3d,
    arm: rk.vec2d,
    friction: rk.float64,
    stiffness: rk.float64,
    damping: rk.float64,
) -> rk.vec3d:
    """Force [N] and torque [N m] of the floor z = 0 on the point `arm` away from the centre of mass.

    Source: normal force, Hunt & Crossley 1975; Coulomb friction, rounded off below 5 cm/s.
    """
    depth = -(pose[1] + arm[1])
    if depth <= 0.0:
        return rk.vec3d(0.0)
    closing = -(velocity[1] + velocity[2] * arm[0])
    slip = velocity[0] - velocity[2] * arm[1]
    normal = stiffness * depth * rk.max(1.0 + damping * closing, 0.0)
    tangent = -friction * normal * slip / rk.sqrt(slip * slip + 0.05 * 0.05)
    return rk.vec3d(tangent, normal, arm[0] * normal - arm[1] * tangent)


@rk.kernel
def toss(
    # looked for
    friction: rk.array(dtype=rk.float64),  # (1,) [1]
    stiffness: rk.array(dtype=rk.float64),  # (1,) [N/m]
    damping: rk.array(dtype=rk.float64),  # (1,) [s/m]
    centre: rk.array(dtype=rk.vec2d),  # (1,) of mass, seen from the middle of the box [m]
    # known
    start: rk.array2d(dtype=rk.vec3d),  # (tosses, 2) a frame
    # out
    frames: rk.array3d(dtype=rk.vec3d),  # (tosses, frames, 2) pose of the middle (x, z, angle), its velocity
):
    """A planar box that falls on its corners; semi-implicit Euler."""
    i = rk.tid()
    mu, k, d, offset = friction[0], stiffness[0], damping[0], centre[0]
    pose, velocity = start[i, 0], start[i, 1]
    c, s = rk.cos(pose[2]), rk.sin(pose[2])
    to_centre = rk.vec3d(c * offset[0] - s * offset[1], s * offset[0] + c * offset[1], 0.0)
    pose += to_centre
    velocity += velocity[2] * rk.vec3d(-to_centre[1], to_centre[0], 0.0)
    for frame in range(frames.shape[1]):
        for _step in range(STEPS_PER_FRAME):
            force = rk.vec3d(0.0, -9.81 * MASS, 0.0)
            for corner in range(4):
                x = HALF_LENGTH * rk.float64(2 * (corner % 2) - 1) - offset[0]
                z = HALF_HEIGHT * rk.float64(2 * (corner // 2) - 1) - offset[1]
                arm = rk.vec2d(c * x - s * z, s * x + c * z)
                force += contact(pose, velocity, arm, mu, k, d)
            velocity += DT * rk.vec3d(force[0] / MASS, force[1] / MASS, force[2] / INERTIA)
            pose += DT * velocity
            c, s = rk.cos(pose[2]), rk.sin(pose[2])
        to_centre = rk.vec3d(c * offset[0] - s * offset[1], s * offset[0] + c * offset[1], 0.0)
        frames[i, frame, 0] = pose - to_centre
        frames[i, frame, 1] = velocity - velocity[2] * rk.vec3d(-to_centre[1], to_centre[0], 0.0)


def simulator(frames: int) -> Callable[..., torch.Tensor]:
    """`toss` as a function of tensors that gives so many frames of each toss."""
    shape = lambda *inputs: (len(inputs[4]), frames, 2)  # noqa: E731
    return rk.torch_function(toss, outputs=[shape], dim=lambda *inputs: (len(inputs[4]),))


class Box(torch.nn.Module):
    """What is looked for; the positive ones as logarithms."""

    def __init__(
        self, friction: float, stiffness: float, damping: float, centre: tuple[float, float]
    ) -> None:
        super().__init__()
        logs = torch.tensor([[friction], [stiffness], [damping]], dtype=torch.float64).log()
        self.logs = torch.nn.Parameter(logs)
        self.decimetres = torch.nn.Parameter(10 * torch.tensor([centre], dtype=torch.float64))

    def forward(self) -> tuple[torch.Tensor, ...]:
        """Inputs of `toss`."""
        return (*self.logs.exp(), self.decimetres / 10)

    def __str__(self) -> str:
        mu, k, d, centre = (p.squeeze().tolist() for p in self())
        place = f"({1e3 * centre[0]:.1f}, {1e3 * centre[1]:.1f}) mm"
        return f"friction {mu:.3f}, stiffness {k:.0f} N/m, damping {d:.2f} s/m, centre of mass {place}"


def capture(box: Box, tosses: int, frames: int, seed: int) -> torch.Tensor:
    """Noisy frames of tosses of a box, (tosses, frames, 2, 3)."""
    rng = np.random.default_rng(seed)
    pose = rng.uniform([-0.1, 0.18, -1.5], [0.1, 0.30, 1.5], (tosses, 3))
    velocity = rng.uniform([0.3, -1.0, -4.0], [1.0, 0.5, 4.0], (tosses, 3))
    start = torch.from_numpy(np.stack([pose, velocity], axis=1))
    with torch.no_grad():
        clean = simulator(frames)(*box(), start)
    return clean + NOISE * torch.from_numpy(rng.standard_normal(clean.shape))


def identify(captured: torch.Tensor, box: Box, rounds: int = 150, length: int = 5) -> list[float]:
    """Changes `box` until short pieces of the motion are predicted; gives the losses.

    Every captured frame starts a prediction of `length` frames, so that errors do not grow through a tumbling
    motion, and neither do gradients (multiple shooting, Bock & Plitt 1984).
    """
    starts = captured[:, :-length].reshape(-1, 2, 3)
    targets = captured.unfold(1, length, 1)[:, 1:].movedim(-1, 2).reshape(-1, length, 2, 3)
    predict = simulator(length)
    optimizer = torch.optim.Adam(box.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    losses = []
    for _ in range(rounds):
        optimizer.zero_grad()
        loss = ((predict(*box(), starts) - targets) / NOISE).square().mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def draw(path: Path, captured: torch.Tensor, guess: Box, found: Box, losses: list[float]) -> None:
    """The loss; one captured toss (grey) under the predictions by the first guess and by what was found."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, *views) = pyplot.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
    left.semilogy(losses)
    left.set(xlabel="round", ylabel="mean squared error [noise²]")
    for view, box, title in zip(views, (guess, found), ("before", "after"), strict=True):
        with torch.no_grad():
            predicted = simulator(captured.shape[1] - 1)(*box(), captured[:1, 0])[0, :, 0]
        for k in range(4, len(predicted), 10):
            _outline(view, captured[0, k + 1, 0].tolist(), color="0.75", linewidth=5)
            _outline(view, predicted[k].tolist(), color=pyplot.cm.viridis(k / len(predicted)), linewidth=1.2)
        view.axhline(0.0, color="k", linewidth=0.8)
        view.set(title=title, xlabel="x [m]", ylabel="z [m]", aspect="equal")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def _outline(view: Any, pose: list[float], **style: Any) -> None:
    x, z, angle = pose
    c, s = np.cos(angle), np.sin(angle)
    across = HALF_LENGTH * np.array([1, 1, -1, -1, 1])
    up = HALF_HEIGHT * np.array([1, -1, -1, 1, 1])
    view.plot(x + c * across - s * up, z + s * across + c * up, **style)


def main(picture: Path = Path("out/identify_box.png"), rounds: int = 150) -> tuple[Box, list[float]]:
    """Tosses a box, finds its parameters, draws; gives what was found and the losses."""
    true = Box(friction=0.35, stiffness=4000.0, damping=0.4, centre=(0.03, -0.02))
    guess, found = (Box(friction=0.8, stiffness=1500.0, damping=1.0, centre=(0.0, 0.0)) for _ in range(2))
    captured = capture(true, tosses=8, frames=80, seed=1)
    losses = identify(captured, found, rounds)
    print(f"guess: {guess}\nfound: {found}\ntrue:  {true}\nloss {losses[0]:.0f} -> {losses[-1]:.1f}")
    draw(picture, captured, guess, found, losses)
    return found, losses


if __name__ == "__main__":
    main()
