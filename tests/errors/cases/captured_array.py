import numpy as np

import robokern as rk


TABLE = np.ones(3)


@rk.kernel
def bad(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = TABLE[0]
