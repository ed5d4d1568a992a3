import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    len(x)[0] = 1
