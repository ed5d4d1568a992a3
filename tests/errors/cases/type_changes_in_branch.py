import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    y = float(0.0)
    if n > 0:
        y = rk.vec3(1.0)
    x[i] = y
