"""Variables assigned on some paths only: zero elsewhere, with a warning; in debug mode an error."""

from __future__ import annotations

import warnings

import pytest

import robokern as rk
from robokern.compiler.frontend import lower


def branch(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    if n > 0:
        y = float(n)
        v = rk.vec3(2.0)
    x[i] = y + v[1]


def loop(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    for k in range(n):
        if k >= 2:
            y = 10.0 * float(k)
    x[i] = y + float(k)


def left(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    for k in range(n):
        square = k * k
        if k == 3:
            break
    x[i] = float(square + k)


@rk.func
def found(n: int):
    if n == 0:
        return 7.0
    if n > 0:
        for k in range(n):
            if k == 3:
                return 8.0


def returned(x: rk.array(dtype=float), n: int):
    x[rk.tid()] = found(n)


def own_in_each(x: rk.array(dtype=float), n: int):
    i = rk.tid()
    if n > 0:
        t = 1.0
        x[i] = t
    t = 2.0
    x[i] = x[i] + t


VALUES = {
    branch: {0: 0.0, 1: 3.0, 5: 7.0},
    loop: {0: 0.0, 1: 0.0, 3: 22.0},
    left: {0: 0.0, 1: 0.0, 3: 6.0, 9: 12.0},
    returned: {-1: 0.0, 0: 7.0, 2: 0.0, 4: 8.0},
}
SURE = {branch: {1, 5}, loop: {3}, left: {1, 3, 9}, returned: {0, 4}}
WARNING = {
    branch: "'y' may have no value here: it is assigned in one branch only",
    loop: "'y' may have no value here: it is assigned only inside the loop",
    left: "'square' may have no value here: it is assigned only inside the loop",
}
WRONG = {
    branch: "'y' has no value here: it is assigned in one branch only",
    loop: "'y' has no value here: it is assigned only inside the loop",
    left: "'square' has no value here: it is assigned only inside the loop",
    returned: "found() ended without a return",
}
CASES = [(f, n) for f, values in VALUES.items() for n in values]


def launched(kernel: rk.Kernel, n: int, device: str) -> list[float]:
    x = rk.zeros(3, device=device)
    rk.launch(kernel, 3, [x, n], device=device)
    return x.list()


@pytest.mark.filterwarnings("ignore::robokern.KernelWarning")
@pytest.mark.parametrize(("function", "n"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_it_is_zero(device, function, n):
    assert launched(rk.kernel(function), n, device) == [VALUES[function][n]] * 3


@pytest.mark.filterwarnings("ignore::robokern.KernelWarning")
@pytest.mark.parametrize(("function", "n"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_debug_mode_tells(device, function, n):
    kernel = rk.kernel(function, module_options={"mode": "debug"})
    if n in SURE[function]:
        assert launched(kernel, n, device) == [VALUES[function][n]] * 3
        return
    with pytest.raises(rk.KernelAssertionError) as error:
        launched(kernel, n, device)
    assert f"{WRONG[function]}; in kernel {function.__name__!r}, item (0,) of grid (3,)" in str(error.value)


@pytest.mark.parametrize("function", WARNING, ids=lambda f: f.__name__)
def test_a_warning_names_the_place(function):
    fresh = rk.kernel(function)
    with pytest.warns(rk.KernelWarning) as seen:
        lower(fresh, tuple(type for _, type in fresh.params))
    assert str(seen[0].message).startswith(WARNING[function])
    assert str(seen[0].message).endswith(', or have mode="debug" check it')
    assert seen[0].filename == __file__


def test_a_warning_names_a_func_without_a_return():
    @rk.func
    def sign(n: int):
        if n > 0:
            return 1.0

    @rk.kernel
    def kernel(x: rk.array(dtype=float), n: int):
        x[rk.tid()] = sign(n)

    with pytest.warns(rk.KernelWarning) as seen:
        lower(kernel, tuple(type for _, type in kernel.params))
    assert str(seen[0].message) == (
        "sign() does not return a value on every path; it is zero then: end it with a return, "
        'or have mode="debug" check it'
    )


def test_a_variable_of_one_branch_is_no_doubt():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert launched(rk.kernel(own_in_each), 1, "cpu") == [3.0] * 3


def test_an_array_is_refused():
    @rk.kernel
    def kernel(x: rk.array(dtype=float), y: rk.array(dtype=float), n: int):
        if n > 0:
            z = x
        y[rk.tid()] = z[0]

    with pytest.raises(rk.KernelError, match="'z' may have no value here: it is assigned in one branch only"):
        rk.launch(kernel, 1, [rk.zeros(1), rk.zeros(1), 1])


@pytest.mark.filterwarnings("ignore::robokern.KernelWarning")
def test_gradients_of_what_was_assigned(device):
    @rk.kernel
    def kernel(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
        i = rk.tid()
        if x[i] > rk.float64(0.0):
            square = x[i] * x[i]
        for k in range(i):
            last = square * rk.float64(k)
        y[i] = square + last

    x = rk.array([3.0, -2.0, 5.0], dtype=rk.float64, requires_grad=True, device=device)
    y = rk.zeros(3, dtype=rk.float64, device=device, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(kernel, 3, [x, y], device=device)
    tape.backward(grads={y: rk.ones(3, dtype=rk.float64, device=device)})
    assert y.list() == [9.0, 0.0, 50.0]
    assert x.grad.list() == [6.0, 0.0, 20.0]


def test_a_name_used_for_something_else_in_each_branch(device):
    @rk.kernel
    def kernel(x: rk.array(dtype=float), n: int):
        i = rk.tid()
        if n > 0:
            c = rk.vec3(4.0)
            x[i] = c[1]
            return
        for c in range(3):
            x[i] += float(c)

    assert launched(kernel, 1, device) == [4.0] * 3
    assert launched(kernel, 0, device) == [3.0] * 3


def test_a_counter_with_the_name_of_something_else(device):
    @rk.kernel
    def kernel(x: rk.array(dtype=float), n: int):
        i = rk.tid()
        k = 0.5
        x[i] = k
        for k in range(n):
            x[i] += float(k)
            if k == 2:
                break
        for k in range(n):
            x[i] += float(k)

    assert launched(kernel, 4, device) == [0.5 + 3.0 + 6.0] * 3


def test_it_has_no_value_after_the_loop():
    @rk.kernel
    def kernel(x: rk.array(dtype=float), n: int):
        i = rk.tid()
        k = 0.5
        for k in range(n):
            x[i] += float(k)
        x[i] = k

    with pytest.raises(rk.KernelError, match="'k' is float32 before the loop and int32 after a turn of it"):
        rk.launch(kernel, 3, [rk.zeros(3), 2])
