import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    x[i] = x[i] + 0.5
