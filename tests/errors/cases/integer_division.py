import robokern as rk


@rk.kernel
def bad(y: rk.array(dtype=int), n: int):
    i = rk.tid()
    y[i] = n / 2
