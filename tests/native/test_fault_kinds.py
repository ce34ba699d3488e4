"""The kinds of fault have one home, and everybody else follows it."""

from __future__ import annotations

import ast
from pathlib import Path

import trtcore
from trtcore.measure import _core
from trtcore.measure.loops.abi_check import REASONS


def test_every_kind_of_fault_has_a_reason() -> None:
    assert tuple(REASONS) == _core.FAULT_KINDS


def test_the_stub_lists_the_kinds_of_fault() -> None:
    (stub,) = Path(trtcore.__file__).parent.rglob("_core.pyi")
    (listed,) = (
        ast.unparse(statement.value)
        for statement in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "FaultKind"
    )
    assert listed == f"Literal[{', '.join(map(repr, _core.FAULT_KINDS))}]"
