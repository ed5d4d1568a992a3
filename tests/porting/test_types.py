"""What programs for Warp do with types on the host, where Warp's are classes and ours are values."""

from __future__ import annotations

import pytest

import robokern as rk


class vec5(rk.types.vector(length=5, dtype=float)):
    """A name for it."""


def test_a_class_statement_names_a_type():
    assert vec5 == rk.types.vector(5, float)
    assert list(vec5(2.0)) == [2.0] * 5


def test_its_body_is_empty():
    with pytest.raises(TypeError) as error:

        class Shape(rk.vec3):
            def area(self):
                return self.x

    assert str(error.value) == (
        "class Shape: expected one type of the kernel language and an empty body, got area; "
        "write functions with @rk.func"
    )
    with pytest.raises(TypeError, match="got several bases"):

        class Both(rk.vec3, rk.vec4):
            pass


def test_annotations_of_host_functions():
    assert (rk.vec3 | None).__args__ == (rk.vec3, type(None))
    assert (rk.array(dtype=float) | rk.vec4).__args__ == (rk.array(dtype=float), rk.vec4)


def test_subclasses():
    floats = rk.float32 | rk.float64
    assert issubclass(rk.float32, floats)
    assert not issubclass(rk.int32, floats)
    assert issubclass(vec5, rk.types.vector(5, float))
    assert not issubclass(int, rk.int32)


def test_printf_takes_sizes(capfd, device):
    @rk.kernel(enable_backward=None)
    def kernel(n: rk.int64, u: rk.uint8):
        rk.printf("%lld|%5hhu|%% %%lld|%lx\n", n, u, n)

    rk.launch(kernel, 1, [1 << 40, 200], device=device)
    rk.synchronize()
    assert capfd.readouterr().out == "1099511627776|  200|% %lld|10000000000\n"
