"""Dense linear algebra of any size on rows of memory: matrices row by row in one-dimensional arrays.

One item does one matrix; `A[i]` of a two-dimensional array is its row. The small matrices of the language
(`rk.matrix`) have `cholesky` and `solve`.

Source: Golub & Van Loan, "Matrix Computations", 4th edition, algorithms 4.2.1 (Cholesky) and 3.1.1, 3.1.2
(substitution).
"""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func
from robokern.ir.types import ArrayType

Row = ArrayType(Any, 1)


@func
def _place(transposed: int, rows: int, cols: int, i: int, j: int):
    """Where entry (i, j) of a rows x cols matrix lies that may be stored transposed."""
    place = i * cols + j
    if transposed != 0:
        place = j * rows + i
    return place


@func
def dense_gemm(m: int, n: int, p: int, t1: int, t2: int, A: Row, B: Row, C: Row):
    """C = A B, with A (m, p), B (p, n) and C (m, n); a factor is stored transposed if its t is 1."""
    for i in range(m):
        for j in range(n):
            total = C.dtype(0)
            for k in range(p):
                total += A[_place(t1, m, p, i, k)] * B[_place(t2, p, n, k, j)]
            C[i * n + j] = total


@func
def dense_chol(n: int, A: Row, regularization: Any, L: Row):
    """Lower Cholesky factor: L L^T = A + regularization I, for a symmetric positive definite A (n, n).

    Reads A on and below the diagonal and writes L there, so a derivative by A stands there too; L may be A.
    NaN where A is not positive definite.
    """
    for j in range(n):
        diagonal = A[j * n + j] + regularization
        for k in range(j):
            diagonal -= L[j * n + k] * L[j * n + k]
        pivot = sqrt(diagonal)
        L[j * n + j] = pivot
        for i in range(j + 1, n):
            rest = A[i * n + j]
            for k in range(j):
                rest -= L[i * n + k] * L[j * n + k]
            L[i * n + j] = rest / pivot


@func
def dense_subs(n: int, L: Row, b: Row, x: Row):
    """Solves L L^T x = b for a lower triangular L (n, n); x may be b."""
    for i in range(n):
        forward = b[i]
        for j in range(i):
            forward -= L[i * n + j] * x[j]
        x[i] = forward / L[i * n + i]
    for turn in range(n):
        i = n - 1 - turn
        backward = x[i]
        for j in range(i + 1, n):
            backward -= L[j * n + i] * x[j]
        x[i] = backward / L[i * n + i]


@func
def dense_solve(n: int, A: Row, L: Row, b: Row, x: Row):
    """Solves A x = b, given the Cholesky factor L of A (`dense_chol`); a derivative reaches A through L."""
    dense_subs(n, L, b, x)
