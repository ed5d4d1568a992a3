"""Random differentiable kernels: smooth operations on float64 with loops, branches and in-place updates.

Every program changes its arrays in place, at its own elements by fixed and by changing indices, counts with
atomics, reduces into shared elements, and calls funcs and their derivatives. Values stay of order one, so
that central differences are exact to about 1e-8.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEAD = """import robokern as rk

d = rk.float64


@rk.struct
class Setting:
    gain: rk.float64
    turn: rk.vec3d
    count: int


@rk.struct
class Cells:
    level: rk.float64
    p: rk.array(dtype=d)
    r: rk.array2d(dtype=d)


@rk.func
def mix(p: d, q: d):
    if p > q:
        return rk.sin(p) * q
    return rk.cos(q) + p * d(0.3)


@rk.func
def spin(v: rk.vec3d, s: d, turns: int):
    u = v
    for k in range(turns):
        u = u + rk.cross(u, rk.vec3d(s, d(0.2), -s)) * d(0.1)
    return u, rk.dot(u, v) * d(0.2)


@rk.func
def blend(p: d, q: rk.vec3d, turns: int):
    s = p
    for k in range(turns):
        s = rk.sin(s * q[k % 3] + p) * d(0.8)
    return s * rk.exp(-p * p)


@rk.func
def slope(p: d, q: rk.vec3d, turns: int):
    a, b, c = rk.grad(blend)(p, q, turns)
    return a * d(0.4) - rk.dot(b, q) * d(0.3)


@rk.kernel
def program(
    x: rk.array2d(dtype=d),
    a: rk.array(dtype=d),
    w: rk.array(dtype=rk.vec3d),
    t: rk.array2d(dtype=d),
    cells: Cells,
    low: rk.array(dtype=d),
    high: rk.array(dtype=d),
    total: rk.array(dtype=d),
    y: rk.array2d(dtype=d),
    count: rk.array(dtype=int),
    setting: Setting,
    gain: d,
    n: int,
):
    i = rk.tid()
    s0 = x[i, 0]
    s1 = x[i, 1]
    s2 = d(0.7)
    v0 = w[i]
    v1 = rk.vec3d(x[i, 2], x[i, 3], d(0.1))
"""
TAIL = """
    y[i, 0] = s0
    y[i, 1] = s1 + s2
    y[i, 2] = v0[0] + v1[1] * v0[2] + v1[2]
