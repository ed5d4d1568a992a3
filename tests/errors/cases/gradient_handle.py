import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), memory: rk.uint64):
    i = rk.tid()
    y = rk.array_at(memory, 10, rk.float32)
    y[i] = x[i] * x[i]
