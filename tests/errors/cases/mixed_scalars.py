import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    x[i] = x[i] * n