"""


@dataclass
class Writer:
    """Draws one program."""

    random: random.Random
    lines: list[str] = field(default_factory=list)
    names: int = 0
    buffers: list[str] = field(default_factory=list)
    loops: int = 0
    counters: list[str] = field(default_factory=list)
    sloped: bool = False

    def program(self) -> str:
        """Its source."""
        if self.random.random() < 0.4:
            self.line(1, "buf = rk.local(4, rk.float64)")
            self.buffers.append("buf")
        for _ in range(self.random.randint(3, 6)):
            self.statement(1)
        return HEAD + "\n".join(self.lines) + TAIL

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def scalar(self, depth: int = 2) -> str:
        """An expression of order one."""
        if depth == 0 or self.random.random() < 0.2:
            return self.leaf()
        p, q = self.scalar(depth - 1), self.scalar(depth - 1)
        chosen = self.pick(
            f"rk.sin({p} + {q})",
            f"rk.cos({p}) * {q} * d(0.5)",
            f"({p} - {q}) * d(0.6)",
            f"{p} / (d(1.5) + {q} * {q})",
            f"rk.sqrt(d(1.0) + {p} * {p}) * d(0.7)",
            f"rk.exp(-({p}) * ({p})) * {q}",
            f"rk.tanh({p}) * d(0.8)",
            f"mix({p}, {q})",
            f"rk.where({p} > {q}, rk.sin({p}), {q})",
            f"rk.min(rk.max({p}, d(-0.9)), {q})",
            "",
            f"rk.dot({self.vector()}, {self.vector()}) * d(0.3)",
            f"rk.length({self.vector()} + rk.vec3d(d(0.0), d(0.0), d(3.0))) * d(0.3)",
        )
        return chosen or self.slope(p)

    def slope(self, p: str) -> str:
        """A derivative, which is differentiated again; once in a program, as its code is long."""
        if self.sloped or self.random.random() < 0.5:
            return f"rk.tanh({p} + d(0.2))"
        self.sloped = True
        return f"slope({p}, {self.vector()}, {self.pick('n', '2', 'setting.count')})"

    def leaf(self) -> str:
        options = ["s0", "s1", "s2", "a[i]", "x[i, 1]", "x[i, n % 4]", "v0[1]", "v1[n % 3]", "w[i][2]"]
        options += [f"t[i, {self.place()}]", f"cells.r[i, {self.place()}]", "cells.p[i]"]
        options += ["cells.level", "gain", "setting.gain", "setting.turn[1]", "setting.turn[n % 3]"]
        options += [f"{b}[{self.place()}]" for b in self.buffers]
        options += [f"x[i, {c} % 4]" for c in self.counters]
        options += [f"d({c}) * d(0.1)" for c in self.counters]
        return self.pick(*options)

    def place(self) -> str:
        return (
            f"({self.pick(*self.counters)} + 1) % 4" if self.counters and self.random.random() < 0.6 else "1"
        )

    def vector(self) -> str:
        return self.pick(
            "v0", "v1", "w[i]", "setting.turn", "(v0 - v1)", "rk.cross(v0, v1)",
            "rk.normalize(v1 + rk.vec3d(d(2.0), d(0.0), d(0.0)))",
            "(v0 * s1)", "rk.vec3d(s0, s1, s2)",
        )  # fmt: skip

    def statement(self, depth: int) -> None:
        kinds = [self.assign] * 5 + [self.in_place] * 3 + [self.component] * 2 + [self.call]
        kinds += [self.indexed, self.indexed, self.counted_atomically, self.reduced, self.own_atomic]
        if depth < 4:
            kinds += [self.branch, self.branch]
        if self.loops < 3 and depth < 4:
            kinds += [self.counted, self.counted, self.conditional]
        self.random.choice(kinds)(depth)

    def assign(self, depth: int) -> None:
        if self.random.random() < 0.7:
            self.line(
                depth,
                f"{self.pick('s0', 's1', 's2', 's0', 's1', 's2', 'gain', 'cells.level')} = {self.scalar()}",
            )
        else:
            self.line(
                depth, f"{self.pick('v0', 'v1')} = {self.vector()} * d(0.5) + {self.vector()} * d(0.25)"
            )

    def in_place(self, depth: int) -> None:
        if self.buffers and self.random.random() < 0.5:
            self.line(depth, f"{self.buffers[0]}[{self.place()}] = {self.scalar()}")
            return
        change = self.pick("*= d(0.9) +", "+= d(0.1) *", "-= d(0.1) *", "/= d(1.5) + d(0.1) *")
        target = self.pick("a[i]", "a[i]", "w[i][1]", "w[i][0]")
        self.line(depth, f"{target} {change} rk.sin({self.scalar(1)})")

    def indexed(self, depth: int) -> None:
        """An element whose index may change from turn to turn."""
        target = self.pick(f"t[i, {self.place()}]", f"cells.r[i, {self.place()}]", "cells.p[i]")
        change = self.pick("=", "=", "+= d(0.1) *", "*= d(0.9) +")
        self.line(depth, f"{target} {change} rk.sin({self.scalar(1)})")

    def counted_atomically(self, depth: int) -> None:
        self.names += 1
        index = f"j{self.names}"
        self.line(depth, f"{index} = rk.atomic_add(count, i, {self.pick('1', '2')})")
        self.line(depth, f"{self.pick('t', 'cells.r')}[i, {index} % 4] = rk.sin({self.scalar(1)})")
        if self.random.random() < 0.5:
            self.line(depth, f"s2 = s2 * d(0.5) + x[i, ({index} + 1) % 4]")

    def reduced(self, depth: int) -> None:
        """Into an element that all items share."""
        self.line(
            depth,
            f"rk.atomic_{self.pick('min(low, 0', 'max(high, n % 2', 'add(total, n % 2')}, {self.scalar()})",
        )

    def own_atomic(self, depth: int) -> None:
        """The old value of an element that is the item's own."""
        change = self.pick("add(a, i", "max(a, i", "min(cells.p, i", "exch(a, i", "add(cells.p, i")
        self.line(depth, f"{self.pick('s0', 's1')} = rk.atomic_{change}, {self.scalar(1)} * d(0.3)) * d(0.9)")

    def component(self, depth: int) -> None:
        place = self.pick("0", "1", "2", "n % 3")
        self.line(depth, f"{self.pick('v0', 'v1')}[{place}] = {self.scalar()}")

    def call(self, depth: int) -> None:
        self.line(depth, f"v1, s2 = spin({self.vector()} * d(0.5), {self.scalar(1)}, n)")

    def branch(self, depth: int) -> None:
        self.line(depth, f"if {self.scalar(1)} > {self.scalar(1)}:")
        self.body(depth + 1)
        if self.random.random() < 0.5:
            self.line(depth, "else:")
            self.body(depth + 1)

    def body(self, depth: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth)

    def counted(self, depth: int) -> None:
        counter = self.counter()
        self.line(depth, f"for {counter} in range({self.pick('n', 'n + 1', 'n, 0, -1', '2, n')}):")
        self.inside(depth, counter)
        if self.random.random() < 0.3:
            self.line(depth + 1, f"if {self.scalar(1)} > d(0.8):")
            self.line(depth + 2, self.pick("break", "continue"))
            self.assign(depth + 1)
        self.leave()

    def conditional(self, depth: int) -> None:
        counter = self.counter()
        self.line(depth, f"{counter} = int(0)")
        self.line(depth, f"while {counter} < n and {self.scalar(1)} < d(1.2):")
        self.inside(depth, counter)
        self.line(depth + 1, f"{counter} += 1")
        self.leave()

    def counter(self) -> str:
        self.names += 1
        return f"k{self.names}"

    def inside(self, depth: int, counter: str) -> None:
        self.loops += 1
        self.counters.append(counter)
        self.body(depth + 1)

    def leave(self) -> None:
        self.counters.pop()


def program(seed: int) -> str:
    """The source of program number `seed`."""
    return Writer(random.Random(seed)).program()
