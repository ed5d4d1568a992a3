"""`robokern/__init__.pyi`: up to date, complete, and what mypy makes of kernels with it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import robokern as rk

ROOT = Path(__file__).parents[2]
STUB = ROOT / "robokern" / "__init__.pyi"

EXAMPLE = '''
"""Kernels as an editor and mypy see them."""

import robokern as rk


@rk.struct
class Hit:
    t: float
    normal: rk.vec3


@rk.func
def plus(a: rk.vec3, s: float) -> rk.vec3:
    return rk.normalize(a) * s + rk.vec3(s)


@rk.kernel
def move(x: rk.array[rk.vec3], q: rk.array2d[rk.quat], hits: rk.array[Hit], d: rk.array[rk.float64]) -> None:
    i = rk.tid()
    rotated = rk.quat_rotate(q[i, 0], x[i])
    x[i] = plus(rotated, rk.length(rotated) + hits[i].t)
    m = rk.quat_to_matrix(q[i, 0])
    x[i] += m @ hits[i].normal
    d[i] = rk.float64(m[0, 1]) * rk.float64(2.0)
    rk.atomic_add(d, 0, rk.float64(1.0))
    t = rk.transform(x[i], q[i, 0])
    x[i].x = t.p.y + rk.sin(t.q.w)


@rk.func
def scaled(x: rk.float64, n: rk.int64) -> rk.float64:
    if x < 0.0 and n > 3:
        return -abs(x) * 2.0 + rk.float64(n)
    return rk.min(x, rk.sin(x)) / 3.0


@rk.kernel
def wide(d: rk.array[rk.float64], n: rk.array[rk.int64], u: rk.array2d[rk.uint8], b: rk.bfloat16) -> None:
    i = rk.tid()
    d[i] = 1.0
    n[i] = 0
    total = rk.float64(0.0)
    for j in range(n[i]):
        total += scaled(d[j], n[j]) ** 2.0
    d[i] += total * 0.5
    n[i] = n[i] // 2 + (n[i] << 3) % 7
    u[i, 0] = ~u[i, 1] & rk.uint8(255)
    x = float(d[i]) + float(b * 2.0) + rk.float32(u[i, 0])
    d[i] = rk.float64(x if rk.isfinite(x) else 0.0)


def host() -> rk.array[rk.vec3]:
    points = rk.array([[0.0, 0.0, 0.0]], dtype=rk.vec3)
    rk.launch(move, dim=points.shape[0], inputs=[points, None, None, None])
    mesh = rk.Mesh(points, rk.zeros(3, dtype=int))
    print(mesh.id)
    return points
'''

MISTAKES = """
import robokern as rk
{line}
"""


def tools_stub() -> str:
    command = [sys.executable, "-m", "tools.stubs"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def mypy(tmp_path: Path, source: str) -> str:
    pytest.importorskip("mypy", reason="a development tool")
    file = tmp_path / "example.py"
    file.write_text(source)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)]
    # its own settings, and the files of this checkout
    done = subprocess.run([*command, "--config-file="], cwd=ROOT, capture_output=True, text=True)
    return done.stdout


def test_the_stub_is_up_to_date():
    assert STUB.read_text() == tools_stub(), "run: python -m tools.stubs --write"


def test_no_name_is_missing_and_none_is_extra():
    names = set()
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname for alias in node.names if alias.asname and alias.asname == alias.name}
            names |= {alias.asname for alias in node.names if alias.asname and node.module != "typing"}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names.add(node.targets[0].id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
    assert {name for name in names if not name.startswith("_")} == set(rk.__all__)


def test_mypy_accepts_kernels(tmp_path):
    assert mypy(tmp_path, EXAMPLE) == "Success: no issues found in 1 source file\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rk.vec3().w", '"vec3" has no attribute "w"'),
        ("rk.quat_rotate(rk.vec3(), rk.quat())", "[call-overload]"),
        ("rk.vec3() + rk.vec3d()", "Unsupported operand types"),
        ("rk.no_such_name", "has no attribute"),
        ("rk.Mesh(1)", 'Missing positional argument "indices"'),
        ("x: int = rk.vec3().x", "Incompatible types in assignment"),
        ("rk.launch()", "Missing positional argument"),
        ("x: float = rk.float64(1.0)", "Incompatible types in assignment"),
        ("rk.vec3(1.0, 2.0, 3.0) * rk.float64(2.0)", "No overload variant"),
        ("rk.float64(1.0) + rk.float16(1.0)", "Unsupported operand types"),
        ("rk.int64(1) + 1.0", "Unsupported operand types"),
        ("rk.uint8(1) / rk.uint8(2)", "Unsupported left operand type"),
        ("rk.uint8(1) + rk.int64(2)", "Unsupported operand types"),
    ],
)
def test_mypy_finds_mistakes(tmp_path, line, message):
    printed = mypy(tmp_path, MISTAKES.format(line=line))
    assert "example.py:3: error: " in printed
    assert message in printed
