"""Loops, branches, static expressions, constants."""

import robokern as m


@m.kernel
def if_elif_else(a: m.array(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    if a[i] < -1.0:
        out[i] = 1
    elif a[i] < 0.0:
        out[i] = 2
    elif a[i] < 1.0:
        out[i] = 3
    else:
        out[i] = 4


@m.kernel
def conditional_expression(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x = a[i] if a[i] > 0.0 else -a[i] * 2.0
    out[i] = 1.0 if x > 3.0 else x if x > 1.0 else 0.5


@m.kernel
def dynamic_for(n: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    s = int(0)
    for k in range(n[i] % 20):
        s += k * k
    out[i] = s + 1


@m.kernel
def for_with_steps(n: m.array(dtype=int), out: m.array2d(dtype=int)):
    i = m.tid()
    s = int(1)
    for k in range(n[i], n[i] + 50, 7):
        s += k
    out[i, 0] = s
    for k in range(n[i], n[i] - 50, -7):
        s += k
    out[i, 1] = s
    for k in range(10, 0, -3):
        s += k * i
    out[i, 2] = s


@m.kernel
def nested_loops(n: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    s = int(0)
    for a in range(n[i] % 7 + 8):
        for b in range(a):
            if b == 3:
                continue
            if a * b > 40:
                break
            s += a * 10 + b
    out[i] = s


@m.kernel
def while_loop(n: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    x = m.abs(n[i]) + 1
    turns = int(0)
    while x != 1:
        if x % 2 == 0:
            x = x // 2
        else:
            x = 3 * x + 1
        turns += 1
        if turns > 200:
            break
    out[i] = turns + 1


@m.kernel
def while_with_continue(n: m.array(dtype=int), out: m.array(dtype=int)):
    i = m.tid()
    k = int(0)
    s = int(0)
    while k < 30:
        k += 1
        if (k + n[i]) % 3 == 0:
            continue
        s += k
    out[i] = s


@m.kernel
def unrolled(a: m.array(dtype=m.vec4), out: m.array(dtype=float)):
    i = m.tid()
    s = float(0.0)
    for k in range(4):
        s += a[i][k] * float(k + 1)
    out[i] = s


UNITS = 3
WEIGHTS = m.constant(0.25)
OFFSET = m.constant(m.vec3(1.0, 2.0, 3.0))


@m.kernel
def module_constants(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    s = a[i] + OFFSET * WEIGHTS
    for _k in range(UNITS):
        s = s * 0.5
    out[i] = s


@m.kernel
def mathematical_constants(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = a[i] * m.pi
    out[i, 1] = a[i] * m.PI
    out[i, 2] = a[i] * m.e + m.tau + m.half_pi
    out[i, 3] = m.where(a[i] < m.inf, m.phi, 0.0)
    out[i, 4] = m.where(a[i] == m.nan, 1.0, m.ln2 + m.ln10 + m.log2e + m.log10e)


@m.kernel
def static_expression(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = a[i] * m.static(sum(0.5**k for k in range(5))) + m.static(float(len("four")))


@m.kernel
def early_return(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    if a[i] < 0.0:
        out[i] = 1.0
        return
    out[i] = a[i] + 2.0


@m.kernel
def grid_of_items(out: m.array(dtype=int)):
    i = m.tid()
    out[i] = i * 3 + 1


@m.kernel
def logic_does_not_index_past_the_end(a: m.array(dtype=float), out: m.array(dtype=int)):
    i = m.tid()
    j = i + 1
    if j < a.shape[0] and a[j] > 0.0:
        out[i] = 2
    else:
        out[i] = 1


@m.kernel
def augmented(a: m.array(dtype=float), n: m.array(dtype=int), out: m.array(dtype=float)):
    i = m.tid()
    x = float(a[i])
    x += 2.0
    x *= 3.0
    x -= 0.5
    x /= 7.0
    k = int(n[i])
    k //= 3
    k %= 50
    k <<= 1
    k |= 1
    k ^= 12
    k &= 63
    k >>= 1
    out[i] = x + float(k)


@m.kernel
def tuples_swapped(a: m.array(dtype=float), b: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x, y = float(a[i]), float(b[i])
    x, y = y, x
    out[i] = x * 10.0 + y


@m.kernel
def assertion_holds(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    assert a[i] < 3.0
    out[i] = a[i] + 5.0
