"""What trtcore is made of: licences that are listed, minimum versions that are stated, no library
of NVIDIA's inside."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
# What a wheel of NVIDIA's would bring: libraries that are opened where they are installed.
NVIDIA = re.compile(r"lib(?:nvinfer|tensorrt|cuda|cudart|cupti|cublas|cudnn|nvrtc|nvJitLink)\b")
# What every Linux that runs Python has; all else would have to be in the wheel.
OF_THE_SYSTEM = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0"}
# The loader's own; sanitizers of a test build.
OTHERS = (r"ld-linux.*", r"linux-vdso.*", r"libdl\.so\.2", r"librt\.so\.1")
LOADER = re.compile("|".join((*OTHERS, r"lib[at]san\.so.*", r"libubsan\.so.*")))


def extensions() -> list[Path]:
    found = map(importlib.util.find_spec, ("trtcore.measure._core", "trtcore.stats._stats"))
    return [Path(spec.origin) for spec in found if spec and spec.origin]


def needed_libraries(extension: Path) -> set[str]:
    """The libraries that an extension was linked to."""
    answer = subprocess.run(
        ["readelf", "-d", extension], capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.+?)\]", answer))


def test_no_extension_links_or_holds_a_library_of_nvidia() -> None:
    assert len(extensions()) == 2
    for extension in extensions():
        libraries = needed_libraries(extension)
        assert libraries, "readelf names none: this proves nothing"
        others = {name for name in libraries - OF_THE_SYSTEM if not LOADER.fullmatch(name)}
        assert not others, f"{extension.name} needs {others}"


def test_no_file_of_the_package_is_a_library_of_nvidia() -> None:
    files = [str(file) for file in metadata.files("trtcore") or ()]
    packaged = [str(path.name) for path in (ROOT / "trtcore").rglob("*")]
    assert packaged
    assert [name for name in (*files, *packaged) if NVIDIA.search(name)] == []


def test_every_package_that_is_needed_has_its_licence_listed() -> None:
    check = [sys.executable, ROOT / ".ci/licences", "--check"]
    ran = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_what_trtcore_runs_with_has_a_stated_minimum_that_is_met() -> None:
    every = [Requirement(text) for text in metadata.requires("trtcore") or ()]
    always = [one for one in every if one.marker is None]
    assert len(always) == 6
    for one in always:
        assert any(spec.operator == ">=" for spec in one.specifier), one
        assert one.specifier.contains(metadata.version(one.name)), one


def test_an_unlisted_package_is_noticed(tmp_path: Path) -> None:
    """The check of the licences itself, on a project with one package more."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / ".ci/licences").write_bytes((ROOT / ".ci/licences").read_bytes())
    (tmp_path / "docs/licences.md").write_bytes((ROOT / "docs/licences.md").read_bytes())
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        text.replace("dependencies = [\n", 'dependencies = [\n  "leftpad>=1",\n', 1), "utf-8"
    )
    check = [sys.executable, tmp_path / ".ci/licences", "--check"]
    ran = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "leftpad: run .ci/licences\n")


@pytest.mark.parametrize("name", ["libnvinfer.so.10", "libcudart.so.13", "libcupti.so.13"])
def test_what_counts_as_a_library_of_nvidia(name: str) -> None:
    assert NVIDIA.search(name)
