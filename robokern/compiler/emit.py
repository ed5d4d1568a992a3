"""Func -> LLVM IR text: the table, one row per primitive of `ir/ops.py`, and the walk over a program.

Each IR value is held as its leaves in LLVM registers; composites never become LLVM aggregates. What differs
between targets is asked of the `Target`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from robokern.compiler import emit_arithmetic, emit_atomic, emit_composite, emit_control, emit_memory
from robokern.compiler.emit_function import Function, Row, typed
from robokern.compiler.emit_types import registers
from robokern.compiler.target import Body, Target
from robokern.compiler.width import Width
from robokern.ir import layout
from robokern.ir.nodes import Assert, Block, Func, Op, callees, walk
from robokern.ir.types import ArrayType

EMIT: dict[str, Row] = {
    **emit_arithmetic.ROWS,
    **emit_composite.ROWS,
    **emit_memory.ROWS,
    **emit_atomic.ROWS,
    **emit_control.ROWS,
}

LONGEST_UNROLLED = 200  # weight of a kernel and all it calls up to which loops are unrolled, where that pays
ALWAYS_INLINE = 250  # weight up to which a function is always inlined, so that loops that call it vectorise


def emit(func: Func, target: Target, width: Width) -> str:
    """The LLVM module of a kernel: its functions, and the target's entry point."""
    if width.program is None:
        return Module(func, target).text_of_all()
    from robokern.compiler.emit_wide import WideModule

    return WideModule(func, width, target).text_of_all()


def assertions(func: Func) -> list[Assert]:
    """What a status record's number, less one, is an index into: the kernel's asserts, then its callees'."""
    return [*func.asserts, *(a for f in callees(func) for a in f.asserts)]


@dataclass
class Signature:
    """How a function is called; `frame_size` is known once it is written."""

    symbol: str
    context: str  # the item's coordinates, number and status record, if the function needs them
    results: tuple[str, ...]
    returns: str
    framed: bool
    frame_size: int = 0


