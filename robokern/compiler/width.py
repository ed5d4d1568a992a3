"""How many items a kernel runs at once on the CPU, and why.

Wide code is written unless it cannot be (`Uniformity.obstacle`) or would lose:

* the kernel with its callees is long: compile time grows with it, and such code is mostly branches;
* private arrays would outgrow the first-level cache;
* it adds to different places in each lane, and does little else: lanes add, and on many machines gather, one
  after the other, through the stack. On a Zen 5 a spring took 2.4 ns, in lanes 4.5; lanes win from about two
  operations for each scalar so read or added. On a Xeon both took the same.

The width is one vector register of the scalar type that most of the arithmetic is done in; two where a loop
waits for its own results, or for branches that lanes take differently, and not for memory: one register then
computes while the other waits. Measured on AVX-512: 64 dependent sines and exponentials 1.3 to 2.7 times
faster, rays against triangles 1.4 times, a march through a distance field 1.2 to 2.7 times; n-body, whose
turns do not wait for each other, loses up to a fifth, so it stays at one. Two as well where lanes add to
different places one after the other, which took four fifths of the time.
Two for code without loops whose longest chain of dependent operations is more than a processor sees past, and
more than its pipes need for all operations and memory for all that is moved: chains of rotations took 0.6 to
0.85 of the time, adjoints of physics 0.7 to 0.8, for 1.5 times the time to compile. Not above 500 operations,
where that is 15 ms: twenty derivatives over quaternions compile 8.3 times as fast as Warp's without them and
would 7 times with them, for 0.8 of the time to run. Other code gains in the cache and loses from memory;
elements wider than shuffles put in order took up to three times as long from it.
Four on processors that start four operations a cycle, where lanes stay together in a loop that waits for its
own results: on a Zen 5 integrators, sines, exponentials and Newton's method took 0.54 to 0.77 of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from robokern.compiler.condensed import condensed
from robokern.compiler.dependence import longest_chain
from robokern.compiler.inline import inlined_size, stays_called
from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide_control import is_cheap
from robokern.compiler.wide_loop import Streamed, streamed
from robokern.compiler.wide_memory import moves_rows
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, callees, walk
from robokern.ir.types import scalar_of

if TYPE_CHECKING:
    from robokern.compiler.target import Target

LONGEST = 6000  # operations, callees put in place
LONGEST_WAITING = 500  # operations up to which two registers of each value do not take long to compile
LONG_CHAIN = 200  # cycles of waiting past which a processor does not see the next items' operations
PIPES = 2  # arithmetic operations that it starts in a cycle
FROM_MEMORY = 8  # cycles that it takes to move a scalar of each lane from or to memory
LONGEST_PAIRED = 400  # operations in loops up to which two registers of each value leave room for others
WORTH = 2  # operations for each scalar read or added apart up to which scalar code is as fast as lanes
MOST_PRIVATE = 256 * 1024  # bytes of private arrays of all lanes: what a second-level cache holds easily
MOST_STREAMED = 32  # lanes that are numbered in 32 bits
_ARITHMETIC = frozenset({"add", "sub", "mul", "div", "fma", "sqrt", "min", "max", "lt", "le", "gt", "ge"})


@dataclass(frozen=True)
class Width:
    """Items at once and why; if there are several, the program without calls and its analysis."""

    lanes: int
    reason: str
    program: Func | None = None
    uniformity: Uniformity | None = None

    @cached_property
    def streamed(self) -> Streamed | None:
        """The program whose lanes may take items as they get free (`wide_stream`)."""
        if self.program is None or self.uniformity is None or self.lanes > MOST_STREAMED:
            return None
        return streamed(self.program, self.uniformity)


def choose(func: Func, target: Target) -> Width:
    """The width for a kernel; `func.lanes` asks for one (0: chosen here, 1: scalar code)."""
    if target.is_text:
        return Width(1, "a GPU runs its threads side by side")
    if not target.vector_bits:
        return Width(1, "the target runs items apart")
    if func.lanes == 1:
        return Width(1, "asked for")
    size = inlined_size(func)
    if not func.lanes and size > LONGEST:
        return Width(1, f"{size} operations with callees in place; more than {LONGEST} compile slowly")
    program = condensed(func, keeps=stays_called)
    uniformity = Uniformity(program, _dimensions(func))
    if uniformity.obstacle:
        return Width(1, uniformity.obstacle)
    if func.lanes:
        return Width(func.lanes, "asked for", program, uniformity)
    if _adds_apart(program, uniformity) and _is_mostly_apart(program, uniformity):
        return Width(1, "most of its work is at places that lanes would visit one after the other")
    registers = _registers(program, uniformity, target)
    lanes = registers * target.vector_bits // _bits(program)
    private = _private_bytes(program) * lanes
    if private > MOST_PRIVATE:
        return Width(
            1, f"{private} bytes of private arrays for {lanes} lanes; the cache has no room for them"
        )
    reason = f"{registers} x {target.vector_bits} bits, arithmetic mostly of {_bits(program)}"
    return Width(lanes, reason, program, uniformity)


def report(func: Func, target: Target) -> str:
    """The width, its reason, and how each value behaves between lanes, for reading.

    Lines are those of the program without calls; the word behind an operation tells of its result: `uniform`,
    `+n` (grows by n from lane to lane) or `varying`; behind a branch or loop, whether lanes part there.
    """
    width = choose(func, target)
    head = f"{width.lanes} at once: {width.reason}"
    if width.streamed:
        head += "; in step or, if that is found faster, lanes take items as they leave the loop"
    if width.program is None or width.uniformity is None:
        return head
    return "\n".join([head, *_behaviour(width.program.body, width.uniformity, 1)])


def _behaviour(block: Block, uniformity: Uniformity, depth: int) -> list[str]:
    lines = []
    for op in block.ops:
        where = f"  {op.loc}" if op.loc else ""
        lines.append(f"{'  ' * depth}{op.name:10}{_word(op, uniformity)}{where}")
        for region in op.regions:
            lines += _behaviour(region, uniformity, depth + 1)
    return lines


def _word(op: Op, uniformity: Uniformity) -> str:
    if op.regions:
        return "lanes part" if op in uniformity.divergent else "uniform"
    strides = {s for r in op.results for s in uniformity.of(r)}
    if not strides:
        return ""
    return (
        "uniform" if strides == {0} else "varying" if None in strides else f"+{max(s or 0 for s in strides)}"
    )


def _dimensions(func: Func) -> int:
    """Coordinates that an item has."""
    asked = [op.attrs["ndim"] for f in (func, *callees(func)) for op in walk(f.body) if op.name == "tid"]
    return max(int(ndim) for ndim in [*asked, func.tid_ndim or 0])


def _registers(program: Func, uniformity: Uniformity, target: Target) -> int:
    """Registers that a value takes."""
    if _adds_apart(program, uniformity):
        return 2
    loops = [op for op in walk(program.body) if op.name in ("for", "while")]
    if not loops:
        return 2 if _waits_throughout(program, uniformity) else 1
    inside = {op for loop in loops for region in loop.regions for op in walk(region)}
    if uniformity.private or len(inside) > LONGEST_PAIRED or any(_is_gather(uniformity, op) for op in inside):
        return 1
    parted = uniformity.divergent.intersection((*inside, *loops))
    if not parted and not any(map(_is_serial, loops)):
        return 1
    # one dimension: rows of a grid may be short
    deep = target.vector_pipes == 4 and uniformity.ndim == 1
    return 4 if deep and any(map(_is_serial, loops)) and all(map(_parts_little, parted)) else 2


def _waits_throughout(program: Func, uniformity: Uniformity) -> bool:
    """Whether code without loops waits for its own results most of the time."""
    if uniformity.private or moves_rows(program, uniformity):
        return False
    if sum(1 for _ in walk(program.body)) > LONGEST_WAITING:
        return False
    others = _computed(program) // PIPES, _moved(program) * FROM_MEMORY
    return longest_chain(program) >= max(LONG_CHAIN, *others)


def waits_for_memory(program: Func) -> bool:
    """Whether code without branches and loops takes as long as its data takes to move."""
    if any(op.regions for op in program.body.ops):
        return False
    moved = _moved(program) * FROM_MEMORY
    return moved >= max(longest_chain(program), _computed(program) // PIPES)


def _parts_little(op: Op) -> bool:
    """Whether lanes that part at a branch go on together: both sides are computed, or one is cold."""
    cold = any(inner.name == "call" for region in op.regions for inner in region.ops)
    return op.name == "if" and (cold or all(map(is_cheap, op.regions)))


def _adds_apart(program: Func, uniformity: Uniformity) -> bool:
    """Whether most of its time goes to atomics of one lane after the other."""
    ops = list(walk(program.body))
    apart = [op for op in ops if op.name == "atomic" and _is_apart(uniformity, op)]
    return bool(apart) and len(ops) <= LONGEST_PAIRED and not any(op.regions for op in ops)


def _is_mostly_apart(program: Func, uniformity: Uniformity) -> bool:
    """Whether it computes little for what it reads and adds."""
    return _computed(program) <= WORTH * _scalars_apart(program, uniformity)


def _computed(program: Func) -> int:
    """Arithmetic operations on scalars."""
    ops = (op for op in walk(program.body) if op.name in _ARITHMETIC)
    return sum(len(layout.leaves(op.results[0].type)) for op in ops)


def _moved(program: Func) -> int:
    """Scalars read or written."""
    ops = list(walk(program.body))
    read = [op.results[0] for op in ops if op.name == "load"]
    written = [op.args[-1] for op in ops if op.name == "store"]
    return sum(len(layout.leaves(v.type)) for v in (*read, *written))


def _scalars_apart(program: Func, uniformity: Uniformity) -> int:
    """Scalars that are read from, or added to, different places in each lane."""
    ops = list(walk(program.body))
    read = [op.results[0] for op in ops if op.name == "load" and _is_gather(uniformity, op)]
    added = [op.args[-1] for op in ops if op.name == "atomic" and _is_apart(uniformity, op)]
    return sum(len(layout.leaves(v.type)) for v in (*read, *added))


def _is_apart(uniformity: Uniformity, atomic: Op) -> bool:
    place = atomic.args[: -2 if atomic.attrs["op"] == "cas" else -1]
    return any(stride is None for a in place for stride in uniformity.of(a))


def _is_gather(uniformity: Uniformity, op: Op) -> bool:
    return op.name == "load" and any(stride is None for a in op.args for stride in uniformity.of(a))


def _is_serial(loop: Op) -> bool:
    """Whether most of a turn follows from what the turn before carries."""
    body = loop.regions[-1]
    carried = body.params[1:] if loop.name == "for" else body.params
    follows, count = set(carried), 0
    for op in body.ops:
        if follows.intersection(op.args):
            follows.update(op.results)
            count += 1
    return 2 * count > len(body.ops)


def _bits(program: Func) -> int:
    """Of the scalar type that most of the arithmetic is done in: 64 or 32."""
    wide = narrow = 0
    for op in walk(program.body):
        scalar = scalar_of(op.args[0].type) if op.name in _ARITHMETIC else None
        if scalar is not None:
            wide, narrow = wide + (scalar.bits == 64), narrow + (scalar.bits < 64)
    return 64 if wide > narrow else 32


def _private_bytes(program: Func) -> int:
    arrays = [op.attrs for op in walk(program.body) if op.name == "local"]
    return sum(layout.size_of(a["type"].dtype) * int(prod(a["shape"])) for a in arrays)
