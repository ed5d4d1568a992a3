"""bfloat16: every bit pattern against exact arithmetic; the same bits in scalar code, lanes, interpreter."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.ir.bfloat16 import NAN, Bfloat16, bits, floats, ml_dtype, rounded, stored
from robokern.ir.types import BY_NAME

DEVICES = ["ref", *map(str, (d for d in rk.get_devices() if str(d) != "ref"))]
PATTERNS = np.arange(1 << 16, dtype=np.uint16)
VALUES = floats(PATTERNS)
LEAST, DIGITS, TOO_LARGE = Fraction(2) ** -133, 8, Fraction(2) ** 128
Vec3 = rk.vector(3, rk.bfloat16)


def exact(x: Fraction) -> float:
    """The nearest bfloat16, ties to even, in rational arithmetic."""
    if x == 0:
        return 0.0
    size = abs(x)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= Fraction(2) ** exponent > size
    unit = max(Fraction(2) ** (exponent - DIGITS + 1), LEAST)
    near = round(size / unit) * unit  # Python rounds a Fraction half to even
    return math.copysign(math.inf if near >= TOO_LARGE else float(near), x)


def same(got: np.ndarray, want: np.ndarray) -> None:
    """Bit patterns equal, but every NaN equals every other."""
    nan = np.isnan(floats(got)) & np.isnan(floats(want))
    wrong = np.flatnonzero((got != want) & ~nan)
    assert wrong.size == 0, f"{wrong.size} differ, first {wrong[0]}: {got[wrong[0]]:#x} {want[wrong[0]]:#x}"


def evaluate(kernel: rk.Kernel, *columns: tuple[rk.types.Type, np.ndarray], to: object) -> np.ndarray:
    """What `kernel(in0, ..., out)` makes of the columns: the same bits on every device."""
    count, found = len(columns[0][1]), []
    for device in DEVICES:
        given = [rk.array(data, dtype=t, device=device) for t, data in columns]
        out = rk.zeros(count, dtype=to, device=device)
        rk.launch(kernel, dim=count, inputs=[*given, out], device=device)
        made = out.numpy()
        found.append(made.view(np.uint16) if to == rk.bfloat16 else made.copy())
    for other in found[1:]:
        if to == rk.bfloat16:
            same(other, found[0])
        else:
            np.testing.assert_array_equal(other, found[0])
    return found[0]


def unary(
    function: object, source: object = rk.bfloat16, to: object = rk.bfloat16, **options: object
) -> rk.Kernel:
    @rk.kernel(**options)
    def apply(x: rk.array(dtype=source), out: rk.array(dtype=to)):
        i = rk.tid()
        out[i] = function(x[i])

    return apply


# on the host


def test_bits_of_every_value() -> None:
    same(bits(VALUES), PATTERNS)
    np.testing.assert_array_equal(stored(VALUES), PATTERNS)  # a NaN's payload too


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_between_neighbours(sign: float) -> None:
    low = sign * VALUES[:0x7F80].astype(np.float64)
    high = np.r_[low[1:], sign * 2.0**128]
    middle = (low + high) / 2
    pattern = np.arange(0x7F80) | (0x8000 if sign < 0 else 0)
    for dtype in (np.float64, np.float32):
        below = np.nextafter(middle.astype(dtype), dtype(0))
        above = np.nextafter(middle.astype(dtype), dtype(sign * np.inf))
        np.testing.assert_array_equal(bits(below), pattern)
        np.testing.assert_array_equal(bits(middle.astype(dtype)), pattern + (pattern & 1))
        np.testing.assert_array_equal(bits(above), pattern + 1)


def test_integers_round_once() -> None:
    numbers = [2**k + d for k in range(3, 63) for d in (-1, 0, 1, 2 ** max(k - 9, 0), 2 ** max(k - 9, 0) + 1)]
    for dtype in (np.int64, np.uint64):
        given = np.array(numbers + ([-n for n in numbers] if dtype is np.int64 else []), dtype)
        want = [exact(Fraction(int(n))) for n in given]
        np.testing.assert_array_equal(rounded(given), np.array(want, np.float32))
    assert floats(bits(np.uint64(2**64 - 1))) == 2.0**64


def test_host_scalar() -> None:
    x = rk.bfloat16(0.1)
    assert isinstance(x, Bfloat16) and isinstance(x, float) and x.dtype is rk.bfloat16
    assert (repr(x), x.item()) == ("bfloat16(0.10009765625)", 0.10009765625)
    assert math.isnan(rk.bfloat16(math.nan)) and rk.bfloat16(3.4e38) == math.inf


@pytest.mark.skipif(ml_dtype() is None, reason="ml_dtypes is not installed")
def test_against_ml_dtypes() -> None:
    given = np.r_[np.random.default_rng(1).normal(size=10000) * 1e3, VALUES[:0x7F80]].astype(np.float32)
    same(bits(given), given.astype(ml_dtype()).view(np.uint16))
    assert rk.zeros(3, dtype=rk.bfloat16).numpy().dtype == ml_dtype()
    assert rk.array(given.astype(ml_dtype())).dtype == rk.bfloat16


# conversions in kernels


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_casts_from_every_pattern(name: str) -> None:
    target = BY_NAME[name]
    got = evaluate(unary(target, to=target), (rk.bfloat16, PATTERNS), to=target)
    if target == rk.bfloat16:
        np.testing.assert_array_equal(got, PATTERNS)
        return
    with np.errstate(all="ignore"):
        wide = VALUES.astype(np.float64)
        if target.kind in "iu":
            info = np.iinfo(name)
            low, high = float(info.min), float(info.max)
            inside = np.where((wide > low) & (wide < high), wide, 0.0).astype(name)
            want = inside
            want[wide >= high], want[wide <= low], want[np.isnan(wide)] = info.max, info.min, 0
        else:
            want = VALUES.astype(name)
    np.testing.assert_array_equal(got, want.astype(name))


@pytest.mark.parametrize("name", ["float16", "uint16", "int16", "uint8", "int8", "bool"])
def test_casts_of_every_short_pattern(name: str) -> None:
    size = BY_NAME[name].size
    given = (np.arange(2) > 0) if name == "bool" else np.arange(1 << 8 * size, dtype=f"u{size}").view(name)
    got = evaluate(unary(rk.bfloat16, source=BY_NAME[name]), (BY_NAME[name], given), to=rk.bfloat16)
    want = [
        math.nan if math.isnan(x) else x if math.isinf(x) else exact(Fraction(x)) for x in map(float, given)
    ]
    zero = np.signbit(given.astype(np.float64)) & (given == 0)  # a Fraction has no minus zero
    same(got, bits(np.where(zero, -0.0, np.array(want))))


@pytest.mark.parametrize("name", ["float32", "float64", "int32", "uint32", "int64", "uint64"])
def test_casts_round_once(name: str) -> None:
    rng = np.random.default_rng(2)
    if name.startswith("float"):
        middle = (VALUES[:0x7F7F].astype(np.float64) + VALUES[1:0x7F80]) / 2
        wide = np.r_[middle, -middle].astype(name)
        given = np.r_[
            wide, np.nextafter(wide, BY_NAME[name].numpy.type(0)), 1e39 if name == "float64" else 3.4e38
        ]
        given = given.astype(name)
    else:
        info = np.iinfo(name)
        shifts = rng.integers(0, info.bits - 1, 4000).astype(name)
        given = rng.integers(info.min, info.max, 4000, dtype=name) >> shifts
        ties = np.array([(2 * k + 1) << s for k in (128, 129, 200, 255) for s in range(info.bits - 10)], name)
        given = np.r_[given, ties, ties - BY_NAME[name].numpy.type(1), ties + BY_NAME[name].numpy.type(1)]
    got = evaluate(unary(rk.bfloat16, source=BY_NAME[name]), (BY_NAME[name], given), to=rk.bfloat16)
    sample = rng.permutation(len(given))[:3000]
    want = np.array([exact(Fraction(x.item())) for x in given[sample]])
    same(got[sample], bits(want))


def test_bitcast_keeps_every_pattern() -> None:
    @rk.kernel
    def there_and_back(x: rk.array(dtype=rk.uint16), out: rk.array(dtype=rk.uint16)):
        i = rk.tid()
        out[i] = rk.bitcast(rk.bitcast(x[i], rk.bfloat16), rk.uint16)

    np.testing.assert_array_equal(evaluate(there_and_back, (rk.uint16, PATTERNS), to=rk.uint16), PATTERNS)


# arithmetic


@rk.func
def negated(x: Any):
    return -x


UNARY = {
    "neg": (negated, np.negative),
    "abs": (rk.abs, np.abs),
    "sqrt": (rk.sqrt, np.sqrt),
    "floor": (rk.floor, np.floor),
    "ceil": (rk.ceil, np.ceil),
    "trunc": (rk.trunc, np.trunc),
    "rint": (rk.rint, np.rint),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("lanes", ["auto", 1])
def test_unary_operations_on_every_pattern(name: str, lanes: Any) -> None:
    function, numpy = UNARY[name]
    got = evaluate(unary(function, cpu_lanes=lanes), (rk.bfloat16, PATTERNS), to=rk.bfloat16)
    with np.errstate(all="ignore"):
        same(got, bits(numpy(VALUES.astype(np.float64))))


MATHEMATICS = [
    "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "log2", "log10", "cbrt", "sinh", "cosh",
    "tanh", "erf", "erfc",
]  # fmt: skip


@pytest.mark.parametrize("name", MATHEMATICS)
def test_mathematics_on_every_pattern(name: str) -> None:
    """Equal to the float64 result, rounded, but for a neighbour where that lies close to a tie."""
    got = evaluate(unary(getattr(rk, name)), (rk.bfloat16, PATTERNS), to=rk.bfloat16)
    numpy = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}.get(name, name)
    function = getattr(np, numpy, None) or np.vectorize(getattr(math, name))
    with np.errstate(all="ignore"):
        given = VALUES.astype(np.float64)
        want = bits(function(np.clip(given, -1, 1) if name in ("asin", "acos") else given))
    nan = np.isnan(floats(want))
    np.testing.assert_array_equal(np.isnan(floats(got)), nan)
    apart = np.abs(_ordered(got) - _ordered(want))[~nan]
    assert apart.max() <= 1 and np.count_nonzero(apart) < 20


def _ordered(patterns: np.ndarray) -> np.ndarray:
    """Bit patterns as integers in the order of their values."""
    wide = patterns.astype(np.int64)
    return np.where(wide & 0x8000, 0x8000 - wide, wide)


TELLING = [
    0x0000, 0x0001, 0x0003, 0x007F, 0x0080, 0x0081, 0x00FF, 0x1F80, 0x2000, 0x3F7F, 0x3F80, 0x3F81, 0x3FC0,
    0x3EAB, 0x4049, 0x42FF, 0x4300, 0x4380, 0x5F00, 0x7F00, 0x7F7F,
]  # fmt: skip
SIGNED = np.array([*TELLING, *(p | 0x8000 for p in TELLING)], np.uint16)
SPECIAL = np.array([0x0000, 0x8000, 0x3F80, 0xC000, 0x7F80, 0xFF80, NAN], np.uint16)
EXACT = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}


def binary(name: str) -> rk.Kernel:
    @rk.kernel
    def apply(
        x: rk.array(dtype=rk.bfloat16), y: rk.array(dtype=rk.bfloat16), out: rk.array(dtype=rk.bfloat16)
    ):
        i = rk.tid()
        if rk.static(name == "add"):
            out[i] = x[i] + y[i]
        elif rk.static(name == "sub"):
            out[i] = x[i] - y[i]
        elif rk.static(name == "mul"):
            out[i] = x[i] * y[i]
        elif rk.static(name == "div"):
            out[i] = x[i] / y[i]
        elif rk.static(name == "min"):
            out[i] = min(x[i], y[i])
        elif rk.static(name == "max"):
            out[i] = max(x[i], y[i])
        else:
            out[i] = x[i] % y[i]

    return apply


def columns(patterns: np.ndarray, count: int) -> list[np.ndarray]:
    return [np.array(c, np.uint16) for c in zip(*itertools.product(patterns, repeat=count), strict=True)]


@pytest.mark.parametrize("name", EXACT)
def test_arithmetic_is_exact_and_rounded_once(name: str) -> None:
    rng = np.random.default_rng(3)
    a, b = (np.r_[c, rng.integers(0, 1 << 16, 3000).astype(np.uint16)] for c in columns(SIGNED, 2))
    plain = np.isfinite(floats(a)) & np.isfinite(floats(b)) & ((floats(b) != 0) | (name != "div"))
    a, b = a[plain], b[plain]
    got = evaluate(binary(name), (rk.bfloat16, a), (rk.bfloat16, b), to=rk.bfloat16)
    pairs = [(Fraction(float(x)), Fraction(float(y))) for x, y in zip(floats(a), floats(b), strict=True)]
    want = np.array([exact(EXACT[name](x, y)) for x, y in pairs])
    zero = (want == 0) & (floats(got) == 0)  # a Fraction has no minus zero
    same(np.where(zero, 0, got).astype(np.uint16), bits(np.where(zero, 0.0, want)))


@pytest.mark.parametrize("name", [*EXACT, "min", "max", "mod"])
def test_special_values(name: str) -> None:
    a, b = columns(SPECIAL, 2)
    got = evaluate(binary(name), (rk.bfloat16, a), (rk.bfloat16, b), to=rk.bfloat16)
    x, y = floats(a), floats(b)
    with np.errstate(all="ignore"):
        want = {
            "add": x + y, "sub": x - y, "mul": x * y, "div": x / y, "mod": np.fmod(x, y),
            "min": np.where(x < y, x, y), "max": np.where(x > y, x, y),
        }[name]  # fmt: skip
    same(got, bits(want))


def test_fused_sum_rounds_once() -> None:
    @rk.kernel
    def fused(
        x: rk.array(dtype=rk.bfloat16),
        y: rk.array(dtype=rk.bfloat16),
        z: rk.array(dtype=rk.bfloat16),
        out: rk.array(dtype=rk.bfloat16),
    ):
        i = rk.tid()
        out[i] = rk.fma(x[i], y[i], z[i])

    rng = np.random.default_rng(4)
    # products of 16 bits that lie on a tie, and a third number that tips it however small
    near = rng.integers(0x3F80, 0x4080, (2, 4000)).astype(np.uint16)
    tiny = rng.integers(0x0001, 0x4400, 4000).astype(np.uint16) | rng.choice([0, 0x8000], 4000).astype(
        np.uint16
    )
    given = [np.r_[near[0], columns(SIGNED[::5], 3)[0]], np.r_[near[1], columns(SIGNED[::5], 3)[1]]]
    given.append(np.r_[tiny, columns(SIGNED[::5], 3)[2]])
    got = evaluate(fused, *((rk.bfloat16, c) for c in given), to=rk.bfloat16)
    rows = zip(*(floats(c) for c in given), strict=True)
    want = [exact(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))) for x, y, z in rows]
    zero = (np.array(want) == 0) & (floats(got) == 0)
    same(np.where(zero, 0, got).astype(np.uint16), bits(np.where(zero, 0.0, want)))


def test_sums_of_products_are_not_fused() -> None:
    @rk.kernel
    def both(x: rk.array(dtype=rk.bfloat16), out: rk.array(dtype=rk.bfloat16)):
        i = rk.tid()
        out[i] = x[i] * x[i] + rk.bfloat16(-1.0)

    x = floats(np.arange(0x3F80, 0x4000, dtype=np.uint16))
    got = evaluate(both, (rk.bfloat16, x), to=rk.bfloat16)
    same(got, bits(rounded(x.astype(np.float64) ** 2) - 1.0))


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_comparisons(name: str) -> None:
    a, b = columns(np.r_[SIGNED[::3], SPECIAL], 2)

    @rk.kernel
    def compare(x: rk.array(dtype=rk.bfloat16), y: rk.array(dtype=rk.bfloat16), out: rk.array(dtype=bool)):
        i = rk.tid()
        if rk.static(name == "lt"):
            out[i] = x[i] < y[i]
        elif rk.static(name == "le"):
            out[i] = x[i] <= y[i]
        elif rk.static(name == "gt"):
            out[i] = x[i] > y[i]
        elif rk.static(name == "ge"):
            out[i] = x[i] >= y[i]
        elif rk.static(name == "eq"):
            out[i] = x[i] == y[i]
        else:
            out[i] = x[i] != y[i]

    got = evaluate(compare, (rk.bfloat16, a), (rk.bfloat16, b), to=rk.bool)
    x, y = floats(a), floats(b)
    want = {"lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y, "eq": x == y, "ne": x != y}[name]
    np.testing.assert_array_equal(got, want)


# where values come from and go


@rk.struct
class Mixed:
    half: rk.bfloat16
    wide: float
    row: Vec3


CAPTURED = rk.bfloat16(0.1)


@rk.kernel
def use_all(
    a: rk.array(dtype=rk.bfloat16),
    scale: rk.bfloat16,
    mixed: Mixed,
    v: Vec3,
    out: rk.array(dtype=rk.bfloat16),
    rows: rk.array(dtype=Vec3),
    structs: rk.array(dtype=Mixed),
):
    i = rk.tid()
    out[i] = a[i] * scale + mixed.half + v[1] * 2.0 + CAPTURED
    rows[i] = v * a[i] + Vec3(1.0, 2.0, 3.0) / rk.bfloat16(2.0)
    rows[i][0] += rk.bfloat16(1.0)
    structs[i].half = a[i]
    structs[i].row = mixed.row


def _sum_of_all(x: float) -> float:
    total = rk.bfloat16(x * CAPTURED)  # the scale is 0.1 too
    for term in (1.5, 4.0, CAPTURED):
        total = rk.bfloat16(total + term)
    return total


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("scale", [0.1, rk.bfloat16(0.1), np.float32(0.1), np.float64(0.1)])
def test_arguments_structs_and_vectors(device: str, scale: Any) -> None:
    a = rk.array([1.0, 2.5, 3.0], dtype=rk.bfloat16, device=device)
    out, rows = rk.zeros(3, dtype=rk.bfloat16, device=device), rk.zeros(3, dtype=Vec3, device=device)
    structs = rk.zeros(3, dtype=Mixed, device=device)
    mixed = Mixed(half=1.5, wide=2.0, row=Vec3(0.1, 0.2, 0.3))
    for v in (Vec3(1.0, 2.0, 3.0), (1.0, 2.0, 3.0), np.array([1.0, 2.0, 3.0])):
        rk.launch(use_all, dim=3, inputs=[a, scale, mixed, v, out, rows, structs], device=device)
        assert out.list() == [_sum_of_all(x) for x in (1.0, 2.5, 3.0)]
        assert rows.list() == [[2.5, 3.0, 4.5], [4.0, 6.0, 9.0], [4.5, 7.0, 10.5]]
    assert floats(structs.numpy()["half"]).tolist() == [1.0, 2.5, 3.0]
    assert floats(structs.numpy()["row"])[2].tolist() == [0.10009765625, 0.2001953125, 0.30078125]


def test_arrays() -> None:
    a = rk.array([1.0, 2.5, 0.1], dtype=rk.bfloat16)
    assert a.list() == [1.0, 2.5, 0.10009765625] and a[2] == rk.bfloat16(0.1)
    assert str(a) == "array([1.0, 2.5, 0.10009765625], dtype=bfloat16, device='cpu')"
    assert rk.array(np.array([0x3F80, 0x4000], np.uint16), dtype=rk.bfloat16).list() == [1.0, 2.0]
    assert rk.array([1, 2], dtype=rk.bfloat16).list() == [1.0, 2.0]
    assert rk.array([rk.bfloat16(2.0)]).dtype == rk.bfloat16
    assert rk.array(a, dtype=float).numpy().tolist() == a.list()
    assert rk.array(rk.array([0.1]), dtype=rk.bfloat16)[0] == rk.bfloat16(0.1)
    assert rk.full(2, 0.1, dtype=rk.bfloat16).list() == [rk.bfloat16(0.1)] * 2
    a[0] = 0.3
    a[1:].fill_(7)
    assert a.list() == [rk.bfloat16(0.3), 7.0, 7.0] and rk.clone(a).list() == a.list()
    assert a.numbers().tolist() == a.list() and a.view(rk.uint16).numpy()[1] == 0x40E0
    bits_of = a.numpy().view(np.uint16)
    bits_of[0] = 0x4040
    assert a[0] == 3.0  # a view
    assert rk.indexedarray(a, [rk.array([2, 0])]).list() == [7.0, 3.0]


def test_numpy_arrays_are_passed_by_their_bits() -> None:
    given, out = bits(np.array([1.0, 2.0])), np.zeros(2, np.uint16)
    rk.launch(unary(negated), dim=2, inputs=[given, out])
    assert floats(out).tolist() == [-1.0, -2.0]
    with pytest.raises(
        rk.LaunchError, match="expected array\\(dtype=bfloat16\\), got NumPy array of float32"
    ):
        rk.launch(unary(negated), dim=2, inputs=[np.zeros(2, np.float32), out])


def test_host_vectors_round_like_kernels() -> None:
    v = Vec3(0.1, 1.0, 2.0)
    v[1] = 0.3
    assert v.x == rk.bfloat16(0.1) and isinstance(v[1], Bfloat16) and v[1] == rk.bfloat16(0.3)
    assert list(v * 0.1) == [rk.bfloat16(x * rk.bfloat16(0.1)) for x in v]
    assert list(v + v) == [rk.bfloat16(2 * x) for x in v] and rk.length(Vec3(3.0, 4.0, 0.0)) == 5.0


def test_dlpack_says_bfloat16() -> None:
    a = rk.array([1.0, 2.0, 3.0], dtype=rk.bfloat16)
    b = rk.from_dlpack(a)
    b[0] = 5.0
    assert (b.dtype, a.list()) == (rk.bfloat16, [5.0, 2.0, 3.0])
    assert rk.from_dlpack(rk.zeros((2, 3), dtype=rk.bfloat16), dtype=Vec3).shape == (2,)
    with pytest.raises(TypeError, match="cannot share memory of bfloat16 as uint16"):
        rk.from_dlpack(a, dtype=rk.uint16)


@pytest.mark.parametrize("device", DEVICES)
def test_atomics(device: str) -> None:
    @rk.kernel
    def combine(x: rk.array(dtype=rk.bfloat16), out: rk.array(dtype=rk.bfloat16)):
        i = rk.tid()
        rk.atomic_add(out, 0, rk.bfloat16(1.0))
        rk.atomic_min(out, 1, x[i])
        rk.atomic_max(out, 2, x[i])
        out[3 + i % 4] += rk.bfloat16(0.5)
        rk.atomic_sub(out, 7, x[3])

    x = rk.array([3.0, -7.0, 11.0, *[1.0] * 97], dtype=rk.bfloat16, device=device)
    out = rk.zeros(8, dtype=rk.bfloat16, device=device)
    rk.launch(combine, dim=100, inputs=[x, out], device=device)
    assert out.list() == [100.0, -7.0, 11.0, 12.5, 12.5, 12.5, 12.5, -100.0]


def test_printing(capfd: pytest.CaptureFixture[str]) -> None:
    @rk.kernel
    def show(x: rk.bfloat16, v: Vec3):
        print(x, v)
        rk.printf("%g\n", x)

    for device in ("cpu", "ref"):
        rk.launch(show, dim=1, inputs=[2.5, (1.0, 2.0, 3.0)], device=device)
    assert capfd.readouterr().out == "2.5 [1 2 3]\n2.5\n" * 2


def test_map_and_calls_from_python() -> None:
    @rk.func
    def squared(x: rk.bfloat16) -> rk.bfloat16:
        return x * x + 0.1

    assert squared(2.0) == rk.bfloat16(4.1) and isinstance(squared(rk.bfloat16(2.0)), Bfloat16)
    assert rk.map(squared, rk.array([1.0, 2.0], dtype=rk.bfloat16)).list() == [squared(1.0), squared(2.0)]


def test_debug_checks() -> None:
    kernel = unary(rk.sqrt, verify_fp=True)
    x, out = rk.array([4.0, -1.0], dtype=rk.bfloat16), rk.zeros(2, dtype=rk.bfloat16)
    with pytest.raises(rk.KernelFloatError, match=r"left nan in argument 'out' at index \(1,\)"):
        rk.launch(kernel, dim=2, inputs=[x, out])


def test_no_implicit_promotion() -> None:
    @rk.kernel
    def mixed(x: rk.array(dtype=rk.bfloat16), y: rk.array(dtype=float)):
        y[0] = x[0] + y[0]

    with pytest.raises(rk.KernelError, match="cannot add bfloat16 and float32"):
        rk.launch(mixed, dim=1, inputs=[rk.zeros(1, dtype=rk.bfloat16), rk.zeros(1)])


# derivatives


@rk.kernel
def wave(x: rk.array(dtype=rk.bfloat16), mixed: rk.array(dtype=Mixed), y: rk.array(dtype=rk.bfloat16)):
    i = rk.tid()
    total = rk.bfloat16(0.0)
    for j in range(3):
        total = total + mixed[i].row[j]
    y[i] = rk.sin(x[i]) * x[i] + total * mixed[i].half


def test_gradients() -> None:
    x = rk.array([1.0, 2.0], dtype=rk.bfloat16, requires_grad=True)
    values = [Mixed(half=2.0, row=Vec3(1.0, 2.0, 3.0)), Mixed(half=-1.0, row=Vec3(0.5, 0.0, 0.0))]
    mixed = rk.array(values, dtype=Mixed, requires_grad=True)
    y = rk.zeros(2, dtype=rk.bfloat16, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(wave, dim=2, inputs=[x, mixed, y])
    tape.backward(grads={y: rk.ones(2, dtype=rk.bfloat16)})
    want = [math.sin(v) + v * math.cos(v) for v in (1.0, 2.0)]
    assert x.grad is not None and np.allclose(x.grad.list(), want, rtol=0.02)
    assert floats(mixed.grad.numpy()["half"]).tolist() == [6.0, 0.5]
    assert floats(mixed.grad.numpy()["row"]).tolist() == [[2.0] * 3, [-1.0] * 3]


def test_gradient_of_a_loss_and_of_copies() -> None:
    @rk.kernel
    def total(x: rk.array(dtype=rk.bfloat16), loss: rk.array(dtype=rk.bfloat16)):
        i = rk.tid()
        rk.atomic_add(loss, 0, x[i] * x[i])

    x = rk.array([1.0, 2.0, 3.0], dtype=rk.bfloat16, requires_grad=True)
    copied = rk.zeros(3, dtype=rk.bfloat16, requires_grad=True)
    loss = rk.zeros(1, dtype=rk.bfloat16, requires_grad=True)
    with rk.Tape() as tape:
        rk.copy(copied, x)
        rk.launch(total, dim=3, inputs=[copied, loss])
    for times in (1, 2):
        tape.backward(loss)
        assert x.grad.list() == [2.0 * times, 4.0 * times, 6.0 * times]


def test_forward_mode() -> None:
    x, y = rk.array([1.0, 2.0], dtype=rk.bfloat16), rk.zeros(2, dtype=rk.bfloat16)
    kernel = unary(rk.exp)
    moved = rk.jvp(kernel, dim=2, inputs=[x], outputs=[y], tangents=[rk.ones(2, dtype=rk.bfloat16)])
    assert np.allclose(moved[0].list(), np.exp([1.0, 2.0]), rtol=0.01)


@pytest.mark.parametrize("device", DEVICES)
def test_negated_constant_nan_keeps_its_bits(device: str) -> None:
    # an operation gives 0x7FC0, and -x keeps bits: also where both are computed while compiling
    @rk.kernel
    def constants(out: rk.array(dtype=rk.bfloat16)):
        nan = rk.sqrt(rk.bfloat16(-1.0))
        out[0] = nan
        out[1] = -nan
        out[2] = -(0.0 - nan)
        out[3] = rk.abs(-nan)

    out = rk.zeros(4, dtype=rk.bfloat16, device=device)
    rk.launch(constants, 1, [out], device=device)
    assert [hex(x) for x in out.numpy().view(np.uint16)] == ["0x7fc0", "0xffc0", "0xffc0", "0x7fc0"]


@rk.func
def own_type(pattern: rk.uint16) -> rk.uint16:
    return rk.bitcast(rk.bfloat16(rk.bitcast(pattern, rk.bfloat16)), rk.uint16)


def test_a_cast_to_its_own_type_keeps_bits() -> None:
    kernel = unary(own_type, rk.uint16, rk.uint16)
    np.testing.assert_array_equal(evaluate(kernel, (rk.uint16, PATTERNS), to=rk.uint16), PATTERNS)
    assert own_type(rk.uint16(0xFFFE)) == 0xFFFE  # on the host too
