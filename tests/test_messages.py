"""Core modules name arguments, and only the command line names its options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import trtcore
from trtcore.api.declarations import SOURCE_OPTIONS, Declarations
from trtcore.cli.own_options import PROFILE_OPTIONS

ROOT = Path(trtcore.__file__).parent
CORE = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if path.relative_to(ROOT).parts[0] != "cli" and path.name != "declarations.py"
]
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OF_TRTEXEC = {"--exportProfile", "--exportLayerInfo", "--profilingVerbosity"}
"""Options of another program, whose files are read."""


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text in the code but for docstrings, those of attributes too, with its line."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documentation:
            yield node.lineno, node.value


def test_the_search_finds_options_in_texts_and_not_in_docstrings() -> None:
    source = '"""About --a."""\nx = f"use --bc {1} or --d"\n"""Not --e."""\ny = "a--f, -- g"\n'
    found = [match for _, text in literals(ast.parse(source)) for match in OPTION.findall(text)]
    assert found == ["--bc", "--d"]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_core_module_names_an_option(path: Path) -> None:
    named = {
        (line, option)
        for line, text in literals(ast.parse(path.read_text()))
        for option in OPTION.findall(text)
    }
    assert {one for one in named if one[1] not in OF_TRTEXEC} == set()


def test_every_argument_that_a_message_names_has_an_option() -> None:
    declared = {one.name for one in (*SOURCE_OPTIONS, *Declarations.declared, *PROFILE_OPTIONS)}
    named = {
        node.args[0].value
        for path in CORE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "argument"
        and isinstance(node.args[0], ast.Constant)
    }
    assert "keep_fp32" in named
    assert named <= declared