class Module:
    """A kernel and everything it calls, on the way to one text."""

    tag = ""  # keeps its names apart from those of another module in the same text

    def __init__(self, func: Func, target: Target) -> None:
        self.func, self.target = func, target
        self.functions = [*callees(func), func]
        self.ndim = max(
            (op.attrs["ndim"] for f in self.functions for op in walk(f.body) if op.name == "tid"), default=0
        )
        self.ndim = max(self.ndim, func.tid_ndim or 0)
        self.independent = not _has_local(func)
        self._declared: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._weights: dict[Func, int] = {}
        self._signatures = {f: self._signature(f, i) for i, f in enumerate(self.functions)}

    def text_of_all(self) -> str:
        """The whole module."""
        bodies = self.bodies()
        entry = self.entry()
        texts = [
            f'{name} = private unnamed_addr constant [{len(text.encode()) + 1} x i8] c"{_escape(text)}\\00"'
            for text, name in self._texts.items()
        ]
        return "\n".join([self.target.header, *texts, *self._declared, *bodies, entry, self.target.footer])

    def entry(self) -> str:
        """The entry point."""
        return self.target.entry(self.body())

    def bodies(self) -> list[str]:
        """The functions."""
        return [self._define(f) for f in self.functions]

    def body(self) -> Body:
        """The kernel, for the entry point."""
        kernel = self._signatures[self.func]
        parameters = tuple(p.type for p in self.func.params)
        return Body(kernel.symbol, kernel.context, parameters, self.ndim, self.target.attributes)

    @cached_property
    def together(self) -> frozenset[Op]:
        """Additions of floats by which all items are likely to change one element at once."""
        from robokern.compiler.uniformity import Uniformity  # few kernels need it

        found = Uniformity(self.func, self.ndim)
        adds = (op for op in walk(self.func.body) if op.name == "atomic" and op.attrs["op"] == "add")
        return frozenset(op for op in adds if all(map(found.is_uniform, op.args[:-1])))

    def declare(self, declaration: str) -> None:
        """Makes an external function known."""
        self._declared[declaration] = None

    def text(self, text: str) -> str:
        """Address of a constant C string."""
        return self._texts.setdefault(text, f"@text{len(self._texts)}")

    def share(self, other: Module) -> None:
        """Makes this part of the other module: what it declares and the texts it prints go there."""
        self._declared, self._texts = other._declared, other._texts

    def access_tag(self) -> str:
        """Marks a memory access as independent between items, unless items reuse some memory."""
        return self.target.access_tag if self.independent else ""

    def loop_tag(self, loop: Op) -> str:
        """Marks an innermost loop of a short kernel for unrolling, where the target wants that."""
        if not self.target.unrolled or sum(map(self.weight, self.functions)) > LONGEST_UNROLLED:
            return ""
        return self.target.unrolled if all(map(self._is_plain, loop.regions)) else ""

    def _is_plain(self, block: Block) -> bool:
        """Whether it can be written several times in a row: it has no loop and waits for nobody."""
        calls = (op.attrs["callee"] for op in walk(block) if op.name == "call")
        waits = any(op.name in _NOT_REPEATED for op in walk(block))
        return not waits and all(self._is_small(f) and self._is_plain(f.body) for f in calls)

    def signature(self, func: Func) -> Signature:
        """How a callee is called."""
        return self._signatures[func]

    def assertion_number(self, func: Func, index: int) -> int:
        """What an assert of `func` writes into the status record: its place in `assertions`, from 1."""
        if func is self.func:
            return index + 1
        before = self.functions[: self.functions.index(func)]
        return len(self.func.asserts) + sum(len(f.asserts) for f in before) + index + 1

    def _signature(self, func: Func, number: int) -> Signature:
        symbol = self.symbol(func, number)
        results = tuple(held for t in func.results for held in registers(t))
        returns = f"{{ {', '.join(results)} }}" if results else "void"
        context = self.context if func is self.func or _needs_item(func) else ""
        return Signature(symbol, context, results, returns, "ptr" in results and _has_local(func))

    def symbol(self, func: Func, number: int) -> str:
        """The LLVM name of a function, the module's one of this number."""
        return f"@{re.sub(r'[^A-Za-z0-9_.]', '_', func.name)}.{number}{self.tag}"

    def linkage(self, func: Func) -> str:
        """Who may call it, with a space."""
        return "internal "

    @property
    def context(self) -> str:
        """Parameters that tell a function which item it works for."""
        return ", ".join([*(f"i32 %tid.{k}" for k in range(self.ndim)), "i64 %item", "ptr %status"])

    def _define(self, func: Func) -> str:
        this = self._signatures[func]
        f = Function(self, func, EMIT, this.framed)
        params = bind_parameters(f, func)
        if func is self.func and self.target.contiguous:
            self.assume_contiguous(f)
        values = [o for operands in f.block(func.body) for o in operands]
        f.do(_return(f, this, values))
        this.frame_size = f.frame_size
        head = ", ".join(x for x in (this.context, "ptr %frame" if this.framed else "", *params) if x)
        attributes = self.target.inline if self._is_small(func) else self.target.attributes
        if func.cold and not self.target.is_text:
            attributes = f"noinline cold {self.target.attributes}"
        returns = f"{self.linkage(func)}{this.returns}"
        lines = [f"define {returns} {this.symbol}({head}) {attributes} {{", "start:"]
        return "\n".join([*lines, *f.allocas, *f.lines, "}"])

    def assume_contiguous(self, f: Function) -> None:
        """Takes the strides of the kernel's arrays from their shapes."""
        for param in self.func.params:
            if isinstance(param.type, ArrayType):
                kept = f.values[param][: 1 + param.type.ndim]
                f.values[param] = (*kept, *emit_memory.contiguous(f, param.type.dtype, kept[1:]))

    def _is_small(self, func: Func) -> bool:
        return func is self.func or self.weight(func) <= ALWAYS_INLINE

    def weight(self, func: Func) -> int:
        """About how many instructions it has with its small callees inlined."""
        if func not in self._weights:
            self._weights[func] = self._block_weight(func.body)
        return self._weights[func]

    def _block_weight(self, block: Block) -> int:
        return sum(self._op_weight(op) for op in block.ops)

    def _op_weight(self, op: Op) -> int:
        inside = sum(self._block_weight(region) for region in op.regions)
        if op.name == "call":
            callee = self.weight(op.attrs["callee"])
            return callee if callee <= ALWAYS_INLINE else 5
        if op.name in _FREE:
            return 0
        return inside + sum(len(layout.leaves(r.type)) for r in op.results) + 1


def bind_parameters(f: Function, func: Func) -> list[str]:
    """Names the leaves of the parameters; gives them as LLVM declares them."""
    params = []
    for n, param in enumerate(func.params):
        held = registers(param.type)
        names = tuple(f"%p{n}.{k}" for k in range(len(held)))
        params.append(typed(held, names))
        f.values[param] = names
    return [p for p in params if p]


_NOT_REPEATED = frozenset({"for", "while", "atomic", "assert", "print"})
_FREE = frozenset(emit_composite.ROWS) - {"pick", "put"}


def _needs_item(func: Func) -> bool:
    return any(op.name in ("tid", "assert", "atomic") for f in [*callees(func), func] for op in walk(f.body))


def _has_local(func: Func) -> bool:
    return any(op.name == "local" for f in [*callees(func), func] for op in walk(f.body))


def _return(f: Function, this: Signature, values: list[str]) -> str:
    if not this.results:
        return "ret void"
    made = "poison"
    for k, (held, operand) in enumerate(zip(this.results, values, strict=True)):
        made = f.let(f"insertvalue {this.returns} {made}, {held} {operand}, {k}")
    return f"ret {this.returns} {made}"


def _escape(text: str) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in text.encode())
