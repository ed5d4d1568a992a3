"""Square roots of float32 where a loop waits for the divider: estimated and refined, with the same bits.

AVX-512 takes 13 cycles for 16 square roots and 11 for 16 quotients, one after the other in the one unit that
does both. Fused multiply-adds refine an estimate of 14 bits in 8 cycles while that unit divides:

    y ~ 1 / sqrt(x)     g = x y     h = y / 2
    e = 1/2 - g h       g = g + g e     h = h + h e
    sqrt(x) = g + h (x - g g)

The last line rounds as the exact root does, for every estimate that keeps its 14 bits; `tests/compiler/
test_wide_roots.py` goes through all mantissas. Beyond exponents at which an intermediate result could lose
bits, for zero, infinity and NaN, all lanes take the instruction.

Source: Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", IBM Journal of
Research and Development 34(1), 1990.
"""

from __future__ import annotations

from collections.abc import Iterator

from robokern.compiler import emit_arithmetic
from robokern.compiler.emit_function import Function, Operands
from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide import WideFunction
from robokern.ir.nodes import Block, Func, Op, walk
from robokern.ir.types import float32, is_float, scalar_of

ESTIMATED = 16  # lanes of an instruction that estimates
LEAST, MOST = 0x12800000, 0x7E800000  # bits of 2^-90 and 2^126: from the first to below the second
_ROOT, _QUOTIENT, _REFINED, _OTHER = 13.0, 11.0, 8.0, 0.5  # cycles for 16 lanes


def awaited_roots(program: Func, uniformity: Uniformity) -> frozenset[Op]:
    """Square roots in innermost loops that spend more time in the divider than refining would take."""
    loops = [op for op in walk(program.body) if op.name in ("for", "while")]
    bodies = [loop.regions[-1] for loop in loops if not any(op in loops for op in walk(loop.regions[-1]))]
    return frozenset(op for body in bodies for op in _awaited(body, uniformity))


def _awaited(body: Block, uniformity: Uniformity) -> Iterator[Op]:
    varying = [op for op in walk(body) if op.results and not uniformity.is_uniform(op.results[0])]
    roots = [op for op in varying if op.name == "sqrt" and op.results[0].type == float32]
    quotients = sum(op.name == "div" and scalar_of(op.results[0].type) == float32 for op in varying)
    others = sum(
        len(uniformity.of(op.results[0]))
        for op in varying
        if is_float(op.results[0].type) and op not in roots
    )
    divider = _ROOT * len(roots) + _QUOTIENT * quotients
    if divider > max(_OTHER * others + _REFINED * len(roots), _QUOTIENT * quotients):
        yield from roots


def root(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    if op not in f.awaited_roots:
        return list(emit_arithmetic.ROWS["sqrt"](f, op))
    ((x,),) = f.arguments(op)
    bits = f.let_wide(f"bitcast {f.vector('float')} {x} to {f.vector('i32')}")
    above = f.let_wide(f"sub {f.vector('i32')} {bits}, splat (i32 {LEAST})")
    extreme = f.let_wide(f"icmp uge {f.vector('i32')} {above}, splat (i32 {MOST - LEAST})")
    usual, rare, end = f.fresh("usual"), f.fresh("rare"), f.fresh("root")
    f.branch(f.any(f.both(f.mask, extreme)), rare, usual)
    f.open(usual)
    refined = _refined(f, x)
    f.jump(end)
    f.open(rare)
    vector = f.vector("float")
    symbol = f"@llvm.sqrt.v{f.lanes}f32"
    f.module.declare(f"declare {vector} {symbol}({vector})")
    exact = f.let_wide(f"call {vector} {symbol}({vector} {x})")
    f.jump(end)
    f.open(end)
    return [(f.phi("float", True, (refined, usual), (exact, rare)),)]


def _refined(f: WideFunction, x: str) -> str:
    vector = f.vector("float")
    y = _estimate(f, x)
    g = f.let_wide(f"fmul {vector} {x}, {y}")
    h = f.let_wide(f"fmul {vector} {y}, splat (float 0.5)")
    minus = f.let_wide(f"fneg {vector} {g}")
    e = _fma(f, minus, h, "splat (float 0.5)")
    g, h = _fma(f, g, e, g), _fma(f, h, e, h)
    rest = _fma(f, f.let_wide(f"fneg {vector} {g}"), g, x)
    return _fma(f, rest, h, g)


def _fma(f: WideFunction, a: str, b: str, c: str) -> str:
    vector, symbol = f.vector("float"), f"@llvm.fma.v{f.lanes}f32"
    f.module.declare(f"declare {vector} {symbol}({vector}, {vector}, {vector})")
    return f.let_wide(f"call {vector} {symbol}({vector} {a}, {vector} {b}, {vector} {c})")


def _estimate(f: WideFunction, x: str) -> str:
    """1 / sqrt(x), 14 bits of it right."""
    part, whole = f"<{ESTIMATED} x float>", f.vector("float")
    symbol = "@llvm.x86.avx512.rsqrt14.ps.512"
    f.module.declare(f"declare {part} {symbol}({part}, {part}, i16)")
    parts = []
    for start in range(0, f.lanes, ESTIMATED):
        picked = ", ".join(f"i32 {start + k}" for k in range(ESTIMATED))
        given = f.let_wide(f"shufflevector {whole} {x}, {whole} poison, <{ESTIMATED} x i32> <{picked}>")
        parts.append(f.let_wide(f"call {part} {symbol}({part} {given}, {part} zeroinitializer, i16 -1)"))
    return f.joined("float", parts, ESTIMATED)
