"""Every name of Warp is there, or refused with the feature it belongs to and the way out."""

import re
import typing
from collections.abc import Callable

import pytest

import robokern as rk
from robokern.lang import unsupported
from tests.porting.surface import ATTRIBUTES, SURFACE

warp = pytest.importorskip("warp", reason="the peer: pip install robokern[bench]")

PYTHONS_OWN = {"float", "int", "tuple"}  # written without `rk.` in kernels
OF_WARPS_INSIDE = {"Function.cooperative", "Function.core"}
NAMES = sorted({name for names in SURFACE.values() for name in names.split()} - PYTHONS_OWN)
PUBLIC = sorted(n for n in dir(warp) if not n.startswith("_"))


def there(name: str) -> bool:
    """Whether a dotted name is in `rk`; refused names raise with their reason."""
    found = rk
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except rk.UnsupportedError as refused:
            assert re.fullmatch(rf"rk\.(utils\.)?{part} is not supported \(.+\): .+", str(refused))
            return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_or_refused(name):
    there(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_of_warp_is_there_or_refused(name):
    there(name)


@pytest.mark.parametrize("name", [n for n in ATTRIBUTES.split() if n not in OF_WARPS_INSIDE])
def test_attributes(name):
    owner, attribute = name.split(".")
    if there(owner):
        corners = rk.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=rk.vec3)
        examples = {
            "Kernel": an_empty_kernel,
            "Device": rk.get_device("cpu"),
            "Tape": rk.Tape(),
            "Bvh": rk.Bvh(corners, corners),
            "Mesh": rk.Mesh(corners, rk.array([0, 1, 2], dtype=int)),
            "array": corners,
        }
        assert hasattr(examples[owner], attribute)


@rk.kernel
def an_empty_kernel():
    pass


@pytest.mark.parametrize("pattern", unsupported.FEATURES)
def test_every_reason_is_met(pattern):
    met = [n for n in (*NAMES, *PUBLIC) if re.fullmatch(pattern, n.split(".")[0])]
    assert any(not there(n) for n in met), "a row for names that are there"


_WRITES = "is not supported (what Warp's compiler writes for"
SPELLINGS = {
    "load(a, 0)": f"rk.load {_WRITES} an element): write a[i]",
    "store(a, 0, 1.0)": f"rk.store {_WRITES} =): write a[i] = x or x = y",
    "view(a, 0)": f"rk.view {_WRITES} a part of an array): write a[i] or a[i:j]",
    "add_inplace(a, 0, 1.0)": f"rk.add_inplace {_WRITES} +=): write x += y",
}


def test_a_folder_of_the_package_hides_no_refusal():
    import robokern.view  # noqa: F401

    test_what_warps_compiler_writes_is_told_by_its_spelling("view(a, 0)")


@pytest.mark.parametrize("call", SPELLINGS)
def test_what_warps_compiler_writes_is_told_by_its_spelling(call):
    source = f"import robokern as rk\n@rk.kernel\ndef k(a: rk.array(dtype=float)):\n    rk.{call}\n"
    kernel = rk.from_source(source, "spelled")["k"]
    with pytest.raises(rk.KernelError) as raised:
        rk.launch(kernel, dim=1, inputs=[rk.zeros(1)])
    assert SPELLINGS[call] in str(raised.value)


# names by which programs written for Warp make types and ask for devices


@rk.func
def doubled(x: rk.Float):
    return x + x


@rk.func
def either(x: rk.Scalar, n: rk.Int):
    return x * type(x)(n)


@rk.func
def advance(state: rk.ref[rk.uint32]):
    state = state * rk.uint32(5)
    return state


def test_type_variables_references_and_handles(device):
    @rk.kernel
    def uses(mesh: rk.handle, out: rk.array(dtype=float), counts: rk.array(dtype=rk.uint32)):
        out[0] = doubled(1.5) + either(2.0, 3)
        state = rk.uint32(7)
        advance(state)
        counts[0] = state
        counts[1] = rk.uint32(mesh)

    out = rk.zeros(1, dtype=float, device=device)
    counts = rk.zeros(2, dtype=rk.uint32, device=device)
    rk.launch(uses, dim=1, inputs=[9, out, counts], device=device)
    assert (out.list(), counts.list()) == ([9.0], [35, 9])
    with pytest.raises(TypeError, match=r"doubled\(\) does not take"):
        doubled(rk.int32(1))


def test_devices():
    assert rk.is_cpu_available() and rk.get_cuda_device_count() == len(rk.get_cuda_devices())
    assert rk.get_preferred_device() == rk.get_device("auto")
    if not rk.is_cuda_available():
        with pytest.raises(rk.DeviceError):
            rk.get_cuda_device()


@rk.struct
class Pair:
    a: float


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("is_int", 3, 3.0),
        ("is_float", rk.float16(1), 1),
        ("is_scalar", rk.uint8(1), "1"),
        ("is_vector", rk.vec3(), rk.quat()),
        ("is_matrix", rk.mat22(), rk.vec3()),
        ("is_quaternion", rk.quat(), rk.vec4()),
        ("is_transformation", rk.transform(), rk.vec3()),
        ("is_struct", Pair(a=1.0), rk.vec3()),
        ("is_value", Pair(a=1.0), rk.zeros(1)),
        ("type_is_array", rk.array(dtype=float), rk.vec3),
        ("type_is_value", rk.vec3, rk.array(dtype=float)),
    ],
)
def test_questions_about_types(question, yes, no):
    ask = getattr(rk.types, question)
    assert ask(yes) and not ask(no)


def test_types_compared_and_written():
    assert rk.types.types_equal(float, rk.float32) and not rk.types.types_equal(float, rk.float64)
    assert rk.types.type_repr(rk.vector(3, float)) == "vec3"


@pytest.mark.parametrize("annotation", [Callable, typing.Callable, typing.Callable[[float], float]])
def test_functions_as_arguments(annotation):
    @rk.func
    def squared(x: float):
        return x * x

    @rk.func
    def applied(f: annotation, x: float):
        return f(x) + 1.0

    @rk.kernel
    def use(out: rk.array(dtype=float)):
        out[0] = applied(squared, 3.0)

    out = rk.zeros(1)
    rk.launch(use, dim=1, inputs=[out])
    assert out.list() == [10.0]


# the tree of a group has a number here, a root there; overloads of Warp with one name for each length
OTHER_PARAMETERS = {
    "bvh_query_aabb": {"root"},
    "bvh_query_ray": {"root"},
    "matrix_from_cols": {"*args"},
    "matrix_from_rows": {"*args"},
    "noise": {"xy", "xyz", "xyzt"},
}


def test_parameters_are_called_as_in_warp():
    from warp._src.context import builtin_functions

    compared = 0
    for name, function in builtin_functions.items():
        ours = getattr(rk, name, None) if name in rk.__all__ else None
        if hasattr(ours, "overloads"):
            names = {n for o in ours.overloads for n, _ in o.params}
            theirs = {n for o in getattr(function, "overloads", ()) for n in o.input_types}
            assert theirs - names == OTHER_PARAMETERS.get(name, set()), name
            compared += 1
    assert compared > 120
