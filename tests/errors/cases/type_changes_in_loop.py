import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    s = x[i]
    for k in range(n):
        s = rk.float64(s) + rk.float64(1.0)
    x[i] = s
