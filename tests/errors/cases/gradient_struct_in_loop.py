import robokern as rk


@rk.struct
class State:
    time: float
    speed: rk.array(dtype=float)


@rk.kernel
def bad(state: State, n: int):
    i = rk.tid()
    for _ in range(n):
        state.time = state.time + 0.01
        state.speed[i] = state.speed[i] - state.speed[i] * state.time
