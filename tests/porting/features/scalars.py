"""Operators, literals and conversions of every scalar type."""

import robokern as m


@m.kernel
def int_operators(a: m.array(dtype=int), b: m.array(dtype=int), out: m.array2d(dtype=int)):
    i = m.tid()
    d = b[i] * 2 + 1
    out[i, 0] = a[i] + b[i]
    out[i, 1] = a[i] - b[i]
    out[i, 2] = a[i] * b[i]
    out[i, 3] = a[i] // d
    out[i, 4] = a[i] % d
    out[i, 5] = -a[i]
    out[i, 6] = +b[i]
    out[i, 7] = ~a[i]


@m.kernel
def int_bits(a: m.array(dtype=int), b: m.array(dtype=int), out: m.array2d(dtype=int)):
    i = m.tid()
    out[i, 0] = a[i] & b[i]
    out[i, 1] = a[i] | b[i]
    out[i, 2] = a[i] ^ b[i]
    out[i, 3] = a[i] << 3
    out[i, 4] = a[i] >> 2
    out[i, 5] = a[i] // 8
    out[i, 6] = a[i] // -3
    out[i, 7] = a[i] % 8


@m.kernel
def int64_operators(a: m.array(dtype=m.int64), b: m.array(dtype=m.int64), out: m.array2d(dtype=m.int64)):
    i = m.tid()
    big = a[i] * m.int64(1000000007)
    out[i, 0] = big * m.int64(12345)
    out[i, 1] = big // (b[i] * m.int64(2) + m.int64(1))
    out[i, 2] = big % (b[i] * m.int64(2) + m.int64(1))
    out[i, 3] = big >> m.int64(5)
    out[i, 4] = m.abs(big)
    out[i, 5] = m.min(a[i], b[i])
    out[i, 6] = m.max(a[i], b[i])
    out[i, 7] = m.sign(big)


@m.kernel
def uint64_operators(a: m.array(dtype=m.uint64), out: m.array2d(dtype=m.uint64)):
    i = m.tid()
    x = a[i] * m.uint64(6364136223846793005) + m.uint64(1442695040888963407)
    out[i, 0] = x
    out[i, 1] = x >> m.uint64(33)
    out[i, 2] = x // m.uint64(10)
    out[i, 3] = x % m.uint64(10)
    out[i, 4] = x ^ (x >> m.uint64(17))
    out[i, 5] = ~x
    out[i, 6] = m.min(x, a[i])
    out[i, 7] = m.max(x, a[i])


@m.kernel
def uint32_operators(a: m.array(dtype=m.uint32), out: m.array2d(dtype=m.uint32)):
    i = m.tid()
    x = a[i] * m.uint32(747796405) + m.uint32(2891336453)
    word = ((x >> ((x >> m.uint32(28)) + m.uint32(4))) ^ x) * m.uint32(277803737)
    out[i, 0] = (word >> m.uint32(22)) ^ word
    out[i, 1] = x // m.uint32(7)
    out[i, 2] = x % m.uint32(7)
    out[i, 3] = m.uint32(0) - a[i]
    out[i, 4] = ~a[i]
    out[i, 5] = x << m.uint32(7)


@m.kernel
def uint8_wraps(a: m.array(dtype=m.uint8), out: m.array2d(dtype=m.uint8)):
    i = m.tid()
    out[i, 0] = a[i] + m.uint8(200)
    out[i, 1] = a[i] * m.uint8(7)
    out[i, 2] = a[i] - m.uint8(100)
    out[i, 3] = a[i] // m.uint8(3)
    out[i, 4] = a[i] % m.uint8(3)


@m.kernel
def int8_wraps(a: m.array(dtype=m.int8), out: m.array2d(dtype=m.int8)):
    i = m.tid()
    out[i, 0] = a[i] + m.int8(100)
    out[i, 1] = a[i] * m.int8(7)
    out[i, 2] = a[i] // m.int8(3)
    out[i, 3] = a[i] % m.int8(3)


@m.kernel
def int16_wraps(a: m.array(dtype=m.int16), b: m.array(dtype=m.int16), out: m.array2d(dtype=m.int16)):
    i = m.tid()
    out[i, 0] = a[i] * b[i]
    out[i, 1] = a[i] + b[i] * m.int16(31)
    out[i, 2] = a[i] // m.int16(7)
    out[i, 3] = a[i] % m.int16(7)


@m.kernel
def uint16_wraps(a: m.array(dtype=m.uint16), b: m.array(dtype=m.uint16), out: m.array2d(dtype=m.uint16)):
    i = m.tid()
    out[i, 0] = a[i] * b[i]
    out[i, 1] = a[i] - b[i] * m.uint16(31)
    out[i, 2] = a[i] // m.uint16(7)
    out[i, 3] = a[i] % m.uint16(7)


