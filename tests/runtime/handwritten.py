"""Kernels written by hand in LLVM IR, so that the driver is tested without the compiler."""

from functools import cache

import numpy as np

from robokern.runtime import driver_cpu

ARGUMENTS = 40  # bytes of the launch record before the first argument

# `body` runs for each item %i; it sees %launch and %p, the first argument, and ends by `br label %step`
LOOP = """
{declarations}
define void @entry(i64 %begin, i64 %end, ptr %launch) {{
start:
  %first = getelementptr i8, ptr %launch, i64 40
  %p = load ptr, ptr %first
  {before}
  br label %check
check:
  %i = phi i64 [ %begin, %start ], [ %next, %step ]
  %more = icmp slt i64 %i, %end
  br i1 %more, label %body, label %out
body:
  {body}
step:
  %next = add i64 %i, 1
  br label %check
out:
  ret void
}}
"""

INCREMENT = """
  %at = getelementptr i64, ptr %p, i64 %i
  %old = load i64, ptr %at
  %new = add i64 %old, 1
  store i64 %new, ptr %at
  br label %step
"""

# each item spins for some ten microseconds, then notes which thread ran it
HEAVY = """
  br label %burn
burn:
  %k = phi i64 [ 0, %body ], [ %k1, %burn ]
  %w = atomicrmw add ptr %scratch, i64 1 monotonic
  %k1 = add i64 %k, 1
  %again = icmp slt i64 %k1, 5000
  br i1 %again, label %burn, label %note
note:
  %self = call i64 @pthread_self()
  %at = getelementptr i64, ptr %p, i64 %i
  store i64 %self, ptr %at
  br label %step
"""

# the first item of each slice gets the slice's length
SLICES = """
  %isfirst = icmp eq i64 %i, %begin
  br i1 %isfirst, label %mark, label %step
mark:
  %length = sub i64 %end, %begin
  %at = getelementptr i64, ptr %p, i64 %i
  store i64 %length, ptr %at
  br label %step
"""

# item 70 fails the assert number 2 (written as 3)
FAILS = """
  %bad = icmp eq i64 %i, 70
  br i1 %bad, label %report, label %step
report:
  %field = getelementptr i8, ptr %launch, i64 32
  %status = load ptr, ptr %field
  store i64 3, ptr %status
  %item = getelementptr i64, ptr %status, i64 1
  store i64 %i, ptr %item
  br label %step
"""


@cache
def program(body: str, declarations: str = "", before: str = "") -> driver_cpu.Program:
    """The compiled kernel with this loop body."""
    from llvmlite import binding

    text = LOOP.format(body=body, declarations=declarations, before=before)
    return driver_cpu.Program(driver_cpu.compile_text(text, binding.get_default_triple(), ("entry",)))


def heavy() -> driver_cpu.Program:
    """HEAVY with what it needs."""
    return program(HEAVY, "declare i64 @pthread_self()", "%scratch = alloca i64\n  store i64 0, ptr %scratch")


def record(data: np.ndarray) -> bytes:
    """The launch record of a kernel with one address."""
    return bytes(ARGUMENTS) + data.ctypes.data.to_bytes(8, "little")
