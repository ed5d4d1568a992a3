"""Object files linked without LLVM: the same results, and nothing guessed."""

import ctypes
import os

import numpy as np
import pytest
from llvmlite import binding

import robokern as rk
from robokern.compiler import build, image
from robokern.compiler.frontend import lower
from robokern.compiler.machine import machine
from robokern.compiler.target import cpu
from robokern.errors import DeviceError
from robokern.runtime.native import Loaded
from tests.compiler.machine import Machine

pytestmark = pytest.mark.skipif(not image.HERE, reason="links ELF for x86-64 only")

_NUMBER = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)


def object_of(text: str, model: str = "small") -> bytes:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    made = binding.Target.from_triple(machine().default_triple).create_target_machine(
        opt=0, reloc="pic", codemodel=model
    )
    return bytes(made.emit_object(binding.parse_assembly(text)))


def loaded(*texts: str, symbols: tuple[str, ...] = ("entry",)) -> Loaded:
    code = image.linked([object_of(text) for text in texts], symbols)
    assert code is not None
    found = image.opened(code)
    assert found is not None
    return Loaded(found)


def function(code: Loaded, symbol: str = "entry"):
    made = _NUMBER(code[symbol])
    made.keep = code
    return made


COUNTER = """
@total = internal global i64 40, align 64
@zeros = internal global [1000 x i64] zeroinitializer, align 64
@places = internal constant [4 x i64] [i64 1, i64 10, i64 100, i64 1000]
define i64 @entry(i64 %x) {
  %old = load i64, ptr @total
  %at = getelementptr [4 x i64], ptr @places, i64 0, i64 %x
  %more = load i64, ptr %at
  %new = add i64 %old, %more
  store i64 %new, ptr @total
  %last = getelementptr [1000 x i64], ptr @zeros, i64 0, i64 999
  %zero = load i64, ptr %last
  %sum = add i64 %new, %zero
  ret i64 %sum
}
"""


CALLER = """
declare i64 @{name}(i64)
define i64 @entry(i64 %x) {{
  %y = call i64 @{name}(i64 %x)
  ret i64 %y
}}
"""


def test_constants_variables_and_zeros():
    first, second = function(loaded(COUNTER)), function(loaded(COUNTER))
    assert [first(0), first(1), first(3)] == [41, 51, 1051]
    assert second(2) == 140  # memory of its own


def test_parts_call_each_other():
    one = CALLER.format(name="square")
    two = "define i64 @square(i64 %x) {\n %y = mul i64 %x, %x\n ret i64 %y\n}"
    assert function(loaded(one, two))(7) == 49
    both = loaded(two, one, symbols=("square", "entry"))
    assert function(both, "square")(5) == function(both)(5) == 25


def test_functions_of_the_c_library():
    text = """
    declare i64 @labs(i64)
    declare i32 @getpid()
    define i64 @entry(i64 %x) {
      %a = call i64 @labs(i64 %x)
      %b = call i32 @getpid()
      %c = zext i32 %b to i64
      %d = add i64 %a, %c
      ret i64 %d
    }
    """
    assert function(loaded(text))(-5) == 5 + os.getpid()


def test_addresses_of_functions():
    text = """
    declare i64 @labs(i64)
    define i64 @own(i64 %x) {
      %y = add i64 %x, 1
      ret i64 %y
    }
    define i64 @entry(i64 %x) {
      %which = icmp slt i64 %x, 0
      %f = select i1 %which, ptr @labs, ptr @own
      %y = call i64 %f(i64 %x)
      ret i64 %y
    }
    """
    chosen = function(loaded(text))
    assert (chosen(-5), chosen(5)) == (5, 6)


@pytest.mark.parametrize(
    ("texts", "model"),
    [
        (["define i64 @entry(i64 %x) {\n ret i64 %x\n}"] * 2, "small"),  # two of one name
        (["define i64 @other(i64 %x) {\n ret i64 %x\n}"], "small"),  # none
        (["@t = thread_local global i64 0\ndefine ptr @entry() {\n ret ptr @t\n}"], "small"),
        (["@p = global ptr @entry\ndefine ptr @entry() {\n ret ptr @p\n}"], "small"),  # an absolute address
        ([COUNTER.replace("internal global i64 40", "external global i64")], "large"),
    ],
)
def test_what_is_not_known_is_left_to_llvm(texts, model):
    assert image.linked([object_of(text, model) for text in texts], ("entry",)) is None


@pytest.mark.parametrize(
    "code", [b"", b"robokern parts\n", b"\x7fELF\x01\x01" + bytes(60), b"MZ" + bytes(70)]
)
def test_other_files_are_left_to_llvm(code):
    assert image.linked([code], ("entry",)) is None
    assert image.opened(code) is None


def test_a_function_that_is_nowhere():
    with pytest.raises(DeviceError, match=r"device 'cpu': cannot load object code: nowhere is not there"):
        loaded(CALLER.format(name="nowhere"))


@rk.kernel
def everything(x: rk.array(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    total = 0.0
    for k in range(i % 7):
        total += rk.sin(x[i] * float(k)) + rk.pow(x[i], 1.5)
    if total > 1e30:
        print(total)
    assert total < 1e30
    out[i] = total


def test_the_same_results_as_linked_by_llvm(monkeypatch):
    func = lower(everything, tuple(t for _, t in everything.params))
    assert image.opened(build.compile(func, cpu())) is not None
    own = Machine(func)
    monkeypatch.setattr(image, "linked", lambda *unused: None)
    assert image.opened(build.compile(func, cpu())) is None
    x = np.linspace(0.1, 3e4, 1001, dtype=np.float32)
    found = []
    for one in (own, Machine(func)):
        out = np.zeros_like(x)
        assert one.launch((len(x),), (x, out)) == (0, 0)
        found.append(out)
    np.testing.assert_array_equal(*found)
    assert found[0].any()
