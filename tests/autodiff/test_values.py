"""Derivatives by arguments that are passed by value: what the adjoint kernel writes, summed over the grid."""

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.compiler.forward import jvp
from robokern.ir import layout
from robokern.ir.verify import verify
from robokern.runtime.derived_launcher import DerivedLauncher
from robokern.runtime.device import get_device
from robokern.runtime.grid import Grid
from robokern.runtime.launcher import prepare

d = rk.float64


@rk.struct
class Spring:
    stiffness: rk.float64
    rest: rk.vec3d
    turns: int


@rk.kernel
def pulled(
    x: rk.array2d(dtype=rk.vec3d), y: rk.array2d(dtype=d), s: d, spring: Spring, turn: rk.quatd, m: rk.mat33d
):
    i, j = rk.tid()
    p = rk.quat_rotate(turn, x[i, j]) - spring.rest
    for _k in range(spring.turns + i):
        p = p * s + m @ p * d(0.1)
        if p[0] > 0.3:
            s = s * d(0.7)
    y[i, j] = rk.length(p) * spring.stiffness


def arguments(seed):
    rng = np.random.default_rng(seed)
    spring = [0.8, *rng.normal(size=3)]
    return rng.normal(size=(2, 3, 3)), 0.9, spring, rng.normal(size=4), rng.normal(size=9)


def packed(x, s, spring, turn, m):
    x, y = rk.array(x, dtype=rk.vec3d), rk.zeros((2, 3), dtype=d)
    held = Spring(stiffness=d(spring[0]), rest=rk.vec3d(*spring[1:]), turns=2)
    return [x, y, d(s), held, rk.quatd(*turn), rk.mat33d(*m)]


def value(*given):
    values = packed(*given)
    rk.launch(pulled, (2, 3), values)
    return values[1].numpy().sum()


def derived(given, device):
    """Derivatives of the summed output by s, spring, turn and m, as flat arrays."""
    values = packed(*given)
    launcher = prepare(pulled, values)
    rule = adjoint(launcher.func, frozenset(), 2, values=frozenset([2, 3, 4, 5]))
    verify(rule.func)
    assert (rule.shadows, rule.values) == ((1,), (2, 3, 4, 5))
    shares = [rk.zeros((2, 3), dtype=launcher.types[n]) for n in rule.values]
    made = DerivedLauncher(launcher, rule.func)
    place = get_device(device)
    made.start(place, Grid("pulled", (2, 3), 2), made.arguments([*values, rk.ones((2, 3), dtype=d), *shares]))
    found = [a.numpy() for a in shares]
    spring = np.concatenate([found[1]["stiffness"][..., None], found[1]["rest"]], axis=-1)
    return [np.sum(a, axis=(0, 1)).ravel() for a in (found[0], spring, found[2], found[3])]


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_by_a_number_a_struct_a_quaternion_and_a_matrix(seed, device):
    given = arguments(seed)
    for place, slopes in zip((1, 2, 3, 4), derived(given, device), strict=True):
        flat = np.atleast_1d(np.asarray(given[place], float))
        for k in range(flat.size):
            ends = []
            for step in (1e-6, -1e-6):
                moved = flat.copy()
                moved[k] += step
                changed = moved[0] if np.ndim(given[place]) == 0 else moved
                ends.append(value(*given[:place], changed, *given[place + 1 :]))
            np.testing.assert_allclose(slopes[k], (ends[0] - ends[1]) / 2e-6, rtol=2e-7, atol=2e-8)


def test_forward_mode_has_tangents_of_values():
    given = arguments(0)
    values = packed(*given)
    launcher = prepare(pulled, values)
    rule = jvp(launcher.func, frozenset(), frozenset([2, 4]))
    verify(rule.func)
    assert rule.values == (2, 4) and len(layout.leaves(rule.func.params[-1].type)) == 4
    direction = np.array([0.3, -0.2, 0.5, 0.1])
    tangent = rk.zeros((2, 3), dtype=d)
    made = DerivedLauncher(launcher, rule.func)
    grid = Grid("pulled", (2, 3), 2)
    made.start(get_device("cpu"), grid, made.arguments([*values, tangent, d(0.7), rk.quatd(*direction)]))
    slopes = derived(given, "cpu")
    np.testing.assert_allclose(tangent.numpy().sum(), 0.7 * slopes[0][0] + slopes[2] @ direction, rtol=1e-12)
