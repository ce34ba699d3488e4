"""Completion as a shell asks for it: by argcomplete's protocol, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("argcomplete")


def completed(line: str, folder: Path) -> set[str]:
    """What a shell is offered at the end of a line, in a folder."""
    answer = folder / ".answer"
    env = os.environ | {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "trtcore"], env=env, cwd=folder, check=True, timeout=60)
    return {word.strip() for word in answer.read_text().split("\n") if word.strip()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("good.onnx", "good.json", "good.plan", "good.txt"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("trtcore do", {"doctor"}),
        ("trtcore profile --fp", {"--fp16"}),
        ("trtcore profile goo", {"googlenet", "good.onnx", "good.plan"}),
        ("trtcore report goo", {"good.json", "good.txt"}),
        ("trtcore compare goo", {"good.onnx", "good.json", "good.plan", "good.txt"}),
        ("trtcore profile googlenet --backend ten", {"tensorrt", "tensorrt_rtx"}),
        ("trtcore report nothing", set()),
    ],
)
def test_what_a_shell_is_offered(folder: Path, line: str, expected: set[str]) -> None:
    assert completed(line, folder) == expected


def test_without_argcomplete_the_command_goes_on(tmp_path: Path) -> None:
    code = "import sys; sys.modules['argcomplete'] = None\nfrom trtcore.cli import main\nmain()"
    env = os.environ | {"_ARGCOMPLETE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        check=False,
        env=env,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "trtcore")
