"""Kernels of packages written for Warp, run by robokern and by Warp on the same random numbers.

    pip install --no-deps --target FOLDER mujoco-warp
    python -m tests.porting.package_values FOLDER mujoco_warp OUT

A kernel takes part if all its parameters are numbers, vectors and arrays of such, and debug mode finds no
index out of range on these numbers (Warp would not say so). Each launch is a process of its own. Where items
read what others write, the order of items shows: such kernels may differ, and have to be looked at.
"""

from __future__ import annotations

import argparse
import os
import pickle
import signal
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.porting import packages

LENGTH, ITEMS = 6, 3  # of each dimension of an array, of the grid
SECONDS = {"robokern": 60, "warp": 600}  # Warp compiles whole modules
CLOSE = 1e-4  # relative, beside 1e-3: sines and the like round differently

Result = tuple[str, Any]  # "ran" with dimensions and arrays, or "skipped" or "failed" with the reason


def parameters(kernel: Any, side: str) -> list[tuple[str, Any]]:
    """Names and types."""
    if side == "robokern":
        return list(kernel.params)
    return [(a.label, a.type) for a in kernel.adj.args]


def random(rng: np.random.Generator, scalar: str, shape: tuple[int, ...]) -> np.ndarray:
    """Floats from -1 to 1, integers that are indices of most arrays."""
    dtype = np.dtype(scalar)
    if dtype.kind == "f":
        return rng.uniform(-1, 1, shape).astype(dtype)
    return rng.integers(0, 2 if dtype.kind == "b" else 3, shape).astype(dtype)


def element(type_: Any) -> tuple[str, tuple[int, ...]]:
    """The scalar type and shape of a number or vector, of either library.

    Raises:
        TypeError: it is something else.
    """
    scalar = getattr(type_, "_wp_scalar_type_", None) or getattr(type_, "dtype", None) or type_
    shape = getattr(type_, "_shape_", None) or getattr(type_, "shape", ())
    name = {float: "float32", int: "int32", bool: "bool"}.get(scalar) or getattr(scalar, "__name__", "")
    np.dtype(name)
    return name, tuple(shape)


def argument(rng: np.random.Generator, type_: Any, library: Any) -> Any:
    """A random argument.

    Raises:
        TypeError: the parameter is something else than numbers, vectors and arrays of them.
    """
    if hasattr(type_, "ndim"):
        scalar, shape = element(type_.dtype)
        values = random(rng, scalar, (LENGTH,) * type_.ndim + shape)
        return library.array(values, dtype=type_.dtype, device="cpu")
    scalar, shape = element(type_)
    values = random(rng, scalar, shape)
    return type_(*values.ravel().tolist()) if shape else values.item()


def launched(library: Any, kernel: Any, name: str, side: str, ndim: int) -> dict[str, np.ndarray]:
    """What the arrays hold after a launch."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    given = {n: argument(rng, t, library) for n, t in parameters(kernel, side)}
    library.launch(kernel, dim=(ITEMS,) * ndim, inputs=list(given.values()), device="cpu")
    return {n: a.numpy().copy() for n, a in given.items() if hasattr(a, "numpy")}


def by_robokern(kernel: Any, name: str) -> Result:
    """Runs a kernel twice, first checked."""
    import robokern as rk
    from robokern.compiler.frontend import lower

    if packages.reason(kernel):
        return "skipped", packages.reason(kernel)
    ndim = lower(kernel, tuple(type for _, type in kernel.params)).tid_ndim or 1
    checked = rk.kernel(kernel.overload.python, module_options={"mode": "debug"})
    launched(rk, checked, name, "robokern", ndim)
    return "ran", (ndim, launched(rk, kernel, name, "robokern", ndim))


def by_warp(kernel: Any, name: str, ours: Result) -> Result:
    """Runs a kernel that robokern has run."""
    import warp

    if ours[0] != "ran":
        return "skipped", "robokern did not run it"
    return "ran", (ours[1][0], launched(warp, kernel, name, "warp", ours[1][0]))


def apart(work: Callable[[], Result], file: Path, seconds: int) -> None:
    """Writes a result that a process of its own finds."""
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            found = work()
        except BaseException as error:
            found = "failed", f"{type(error).__name__}: {error}"
        file.write_bytes(pickle.dumps(found))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        file.write_bytes(pickle.dumps(("failed", f"its process ended with {status}")))


def run(side: str, folder: Path, package: str, out: Path) -> None:
    """Runs all kernels by one library."""
    sys.path.insert(0, str(folder))
    warnings.simplefilter("ignore")
    if side == "robokern":
        packages.install()
    for name, kernel in packages.kernels(folder, package):
        ours, file = out / f"{name}.robokern", out / f"{name}.{side}"
        if side == "robokern":
            apart(lambda k=kernel, n=name: by_robokern(k, n), file, SECONDS[side])  # type: ignore[misc]
        elif ours.exists():
            known = pickle.loads(ours.read_bytes())
            apart(lambda k=kernel, n=name, o=known: by_warp(k, n, o), file, SECONDS[side])  # type: ignore[misc]


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest, relative; of integers and between NaN and numbers infinite."""
    if ours.dtype.kind != "f":
        return 0.0 if np.array_equal(ours, theirs) else np.inf
    a, b = ours.astype(float), theirs.astype(float)
    with np.errstate(all="ignore"):
        found = np.abs(a - b) / (1e-3 + np.abs(b))
    found[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    return float(np.nan_to_num(found, nan=np.inf).max(initial=0.0))


def differing(out: Path) -> Iterator[tuple[str, str]]:
    """Each kernel that both ran, with the first array that differs, or nothing."""
    for file in sorted(out.glob("*.warp")):
        theirs, ours = (pickle.loads(file.with_suffix(s).read_bytes()) for s in (".warp", ".robokern"))
        if theirs[0] == ours[0] == "ran":
            arrays = ours[1][1].items()
            yield file.stem, next((n for n, a in arrays if difference(a, theirs[1][1][n]) > CLOSE), "")


def main() -> None:
    """Runs both sides, each in a process of its own, and compares."""
    parser = argparse.ArgumentParser(prog="python -m tests.porting.package_values", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("package")
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", choices=SECONDS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        run(given.side, given.folder, given.package, given.out)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    for side in SECONDS:
        command = [sys.executable, "-m", "tests.porting.package_values", *sys.argv[1:], "--side", side]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = list(differing(given.out))
    print(f"{given.package}: both ran {len(found)} kernels, {sum(not a for _, a in found)} give the same")
    for name, array in found:
        if array:
            print(f"  {name}: {array} differs")


if __name__ == "__main__":
    main()
