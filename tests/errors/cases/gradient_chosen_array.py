import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), y: rk.array(dtype=float), z: rk.array(dtype=float)):
    i = rk.tid()
    source = x
    if i > 5:
        source = y
    z[i] = source[i] * source[i]
