import robokern as rk


@rk.func
def f(x: float):
    return f(x - 1.0)


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = f(x[i])
