import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    y = [1.0, 2.0]
    x[i] = y[0]
