"""What README and docs/ show for a GPU: every marked block runs, every output shown comes out."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doc_files import write_googlenet, write_models, write_results
from doc_pages import PAGES, Block, blocks, inline_commands, missing_part, needs_gpu, shown_alone

from trtcore.cli import main

pytestmark = pytest.mark.gpu

MARKED = [block for page in PAGES for block in blocks(page) if block.mark == "gpu"]
LINES = [
    (block, line)
    for page in PAGES
    for block in blocks(page)
    if block.language == "sh" and not block.mark
    for line in block.lines(gpu=True)
]
INLINE = sorted({command for _, command in inline_commands() if needs_gpu(command)})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages speak of."""
    write_models(tmp_path)
    write_results(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> int:
    program, *words = shlex.split(command)
    assert program == "trtcore", command
    try:
        return main(words)
    except SystemExit as left:
        return int(left.code or 0)


@pytest.mark.parametrize("block", MARKED, ids=lambda block: block.place)
def test_a_block_runs(
    block: Block,
    desk: Path,
    run_foreign: Callable[[str], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    if block.page == "docs/tutorial.md":
        write_googlenet(desk)
    if block.language == "python":
        exec(compile(block.text, block.place, "exec"), names_of_a_program(run_foreign("fp16")))
    for command in block.lines(gpu=True) if block.language == "sh" else ():
        assert run(command) == 0, f"{command}: {capsys.readouterr().err}"
    if block.output:
        assert missing_part(block.output, capsys.readouterr().out) == ""


def names_of_a_program(running: Any) -> dict[str, Any]:
    """The names that a page's program has already: its context, stream and synchronise."""
    from cuda.bindings import runtime

    import trtcore

    _, stream = runtime.cudaStreamCreate()
    return {
        "__name__": "__main__",
        "trtcore": trtcore,
        "running": running,  # kept, as the context does not keep its buffers
        "context": running.context,
        "stream": int(stream),
        "synchronize": runtime.cudaStreamSynchronize,
    }


@pytest.mark.parametrize(
    ("block", "line"), LINES, ids=[f"{block.place} {line}" for block, line in LINES]
)
def test_a_line_runs(
    block: Block, line: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 0, f"{block.place}: {line}: {capsys.readouterr().err}"


@pytest.mark.parametrize("command", INLINE)
def test_a_command_in_a_sentence_runs(
    command: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "profile net.plan" in command or "inspect net.plan" in command:
        assert run("trtcore build net.onnx -o net.plan") == 0
    assert run(command) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("page", "command", "shown"), shown_alone(), ids=[page for page, _, _ in shown_alone()]
)
def test_an_output_comes_out(
    page: str, command: str, shown: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert missing_part(shown, printed) == "", printed
