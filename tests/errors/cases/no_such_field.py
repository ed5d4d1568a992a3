import robokern as rk


@rk.struct
class State:
    mass: float
    position: rk.vec3


@rk.kernel
def bad(x: rk.array(dtype=float), s: State):
    i = rk.tid()
    x[i] = s.velocity
