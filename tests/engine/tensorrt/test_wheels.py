"""Packages for CUDA 12 and 13, and which one a driver needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trtcore.engine.tensorrt import wheels

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes the metadata of packages, first on the path, and a driver for a CUDA."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(*packages: str, driver: str = "") -> None:
        for package in packages:
            folder = tmp_path / f"{package.replace('-', '_')}-11.4.0.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(f"Name: {package}\nVersion: 11.4.0\n")
        monkeypatch.setattr(wheels, "cuda_version", lambda: driver)

    return put


@pytest.mark.parametrize(
    ("driver", "tensorrt", "rtx"),
    [
        ("", "trtcore[tensorrt]", "trtcore[rtx]"),
        ("13.1", "trtcore[tensorrt]", "trtcore[rtx]"),
        ("12.8", "trtcore[tensorrt-cu12]", "trtcore[rtx-cu12]"),
    ],
)
def test_the_extra_is_for_the_driver(
    install: Install, driver: str, tensorrt: str, rtx: str
) -> None:
    install(driver=driver)
    assert (wheels.extra("tensorrt"), wheels.extra("tensorrt_rtx")) == (tensorrt, rtx)


def test_the_cuda_of_the_package(install: Install) -> None:
    assert wheels.built_for("tensorrt") == 0
    install("tensorrt-cu12-bindings")
    assert wheels.built_for("tensorrt") == 12
    install("tensorrt-cu13-bindings")
    # Both are installed: whose files lie there is not known.
    assert wheels.built_for("tensorrt") == 0


def test_a_package_for_a_newer_cuda_has_to_go_first(install: Install) -> None:
    install("tensorrt-cu13-bindings", driver="12.8")
    assert wheels.driver_problem("tensorrt") == (
        "tensorrt-cu13 is installed, the driver supports CUDA 12.8 at most; pip uninstall "
        "tensorrt-cu13 tensorrt-cu13-bindings tensorrt-cu13-libs, then pip install "
        "'trtcore[tensorrt-cu12]'"
    )
    install(driver="13.0")
    assert wheels.driver_problem("tensorrt") == ""
    install(driver="")
    assert wheels.driver_problem("tensorrt") == ""


def test_a_package_for_an_older_cuda_works(install: Install) -> None:
    install("tensorrt-cu12-bindings", driver="13.0")
    assert wheels.driver_problem("tensorrt") == ""
