"""What a program is compiled for: everything in which one target differs from another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from robokern.compiler import entry_cuda
from robokern.compiler.emit_print import Print, printf, vprintf
from robokern.compiler.entry_cpu import ACCESS_GROUP, METADATA, entry
from robokern.compiler.machine import machine
from robokern.ir.types import Type


@dataclass(frozen=True)
class Body:
    """A kernel as a function over one item, for the entry point to call.

    Args:
        symbol: its LLVM name.
        context: its first parameters: `i32 %tid.0, ..., i64 %item, ptr %status`.
        parameters: types of the kernel's parameters; the leaves of each follow the context.
        ndim: coordinates that an item has.
        lanes: items it runs at once; if several, its last parameter is how many items are left.
        entry, linkage: LLVM name of the entry point, and its linkage (with a space) if it is not external.
        full: LLVM name of the same for full groups only, without that parameter; empty: there is none.
        streamed: it runs all items of a row (`entry_stream`).
        attributes: LLVM attributes of the entry point.
    """

    symbol: str
    context: str
    parameters: tuple[Type, ...]
    ndim: int
    attributes: str
    lanes: int = 1
    entry: str = "@entry"
    linkage: str = ""
    full: str = ""
    streamed: bool = False


@dataclass(frozen=True)
class Target:
    """A machine to compile for.

    Args:
        triple: LLVM's name of the platform.
        cpu: LLVM's name of the processor.
        features: processor features, as LLVM writes them (`+avx2,-avx512f`).
        contiguous: array parameters are taken to be row-major without gaps; their strides are not read.
        entry: writes the function that the runtime calls, given the kernel's body.
        attributes: LLVM attributes of every function.
        half_fma: the processor rounds a float16 fused multiply-add once.
        vector_bits: width of a vector register; 0: items run apart, as on GPUs.
        vector_pipes: vector operations that it can start in a cycle, of those it has to do in wide code.
        masks: a load or store under a mask costs no more than one without.
        access_tag: metadata of a memory access that no other item conflicts with.
        unrolled: metadata of the way back of an innermost loop in a short kernel; empty: LLVM decides alone.
        footer: metadata that the module ends with.
        print: writes the call that prints a formatted line.
        flushing_adds: atomic additions of float32 take subnormal numbers, found, added or left, for zero.
        data_layout: LLVM's description of types in memory; empty: that of the triple.
        is_text: the code handed to the driver is assembly text, and the instructions run on many lanes at
            once anyway, so loops are not vectorised.
    """

    triple: str
    cpu: str
    features: str
    contiguous: bool
    entry: Callable[[Body], str] = field(repr=False)
    attributes: str
    half_fma: bool
    vector_bits: int = 0
    vector_pipes: int = 2
    masks: bool = False
    access_tag: str = ""
    unrolled: str = ""
    footer: str = field(default="", repr=False)
    print: Print = field(default=printf, repr=False)
    flushing_adds: bool = False
    data_layout: str = ""
    is_text: bool = False

    @cached_property
    def text(self) -> str:
        """All of it, for keys of caches."""
        return repr(self)

    @property
    def has_avx512(self) -> bool:
        """Whether its code may use the AVX-512 instructions."""
        return "+avx512f" in self.features.split(",")

    def without_avx512(self) -> Target:
        """The same processor with its older instructions only."""
        older = f"{self.features},-avx512f"  # and what needs it
        return replace(self, features=older, attributes=_attributes(256), half_fma=False, vector_bits=256)

    @property
    def header(self) -> str:
        """The lines that a module starts with."""
        layout = [f'target datalayout = "{self.data_layout}"'] if self.data_layout else []
        return "\n".join([*layout, f'target triple = "{self.triple}"'])

    @property
    def inline(self) -> str:
        """Attributes of a function that is always inlined."""
        return f"alwaysinline {self.attributes}"


def _attributes(vector_bits: int) -> str:
    """Of every function for a processor with registers of this width.

    LLVM prefers 256 bits; from Ice Lake on 512 cost no clock: sine 1.2x faster, a sum of two arrays the same.
    Left alone it puts registers on the stack wherever its caller left that, mostly across two cache lines.
    """
    aligned = f" alignstack({vector_bits // 8})" if vector_bits > 128 else ""
    wide = ' "prefer-vector-width"="512"' if vector_bits == 512 else ""
    return f"nounwind{aligned}{wide}"


_AVX2 = ("x86-64-v3", "x86-64-v4")  # levels of the architecture that have it


@cache
def cpu(contiguous: bool = True, name: str = "host") -> Target:
    """This machine's processor, or another of the same architecture by its LLVM name (`x86-64-v3`)."""
    here = machine()
    features = here.features if name == "host" else ""
    present = features.split(",")
    vector_bits = 512 if "+avx512vbmi2" in present else 256 if "+avx2" in present or name in _AVX2 else 128
    return Target(
        triple=here.triple,
        cpu=here.cpu if name == "host" else name,
        features=features,
        contiguous=contiguous,
        entry=entry,
        attributes=_attributes(vector_bits),
        half_fma="+avx512fp16" in present,
        vector_bits=vector_bits,
        vector_pipes=4 if (name, here.cpu) == ("host", "znver5") else 2,
        masks="+avx512vl" in present,
        access_tag=f", !llvm.access.group {ACCESS_GROUP}",
        footer=METADATA,
    )


_NVPTX = "nvptx64-nvidia-cuda"
OLDEST_CUDA = 60  # compute capability times ten: the first with float64 and system-wide atomics


@cache
def cuda(arch: str = "sm_90", contiguous: bool = True) -> Target:
    """An NVIDIA GPU by its architecture; the code is PTX, which the driver translates.

    Args:
        arch: `sm_` and the compute capability without its dot.
        contiguous: array parameters are taken to be row-major without gaps.

    Division, square root and fma are those of IEEE 754, subnormal numbers included; nothing is fused or
    approximated outside `fast_math`.
    """
    return Target(
        triple=_NVPTX,
        cpu=arch,
        features="",
        contiguous=contiguous,
        entry=entry_cuda.entry,
        attributes="nounwind",
        half_fma=True,
        unrolled=entry_cuda.UNROLLED,
        footer=entry_cuda.METADATA,
        print=vprintf,
        flushing_adds=True,
        data_layout=_nvptx_layout(),
        is_text=True,
    )


@cache
def _nvptx_layout() -> str:
    from llvmlite import binding

    binding.initialize_all_targets()
    return str(binding.Target.from_triple(_NVPTX).create_target_machine().target_data)
