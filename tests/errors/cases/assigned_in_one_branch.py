import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    if n > 0:
        y = 1.0
    x[i] = y
