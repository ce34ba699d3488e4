"""Reading a recorder while another thread records into it, under ThreadSanitizer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CPP = HERE.parents[1] / "cpp"
SOURCES = (
    HERE / "recorder_races.cpp",
    *(CPP / "recorder" / f"{name}.cpp" for name in ("layer_recorder", "layer_statistics")),
    CPP / "recorder" / "sequence_learner.cpp",
)
FLAGS = ("-std=c++17", "-Og", "-g1", "-pthread", "-fsanitize=thread", f"-I{CPP}")
# Two sanitizers in one process do not get on.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Runs a command; ten minutes are far beyond what a loaded machine needs."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=600
    )


@pytest.fixture
def compiler(tmp_path: Path) -> str:
    """A C++ compiler whose programs run under ThreadSanitizer here."""
    found = shutil.which(os.environ.get("CXX", "c++"))
    if found is None:
        pytest.skip("there is no C++ compiler")
    source, program = tmp_path / "empty.cpp", tmp_path / "empty"
    source.write_text("int main() {}\n")
    if run(found, *FLAGS, source, "-o", program).returncode or run(program).returncode:
        pytest.skip("ThreadSanitizer does not run here")
    return found


def test_a_recorder_is_read_while_it_records(compiler: str, tmp_path: Path) -> None:
    program = tmp_path / "races"
    built = run(compiler, *FLAGS, *SOURCES, "-o", program)
    assert built.returncode == 0, built.stderr
    ran = run(program)
    assert (ran.returncode, ran.stdout) == (0, "ok\n"), ran.stderr
