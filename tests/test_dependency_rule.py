"""Who may import whom: one table, read from the sources and seen in a fresh interpreter."""

from __future__ import annotations

import ast
import functools
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
# The names that `trtcore` hands on, and the programs behind ``python -m``.
HANDS_ON = {"trtcore", "trtcore.__main__", "trtcore.profile", "trtcore.compare.__main__"}

BELOW_RESULT = {"errors", "stats", "system"}
MODEL_SIDE = {*BELOW_RESULT, "result", "models", "precision", "engine", "measure"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "stats": {"errors"},
    "system": {"errors"},
    "result": BELOW_RESULT,
    "models": {*BELOW_RESULT, "result"},
    "precision": {*BELOW_RESULT, "result", "models"},
    "engine": MODEL_SIDE - {"engine", "measure"},
    "measure": MODEL_SIDE - {"measure"},
    "compare": {*BELOW_RESULT, "result"},
    "history": {*BELOW_RESULT, "result", "compare"},
    "report": {*BELOW_RESULT, "result", "compare"},
    "api": {*MODEL_SIDE, "compare"},
    "sweeps": {*MODEL_SIDE, "compare", "api"},
    "cli": {*MODEL_SIDE, "compare", "history", "report", "api", "sweeps"},
}
"""By folder, what it may import besides itself; imports for type checking count too."""

ONLY_IN = {
    "tensorrt": "trtcore.engine.tensorrt",
    "tensorrt_rtx": "trtcore.engine.tensorrt",
    "onnxruntime": "trtcore.measure.nodes.onnxruntime",
    "torch": "trtcore.measure.nodes.torch",
    "distributed": "trtcore.sweeps",
    "dask_jobqueue": "trtcore.sweeps",
    "trtcore.measure._core": "trtcore.measure",
    "trtcore.stats._stats": "trtcore.stats",
}
"""What is imported in one folder only."""

HEAVY = {
    "onnx",
    "google",
    "cuda",
    "tensorrt",
    "tensorrt_rtx",
    "onnxruntime",
    "torch",
    "distributed",
}
# What looks at results: NumPy at most, so that a saved profile opens on any machine.
LIGHT = ("stats", "system", "result", "compare", "history", "report")


@functools.cache
def imports_of(module: str) -> tuple[str, ...]:
    """Every name a module imports, in functions, for type checking and by `lazily` too."""
    return tuple(_imports_of(module))


def _imports_of(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazily":
            yield ".".join(ast.literal_eval(argument) for argument in node.args)


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def folder_of(module: str) -> str:
    return module.split(".")[1]


def modules_imported(module: str) -> set[str]:
    """The modules of trtcore that a module imports; a name in one counts as that module."""
    names = {name for name in imports_of(module) if is_in(name, "trtcore")}
    return {name if name in MODULES else name.rpartition(".")[0] for name in names}


def test_every_folder_has_a_row() -> None:
    assert {folder_of(module) for module in MODULES if module not in HANDS_ON} == set(MAY_IMPORT)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_its_row_allows(folder: str) -> None:
    modules = [m for m in MODULES if m not in HANDS_ON and folder_of(m) == folder]
    offenders = {
        (module, imported)
        for module in modules
        for imported in modules_imported(module)
        if imported == "trtcore" or folder_of(imported) not in {folder, *MAY_IMPORT[folder]}
    }
    assert offenders == set()


def test_no_module_imports_itself_by_a_detour() -> None:
    reached: dict[str, set[str]] = {module: modules_imported(module) for module in MODULES}
    waiting = {module: set(imported) for module, imported in reached.items()}
    while waiting:
        free = {module for module, imported in waiting.items() if not imported & waiting.keys()}
        assert free, f"a circle among {sorted(waiting)}"
        waiting = {m: imported for m, imported in waiting.items() if m not in free}


@pytest.mark.parametrize("package", ONLY_IN)
def test_some_packages_are_imported_in_one_folder_only(package: str) -> None:
    offenders = [
        module
        for module in MODULES
        if not is_in(module, ONLY_IN[package])
        and any(is_in(name, package) for name in imports_of(module))
    ]
    assert offenders == []


def loaded_after(code: str, watched: set[str]) -> list[str]:
    """Which of these modules a fresh interpreter has loaded after running code."""
    code += f"\nimport sys; print(*sorted({watched!r} & set(sys.modules)), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ran.stderr.split()


def test_reading_results_loads_nothing_heavy() -> None:
    readers = [m for m in MODULES if m not in HANDS_ON and folder_of(m) in LIGHT]
    assert loaded_after("".join(f"import {module}\n" for module in readers), HEAVY) == []


def test_import_and_help_load_nothing_heavy() -> None:
    code = "import trtcore\nfrom trtcore.cli.arguments import make_parser\n"
    code += "make_parser().format_help()"
    assert loaded_after(code, HEAVY | {"numpy", "rich"}) == []


def test_a_trend_waits_for_nothing_that_reads_results_or_draws_pages() -> None:
    code = "import trtcore.cli.commands.history, trtcore.cli.trend, trtcore.history.store"
    watched = {"numpy", "jinja2", "trtcore.cli.trend_page", "trtcore.result.analysis.analysis"}
    assert loaded_after(code, HEAVY | watched) == []


def test_help_waits_for_nothing_that_only_messages_need() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom trtcore.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'dataclasses', 'traceback'} & (set(sys.modules) - before)"
    )
    assert loaded_after(code, HEAVY) == []


def test_until_nodes_or_outputs_are_wanted_onnx_runtime_is_not_loaded() -> None:
    code = (
        "from trtcore.api.calls import profile_model\nfrom trtcore.api.engine_job import Job\n"
        "Job.profile = lambda *_: exit()\n"
        "try:\n    profile_model('googlenet')\nexcept SystemExit:\n    pass\n"
        "else:\n    raise AssertionError('nothing was run')"
    )
    assert loaded_after(code, {"onnxruntime"}) == []
