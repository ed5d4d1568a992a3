"""`import robokern` stays light: the code generator and the optional packages come with their first use."""

import subprocess
import sys

LATER = (
    "llvmlite",
    "mujoco",
    "pydantic",
    "yaml",
    "zarr",
    "rich",
    "matplotlib",
    "concurrent.futures",
    "numpy.testing",
)


def test_importing_robokern_imports_nothing_heavy():
    script = f"import sys, robokern; print([m for m in {LATER!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_arrays_need_no_code_generator():
    script = "import sys, robokern as rk; rk.zeros(3).fill_(1).list(); print('llvmlite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
