"""Every command and program of README and docs/ runs here, in its page's order and as it stands.

`make test` runs in this process what takes a moment; `make test-slow` runs the pages in a shell,
with GoogLeNet on the CPU, sweeps and `doctor`. `tests/gpu/test_docs_gpu.py` has what needs a GPU.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_files import write_googlenet, write_models, write_results
from doc_pages import PAGES, ROOT, Block, blocks, inline_commands, missing_part, needs_gpu

from trtcore.cli import main

# Exit codes of a limit: two runs of one network may differ by more than it on a busy machine.
LIMIT = ("--fail-if", "history check")
# Its commands run in tests/sweeps/test_docs.py, beside the cluster they need.
ELSEWHERE = {"docs/sweep.md"}
# More than a moment: a network of 142 nodes, processes of their own, the tests of every backend.
SLOW = re.compile(r"googlenet|^trtcore (?:sweep|doctor)|--processes")
# 1000 iterations of GoogLeNet on a CPU show no more than ten.
FEWER = (
    ("--iterations 1000", "--iterations 10"),
    ("iterations=1000", "iterations=10"),
    ("batch=[1, 4]", "iterations=2, batch=[1, 4]"),
)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


RUNNING = [
    page for page in PAGES if blocks(page) and page_id(page) not in {*ELSEWHERE, "docs/tutorial.md"}
]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path) -> Path:
    """A folder as a reader has it; each page gets a copy."""
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRTCORE_CACHE_DIR", str(cache_folder))
        write_models(folder)
        write_results(folder)
    return folder


@pytest.fixture
def desk(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lacks_graphviz(command: str) -> bool:
    """Whether it needs a program that this machine has not."""
    return "--format svg" in command and shutil.which("dot") is None


def is_quick(block: Block, command: str = "") -> bool:
    return not block.mark and not SLOW.search(command) and not lacks_graphviz(command)


def run_here(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Runs a command in this process; returns its exit code and what it printed."""
    program, *words = shlex.split(command)
    assert program == "trtcore", command
    words, target = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, "")
    capsys.readouterr()
    try:
        code = main(words)
    except SystemExit as left:
        code = int(left.code or 0)
    printed = capsys.readouterr()
    if target:
        Path(target).write_text(printed.out)
    return code, printed.out + printed.err


def check(block: Block, command: str, code: int, printed: str) -> None:
    allowed = {0, 3} if any(word in command for word in LIMIT) else {0}
    assert code in allowed, f"{block.place}: {command}: {printed}"


@pytest.mark.usefixtures("short_warm_up")
@pytest.mark.parametrize("page", RUNNING, ids=page_id)
def test_a_page_runs(page: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page):
        printed = ""
        if block.language == "python" and is_quick(block, block.text):
            exec(compile(block.text, block.place, "exec"), {"__name__": "__main__"})
            printed = capsys.readouterr().out
        for command in block.lines(gpu=False) if block.language == "sh" else ():
            if is_quick(block, command):
                code, told = run_here(command, capsys)
                check(block, command, code, told)
                printed += told
        if block.output and not block.mark:
            assert missing_part(block.output, printed) == "", f"{block.place}: {printed}"


def in_shell(command: str, folder: Path) -> tuple[int, str]:
    """Runs a command as a reader would, with this environment's programs."""
    for long, short in FEWER:
        command = command.replace(long, short)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "TRTCORE_LEASE_DIR": str(folder / "leases")},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def run_program(block: Block, folder: Path) -> tuple[int, str]:
    text = block.text
    for long, short in FEWER:
        text = text.replace(long, short)
    (folder / "program.py").write_text(text)
    return in_shell("python program.py", folder)


def run_page(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if block.mark in ("gpu", "not run"):
            continue
        if block.language == "python":
            check(block, "python", *run_program(block, folder))
        for command in block.lines(gpu=False) if block.language == "sh" else ():
            if not lacks_graphviz(command):
                check(block, command, *in_shell(command, folder))


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNING, ids=page_id)
def test_a_page_runs_in_a_shell(page: Path, desk: Path) -> None:
    run_page(page, desk)


@pytest.mark.slow
def test_the_program_of_the_page_of_sweeps_runs(tmp_path: Path) -> None:
    (program,) = (
        block for block in blocks(ROOT / "docs" / "sweep.md") if block.language == "python"
    )
    check(program, "python", *run_program(program, tmp_path))


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path: Path) -> None:
    write_googlenet(tmp_path)
    run_page(ROOT / "docs" / "tutorial.md", tmp_path)


@pytest.mark.slow
def test_commands_in_sentences_run(desk: Path) -> None:
    commands = dict.fromkeys(command for _, command in inline_commands())
    for command in commands:
        if not needs_gpu(command):
            code, printed = in_shell(command, desk)
            # The name of a command only, without what it needs.
            assert code == 0 or "arguments are required" in printed, f"{command}: {printed}"


def test_every_command_is_run_somewhere() -> None:
    programs = ("trtcore", "dask")
    for page in PAGES:
        assert len(blocks(page)) == len(re.findall(r"^```(?:sh|python)$", page.read_text(), re.M))
        for block in blocks(page):
            if block.mark == "not run":
                assert block.why, f"{block.place}: say why it is not run"
            elif block.language == "sh":
                for line in (*block.lines(gpu=False), *block.lines(gpu=True)):
                    assert line.split()[0] in programs, f"{block.place}: {line}"
        # What has no mark of the language is never run: it may hold no command.
        bare = re.findall(r"^```(?:text)?\n(.*?)^```", page.read_text(), re.M | re.S)
        assert not [text for text in bare if re.search(r"^(?:trtcore|python) ", text, re.M)], page
