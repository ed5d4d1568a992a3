import robokern as rk


@rk.func
def f(x: float) -> rk.float64:
    return x


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = f(x[i])
