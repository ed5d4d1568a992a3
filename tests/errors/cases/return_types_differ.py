import robokern as rk


@rk.func
def f(x: float):
    if x > 0.0:
        return x
    return rk.vec3(x)


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = f(x[i])
