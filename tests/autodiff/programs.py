"""Random differentiable kernels: smooth operations on float64 with loops, branches and in-place updates.

Every program takes `x` (items, 4), `a` (items,) and `w` (items,) of vec3d, changes `a` and `w` in place and
writes `y` (items, 3). Values stay of order one, so that central differences are exact to about 1e-8.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEAD = """import robokern as rk

d = rk.float64


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


@rk.kernel
def program(
    x: rk.array2d(dtype=d),
    a: rk.array(dtype=d),
    w: rk.array(dtype=rk.vec3d),
    y: rk.array2d(dtype=d),
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

    def program(self) -> str:
        """Its source."""
        if self.random.random() < 0.4:
            self.line(1, "buf = rk.local(4, rk.float64)")
            self.buffers.append("buf")
        for _ in range(self.random.randint(3, 8)):
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
        return self.pick(
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
            f"rk.dot({self.vector()}, {self.vector()}) * d(0.3)",
            f"rk.length({self.vector()} + rk.vec3d(d(0.0), d(0.0), d(3.0))) * d(0.3)",
        )

    def leaf(self) -> str:
        options = ["s0", "s1", "s2", "a[i]", "x[i, 1]", "x[i, n % 4]", "v0[1]", "v1[n % 3]", "w[i][2]"]
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
            "v0", "v1", "w[i]", "(v0 - v1)", "rk.cross(v0, v1)",
            "rk.normalize(v1 + rk.vec3d(d(2.0), d(0.0), d(0.0)))",
            "(v0 * s1)", "rk.vec3d(s0, s1, s2)",
        )  # fmt: skip

    def statement(self, depth: int) -> None:
        kinds = [self.assign] * 5 + [self.in_place] * 3 + [self.component] * 2 + [self.call]
        if depth < 4:
            kinds += [self.branch, self.branch]
        if self.loops < 3 and depth < 4:
            kinds += [self.counted, self.counted, self.conditional]
        self.random.choice(kinds)(depth)

    def assign(self, depth: int) -> None:
        if self.random.random() < 0.7:
            self.line(depth, f"{self.pick('s0', 's1', 's2')} = {self.scalar()}")
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
