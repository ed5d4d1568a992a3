import robokern as rk


@rk.func
def kept(x: float, out: rk.array(dtype=float)):
    out[0] = x
    return x * x


@rk.func_grad(kept)
def kept_gradient(x: float, out: rk.array(dtype=float), adj: float):
    rk.adjoint[x] += adj * 2.0 * x


@rk.kernel
def bad(x: rk.array(dtype=float), out: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = kept(x[i], out)
