"""A cart-pole learns to swing up and balance in ten seconds, by gradients through the simulator.

64 worlds run at once, one item each. The policy, a small network, is called inside the kernel; the derivative
of the return goes through policy, dynamics and the buffers at the ends of the rail. Windows of 32 steps are
short enough for useful gradients; what comes after them is estimated by a second network, the critic
(short-horizon actor-critic, Xu et al. 2022; TD(lambda) for the critic, Sutton 1988).

`python examples/train_cartpole.py` draws the return while training, and a run before and after, to
out/train_cartpole.png.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

import robokern as rk

WORLDS, WINDOW, NEURONS = 64, 32, 32
DT, EPISODE = 0.02, 250  # [s], steps
FORCE, CART, POLE, HALF_POLE, HALF_RAIL = 10.0, 1.0, 0.1, 0.5, 1.5  # [N], [kg], [kg], [m], [m]
DISCOUNT, TRACE = 0.99, 0.95

Features = rk.vector(5, float)


@rk.func
def features(state: rk.vec4) -> Features:
    """What the networks see; of the order of one."""
    return Features(state[0], 0.5 * state[1], rk.sin(state[2]), rk.cos(state[2]), 0.2 * state[3])


@rk.func
def network(hidden: rk.array2d(dtype=float), output: rk.array(dtype=float), seen: Features) -> float:
    """One hidden layer; the last column of `hidden` and the last entry of `output` are offsets."""
    total = output[hidden.shape[0]]
    for j in range(hidden.shape[0]):
        neuron = hidden[j, 5]
        for k in range(5):
            neuron += hidden[j, k] * seen[k]
        total += output[j] * rk.tanh(neuron)
    return total


@rk.func
def advance(state: rk.vec4, force: float) -> rk.vec4:
    """One step of a cart and a pole, angle 0 is up; semi-implicit Euler.

    Source: Barto, Sutton & Anderson 1983; springs and dampers stop the cart at the ends of its rail.
    """
    sine, cosine = rk.sin(state[2]), rk.cos(state[2])
    beyond = rk.abs(state[0]) - HALF_RAIL
    if beyond > 0.0:
        force -= 200.0 * rk.sign(state[0]) * beyond + 5.0 * state[1]
    push = (force - 0.1 * state[1] + POLE * HALF_POLE * state[3] * state[3] * sine) / (CART + POLE)
    turn = 9.81 * sine - cosine * push
    turn /= HALF_POLE * (4.0 / 3.0 - POLE * cosine * cosine / (CART + POLE))
    speed = state[1] + DT * (push - POLE * HALF_POLE * turn * cosine / (CART + POLE))
    spin = state[3] + DT * turn
    return rk.vec4(state[0] + DT * speed, speed, state[2] + DT * spin, spin)


@rk.func
def reward(state: rk.vec4, action: float) -> float:
    """1 where it stands upright in the middle and at rest."""
    return rk.cos(state[2]) - 0.1 * state[0] * state[0] - 0.01 * state[3] * state[3] - 0.02 * action * action


@rk.kernel
def act(
    # policy and critic
    hidden: rk.array2d(dtype=float),  # (neurons, 6)
    output: rk.array(dtype=float),  # (neurons + 1,)
    critic_hidden: rk.array2d(dtype=float),
    critic_output: rk.array(dtype=float),
    # out
    states: rk.array2d(
        dtype=rk.vec4
    ),  # (steps + 1, worlds) x [m], [m/s], angle [rad], [rad/s]; the first is given
    rewards: rk.array2d(dtype=float),  # (steps, worlds)
    loss: rk.array(dtype=float),  # (1,) minus the mean discounted return
):
    world = rk.tid()
    state = states[0, world]
    total, weight = 0.0, 1.0
    for step in range(rewards.shape[0]):
        action = rk.tanh(network(hidden, output, features(state)))
        state = advance(state, FORCE * action)
        gain = reward(state, action)
        total += weight * gain
        weight *= DISCOUNT
        states[step + 1, world] = state
        rewards[step, world] = gain
    total += weight * network(critic_hidden, critic_output, features(state))
    rk.atomic_add(loss, 0, -total / float(rewards.shape[1]))


@rk.kernel
def value(
    hidden: rk.array2d(dtype=float),
    output: rk.array(dtype=float),
    states: rk.array2d(dtype=rk.vec4),
    values: rk.array2d(dtype=float),
):
    step, world = rk.tid()
    values[step, world] = network(hidden, output, features(states[step, world]))


@rk.kernel
def misfit(values: rk.array2d(dtype=float), targets: rk.array2d(dtype=float), loss: rk.array(dtype=float)):
    step, world = rk.tid()
    error = values[step, world] - targets[step, world]
    rk.atomic_add(loss, 0, error * error / float(WORLDS * WINDOW))


class Network:
    """Weights of a network, their averages over time, and what improves them."""

    def __init__(self, rng: np.random.Generator, rate: float) -> None:
        hidden, output = rng.normal(0.0, 0.5, (NEURONS, 6)), rng.normal(0.0, 0.1, NEURONS + 1)
        self.weights = [rk.array(w, dtype=float, requires_grad=True) for w in (hidden, output)]
        self.average = [rk.array(w, dtype=float) for w in (hidden, output)]
        self.optimizer, self.rate = rk.Adam(self.weights, lr=rate), rate

    def improve(self, progress: float) -> None:
        """A step along the gradient, which is cut to a length of 1; steps shrink while progress goes to 1."""
        grads = [w.grad.numpy() for w in self.weights]
        length = np.sqrt(sum(np.sum(g * g) for g in grads))
        for grad in grads:
            grad /= max(1.0, length)
        self.optimizer.lr = self.rate * (1.0 - progress)
        self.optimizer.step()
        for mean, now in zip(self.average, self.weights, strict=True):
            mean.assign(0.95 * mean.numpy() + 0.05 * now.numpy())


def hanging(count: int, rng: np.random.Generator) -> np.ndarray:
    """States near rest, pole down, (count, 4)."""
    return np.array([0.0, 0.0, np.pi, 0.0]) + rng.uniform(-0.5, 0.5, (count, 4))


class Windows:
    """All worlds, window after window; a tenth of them starts anew in each."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.states = rk.array(np.zeros((WINDOW + 1, WORLDS, 4)), dtype=rk.vec4)
        self.states.numpy()[-1] = hanging(WORLDS, rng)
        self.rewards, self.values = rk.zeros((WINDOW, WORLDS)), rk.zeros((WINDOW + 1, WORLDS))

    def next(self, policy: Network, critic: Network, progress: float) -> None:
        """Runs one window, improves the policy by its gradient, then the critic."""
        states = self.states.numpy()
        anew = self.rng.random((WORLDS, 1)) < 0.1
        states[0] = np.where(anew, hanging(WORLDS, self.rng), states[-1])
        loss = rk.zeros(1)
        with rk.Tape() as tape:
            rk.launch(act, WORLDS, [*policy.weights, *critic.average, self.states, self.rewards, loss])
        tape.backward(loss)
        policy.improve(progress)
        targets = self.targets(critic)
        for _ in range(4):
            self.fit(critic, targets, progress)

    def targets(self, critic: Network) -> rk.array:
        """Returns after each state: a mean over how many steps are taken from the window (TD(lambda))."""
        rk.launch(value, self.values.shape, [*critic.average, self.states, self.values])
        values, rewards = self.values.numpy(), self.rewards.numpy()
        found, after = np.empty_like(rewards), values[-1]
        for step in reversed(range(WINDOW)):
            after = rewards[step] + DISCOUNT * ((1.0 - TRACE) * values[step + 1] + TRACE * after)
            found[step] = after
        return rk.array(found, dtype=float)

    def fit(self, critic: Network, targets: rk.array, progress: float) -> None:
        """One step of the critic towards its targets."""
        loss, values = rk.zeros(1), rk.zeros((WINDOW, WORLDS))
        with rk.Tape() as tape:
            rk.launch(value, values.shape, [*critic.weights, self.states, values])
            rk.launch(misfit, values.shape, [values, targets, loss])
        tape.backward(loss)
        critic.improve(progress)


