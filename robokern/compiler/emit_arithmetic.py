"""How arithmetic becomes LLVM instructions: no undefined behaviour, no poison, no fast-math flags."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from robokern.compiler.emit_bfloat16 import bits, fused, narrow, narrow_double, narrow_integer, widen
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import register, registers
from robokern.ir.nodes import Op
from robokern.ir.types import Scalar, bfloat16, float16, float32, float64, int64, scalar_of

ScalarRule = Callable[..., str]  # (function, scalar, *operands) -> operand


def per_component(rule: ScalarRule) -> Row:
    """The row that applies a scalar rule to each component."""

    def row(f: Function, op: Op) -> list[Operands]:
        scalar = scalar_of(op.args[0].type)
        apply = partial(_for_scalar(rule, scalar), f, scalar)
        held = (register(scalar),) * len(op.args)
        parts = zip(*f.arguments(op), strict=True)
        return [tuple([f.lanewise(apply, held, operands) for operands in parts])]

    return row


@cache
def _for_scalar(rule: ScalarRule, scalar: Scalar) -> ScalarRule:
    return _BFLOAT16.get(rule, partial(_in_float32, rule)) if scalar == bfloat16 else rule


def _in_float32(rule: ScalarRule, f: Function, t: Scalar, *operands: str) -> str:
    """A bfloat16 operation: that of float32, rounded."""
    return narrow(f, rule(f, float32, *(widen(f, x) for x in operands)))


def _binary(float_code: str, integer_code: str) -> ScalarRule:
    def rule(f: Function, t: Scalar, a: str, b: str) -> str:
        if t.kind != "f":
            return f.let(f"{integer_code} {f.held(t)} {a}, {b}")
        free = " fast" if f.func.fast_math else ""
        return f.let(f"{float_code}{free} {f.held(t)} {a}, {b}")

    return rule


def _float_intrinsic(name: str) -> ScalarRule:
    def rule(f: Function, t: Scalar, a: str) -> str:
        held = f.held(t)
        return f.intrinsic(f"{name}.{f.suffix(register(t))}", held, f"{held} {a}")

    return rule


def _ordered(prefix: str) -> ScalarRule:
    """a if a < b else b, or with >; so min(a, NaN) is NaN and min(NaN, b) is b."""

    def rule(f: Function, t: Scalar, a: str, b: str) -> str:
        first = compare(f, t, prefix, a, b)
        return f.let(f"select {f.bit} {first}, {f.held(t)} {a}, {f.held(t)} {b}")

    return rule


_smaller, _larger = _ordered("lt"), _ordered("gt")


def compare(f: Function, t: Scalar, relation: str, a: str, b: str) -> str:
    """`relation` is lt le gt ge eq ne; false with NaN, except ne."""
    if t == bfloat16:
        return compare(f, float32, relation, widen(f, a), widen(f, b))
    if t.kind == "f":
        return f.let(f"fcmp {'une' if relation == 'ne' else 'o' + relation} {f.held(t)} {a}, {b}")
    sign = "" if relation in ("eq", "ne") else "s" if t.kind == "i" else "u"
    return f.let(f"icmp {sign}{relation} {f.held(t)} {a}, {b}")


def _comparison(relation: str) -> Row:
    def row(f: Function, op: Op) -> list[Operands]:
        (a,), (b,) = f.arguments(op)
        scalar = scalar_of(op.args[0].type)
        return [(f.lanewise(partial(compare, f, scalar, relation), (register(scalar),) * 2, (a, b)),)]

    return row


def _divide(f: Function, t: Scalar, a: str, b: str) -> str:
    held = f.held(t)
    if t.kind == "u":
        none, divisor = _safe_divisor(f, t, b)
        return _zero_where(f, t, none, f.let(f"udiv {held} {a}, {divisor}"))
    none, minus_one, divisor = _safe_signed_divisor(f, t, b)
    quotient = f.let(f"sdiv {held} {a}, {divisor}")
    negated = f.let(f"sub {held} {f.number(t, 0)}, {a}")  # the smallest integer divided by -1 wraps
    quotient = f.let(f"select {f.bit} {minus_one}, {held} {negated}, {held} {quotient}")
    return _zero_where(f, t, none, quotient)


def _remainder(f: Function, t: Scalar, a: str, b: str) -> str:
    held = f.held(t)
    if t.kind == "u":
        none, divisor = _safe_divisor(f, t, b)
        return _zero_where(f, t, none, f.let(f"urem {held} {a}, {divisor}"))
    none, _, divisor = _safe_signed_divisor(f, t, b)
    remainder = f.let(f"srem {held} {a}, {divisor}")  # by 1 where b is -1: 0, as it should be
    return _zero_where(f, t, none, remainder)


def _safe_divisor(f: Function, t: Scalar, b: str) -> tuple[str, str]:
    held = f.held(t)
    none = f.let(f"icmp eq {held} {b}, {f.number(t, 0)}")
    return none, f.let(f"select {f.bit} {none}, {held} {f.number(t, 1)}, {held} {b}")


def _safe_signed_divisor(f: Function, t: Scalar, b: str) -> tuple[str, str, str]:
    held = f.held(t)
    none = f.let(f"icmp eq {held} {b}, {f.number(t, 0)}")
    minus_one = f.let(f"icmp eq {held} {b}, {f.number(t, -1)}")
    either = f.let(f"or {f.bit} {none}, {minus_one}")
    return none, minus_one, f.let(f"select {f.bit} {either}, {held} {f.number(t, 1)}, {held} {b}")


def _zero_where(f: Function, t: Scalar, condition: str, a: str) -> str:
    held = f.held(t)
    return f.let(f"select {f.bit} {condition}, {held} {f.number(t, 0)}, {held} {a}")


def _negate(f: Function, t: Scalar, a: str) -> str:
    return f.let(f"fneg {f.held(t)} {a}" if t.kind == "f" else f"sub {f.held(t)} {f.number(t, 0)}, {a}")


def _absolute(f: Function, t: Scalar, a: str) -> str:
    held = f.held(t)
    if t.kind == "f":
        return f.intrinsic(f"fabs.{f.suffix(register(t))}", held, f"{held} {a}")
    return (
        a if t.kind == "u" else f.intrinsic(f"abs.{f.suffix(register(t))}", held, f"{held} {a}", "i1 false")
    )


def _invert(f: Function, t: Scalar, a: str) -> str:
    return f.let(f"xor {f.held(t)} {a}, {f.number(t, 1 if t.kind == 'b' else -1)}")


def _shift(left: bool) -> ScalarRule:
    def rule(f: Function, t: Scalar, a: str, count: str) -> str:
        held = f.held(t)
        masked = f.let(f"and {held} {count}, {f.number(t, t.bits - 1)}")
        return f.let(f"{'shl' if left else 'ashr' if t.kind == 'i' else 'lshr'} {held} {a}, {masked}")

    return rule


def _fma(f: Function, t: Scalar, a: str, b: str, c: str) -> str:
    if t.bits == 16 and not f.module.target.half_fma:
        return _half_fma(f, a, b, c)
    held = f.held(t)
    return f.intrinsic(f"fma.{f.suffix(register(t))}", held, f"{held} {a}", f"{held} {b}", f"{held} {c}")


def _half_fma(f: Function, a: str, b: str, c: str) -> str:
    """Rounded once: in float64 the product is exact, and so is the sum where it could tip the result."""
    half, double = f.held(float16), f.held(float64)
    wide = [f.let(f"fpext {half} {x} to {double}") for x in (a, b, c)]
    product = f.let(f"fmul {double} {wide[0]}, {wide[1]}")
    return double_to_half(f, f.let(f"fadd {double} {product}, {wide[2]}"))


def double_to_half(f: Function, a: str) -> str:
    """Rounds once by way of float32, whose last bit is set where bits are lost (round to odd).

    The fence keeps LLVM from rounding straight to half where a copysign wants the sign only: it has no
    instruction for that, and would call a function of its run-time library, which is not there.
    """
    half, single, double, long = (f.held(t) for t in (float16, float32, float64, int64))
    bits = f.let(f"bitcast {double} {a} to {long}")
    lost = f.let(f"and {long} {bits}, {f.number(int64, (1 << 29) - 1)}")
    sticky = f.let(f"icmp ne {long} {lost}, {f.number(int64, 0)}")
    kept = f.let(f"and {long} {bits}, {f.number(int64, -(1 << 29))}")
    odd = f.let(f"or {long} {kept}, {f.number(int64, 1 << 29)}")
    chosen = f.let(f"select {f.bit} {sticky}, {long} {odd}, {long} {kept}")
    rounded = f.let(f"fptrunc {double} {f.let(f'bitcast {long} {chosen} to {double}')} to {single}")
    fenced = f.intrinsic(f"arithmetic.fence.{f.suffix('float')}", single, f"{single} {rounded}")
    return f.let(f"fptrunc {single} {fenced} to {half}")


def _negate_bfloat16(f: Function, t: Scalar, a: str) -> str:
    return f.let(f"xor {f.held(t)} {a}, {bits(f, 0x8000)}")


def _absolute_bfloat16(f: Function, t: Scalar, a: str) -> str:
    return f.let(f"and {f.held(t)} {a}, {bits(f, 0x7FFF)}")


def _fused_bfloat16(f: Function, t: Scalar, a: str, b: str, c: str) -> str:
    return fused(f, a, b, c)


# what is not one float32 operation, rounded
_BFLOAT16: dict[ScalarRule, ScalarRule] = {
    _negate: _negate_bfloat16,
    _absolute: _absolute_bfloat16,
    _fma: _fused_bfloat16,
    _smaller: _smaller,
    _larger: _larger,
}


def _select(f: Function, op: Op) -> list[Operands]:
    (condition,), yes, no = f.arguments(op)
    return [select(f, registers(op.args[1].type), condition, yes, no)]


def select(f: Function, types: tuple[str, ...], condition: str, yes: Operands, no: Operands) -> Operands:
    """Leaf by leaf."""
    return tuple(
        a if a == b else f.lanewise(partial(_choose, f, t), ("i1", t, t), (condition, a, b))
        for t, a, b in zip(types, yes, no, strict=True)
    )


def _choose(f: Function, held: str, condition: str, a: str, b: str) -> str:
    return f.let(f"select {f.bit} {condition}, {f.widened(held)} {a}, {f.widened(held)} {b}")


def _cast(f: Function, op: Op) -> list[Operands]:
    source, target = scalar_of(op.args[0].type), scalar_of(op.results[0].type)
    held = (register(source),)
    return [
        tuple(
            f.lanewise(lambda a: convert(f, a, source, target), held, (leaf,))
            for leaf in f.values[op.args[0]]
        )
    ]


def convert(f: Function, a: str, source: Scalar, target: Scalar) -> str:
    """C conversion; float to integer saturates and NaN gives 0; to bool is `!= 0`."""
    if source == target:
        return a
    if source == bfloat16:
        return convert(f, widen(f, a), float32, target)
    if target.kind == "b":
        return compare(f, source, "ne", a, f.number(source, 0))
    if target == bfloat16:
        return _to_bfloat16(f, a, source)
    if source.kind == "f":
        return (
            _float_to_float(f, a, source, target) if target.kind == "f" else _saturate(f, a, source, target)
        )
    if target.kind == "f":
        return _to_float(f, a, source, target)
    return _resize(f, a, source, target)


def _float_to_float(f: Function, a: str, source: Scalar, target: Scalar) -> str:
    if source.bits == 64 and target.bits == 16:
        return double_to_half(f, a)
    code = "fpext" if target.bits > source.bits else "fptrunc"
    return f.let(f"{code} {f.held(source)} {a} to {f.held(target)}")


def _to_bfloat16(f: Function, a: str, source: Scalar) -> str:
    if source == float64:
        return narrow_double(f, a)
    if source.kind in "iu" and source.bits > 16:
        return narrow_integer(f, a, source)
    return narrow(f, convert(f, a, source, float32))


def _saturate(f: Function, a: str, source: Scalar, target: Scalar) -> str:
    """Float to integer. Spelled out, for LLVM does not vectorise its saturating intrinsic on x86."""
    if source.bits == 16:
        a, source = f.let(f"fpext {f.held(source)} {a} to {f.held(float32)}"), float32
    held, wide, signed = f.held(source), f.held(target), target.kind == "i"
    limit = f.number(source, 2.0 ** (target.bits - signed))
    bottom = f.number(source, -(2.0 ** (target.bits - 1)) if signed else -1.0)
    above = f.let(f"fcmp ogt {held} {a}, {bottom}")
    inside = f.let(f"and {f.bit} {above}, {f.let(f'fcmp olt {held} {a}, {limit}')}")
    safe = f.let(f"select {f.bit} {inside}, {held} {a}, {held} {f.number(source, 0)}")
    whole = f.let(f"fpto{'s' if signed else 'u'}i {held} {safe} to {wide}")
    largest, smallest = (1 << (target.bits - signed)) - 1, -(1 << (target.bits - 1)) if signed else 0
    over = f.let(f"fcmp oge {held} {a}, {limit}")
    whole = f.let(f"select {f.bit} {over}, {wide} {f.number(target, largest)}, {wide} {whole}")
    if not signed:
        return whole
    under = f.let(f"fcmp ole {held} {a}, {bottom}")
    return f.let(f"select {f.bit} {under}, {wide} {f.number(target, smallest)}, {wide} {whole}")


def _to_float(f: Function, a: str, source: Scalar, target: Scalar) -> str:
    code = "sitofp" if source.kind == "i" else "uitofp"
    if target.bits != 16:
        return f.let(f"{code} {f.held(source)} {a} to {f.held(target)}")
    single = f.held(float32)
    exact = f.let(f"{code} {f.held(source)} {a} to {single}")  # wherever float16 is finite
    return f.let(f"fptrunc {single} {exact} to {f.held(target)}")


def _resize(f: Function, a: str, source: Scalar, target: Scalar) -> str:
    """Between integers, or from bool."""
    if source.kind != "b" and source.bits == target.bits:
        return a
    narrower = source.kind != "b" and target.bits < source.bits
    code = "trunc" if narrower else "sext" if source.kind == "i" else "zext"
    return f.let(f"{code} {f.held(source)} {a} to {f.held(target)}")


def _bitcast(f: Function, op: Op) -> list[Operands]:
    source, target = (scalar_of(v.type) for v in (op.args[0], op.results[0]))
    (a,) = f.values[op.args[0]]
    if register(source) == register(target):
        return [(a,)]
    apply = lambda x: f.let(f"bitcast {f.held(source)} {x} to {f.held(target)}")  # noqa: E731
    return [(f.lanewise(apply, (register(source),), (a,)),)]


ROWS: dict[str, Row] = {
    "add": per_component(_binary("fadd", "add")),
    "sub": per_component(_binary("fsub", "sub")),
    "mul": per_component(_binary("fmul", "mul")),
    "div": per_component(_binary("fdiv", "")),
    "idiv": per_component(_divide),
    "mod": per_component(_remainder),
    "neg": per_component(_negate),
    "abs": per_component(_absolute),
    "min": per_component(_smaller),
    "max": per_component(_larger),
    "fma": per_component(_fma),
    "sqrt": per_component(_float_intrinsic("sqrt")),
    "floor": per_component(_float_intrinsic("floor")),
    "ceil": per_component(_float_intrinsic("ceil")),
    "trunc": per_component(_float_intrinsic("trunc")),
    "rint": per_component(_float_intrinsic("roundeven")),
    "and": per_component(_binary("", "and")),
    "or": per_component(_binary("", "or")),
    "xor": per_component(_binary("", "xor")),
    "not": per_component(_invert),
    "shl": per_component(_shift(left=True)),
    "shr": per_component(_shift(left=False)),
    **{relation: _comparison(relation) for relation in ("lt", "le", "gt", "ge", "eq", "ne")},
    "select": _select,
    "cast": _cast,
    "bitcast": _bitcast,
}
