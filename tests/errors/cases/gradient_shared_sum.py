import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i + 1] = rk.atomic_add(y, 0, x[i])