@m.kernel
def float_operators(a: m.array(dtype=float), b: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = a[i] + b[i]
    out[i, 1] = a[i] - b[i]
    out[i, 2] = a[i] * b[i]
    out[i, 3] = a[i] / (b[i] + 3.0)
    out[i, 4] = a[i] // 0.75
    out[i, 5] = a[i] % 0.75
    out[i, 6] = m.abs(a[i]) ** b[i]
    out[i, 7] = -a[i]


@m.kernel
def double_operators(
    a: m.array(dtype=m.float64), b: m.array(dtype=m.float64), out: m.array2d(dtype=m.float64)
):
    i = m.tid()
    out[i, 0] = a[i] + b[i]
    out[i, 1] = a[i] * b[i]
    out[i, 2] = a[i] / (b[i] + m.float64(3.0))
    out[i, 3] = a[i] // m.float64(0.75)
    out[i, 4] = a[i] % m.float64(0.75)
    out[i, 5] = m.abs(a[i]) ** b[i]
    out[i, 6] = m.float64(0.1) + a[i]
    out[i, 7] = m.mod(a[i], m.float64(-0.3))


@m.kernel
def half_operators(a: m.array(dtype=m.float16), b: m.array(dtype=m.float16), out: m.array2d(dtype=m.float16)):
    i = m.tid()
    out[i, 0] = a[i] + b[i]
    out[i, 1] = a[i] * b[i]
    out[i, 2] = a[i] / (m.abs(b[i]) + m.float16(1.0))
    out[i, 3] = m.min(a[i], b[i])
    out[i, 4] = m.max(a[i], b[i])
    out[i, 5] = m.float16(float(a[i]) * 3.3)


@m.kernel
def operators_by_name(a: m.array(dtype=int), b: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    n = m.add(m.mul(a[i], 3), m.neg(m.sub(a[i], 5)))
    out[i, 0] = float(n)
    out[i, 1] = float(m.floordiv(a[i], 7))
    out[i, 2] = float(m.mod(a[i], 7))
    out[i, 3] = float(m.bit_and(a[i], 255) + m.bit_or(a[i], 1) + m.bit_xor(a[i], 85))
    out[i, 4] = float(m.lshift(a[i], 2) + m.rshift(a[i], 1) + m.invert(a[i]))
    out[i, 5] = m.div(b[i], 3.0) + m.pos(b[i])
    if m.unot(a[i] > 0):
        out[i, 6] = 1.0


@m.kernel
def conversions(a: m.array(dtype=float), n: m.array(dtype=int), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = float(int(a[i] * 100.0))
    out[i, 1] = float(m.uint8(n[i]))
    out[i, 2] = float(m.int8(n[i]))
    out[i, 3] = float(m.uint16(n[i]))
    out[i, 4] = float(m.float16(a[i]))
    out[i, 5] = float(m.float64(a[i]) * m.float64(2.0))
    out[i, 6] = float(m.int64(n[i]) * m.int64(3))
    out[i, 7] = float(m.uint32(n[i]) >> m.uint32(4))


@m.kernel
def casts_between_integers(n: m.array(dtype=m.int64), out: m.array2d(dtype=m.int64)):
    i = m.tid()
    x = n[i] * m.int64(123456789)
    out[i, 0] = m.int64(m.int32(x))
    out[i, 1] = m.int64(m.uint32(x))
    out[i, 2] = m.int64(m.int16(x))
    out[i, 3] = m.int64(m.uint16(x))
    out[i, 4] = m.int64(m.int8(x))
    out[i, 5] = m.int64(m.uint8(x))
    out[i, 6] = m.int64(m.uint64(x))


@m.kernel
def reinterpreted(a: m.array(dtype=float), n: m.array(dtype=int), out: m.array2d(dtype=int)):
    i = m.tid()
    out[i, 0] = m.cast(a[i], m.int32)
    out[i, 1] = m.cast(m.cast(n[i], m.float32), m.int32)
    out[i, 2] = int(m.cast(a[i], m.uint32) >> m.uint32(23))


@m.kernel
def booleans(
    a: m.array(dtype=bool), b: m.array(dtype=bool), n: m.array(dtype=int), out: m.array2d(dtype=bool)
):
    i = m.tid()
    out[i, 0] = a[i] and b[i]
    out[i, 1] = a[i] or b[i]
    out[i, 2] = not a[i]
    out[i, 3] = a[i] == b[i]
    out[i, 4] = n[i] > 3
    out[i, 5] = bool(n[i])
    out[i, 6] = 0 < n[i] < 500
    out[i, 7] = a[i] and not b[i] or n[i] <= -3


@m.kernel
def comparisons(a: m.array(dtype=float), b: m.array(dtype=float), out: m.array2d(dtype=bool)):
    i = m.tid()
    out[i, 0] = a[i] < b[i]
    out[i, 1] = a[i] <= b[i]
    out[i, 2] = a[i] > b[i]
    out[i, 3] = a[i] >= b[i]
    out[i, 4] = a[i] == b[i]
    out[i, 5] = a[i] != b[i]
    x = float(a[i])
    out[i, 6] = -1.0 < x <= 0.5
