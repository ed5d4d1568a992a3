"""bfloat16 in LLVM: 16 bits in registers and memory, arithmetic in float32, rounded by integer instructions.

LLVM's own `bfloat` is lowered differently by each target (a library call on most x86), so it is not used;
these instructions are the same for scalar code, lanes and GPUs, and so are their bits. The result of one
float32 operation on bfloat16 values rounds again as if it were exact: 24 bits are more than 2 * 8 + 2
(Figueroa, "When is double rounding innocuous?", ACM SIGNUM 30(3), 1995). A fused sum and conversions of wider
numbers are rounded to odd first (Boldo & Melquiond 2008).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robokern.ir.bfloat16 import NAN
from robokern.ir.types import Scalar, bfloat16, float32, float64, int64, uint16, uint32

if TYPE_CHECKING:
    from robokern.compiler.emit_function import Function


def widen(f: Function, a: str) -> str:
    """The float32 of equal value."""
    whole = f.let(f"zext {f.held(bfloat16)} {a} to {f.held(uint32)}")
    shifted = f.let(f"shl {f.held(uint32)} {whole}, {f.number(uint32, 16)}")
    return f.let(f"bitcast {f.held(uint32)} {shifted} to {f.held(float32)}")


def narrow(f: Function, a: str) -> str:
    """The nearest bfloat16 of a float32, ties to even."""
    held = f.held(uint32)
    whole = f.let(f"bitcast {f.held(float32)} {a} to {held}")
    last = f.let(f"and {held} {_upper(f, whole)}, {f.number(uint32, 1)}")
    near = f.let(f"add {held} {whole}, {f.let(f'add {held} {last}, {f.number(uint32, 0x7FFF)}')}")
    near = f.let(f"trunc {held} {_upper(f, near)} to {f.held(bfloat16)}")
    unordered = f.let(f"fcmp uno {f.held(float32)} {a}, {a}")
    kept = f.held(bfloat16)
    return f.let(f"select {f.bit} {unordered}, {kept} {bits(f, NAN)}, {kept} {near}")


def narrow_double(f: Function, a: str) -> str:
    """The nearest bfloat16 of a float64: by way of float32, rounded to odd."""
    single, double, held = f.held(float32), f.held(float64), f.held(uint32)
    near = f.let(f"fptrunc {double} {a} to {single}")
    back = f.let(f"fpext {single} {near} to {double}")
    whole = f.let(f"bitcast {single} {near} to {held}")
    even = f.let(
        f"icmp eq {held} {f.let(f'and {held} {whole}, {f.number(uint32, 1)}')}, {f.number(uint32, 0)}"
    )
    lost = f.let(f"and {f.bit} {even}, {f.let(f'fcmp one {double} {back}, {a}')}")
    larger = f.let(f"fcmp ogt {double} {_magnitude(f, back)}, {_magnitude(f, a)}")
    up, down = f.number(uint32, 1), f.number(uint32, 0xFFFFFFFF)
    step = f.let(f"select {f.bit} {larger}, {held} {down}, {held} {up}")
    odd = f.let(f"select {f.bit} {lost}, {held} {f.let(f'add {held} {whole}, {step}')}, {held} {whole}")
    return narrow(f, f.let(f"bitcast {held} {odd} to {single}"))


def narrow_integer(f: Function, a: str, source: Scalar) -> str:
    """The nearest bfloat16 of an integer; 64 bits are first made fit for float64, rounded to odd."""
    if source.bits == 64:
        a = _sticky(f, a, source)
    double = f.held(float64)
    code = "sitofp" if source.kind == "i" else "uitofp"
    return narrow_double(f, f.let(f"{code} {f.held(source)} {a} to {double}"))


def fused(f: Function, a: str, b: str, c: str) -> str:
    """a * b + c rounded once: the product is exact in float64, the sum is rounded to odd there."""
    double = f.held(float64)
    x, y, z = (f.let(f"fpext {f.held(float32)} {widen(f, v)} to {double}") for v in (a, b, c))
    product = f.let(f"fmul {double} {x}, {y}")
    total = f.let(f"fadd {double} {product}, {z}")
    return narrow_double(f, _to_odd(f, total, _sum_error(f, total, product, z)))


def bits(f: Function, pattern: int) -> str:
    """The literal of a bit pattern."""
    return f.number(uint16, pattern)


def _upper(f: Function, whole: str) -> str:
    return f.let(f"lshr {f.held(uint32)} {whole}, {f.number(uint32, 16)}")


def _magnitude(f: Function, a: str) -> str:
    double = f.held(float64)
    return f.intrinsic(f"fabs.{f.suffix('double')}", double, f"{double} {a}")


def _sum_error(f: Function, total: str, a: str, b: str) -> str:
    """What rounding lost of a + b (Knuth)."""
    double = f.held(float64)
    part = f.let(f"fsub {double} {total}, {a}")
    rest = f.let(f"fsub {double} {a}, {f.let(f'fsub {double} {total}, {part}')}")
    return f.let(f"fadd {double} {rest}, {f.let(f'fsub {double} {b}, {part}')}")


def _to_odd(f: Function, total: str, error: str) -> str:
    """`total`, or that neighbour of `total + error` whose last bit is one."""
    double, held = f.held(float64), f.held(int64)
    zero, whole = f.number(float64, 0.0), f.let(f"bitcast {double} {total} to {held}")
    even = f.let(f"icmp eq {held} {f.let(f'and {held} {whole}, {f.number(int64, 1)}')}, {f.number(int64, 0)}")
    lost = f.let(f"and {f.bit} {even}, {f.let(f'fcmp one {double} {error}, {zero}')}")
    more, positive = (f.let(f"fcmp ogt {double} {x}, {zero}") for x in (error, total))
    inward = f.let(f"xor {f.bit} {more}, {positive}")
    ones = f"{held} {f.number(int64, -1)}, {held} {f.number(int64, 1)}"
    step = f.let(f"select {f.bit} {inward}, {ones}")
    odd = f.let(f"select {f.bit} {lost}, {held} {f.let(f'add {held} {whole}, {step}')}, {held} {whole}")
    return f.let(f"bitcast {held} {odd} to {double}")


def _sticky(f: Function, a: str, source: Scalar) -> str:
    """The 64-bit integer; one too long for float64 loses its low bits, which sets the last one kept."""
    held, low = f.held(source), f.number(source, 0xFFF)
    kept = f.let(f"and {held} {a}, {f.number(source, -0x1000)}")
    lost = f.let(f"icmp ne {held} {f.let(f'and {held} {a}, {low}')}, {f.number(source, 0)}")
    odd = f.let(f"or {held} {kept}, {f.number(source, 0x1000)}")
    kept = f.let(f"select {f.bit} {lost}, {held} {odd}, {held} {kept}")
    # outside [-2**53, 2**53): shifted by 2**53, not below 2**54
    limit = f.number(source, 1 << 53)
    shifted = a if source.kind == "u" else f.let(f"add {held} {a}, {limit}")
    long = f.let(f"icmp uge {held} {shifted}, {f.number(source, 1 << (53 + (source.kind == 'i')))}")
    return f.let(f"select {f.bit} {long}, {held} {kept}, {held} {a}")
