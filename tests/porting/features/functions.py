"""Funcs: overloads, generics, several results, default and keyword arguments, closures, factories."""

from typing import Any

import robokern as m


@m.func
def plus_one(x: float):
    return x + 1.0


@m.func
def annotated(x: float, n: int) -> float:
    return x * float(n)


@m.func
def split_up(x: float):
    whole = m.floor(x)
    return whole, x - whole


@m.func
def early(x: float):
    if x < 0.0:
        return 0.0
    if x > 1.0:
        return 1.0
    return x


@m.func
def scaled(x: float, factor: float = 2.0, offset: float = 1.0):
    return x * factor + offset


@m.func
def square(x: Any):
    return x * x


@m.func
def total_of(v: m.vec3):
    return v[0] + v[1] + v[2]


@m.func
def kind_of(x: float):
    return 1.0


@m.func
def kind_of(x: int):
    return 2.0


@m.func
def kind_of(x: m.vec3):
    return 3.0


@m.func
def first_above(values: m.array(dtype=float), limit: float):
    for i in range(values.shape[0]):
        if values[i] > limit:
            return i
    return -1


@m.func
def store_twice(values: m.array2d(dtype=float), i: int, x: float):
    values[i, 0] = x
    values[i, 1] = x * 2.0


@m.kernel
def calls(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = plus_one(plus_one(a[i]))
    out[i, 1] = annotated(a[i], i)
    whole, rest = split_up(a[i])
    out[i, 2] = whole
    out[i, 3] = rest
    out[i, 4] = early(a[i])
    out[i, 5] = total_of(m.vec3(a[i], 1.0, 2.0))


@m.kernel
def default_and_keyword_arguments(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = scaled(a[i])
    out[i, 1] = scaled(a[i], 3.0)
    out[i, 2] = scaled(a[i], offset=5.0)
    out[i, 3] = scaled(a[i], factor=0.5, offset=2.0)


@m.kernel
def generic_funcs(
    a: m.array(dtype=float), n: m.array(dtype=int), d: m.array(dtype=m.float64), out: m.array2d(dtype=float)
):
    i = m.tid()
    out[i, 0] = square(a[i])
    out[i, 1] = float(square(n[i]))
    out[i, 2] = float(square(d[i]))


@m.kernel
def overloaded_funcs(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = kind_of(a[i])
    out[i, 1] = kind_of(i)
    out[i, 2] = kind_of(m.vec3(a[i]))


@m.kernel
def arrays_passed_to_funcs(
    a: m.array(dtype=float), out_found: m.array(dtype=int), out: m.array2d(dtype=float)
):
    i = m.tid()
    out_found[i] = first_above(a, float(i) * 0.1)
    store_twice(out, i, a[i])


def make_kernel(factor: float, function):
    @m.kernel
    def scales(a: m.array(dtype=float), out: m.array(dtype=float)):
        i = m.tid()
        out[i] = function(a[i]) * factor

    return scales


closure_over_a_number = make_kernel(3.0, plus_one)
closure_over_another = make_kernel(4.0, early)


def make_func(offset: float):
    @m.func
    def shifted(x: float):
        return x + offset

    return shifted


shift_by_two = make_func(2.0)
shift_by_five = make_func(5.0)


@m.kernel
def funcs_from_a_factory(a: m.array(dtype=float), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = shift_by_two(a[i])
    out[i, 1] = shift_by_five(a[i])


@m.kernel
def generic_kernel(a: m.array(dtype=Any), out: m.array(dtype=Any)):
    i = m.tid()
    out[i] = a[i] * a[i] + a[i]


generic_float = m.overload(generic_kernel, [m.array(dtype=float), m.array(dtype=float)])
generic_double = m.overload(generic_kernel, [m.array(dtype=m.float64), m.array(dtype=m.float64)])
generic_int = m.overload(generic_kernel, [m.array(dtype=int), m.array(dtype=int)])


@m.func
def widths(v: m.vec2):
    return 2


@m.func
def widths(v: m.vec4):
    return 4


@m.func
def sum_of(v: m.types.vector(length=Any, dtype=float)):
    s = float(0.0)
    for k in range(len(v)):
        s += v[k]
    return s


@m.kernel
def vectors_of_any_length(a: m.array(dtype=m.vec4), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = sum_of(a[i])
    out[i, 1] = sum_of(m.vec2(a[i][0], a[i][1]))
    out[i, 2] = float(widths(a[i]) + widths(m.vec2(1.0, 2.0)))


@m.func
def by_type(x: Any):
    return type(x)(2) * x


@m.kernel
def types_as_functions(a: m.array(dtype=float), d: m.array(dtype=m.float64), out: m.array2d(dtype=float)):
    i = m.tid()
    out[i, 0] = by_type(a[i])
    out[i, 1] = float(by_type(d[i]))


@m.func
def three_results(v: m.vec3):
    return v[0], v * 2.0, int(v[1] * 10.0)


@m.kernel
def results_of_different_types(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    x, w, n = three_results(a[i])
    out[i] = w + m.vec3(x, float(n), 0.0)


@m.kernel
def static_choice_of_function(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = m.static(shift_by_two)(a[i])


@m.kernel
def arguments_by_keyword(
    v: m.array(dtype=m.vec3), q: m.array(dtype=m.quat), f: m.array(dtype=float), out: m.array(dtype=float)
):
    i = m.tid()
    turned = m.quat_rotate(quat=q[i], vec=v[i])
    moved = m.transform_point(xform=m.transform(p=v[i], q=q[i]), point=turned)
    m.atomic_add(
        arr=out, i=i, value=m.where(cond=f[i] > 0.0, value_if_true=moved[0], value_if_false=moved[1])
    )
    m.atomic_max(out, i, value=m.min(a=f[i], b=m.trace(a=m.quat_to_matrix(quat=q[i]))))
