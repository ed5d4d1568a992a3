import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = rk.bitcast(rk.bitcast(x[i], rk.int32) + 1, rk.float32)
