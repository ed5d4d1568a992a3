import robokern as rk


@rk.func
def kept(x: float, out: rk.array(dtype=float)):
    out[0] = x
    return x * x


@rk.kernel
def bad(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i], _ = rk.grad(kept)(x[i], y)
