import robokern as rk


@rk.kernel
def bad(v: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    v[i] = rk.vec3(1.0, 2.0)
