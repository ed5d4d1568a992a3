"""System identification through contact: speed and floor stiffness of a ball from its observed flight.

`python examples/identify_contact.py` draws the loss, and the flight before and after, to
out/identify_contact.png.
"""

from pathlib import Path

import numpy as np

import robokern as rk

STEPS, DT = 400, 0.002  # 0.8 s


@rk.kernel
def fly(
    log_speed: rk.array(dtype=float),  # [log m/s]
    log_stiffness: rk.array(dtype=float),  # [log N/m]
    height: rk.array(dtype=float),  # (STEPS,) [m]
):
    """A ball of 1 kg thrown down on a floor of springs and dampers at z = 0."""
    z = 0.3
    v = -rk.exp(log_speed[0])
    stiffness = rk.exp(log_stiffness[0])
    for k in range(height.shape[0]):
        force = -9.81
        if z < 0.0:
            force = force - stiffness * z - 4.0 * v
        v = v + force * DT
        z = z + v * DT
        height[k] = z


@rk.kernel
def misfit(height: rk.array(dtype=float), observed: rk.array(dtype=float), loss: rk.array(dtype=float)):
    error = height[rk.tid()] - observed[rk.tid()]
    rk.atomic_add(loss, 0, error * error / float(STEPS))


def flight(speed: float, stiffness: float) -> np.ndarray:
    """Heights of a flight [m]."""
    height = rk.zeros(STEPS)
    rk.launch(
        fly, 1, [rk.array([np.log(speed)], dtype=float), rk.array([np.log(stiffness)], dtype=float), height]
    )
    return height.numpy()


def identify(observed: np.ndarray, rounds: int = 400) -> tuple[float, float, list[float]]:
    """Speed, stiffness and the losses on the way to them."""
    target = rk.array(observed, dtype=float)
    speed, stiffness = rk.array([np.log(1.0)], dtype=float), rk.array([np.log(500.0)], dtype=float)
    optimizer, losses = rk.Adam([speed, stiffness], lr=0.05), []
    for _ in range(rounds):
        height, loss = rk.zeros(STEPS), rk.zeros(1)
        with rk.Tape() as tape:
            rk.launch(fly, 1, [speed, stiffness, height])
            rk.launch(misfit, STEPS, [height, target, loss])
        tape.backward(loss)
        optimizer.step()
        optimizer.lr *= 0.985
        losses.append(float(loss.numpy()[0]))
    return float(np.exp(speed.numpy()[0])), float(np.exp(stiffness.numpy()[0])), losses


def draw(path: Path, observed: np.ndarray, found: np.ndarray, losses: list[float]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.semilogy(losses)
    left.set(xlabel="round", ylabel="mean squared error [m²]")
    time = np.arange(STEPS) * DT
    right.plot(time, flight(1.0, 500.0), label="before")
    right.plot(time, found, label="after")
    right.plot(time[::12], observed[::12], "k.", label="observed")
    right.set(xlabel="time [s]", ylabel="height [m]")
    right.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(picture: Path = Path("out/identify_contact.png")) -> None:
    observed = flight(2.0, 900.0)
    speed, stiffness, losses = identify(observed)
    print(f"speed {speed:.3f} m/s (true 2), stiffness {stiffness:.0f} N/m (true 900); loss {losses[-1]:.1e}")
    draw(picture, observed, flight(speed, stiffness), losses)


if __name__ == "__main__":
    main()
