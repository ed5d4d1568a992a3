import robokern as rk


TABLE = [1.0, 2.0]


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = TABLE[0]
