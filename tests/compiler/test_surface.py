"""Operators, constructors, ranges and printing by name."""

from __future__ import annotations

import re
from typing import Any

import pytest

import robokern as rk

floats = rk.array(dtype=float)
ints = rk.array(dtype=int)


@rk.kernel
def operators(f: floats, n: ints, a: float, b: int):
    f[0] = rk.add(a, 1.0)
    f[1] = rk.sub(a, 1.0)
    f[2] = rk.mul(a, 3.0)
    f[3] = rk.div(a, 2.0)
    f[4] = rk.neg(a)
    f[5] = rk.extract(rk.vec3(1.0, 2.0, 3.0), 1) + rk.extract(f, 0)
    rk.array_store(f, 6, rk.copy(a))
    n[0] = rk.floordiv(b, 4)
    n[1] = rk.mod(b, 4)
    n[2] = rk.bit_and(b, 6)
    n[3] = rk.bit_or(b, 64)
    n[4] = rk.bit_xor(b, 3)
    n[5] = rk.lshift(b, 2)
    n[6] = rk.rshift(b, 1)
    n[7] = rk.invert(b)
    if rk.unot(b == 0):
        n[8] = 1


def test_operators_by_name(device: str) -> None:
    f, n = rk.zeros(7, dtype=float, device=device), rk.zeros(9, dtype=int, device=device)
    rk.launch(operators, dim=1, inputs=[f, n, 2.5, -13], device=device)
    assert f.numpy().tolist() == [3.5, 1.5, 7.5, 1.25, -2.5, 5.5, 2.5]
    assert n.numpy().tolist() == [-4, -1, -13 & 6, -13 | 64, -13 ^ 3, -52, -7, 12, 1]


@rk.kernel
def constructors(out: floats):
    v = rk.vector(1.0, 2.0, 3.0, 4.0, 5.0)
    w = rk.vector(length=2, dtype=rk.float64)
    m = rk.matrix(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, shape=(2, 3))
    q = rk.quaternion(0.0, 0.0, 0.0, 1.0)
    t = rk.transformation(rk.vec3(1.0, 2.0, 3.0), q)
    out[0] = v[4] + float(w[1]) + m[1, 0] + t.q.w + t.p.z + float(len(v))


def test_constructors_by_name(device: str) -> None:
    out = rk.zeros(1, dtype=float, device=device)
    rk.launch(constructors, dim=1, inputs=[out], device=device)
    assert out.numpy()[0] == 5 + 0 + 4 + 1 + 3 + 5


@rk.kernel
def backwards(out: ints, start: int, stop: int):
    s = int(0)
    for k in reversed(range(4)):
        s = s * 10 + k
    out[0] = s
    for step in (1, 2, 3):
        s = 0
        for k in reversed(range(start, stop, step)):
            s = s * 10 + k
            if s > 10000:
                break
        out[step] = s
    s = 0
    for k in reversed(range(stop, start, -2)):
        s = s * 10 + k
    out[4] = s


@pytest.mark.parametrize(("start", "stop"), [(1, 9), (2, 3), (5, 5), (6, 2)])
def test_reversed(device: str, start: int, stop: int) -> None:
    out = rk.zeros(5, dtype=int, device=device)
    rk.launch(backwards, dim=1, inputs=[out, start, stop], device=device)

    def digits(numbers: Any, limit: int = 10**9) -> int:
        s = 0
        for k in numbers:
            s = s * 10 + k
            if s > limit:
                break
        return s

    want = [3210] + [digits(reversed(range(start, stop, k)), 10000) for k in (1, 2, 3)]
    assert out.numpy().tolist() == [*want, digits(reversed(range(stop, start, -2)))]


@rk.func
def index_of_item():
    i, j = rk.tid()
    return i * 100 + j


@rk.kernel
def grid_in_func(out: rk.array2d(dtype=int)):
    i, j = rk.tid()
    out[i, j] = index_of_item()


def test_tid_in_a_func(device: str) -> None:
    out = rk.zeros((2, 3), dtype=int, device=device)
    rk.launch(grid_in_func, dim=(2, 3), inputs=[out], device=device)
    assert out.numpy().tolist() == [[0, 1, 2], [100, 101, 102]]


@rk.kernel
def prints(v: rk.vec3, n: int):
    print("v is", v, "and", n, True)
    rk.printf("%5.2f|%-4d|%x|100%%\n", v[0], n, 255)


def test_print(device: str, capfd: pytest.CaptureFixture[str]) -> None:
    rk.launch(prints, dim=1, inputs=[rk.vec3(1.5, 2.0, 3.0), 7], device=device)
    rk.synchronize()
    assert capfd.readouterr().out == "v is [1.5 2 3] and 7 True\n 1.50|7   |ff|100%\n"


@rk.kernel
def expects(x: float, n: int):
    rk.expect_eq(n, 3)
    rk.expect_neq(n, 4)
    rk.expect_near(x, 1.0, 1.0e-3)


def test_expect(device: str) -> None:
    rk.launch(expects, dim=1, inputs=[1.0001, 3], device=device)
    for x, n, said in ((1.0, 5, "rk.expect_eq(n, 3)"), (1.1, 3, "rk.expect_near(x, 1.0, 0.001)")):
        with pytest.raises(rk.KernelAssertionError, match=re.escape(said)):
            rk.launch(expects, dim=1, inputs=[x, n], device=device)


@rk.func
def take_next(value: rk.inout(int)):
    value += 1
    return value


@rk.kernel
def inout_places(cells: ints, counter: ints, seen: ints):
    i = rk.tid()
    seen[i] = take_next(cells[rk.atomic_add(counter, 0, 1)]) + take_next(i * 10)


def test_an_inout_place_is_evaluated_once(device: str) -> None:
    cells, counter, seen = (rk.zeros(n, dtype=int, device=device) for n in (4, 1, 4))
    rk.launch(inout_places, dim=4, inputs=[cells, counter, seen], device=device)
    assert counter.numpy().tolist() == [4]
    assert cells.numpy().tolist() == [1] * 4
    assert seen.numpy().tolist() == [1 + 10 * i + 1 for i in range(4)]
