import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    try:
        x[i] = 1.0
    except ValueError:
        x[i] = 2.0
