import math

import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = rk.grad(math.sin)(x[i])
