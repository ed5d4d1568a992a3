import robokern as rk


@rk.struct
class State:
    mass: float
    position: rk.vec3


@rk.kernel
def bad(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    s = State(mass=n)
    x[i] = s.mass
