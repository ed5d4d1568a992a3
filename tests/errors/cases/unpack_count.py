import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    a, b = rk.vec3(1.0, 2.0, 3.0)
    x[i] = a
