"""No table of the primitives lacks a row or has one too many."""

import importlib

import pytest

from robokern.ir.ops import OPS


@pytest.mark.parametrize(
    ("module", "table"),
    [
        ("robokern.ir.interpret", "EVALUATE"),
        ("robokern.compiler.emit", "EMIT"),
        ("robokern.compiler.adjoint_rules", "DIFFERENTIATE"),
    ],
)
def test_one_row_per_primitive(module, table):
    rows = getattr(importlib.import_module(module), table)
    assert set(rows) == set(OPS)


def test_every_primitive_states_its_meaning():
    assert all(row.meaning and row.name == name for name, row in OPS.items())
