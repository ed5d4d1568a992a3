"""The quickstart's lidar and randomizers on recorded poses: leaks, growth with the worlds, two GPUs.

    python -m benchmarks.pipeline [--device cuda:0] [--steps 100000] [--most 16384] [--out FOLDER]

MuJoCo walks 64 worlds for a second, once; the walk is then played over and over from the device's memory, so
that a step is launches only: one replay of one graph. Parameters are written but nobody reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import robokern as rk
from robokern.adapters import HOSTS, recorded
from robokern.adapters.recorded import MotionRecorder
from robokern.errors import DeviceError
from robokern.plugin.run_file import load
from robokern.sim.loop import Loop, Wiring
from robokern.sim.shards import Shards, shares
from robokern.world.param import Param

QUICKSTART = Path(__file__).parent.parent / "configs" / "quickstart.yaml"
PLUGINS = ("roof_lidar", "slippery_feet", "payload")
FRAMES = 500  # of the recorded walk
KINDS = {"geom_friction": ("1", "geom"), "body_mass": ("kg", "body"), "body_inertia": ("kg m^2", "body")}


class Walk:
    """The quickstart's robots, recorded, and their model's parameters."""

    def __init__(self, folder: Path, worlds: int = 64) -> None:
        run = load(QUICKSTART, [f"host.worlds={worlds}"], hosts=HOSTS)
        host = run.host.settings.open(run.seed, "cpu")
        recorder = MotionRecorder(host)
        with Loop(host, [run.plugins["feet"]], wiring=Wiring(run.setup), capture="off") as loop:
            loop.setup(FRAMES)
            recorder.capture(0.0)
            loop.run(FRAMES - 1, lambda _: recorder.capture(loop.clock.time))
            defaults = {name: host.world.params[name].default.numpy()[0].copy() for name in KINDS}
        self.path, self.defaults, self.seed = folder / "walk.npz", defaults, run.seed
        # the file's own spacing, whatever rounding says
        motion = recorder.motion()
        replace(motion, times=host.world.timestep * np.arange(FRAMES)).save(self.path)

    def loop(self, worlds: int, device: Any, first: int = 0, capture: Any = "on") -> Loop:
        """A captured loop over so many worlds: those of the walk, again and again."""
        host = recorded.Settings(self.path, worlds, repeat=True).open(self.seed, device)
        host.world.first_world = first
        host.world.params = {
            name: Param.of(name, self.defaults[name], worlds, unit, selects, host.world.device)
            for name, (unit, selects) in KINDS.items()
        }
        host.world.capabilities = frozenset(f"write:{name}" for name in KINDS)
        run = load(QUICKSTART, hosts=HOSTS)
        chosen = [run.plugins[name] for name in PLUGINS]
        return Loop(host, chosen, wiring=Wiring(run.setup, scene_users={"roof_lidar"}), capture=capture)


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def stepped(loop: Loop, steps: int, device: Any) -> float:
    """Seconds a step, all work done."""
    rk.synchronize(device)
    start = time.perf_counter()
    loop.run(steps)
    rk.synchronize(device)
    return (time.perf_counter() - start) / steps


def leaks(walk: Walk, device: Any, steps: int, worlds: int = 64) -> dict[str, Any]:
    """Memory of the host and the device over many captured steps, and how many replays they were."""
    place, rows = rk.get_device(device), []
    with walk.loop(worlds, device) as loop:
        loop.setup(steps)
        loop.run(2000)
        before = loop.replay.replays
        for _ in range(10):
            time_s = stepped(loop, steps // 10, device)
            used = place.total_memory - place.free_memory
            rows.append({"steps": loop.clock.step, "host_mb": resident() / 1e6, "device_mb": used / 1e6,
                         "step_us": 1e6 * time_s})  # fmt: skip
            print(rows[-1], flush=True)
        replays, graphs = loop.replay.replays - before, loop.replay.captured
    sizes = sorted({found.graph.size for found in graphs.values()})
    return {
        "worlds": worlds,
        "rows": rows,
        "steps": steps // 10 * 10,
        "replays": replays,
        "nodes_of_graphs": sizes,
    }


def growth(walk: Walk, device: Any, most: int) -> Iterator[dict[str, Any]]:
    """Time of a step and memory by the number of worlds."""
    worlds, place = 64, rk.get_device(device)
    while worlds <= most:
        free = place.free_memory
        try:
            with walk.loop(worlds, device) as loop:
                loop.setup(1000)
                loop.run(200)
                times = [stepped(loop, 250, device) for _ in range(5)]
                took = free - place.free_memory
        except DeviceError as error:
            yield {"worlds": worlds, "error": str(error)}
            return
        microseconds = [1e6 * t for t in times]
        yield {"worlds": worlds, "step_us": float(np.median(microseconds)), "all_us": microseconds,
               "device_mb": took / 1e6}  # fmt: skip
        worlds *= 2


def spread(walk: Walk, worlds: int, steps: int = 500) -> dict[str, float]:
    """Steps a second of all worlds on one GPU, and on each share of them on all GPUs at once."""
    gpus = [device for device in rk.get_devices() if device.is_cuda]
    rates = {}
    for used in (gpus[:1], gpus, gpus[:1], gpus):
        parts = shares(worlds, len(used))
        with Shards(
            [walk.loop(n, gpu, first) for (first, n), gpu in zip(parts, used, strict=True)]
        ) as shards:
            shards.setup(steps)
            shards.run(200)
            taken = []
            for _ in range(5):
                start = time.perf_counter()
                shards.run(steps)
                taken.append(time.perf_counter() - start)
            rates.setdefault(f"{len(used)}", []).append(steps * worlds / float(np.median(taken)))
    return {f"world_steps_per_s_{count}": max(found) for count, found in rates.items()}


def plot(rows: list[dict[str, Any]], path: Path, card: str) -> None:
    """Step time over worlds, and throughput."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    worlds = [row["worlds"] for row in rows]
    left.loglog(worlds, [row["step_us"] for row in rows], "o-")
    left.set(xlabel="worlds", ylabel="time of a step [us]")
    right.loglog(worlds, [row["worlds"] / row["step_us"] for row in rows], "o-")
    right.set(xlabel="worlds", ylabel="million worlds stepped a second")
    figure.suptitle(f"Lidar and randomizers, one replay a step, {card}", fontsize=10)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Prints the figures, and writes them where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--steps", type=int, help="of the search for leaks; left out: 100,000, on the CPU 1,000"
    )
    parser.add_argument("--most", type=int, help="worlds; left out: 16,384, on the CPU 256")
    parser.add_argument("--shards", type=int, default=0, help="worlds to spread over all GPUs, and no more")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    place = rk.get_device(options.device)
    card, steps, most = place.name, 100_000, 16384
    if place.is_cpu:
        steps, most = 1000, 256
    found: dict[str, Any] = {"card": card}
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(Path(folder))
        if options.shards:
            found["spread"] = [spread(walk, n) for n in (options.shards, 4 * options.shards)]
            print(found["spread"], flush=True)
        else:
            found["leaks"] = leaks(walk, options.device, options.steps or steps)
            rows = []
            for row in growth(walk, options.device, options.most or most):
                print(row, flush=True)
                rows.append(row)
            found["growth"] = rows
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "pipeline.json").write_text(json.dumps(found, indent=1))
        if "growth" in found:
            plot([row for row in rows if "error" not in row], options.out / "pipeline.png", card)


if __name__ == "__main__":
    main()
