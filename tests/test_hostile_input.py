"""Nothing that trtcore reads is executed: no pickle, no eval, no shell."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import trtcore

SOURCES = sorted(Path(trtcore.__file__).parent.rglob("*.py"))
# Modules whose readers run what a file says, or that others use to do so.
UNPICKLING = ("pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve")
EXECUTING = {*UNPICKLING, "marshal", "code", "codeop", "runpy"}
# What trtcore writes into a private folder for a process that it starts: no file of a user.
BETWEEN_PROCESSES = {f"measure/processes/{name}.py" for name in ("answers", "child", "fresh")}
# Calls by name. `compile`, `exec` and `eval` run text; PyTorch's `load` and NumPy's unpickle.
CALLS = frozenset({"eval", "exec", "compile", "__import__"})
SHELL = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
LOADS = frozenset({"np.load", "numpy.load", "torch.load"})
# The last part of each: of 20,000 calls only these, and those with a shell, are looked at whole.
LAST_PARTS = frozenset(name.rpartition(".")[2] for name in CALLS | SHELL | LOADS)


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def place(path: Path) -> str:
    return path.relative_to(Path(trtcore.__file__).parent).as_posix()


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


def calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    return [
        (ast.unparse(node.func), node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            getattr(node.func, "id", getattr(node.func, "attr", "")) in LAST_PARTS
            or any(word.arg == "shell" for word in node.keywords)
        )
    ]


def faults(tree: ast.Module) -> list[str]:
    """What a module does that would run a file's content."""
    found = [name for node in ast.walk(tree) for name in imported(node) if name in EXECUTING]
    for name, call in calls(tree):
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        if name in CALLS | SHELL or given.get("shell", "False") != "False":
            found.append(name)
        if name in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
            found.append(f"{name} without allow_pickle=False")
        if name == "torch.load" and given.get("weights_only") != "True":
            found.append(f"{name} without weights_only=True")
    return found


def test_no_module_runs_what_it_reads() -> None:
    assert len(SOURCES) > 200
    found = {place(path): what for path, tree in trees() if (what := faults(tree))}
    assert found == {name: ["pickle"] for name in BETWEEN_PROCESSES}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "def f():\n    import cloudpickle.compat",
        "eval(x)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "os.system(x)",
        "subprocess.run(x, shell=True)",
    ],
)
def test_what_the_check_finds(text: str) -> None:
    assert faults(ast.parse(text))


def test_an_npz_with_a_pickle_in_it_is_refused(tmp_path: Path) -> None:
    import numpy as np

    from trtcore.errors import OptionError
    from trtcore.models.fitting import read_npz

    class Runs:
        def __reduce__(self):
            return (Path(tmp_path / "ran").touch, ())

    path = tmp_path / "inputs.npz"
    np.savez(path, x=np.array([Runs()], dtype=object))
    with pytest.raises(OptionError, match=r"not an \.npz file of plain arrays"):
        read_npz(path)
    assert not (tmp_path / "ran").exists()
