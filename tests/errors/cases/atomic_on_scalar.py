import robokern as rk


@rk.kernel
def bad(n: int):
    i = rk.tid()
    rk.atomic_add(n, 0, 1)
