import robokern as rk


@rk.kernel
def other(x: rk.array(dtype=float)):
    x[0] = 1.0


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    other(x)
