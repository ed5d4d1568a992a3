import robokern as rk


@rk.kernel
def bad(m: rk.array(dtype=rk.mat33), v: rk.vec3):
    i = rk.tid()
    m[i] = rk.mat33(v, v, v)
