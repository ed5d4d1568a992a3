import robokern as rk


@rk.kernel
def bad(x: rk.array2d(dtype=float)):
    i = rk.tid()
    y = x[:, i]
    y[0] = 1.0
