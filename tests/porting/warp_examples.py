"""Warp's own examples with robokern in Warp's place, their results beside those of Warp.

    python -m tests.porting.warp_examples [example ...] [--table table.md]

Only those that need nothing robokern lacks; meshes that they read from USD files are a sphere on both sides.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import time
import types
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 300


@dataclass(frozen=True)
class Case:
    """How an example is run.

    Attributes:
        module: its module under `warp.examples`.
        arguments: of its class `Example`.
        steps: calls of `step`, each with `each` and its number; where 0, `render` is called once.
        function: called with the device instead, where there is no such class.
    """

    module: str
    arguments: dict[str, Any]
    steps: int = 0
    each: tuple[Any, ...] = ()
    function: str | None = None


CASES = {
    "wave": Case("core.example_wave", {"stage_path": None}, 60),
    "fluid": Case("core.example_fluid", {}, 40),
    "graph_capture": Case("core.example_graph_capture", {}, 20),
    "raymarch": Case("core.example_raymarch", {"height": 96, "width": 128}),
    "mesh": Case("core.example_mesh", {"stage_path": None}, 10),
    "raycast": Case("core.example_raycast", {"height": 96, "width": 128}),
    "sample_mesh": Case("core.example_sample_mesh", {"stage_path": None}, 3),
    "spin_lock": Case("core.example_spin_lock", {}, function="test_spinlock"),
    "work_queue": Case("core.example_work_queue", {}, function="test_work_queue"),
    "diffray": Case(
        "optim.example_diffray", {"height": 64, "train_iters": 4, "rot_array": [0.0, 0.0, 0.0, 1.0]}, 4
    ),
    "fluid_checkpoint": Case(
        "optim.example_fluid_checkpoint", {"sim_steps": 20, "pressure_iterations": 8, "segment_size": 5}
    ),
    "fluid_checkpoint_custom_backward": Case(
        "optim.example_fluid_checkpoint_custom_backward",
        {"sim_steps": 20, "pressure_iterations": 8, "segment_size": 5},
    ),
}


def sphere(rows: int = 24, columns: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Points and faces of a sphere, a little bumpy so that it looks different from every side."""
    theta, phi = np.meshgrid(np.linspace(0.01, np.pi - 0.01, rows), np.arange(columns) * 2 * np.pi / columns)
    radius = 1.0 + 0.1 * np.sin(3 * theta) * np.cos(2 * phi)
    points = np.stack((np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)), -1)
    points = (points * radius[..., None]).transpose(1, 0, 2).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    faces = np.stack((a, b, a + columns, b, b + columns, a + columns), -1)
    return points.astype(np.float32), faces.reshape(-1).astype(np.int32)


def pretend_usd() -> None:
    """A module `pxr` whose every mesh is `sphere`."""
    points, faces = sphere()

    class Mesh:
        def __init__(self, prim: Any) -> None:
            pass

        def GetPointsAttr(self) -> Any:
            return types.SimpleNamespace(Get=lambda: points)

        def GetFaceVertexIndicesAttr(self) -> Any:
            return types.SimpleNamespace(Get=lambda: faces)

    stage = types.SimpleNamespace(GetPrimAtPath=lambda path: path)
    pxr: Any = types.ModuleType("pxr")
    pxr.__spec__ = importlib.machinery.ModuleSpec("pxr", None)
    pxr.Usd = types.SimpleNamespace(Stage=types.SimpleNamespace(Open=lambda path: stage))
    pxr.UsdGeom = types.SimpleNamespace(Mesh=Mesh)
    sys.modules["pxr"] = pxr


def numbers(found: Any, prefix: str = "", depth: int = 3) -> dict[str, float]:
    """Of each array of floats that an object leads to: the sum of its absolute values."""
    sums: dict[str, float] = {}
    if hasattr(found, "numpy") and hasattr(found, "dtype"):
        data = np.asarray(found.numpy())
        return {prefix: float(np.abs(data.astype(np.float64)).sum())} if data.dtype.kind in "fiu" else {}
    if depth == 0:
        return sums
    if isinstance(found, (list, tuple)):
        for k, item in enumerate(found[:64]):
            sums.update(numbers(item, f"{prefix}[{k}]", depth - 1))
    elif hasattr(found, "__dict__") and not isinstance(found, (type, types.ModuleType)):
        for name, item in vars(found).items():
            sums.update(numbers(item, f"{prefix}.{name}".lstrip("."), depth - 1))
    return sums


def run(case: Case) -> dict[str, float]:
    """The sums of all arrays that an example holds when it is done."""
    import warp as wp

    module = importlib.import_module(f"warp.examples.{case.module}")
    if case.function:
        getattr(module, case.function)("cpu")
        return {}
    with wp.ScopedDevice("cpu"):
        example = module.Example(**case.arguments)
        for _ in range(case.steps):
            example.step(*case.each)
        if case.steps == 0:
            finish = "render" if hasattr(example, "render") else "forward"
            getattr(example, finish)() if hasattr(example, finish) else None
    return numbers(example)


def child(name: str, ours: bool) -> None:
    """Runs one example here and prints its sums."""
    warnings.simplefilter("ignore")
    pretend_usd()
    if ours:
        spec = importlib.util.find_spec("warp")
        assert spec is not None and spec.origin is not None
        import robokern as rk
        from tests.porting.warp_suite_child import Finder, stand_in

        stand_in()
        sys.modules["warp"] = rk  # type: ignore[assignment]
        sys.meta_path.insert(0, Finder(Path(spec.origin).parent))
        rk.examples = importlib.import_module("warp.examples")  # type: ignore[attr-defined]
    start = time.perf_counter()
    sums = run(CASES[name])
    print("\nSUMS", json.dumps({"sums": sums, "seconds": time.perf_counter() - start}))


def outcome(name: str, ours: bool) -> tuple[dict[str, float] | None, str, float]:
    """The sums of an example, or what went wrong, and how long it took."""
    side = ["--child", name, "ours" if ours else "theirs"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.porting.warp_examples", *side],
            capture_output=True, text=True, timeout=SECONDS, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"no end after {SECONDS} s", SECONDS
    lines = [line for line in ended.stdout.splitlines() if line.startswith("SUMS ")]
    if not lines:
        tail = (ended.stderr.strip().splitlines() or ["no output"])[-1]
        return None, tail[:200], 0.0
    told = json.loads(lines[-1][5:])
    return told["sums"], "ran", told["seconds"]


def row(name: str) -> str:
    """An example's line of the table: the largest relative difference of a sum that both sides have."""
    ours, told, seconds = outcome(name, ours=True)
    theirs, told_theirs, seconds_theirs = outcome(name, ours=False)
    if ours is None or theirs is None:
        return f"| {name} | {told} | {told_theirs} | | |"
    common = ours.keys() & theirs.keys()
    apart = {n: abs(ours[n] - theirs[n]) / max(abs(theirs[n]), 1e-6) for n in common}
    worst = max(apart, key=apart.__getitem__, default="")
    far = f"{apart[worst]:.1e} ({worst})" if worst else "nothing to compare"
    return f"| {name} | {seconds:.1f} s | {seconds_theirs:.1f} s | {len(common)} | {far} |"


def main() -> None:
    """The command."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3] == "ours")
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples", nargs="*", help=f"default: {' '.join(CASES)}")
    parser.add_argument("--table", type=Path, help="where to write the table")
    options = parser.parse_args()
    lines = ["| example | robokern | Warp | arrays compared | largest difference |", "|---|---|---|---|---|"]
    for name in options.examples or CASES:
        lines.append(row(name))
        print(lines[-1], flush=True)
    if options.table:
        options.table.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