def episode(policy: Network, critic: Network, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean return of an episode (undiscounted, times DT: at most 5 s) and the states of all worlds."""
    states = rk.zeros((EPISODE + 1, len(start)), dtype=rk.vec4)
    states.numpy()[0] = start
    rewards = rk.zeros((EPISODE, len(start)))
    rk.launch(act, len(start), [*policy.weights, *critic.weights, states, rewards, rk.zeros(1)])
    return DT * float(rewards.numpy().sum(0).mean()), states.numpy()


def draw(path: Path, before: np.ndarray, after: np.ndarray, curve: list[tuple[float, float]]) -> None:
    """The return while training; one episode before and after, the pole every 0.1 s from left to right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(12, 3.4), layout="constrained")
    panels = figure.subplot_mosaic([["return", "before"], ["return", "after"]], width_ratios=[1, 2])
    left, *views = (panels[name] for name in ("return", "before", "after"))
    left.plot(*zip(*curve, strict=True))
    left.set(xlabel="training time [s]", ylabel="return of an episode [s]")
    for view, states, title in zip(views, (before, after), ("before", "after"), strict=True):
        for k in range(0, EPISODE + 1, 5):
            x, angle = 2.5 * k * DT + states[k, 0], states[k, 2]
            colour = pyplot.cm.viridis(k / EPISODE)
            view.plot([x, x + np.sin(angle)], [0.0, np.cos(angle)], color=colour, linewidth=1.5)
            view.plot(x, 0.0, "s", color=colour, markersize=3)
        view.set(title=title, ylabel="height [m]", ylim=(-1.1, 1.1), aspect="equal")
    views[-1].set_xlabel("cart [m] + 2.5 m/s · time")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def main(
    picture: Path = Path("out/train_cartpole.png"), rounds: int = 1500, seed: int = 0
) -> tuple[float, float]:
    """Trains and draws; gives the return before and after, of starts that training did not see."""
    rng = np.random.default_rng(seed)
    policy, critic, windows = Network(rng, 0.01), Network(rng, 0.01), Windows(rng)
    start = hanging(WORLDS, np.random.default_rng(seed + 1))
    first, before = episode(policy, critic, start)
    curve, begin = [(0.0, first)], time.perf_counter()
    for k in range(rounds):
        windows.next(policy, critic, k / rounds)
        if k % 20 == 19:
            curve.append((time.perf_counter() - begin, episode(policy, critic, start)[0]))
    seconds = time.perf_counter() - begin
    last, after = episode(policy, critic, start)
    print(f"trained {seconds:.1f} s; return of 5 s: {first:.2f} before, {last:.2f} after")
    draw(picture, before[:, 0], after[:, 0], curve)
    return first, last


if __name__ == "__main__":
    main()
