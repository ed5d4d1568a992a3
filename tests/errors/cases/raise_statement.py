import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    raise ValueError
