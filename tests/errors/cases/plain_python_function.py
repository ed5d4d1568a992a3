import robokern as rk


def half(x):
    return 0.5 * x


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = half(x[i])
