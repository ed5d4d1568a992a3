import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    for k in range(n):
        x[i] = 1.0
    else:
        x[i] = 2.0
