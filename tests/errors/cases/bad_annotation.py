import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: str):
    i = rk.tid()
    x[i] = 1.0
