import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    for k in range(x[i]):
        x[i] = 1.0
