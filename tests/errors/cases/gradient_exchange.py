import robokern as rk


@rk.kernel
def bad(x: rk.array(dtype=float), last: rk.array(dtype=float)):
    rk.atomic_exch(last, 0, x[rk.tid()])
