import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), v: rk.vec3):
    i = rk.tid()
    w = v[i:]
    x[i] = w[0]
