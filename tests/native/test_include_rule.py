"""Which folder of `cpp/` may include which; neither folders nor files include in a circle."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "cpp"
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.[ch]pp"))

# Includes are written from cpp/: "recorder/profiler_port.hpp".
MAY_INCLUDE: dict[str, set[str]] = {
    "abi": set(),
    "cuda": set(),
    "recorder": {"abi"},
    "kernels": {"abi", "cuda"},
    "loop": {"abi", "cuda", "recorder"},
    "python": {"abi", "cuda", "recorder", "kernels", "loop"},
}
# What the folders must not know: CUDA and TensorRT are opened at run time, Python is bound in one.
SYSTEM_HEADERS_OF_ONE_FOLDER = {"pybind11": "python", "Python.h": "python"}
NEVER = re.compile(r"^(cuda|cuda_runtime|cupti|Nv\w+)\.h$")


def includes(file: Path, brackets: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    opening, closing = brackets
    return re.findall(rf"^\s*#\s*include\s+{opening}([^{closing}]+){closing}", text, re.MULTILINE)


def test_every_file_is_in_a_folder_of_the_table() -> None:
    assert {file.parts[0] for file in FILES} == set(MAY_INCLUDE)
    assert all(len(file.parts) == 2 for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_includes_what_its_folder_may(file: Path) -> None:
    for name in includes(file, '""'):
        assert (ROOT / name).is_file(), f"{file} includes {name}, which is not in cpp/"
        folder = Path(name).parts[0]
        allowed = MAY_INCLUDE[file.parts[0]] | {file.parts[0]}
        assert folder in allowed, f"{file} includes {name}"
    for name in includes(file, "<>"):
        assert not NEVER.match(name), f"{file} includes {name}"
        only = SYSTEM_HEADERS_OF_ONE_FOLDER.get(name.split("/")[0], file.parts[0])
        assert file.parts[0] == only, f"{file} includes {name}"


def test_neither_the_folders_nor_the_files_have_a_circle() -> None:
    files = {str(file): set(includes(file, '""')) for file in FILES}
    for graph in (MAY_INCLUDE, files):
        assert list(TopologicalSorter(graph).static_order())


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        list(TopologicalSorter({"abi": {"cuda"}, "cuda": {"abi"}}).static_order())
