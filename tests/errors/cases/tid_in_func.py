import robokern as rk


@rk.func
def f():
    return float(rk.tid())


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = f()
