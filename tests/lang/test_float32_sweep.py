"""Every one-argument float32 function over the whole range of its argument, in units in the last place.

In CI: 2^20 bit patterns of both signs and all exponents, and the neighbourhoods of special points. All 2^32
of them:

    python tests/lang/test_float32_sweep.py             # some minutes a function on one core
    python tests/lang/test_float32_sweep.py sin exp
    python tests/lang/test_float32_sweep.py --stride 16 # every sixteenth

The reference is NumPy or SciPy in float64, whose own error is below 1e-8 ulp of float32. An ulp is the
distance of float32 numbers at the exact result; infinities, NaN and the sign of zero must be exact."""

import argparse
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import special

import robokern as rk

# function: its reference and the bound that its docstring states
FUNCTIONS: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "sin": (np.sin, 1.6),
    "cos": (np.cos, 1.6),
    "tan": (np.tan, 2.6),
    "asin": (lambda x: np.arcsin(np.clip(x, -1, 1)), 2.0),
    "acos": (lambda x: np.arccos(np.clip(x, -1, 1)), 1.2),
    "atan": (np.arctan, 1.4),
    "exp": (np.exp, 1.1),
    "log": (np.log, 1.0),
    "log2": (np.log2, 1.2),
    "log10": (np.log10, 1.4),
    "cbrt": (np.cbrt, 0.6),
    "sinh": (np.sinh, 2.2),
    "cosh": (np.cosh, 1.5),
    "tanh": (np.tanh, 2.5),
    "erf": (special.erf, 1.1),
    "erfc": (special.erfc, 4.0),
    "erfinv": (lambda x: np.copysign(special.erfinv(x), x), 2.4),
    "erfcinv": (special.erfcinv, 2.9),
}
SPECIAL = [
    0,
    1,
    0.5,
    2,
    np.pi,
    np.pi / 2,
    2 / 3,
    4 / 3,
    0.25,
    4,
    20,
    88.722839,
    89.41599,
    103.97208,
    1e5,
    87.33655,
    np.inf,
]


def kernel_of(name: str) -> rk.Kernel:
    func = getattr(rk, name)

    @rk.kernel
    def apply(x: rk.array(dtype=float), y: rk.array(dtype=float)):
        i = rk.tid()
        y[i] = func(x[i])

    return apply


def sample() -> np.ndarray:
    spread = np.linspace(0, 2**32 - 1, 1 << 20).astype(np.uint64).astype(np.uint32)
    near = np.concatenate([int(np.float32(s).view(np.uint32)) + np.arange(-400, 401) for s in SPECIAL])
    near = near[(near >= 0) & (near < 2**31)].astype(np.uint32)
    patterns = np.concatenate([spread, near, near | np.uint32(1 << 31)]).view(np.float32)
    return np.concatenate([patterns, np.linspace(-12, 12, 1 << 17, dtype=np.float32)])


def every_float32(stride: int, chunk: int = 1 << 22) -> Iterator[np.ndarray]:
    for start in range(0, 1 << 32, chunk * stride):
        yield (
            np.arange(start, start + chunk * stride, stride, dtype=np.uint64)
            .astype(np.uint32)
            .view(np.float32)
        )


def ulps(y: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Distance of float32 results from float64 references; infinite where a special value is wrong."""
    rounded = exact.astype(np.float32)
    spacing = np.spacing(np.minimum(np.abs(rounded), np.finfo(np.float32).max)).astype(np.float64)
    # above a power of two after rounding up, the exact result still has the finer spacing below
    crossed = np.abs(rounded).astype(np.float64) > np.abs(exact)
    finer = np.spacing(np.nextafter(np.abs(rounded), np.float32(0))).astype(np.float64)
    spacing = np.where(crossed, np.minimum(spacing, finer), spacing)
    distance = np.abs(y.astype(np.float64) - exact) / spacing
    same_special = (np.isnan(y) & np.isnan(exact)) | (np.isinf(y) & (y == rounded))
    distance = np.where(same_special, 0, distance)
    wrong_zero = (y == 0) & (exact == 0) & (np.signbit(y) != np.signbit(exact))
    return np.where(np.isnan(distance) | wrong_zero, np.inf, distance)


def worst(
    kernel: rk.Kernel, reference: Callable[..., np.ndarray], x: np.ndarray, device: str
) -> tuple[float, str]:
    out = rk.empty(len(x), dtype=float, device=device)
    rk.launch(kernel, dim=len(x), inputs=[rk.array(x, dtype=float, device=device), out], device=device)
    with np.errstate(all="ignore"):
        distance = ulps(out.numpy(), reference(x.astype(np.float64)))
    i = int(np.argmax(distance))
    return float(
        distance[i]
    ), f"{distance[i]:.3f} ulp at {x[i]!r} ({x[i : i + 1].view(np.uint32)[0]:#x}): {out.numpy()[i]!r}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_is_below_the_stated_bound(name):
    reference, bound = FUNCTIONS[name]
    error, where = worst(kernel_of(name), reference, sample(), "cpu")
    assert error <= bound, where
    # a bound far above what is reached would hold nothing
    assert error >= 0.7 * bound, f"bound {bound} is loose: {where}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_interpreter_gives_the_same_bits(name):
    x = sample()[::7]
    results = []
    for device in ("cpu", "ref"):
        out = rk.empty(len(x), dtype=float, device=device)
        rk.launch(
            kernel_of(name), dim=len(x), inputs=[rk.array(x, dtype=float, device=device), out], device=device
        )
        results.append(out.numpy())
    equal = (results[0].view(np.uint32) == results[1].view(np.uint32)) | (
        np.isnan(results[0]) & np.isnan(results[1])
    )
    assert equal.all(), x[~equal][:5]


def main() -> int:
    parser = argparse.ArgumentParser(description="Sweeps float32 functions over their whole range.")
    parser.add_argument("names", nargs="*", default=list(FUNCTIONS))
    parser.add_argument("--stride", type=int, default=1, help="take every n-th bit pattern")
    options = parser.parse_args()
    failed = 0
    for name in options.names:
        reference, bound = FUNCTIONS[name]
        kernel = kernel_of(name)
        error, where = max(worst(kernel, reference, x, "cpu") for x in every_float32(options.stride))
        failed += error > bound
        print(f"{name:10s} bound {bound}: {where}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
