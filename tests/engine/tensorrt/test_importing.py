"""Whatever is called ``tensorrt`` on the path: ``auto`` goes on, and a name says what happened."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trtcore.engine import choice
from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt import wheels
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.errors import BackendError

Patch = pytest.MonkeyPatch
INSTALL = "pip install 'trtcore[tensorrt]'"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: Patch) -> Iterator[Path]:
    """A folder that comes first on the path, and ``tensorrt`` as if never imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = {name for name in sys.modules if name.partition(".")[0] == "tensorrt"}
    for name in before:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(wheels, "cuda_version", lambda: "")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorrt"]:
        del sys.modules[name]


def message(name: str = "tensorrt") -> str:
    with pytest.raises(BackendError) as caught:
        load_bindings(name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "raise ImportError('libnvinfer.so.11: cannot open shared object file')",
            "libnvinfer.so.11: cannot open shared object file",
        ),
        ("raise OSError('broken\\nlibrary')", "broken"),
        ("import tensorrt_bindings_of_nobody", "No module named 'tensorrt_bindings_of_nobody'"),
        ("raise RuntimeError('no AVX')", "RuntimeError: no AVX"),
        ("{}['x']", "KeyError: 'x'"),
        ("raise ImportError", "ImportError"),
        ("1 +", "SyntaxError: invalid syntax (__init__.py, line 1)"),
        ("import sys; sys.exit('no licence')", "SystemExit: no licence"),
    ],
)
def test_an_import_may_raise_anything(place: Path, source: str, reason: str) -> None:
    (place / "tensorrt").mkdir()
    (place / "tensorrt/__init__.py").write_text(source)
    assert message() == f"TensorRT cannot be imported: {reason}; {INSTALL}"


def test_a_folder_of_the_name_is_no_tensorrt(place: Path) -> None:
    (place / "tensorrt").mkdir()
    assert message() == (
        f"TensorRT is not installed, 'tensorrt' is the folder {place / 'tensorrt'}; {INSTALL}"
    )


def test_a_package_of_the_name_is_no_tensorrt(place: Path) -> None:
    (place / "tensorrt.py").write_text("engines = []")
    assert message() == (
        f"TensorRT cannot be used: 'tensorrt' is {place / 'tensorrt.py'}, which has no "
        "IExecutionContext; rename it or start elsewhere"
    )


def test_what_is_missing_is_named_for_the_driver(place: Path, monkeypatch: Patch) -> None:
    assert message() == f"TensorRT is not installed; {INSTALL}"
    monkeypatch.setattr(wheels, "cuda_version", lambda: "12.8")
    assert message() == "TensorRT is not installed; pip install 'trtcore[tensorrt-cu12]'"


def test_the_lean_runtime_alone_is_not_enough(place: Path) -> None:
    (place / "tensorrt_lean").mkdir()
    (place / "tensorrt_lean/__init__.py").touch()
    assert message() == (
        f"TensorRT is not installed (tensorrt_lean cannot build engines); {INSTALL}"
    )
    (place / "tensorrt_dispatch.py").touch()
    assert message() == (
        "TensorRT is not installed (tensorrt_lean and tensorrt_dispatch cannot build engines); "
        f"{INSTALL}"
    )


def test_auto_goes_on_and_a_name_says_what_happened(place: Path, monkeypatch: Patch) -> None:
    (place / "tensorrt.py").write_text("raise RuntimeError('no AVX')")
    monkeypatch.setattr(choice, "gpu_problem", lambda: None)
    rtx = place / "tensorrt_rtx.py"
    rtx.write_text("raise OSError('no such file')")
    real = sys.modules.pop("tensorrt_rtx", None)
    try:
        found = choose_backend("auto")
    finally:
        sys.modules.pop("tensorrt_rtx", None)
        if real is not None:
            sys.modules["tensorrt_rtx"] = real
    assert (found.name, found.bindings) == ("onnxruntime", None)
    assert found.reason == (
        f"TensorRT cannot be imported: RuntimeError: no AVX; {INSTALL}; TensorRT-RTX cannot be "
        "imported: no such file; pip install 'trtcore[rtx]'"
    )
    with pytest.raises(BackendError) as caught:
        choose_backend("tensorrt")
    assert str(caught.value) == f"TensorRT cannot be imported: RuntimeError: no AVX; {INSTALL}"
