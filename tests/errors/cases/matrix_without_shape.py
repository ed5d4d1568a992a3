import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    m = rk.matrix(1.0, 2.0)
    x[i] = m[0, 0]
