import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    y = rk.local(n, float)
    x[i] = y[0]
