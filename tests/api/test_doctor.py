"""The facts about this machine, and what is said of bad ones."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from trtcore.api import doctor
from trtcore.api.doctor import Package, diagnose
from trtcore.api.self_test import build_test, run_test
from trtcore.errors import BackendError


@pytest.fixture(autouse=True)
def cupti_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process keeps the CUPTI that it found first, and other tests bring one of their own."""
    monkeypatch.setattr("trtcore.api.doctor.check_cupti", lambda: None)


def test_the_backend_of_the_cpu_works() -> None:
    problem, seconds = run_test("onnxruntime")
    assert problem == ""
    assert seconds > 0


def test_an_engine_is_built_with_the_real_builder() -> None:
    pytest.importorskip("tensorrt_rtx")
    problem, seconds = build_test("tensorrt_rtx")
    assert problem == ""
    assert seconds > 0


def test_a_backend_that_is_unknown_fails_in_one_line() -> None:
    problem, _ = run_test("tensorflow")
    assert problem.startswith("backend is 'tensorflow', must be one of auto, ")


def test_what_no_error_of_trtcore_is_becomes_a_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError("two\nlines")

    monkeypatch.setattr("trtcore.api.self_test.build_model", broken)
    assert build_test("tensorrt_rtx")[0] == "MemoryError: two lines"


def test_packages_are_those_that_are_installed() -> None:
    found = {package.name: package.version for package in diagnose().packages}
    assert found["onnx"] == metadata.version("onnx")
    assert next(iter(found)) == "trtcore"


def test_a_missing_package_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", {"nothing": ("no-such-package-of-trtcore",)})
    assert diagnose().packages == (Package("nothing", ""),)


def test_the_cache_is_counted(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cache_folder.parent / "counted"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"12345")
    (folder / "inner" / "b.bin").write_bytes(b"123")
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(folder))
    found = diagnose()
    assert (found.cache, found.cache_files, found.cache_bytes) == (str(folder), 2, 8)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path / "file"))
    found = diagnose()
    assert (found.cache, found.cache_files, found.cache_bytes) == ("", 0, 0)


def test_a_package_for_another_cuda_is_told_with_what_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trtcore.engine.tensorrt.wheels.cuda_version", lambda: "12.8")
    monkeypatch.setattr("trtcore.engine.tensorrt.wheels._is_installed", lambda name: "13" in name)
    assert diagnose().mismatches[-1] == (
        "tensorrt-rtx-cu13 is installed, the driver supports CUDA 12.8 at most; pip uninstall "
        "tensorrt-rtx-cu13 tensorrt-rtx-cu13-bindings tensorrt-rtx-cu13-libs, then "
        "pip install 'trtcore[rtx-cu12]'"
    )


def test_a_tensorrt_that_cannot_be_imported_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise BackendError(f"{name} is broken")

    monkeypatch.setattr(doctor, "load_bindings", missing)
    found = diagnose()
    assert [one.problem for one in found.backends] == [
        "tensorrt is broken",
        "tensorrt_rtx is broken",
        "",
    ]
    assert found.works


def test_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_problem", lambda: "no GPU")
    monkeypatch.setattr(doctor, "run_test", lambda name: ("broken", 0.1))
    assert not diagnose().works


def test_cupti_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise BackendError("kernel times need CUPTI: not found")

    monkeypatch.setattr(doctor, "check_cupti", missing)
    assert diagnose().kernels_problem == "kernel times need CUPTI: not found"
