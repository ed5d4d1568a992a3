"""What LLVM says of this machine; who remembers that from before can tell it, and LLVM is not loaded."""

from __future__ import annotations

from typing import NamedTuple


class Machine(NamedTuple):
    """This machine.

    Attributes:
        triple: LLVM's name of the platform of this process.
        default_triple: that of the platform LLVM was made for.
        cpu: LLVM's name of the processor.
        features: its features, as LLVM writes them (`+avx2,-avx512f`).
    """

    triple: str
    default_triple: str
    cpu: str
    features: str


_known: Machine | None = None


def machine() -> Machine:
    """This machine, asked for once."""
    global _known
    if _known is None:
        from llvmlite import binding

        _known = Machine(
            binding.get_process_triple(),
            binding.get_default_triple(),
            binding.get_host_cpu_name(),
            binding.get_host_cpu_features().flatten(),
        )
    return _known


def remember(known: Machine) -> None:
    """Tells what LLVM said in an earlier process on the same processor."""
    global _known
    _known = known


def version() -> str:
    """Of llvmlite, and so of LLVM; found without loading LLVM."""
    import llvmlite

    return str(llvmlite.__version__)
