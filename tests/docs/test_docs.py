"""README and docs/ against the program: every command parses, every error has a line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from trtcore import errors
from trtcore.cli.arguments import make_parser

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_INLINE = re.compile(r"`(trtcore [a-z][^`]*)`")
# What stands for something else: [...], ..., OPTIONS.
_PLACEHOLDER = re.compile(r"\.\.\.|\[|\||<")


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text()
        lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
        for line in (*lines, *_INLINE.findall(text)):
            bare = line.split("  #")[0].strip()
            if bare.startswith("trtcore ") and not _PLACEHOLDER.search(bare):
                yield page.name, bare


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_every_command_parses(page: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)[1:]
    try:
        make_parser().parse_args(words[: words.index(">")] if ">" in words else words)
    except SystemExit as left:
        told = capsys.readouterr().err
        # The name of a command in a sentence, without what it needs.
        if left.code and "arguments are required" not in told:
            pytest.fail(f"{page}: {command}: {told}")


def test_every_error_has_a_line() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.TrtcoreError)
    ]
    for one in classes[1:]:  # the first is the base of all
        assert f"| `{one.__name__}` | {one.exit_code} |" in page
    assert len(classes) == page.count("\n| `") + 1
