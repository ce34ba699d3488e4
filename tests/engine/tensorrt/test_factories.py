"""A builder or runtime that cannot be made: the real bindings over a library that cannot start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trtcore.engine.tensorrt.logger import MessageLog

LIBRARIES = ("libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1")
PROGRAM = """
import sys

sys.modules["tensorrt_rtx_libs"] = None  # the real library, which would be loaded first
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.engine.tensorrt import factories
from trtcore.errors import TrtcoreError

factories.gpu_problem = lambda: "no NVIDIA driver: libcuda.so.1 was not found"
bindings = load_bindings("tensorrt_rtx")
for make in (factories.make_builder, factories.make_runtime):
    try:
        make(bindings)
    except TrtcoreError as error:
        print(type(error).__name__, error.exit_code, str(error).replace(bindings.label, "LABEL"))
"""
REASON = (
    "createInfer: Error Code 6: API Usage Error (CUDA initialization failed) (warning: Unable to "
    "determine GPU memory usage: CUDA driver version is insufficient for CUDA runtime version "
    "(CUDA error 35)); no NVIDIA driver: libcuda.so.1 was not found"
)


@pytest.fixture(scope="module")
def null_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library under the names that the bindings ask for."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    folder = tmp_path_factory.mktemp("null_library")
    source = Path(__file__).with_name("null_library.cpp")
    for name in LIBRARIES:
        command = [compiler, "-shared", "-fPIC", str(source), "-o", str(folder / name)]
        subprocess.run(command, check=True)
    return folder


def test_the_reason_is_tensorrts_own(null_library: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(null_library)}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        f"BuildError 1 LABEL makes no Builder: {REASON}",
        f"BackendError 2 LABEL makes no Runtime: {REASON}",
    ]


@pytest.mark.parametrize(
    ("errors", "warnings", "reason"),
    [
        ([], [], "TensorRT gave no reason"),
        (["bad\nthing", "later"], [], "later (first error: bad thing)"),
        ([], ["CUDA error\n 35"], "CUDA error 35"),
        (["bad"], ["CUDA error 35", "more"], "bad (warning: CUDA error 35)"),
    ],
)
def test_a_warning_is_a_reason_too(errors: list[str], warnings: list[str], reason: str) -> None:
    log = MessageLog()
    log.warnings = warnings
    for error in errors:
        log.add_error(error)
    assert log.reason() == reason


def test_what_is_asked_meanwhile_leaves_the_log_as_it_was() -> None:
    log = MessageLog()
    log.add_error("first")
    with log.unchanged():
        log.add_error("second")
        log.warnings = ["third"]
    assert (log.errors, log.warnings) == (["first"], [])
