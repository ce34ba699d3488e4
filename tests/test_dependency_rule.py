"""Who may import whom, read from the sources and seen in a fresh interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trtcore

ROOT = Path(trtcore.__file__).parent
MODULES = {
    ".".join(("trtcore", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in ROOT.rglob("*.py")
}
RUNTIMES = ("tensorrt", "tensorrt_rtx", "onnxruntime", "torch")
# What looks at results: NumPy at most, so that a saved profile opens on any machine.
READERS = (
    "result",
    "schema",
    "statistics",
    "reconcile",
    "fusion",
    "compare",
    "inspector",
    "report",
)
HEAVY = {"onnx", "google", "cuda", *RUNTIMES}


def imports_of(path: Path, *, at_run_time_only: bool = False) -> Iterator[str]:
    """What a module imports; not what it imports where it is the program (``python -m``)."""
    tree = ast.parse(path.read_text())
    skipped = guarded(tree, "__name__")
    if at_run_time_only:
        skipped |= guarded(tree, "TYPE_CHECKING")
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def guarded(tree: ast.Module, word: str) -> set[int]:
    return {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and word in ast.unparse(guard.test)
        for node in ast.walk(guard)
    }


def offenders(name_part: str, allowed: str) -> list[str]:
    return [
        module
        for module, path in MODULES.items()
        if not module.startswith(allowed)
        and any(name == name_part or name.startswith(f"{name_part}.") for name in imports_of(path))
    ]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_only_backends_import_a_runtime(runtime: str) -> None:
    assert offenders(runtime, "trtcore.backends") == []


def test_only_the_session_imports_the_native_half() -> None:
    assert offenders("trtcore._core", "trtcore.session") == []


@pytest.mark.parametrize("layer", ["cli", "api", "job", "assemble"])
def test_lower_layers_do_not_import_upper_ones(layer: str) -> None:
    upper = (
        "trtcore.cli",
        "trtcore.api",
        "trtcore.job",
        "trtcore.assemble",
        "trtcore.profile",
        "trtcore.precision_runs",
        "trtcore.unfused",
    )
    assert [
        m for m in offenders(f"trtcore.{layer}", upper) if m not in ("trtcore", "trtcore.__main__")
    ] == []


def readers() -> list[str]:
    return sorted(m for m in MODULES if m.startswith(tuple(f"trtcore.{r}" for r in READERS)))


@pytest.mark.parametrize("module", readers())
def test_readers_of_results_import_no_more_than_results(module: str) -> None:
    barred = ("trtcore.session", "trtcore.backends", "trtcore.models", "trtcore.engine")
    found = imports_of(MODULES[module], at_run_time_only=True)
    assert [name for name in found if name.startswith(barred)] == []


def test_reading_results_loads_nothing_heavy() -> None:
    code = "import sys\n" + "".join(f"import {module}\n" for module in readers())
    code += f"print(*sorted({HEAVY!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_import_and_help_load_nothing_heavy() -> None:
    code = (
        "import sys, trtcore\nfrom trtcore.cli.arguments import make_parser\n"
        "make_parser().format_help()\n"
        f"print(*sorted({HEAVY | {'numpy', 'rich'}!r} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_help_waits_for_nothing_that_only_messages_need() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom trtcore.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "added = set(sys.modules) - before\n"
        "print(*sorted({'dataclasses', 'traceback'} & added), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("usage: trtcore")
    assert ran.stderr.split() == []
