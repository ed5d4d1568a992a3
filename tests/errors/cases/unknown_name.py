import robokern as rk


@rk.kernel
def bad(y: rk.array(dtype=int)):
    i = rk.tid()
    y[i] = m
