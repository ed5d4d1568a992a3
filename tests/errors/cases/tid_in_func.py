import robokern as rk


@rk.func
def f():
    i, j = rk.tid()
    return float(i + j)


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = f()
