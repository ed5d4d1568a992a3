import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), bounds: rk.array(dtype=float)):
    i = rk.tid()
    rk.atomic_min(bounds, 0, x[i])
    rk.atomic_max(bounds, 1, x[i])
