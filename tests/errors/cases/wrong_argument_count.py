import robokern as rk


@rk.func
def half(x: float):
    return 0.5 * x


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = half(x[i], 2.0)
