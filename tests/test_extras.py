"""The extras: what they ask for, which of them texts name, and how ``.ci/extras`` judges pip."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import subprocess
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

import trtcore

ROOT = Path(trtcore.__file__).parent
CHECKOUT = Path(__file__).parent.parent
EXPECTED = {
    "rtx": {"tensorrt-rtx": ">=1.6"},
    "rtx-cu12": {"tensorrt-rtx-cu12": ">=1.6", "cuda-python": "<13"},
    "tensorrt": {"tensorrt": ">=10.16"},
    "tensorrt-cu12": {"tensorrt-cu12": ">=10.16", "cuda-python": "<13"},
    "cupti": {"nvidia-cuda-cupti": "<13.6,>=13"},
    "cupti-cu12": {"nvidia-cuda-cupti-cu12": "<13,>=12", "cuda-python": "<13"},
    "torch": {"torch": ">=2.4"},
    "cluster": {"dask": ">=2024.12", "distributed": ">=2024.12", "dask-jobqueue": ">=0.9"},
}


def of_extra(name: str) -> dict[str, str]:
    every = map(Requirement, metadata.requires("trtcore") or ())
    found = (one for one in every if one.marker and one.marker.evaluate({"extra": name}))
    return {one.name: str(one.specifier) for one in found}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_extra_asks_for_its_cuda(name: str) -> None:
    assert of_extra(name) == EXPECTED[name]


def test_cuda_python_of_both_majors_is_accepted_without_an_extra() -> None:
    every = [Requirement(text) for text in metadata.requires("trtcore") or ()]
    (always,) = (one for one in every if one.name == "cuda-python" and one.marker is None)
    for version in ("12.9.10", "13.4.4"):
        assert version in always.specifier
    assert "13.0" not in Requirement("cuda-python<13").specifier


def test_every_extra_that_a_text_names_is_there() -> None:
    texts = [path.read_text() for path in ROOT.rglob("*.py")]
    cpp = CHECKOUT / "cpp"
    texts += [path.read_text() for path in cpp.rglob("*.cpp")]
    named = {name for text in texts for name in re.findall(r"trtcore\[([a-z0-9-]+)\]", text)}
    there = set(metadata.metadata("trtcore").get_all("Provides-Extra") or ())
    assert {"cupti", "cupti-cu12", "torch"} <= named <= there
    readme = (CHECKOUT / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in EXPECTED if name != "torch")


@pytest.fixture
def extras() -> ModuleType:
    path = CHECKOUT / ".ci/extras"
    if not path.exists():
        pytest.skip("no checkout: a source distribution has no .ci")
    loader = importlib.machinery.SourceFileLoader("ci_extras", str(path))
    spec = importlib.util.spec_from_loader("ci_extras", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def answer(code: int, stderr: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda command, **_: subprocess.CompletedProcess(command, code, "", stderr)


@pytest.mark.parametrize(
    ("code", "stderr", "expected"),
    [
        (0, "", ("cupti: nvidia-cuda-cupti<13.6,>=13", True)),
        (
            1,
            "ERROR: Could not find a version that satisfies the requirement nvidia-cuda-cupti>=13 "
            "(from versions: none)\nERROR: No matching distribution found for nvidia-cuda-cupti",
            ("cupti: skipped, no package index here has nvidia-cuda-cupti", True),
        ),
        (
            1,
            "WARNING: slow\nERROR: Could not find a version that satisfies the requirement "
            "nvidia-cuda-cupti>=13 (from versions: 12.0, 12.1)",
            (
                "cupti: ERROR: Could not find a version that satisfies the requirement "
                "nvidia-cuda-cupti>=13 (from versions: 12.0, 12.1)",
                False,
            ),
        ),
        (1, "killed", ("cupti: killed", False)),
    ],
)
def test_what_pip_answers_in_one_line(
    extras: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    stderr: str,
    expected: tuple[str, bool],
) -> None:
    monkeypatch.setattr(subprocess, "run", answer(code, stderr))
    assert extras.resolve("cupti", time.monotonic() + 60) == expected


def test_pip_is_not_waited_for_long(extras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: object, timeout: float, **_: object) -> None:
        assert timeout == 0.0
        raise subprocess.TimeoutExpired("pip", timeout)

    monkeypatch.setattr(subprocess, "run", slow)
    line = "rtx: skipped, pip had no answer within 60 s"
    assert extras.resolve("rtx", time.monotonic() - 1) == (line, True)


def test_what_is_asked_always_and_by_the_extra_is_asked_together(extras: ModuleType) -> None:
    assert extras.requirements("cupti-cu12") == [
        "nvidia-cuda-cupti-cu12<13,>=12",
        "cuda-python<13",
        "cuda-python>=12.9",
    ]
