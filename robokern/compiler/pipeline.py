"""Which of LLVM's passes a program goes through.

Scalar code gets LLVM's own pipeline, for its vectorisers. Wide code is in vectors already, has no calls, and
`simplify` has removed what LLVM would: of that pipeline it needs little, in half the time to the object file
and with the same speed of what comes out. Measured over straight-line kernels, loops, rays in a bounding
volume hierarchy and adjoints: in loops, rotation and sinking what a loop seldom needs (`instruction_combine`)
are worth a third to adjoints; nothing else showed. Of loops whose lanes take items as they get free they made
nothing faster but a rotation with multiplications by one, by a twentieth, in a tenth to a sixth of the time
to compile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robokern.compiler.inline import inlined_size
from robokern.compiler.width import LONGEST, Width
from robokern.ir.nodes import Func, walk

if TYPE_CHECKING:
    from robokern.compiler.target import Target

_STRAIGHT = ("always_inliner", "sroa", "simplify_cfg", "aggressive_dce", "simplify_cfg")
_WITH_LOOPS = (
    "always_inliner",
    "sroa",
    "simplify_cfg",
    "loop_rotate",
    "instruction_combine",
    "aggressive_dce",
    "simplify_cfg",
)


def run(module: Any, func: Func, width: Width, target: Target, machine: Any) -> None:
    """Optimises the LLVM module of `func` in place."""
    if width.program is None or func.fast_math:
        _run_usual(module, func, target, machine)
    else:
        _run_listed(module, _names(width), machine)


def _names(width: Width) -> tuple[str, ...]:
    assert width.program is not None
    return _WITH_LOOPS if _has_loops(width.program) and not width.streamed else _STRAIGHT


def run_cold(module: Any, machine: Any) -> None:
    """Optimises the LLVM module of a cold function in place."""
    _run_listed(module, _WITH_LOOPS, machine)


def _has_loops(program: Func) -> bool:
    return any(op.name in ("for", "while") for op in walk(program.body))


def _run_usual(module: Any, func: Func, target: Target, machine: Any) -> None:
    from llvmlite import binding

    options = binding.create_pipeline_tuning_options(speed_level=2)
    # in kernels too long for wide code it takes three quarters of the time: 3.0 s and 0.7 s for 500 lines
    options.loop_vectorization = not target.is_text and inlined_size(func) <= LONGEST
    options.slp_vectorization = not target.is_text
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)


def _run_listed(module: Any, names: tuple[str, ...], machine: Any) -> None:
    from llvmlite import binding

    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options())
    passes = binding.create_new_module_pass_manager()
    for name in names:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
