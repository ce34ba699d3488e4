"""README and docs/ against the program: commands parse, and errors, formats, options have lines."""

from __future__ import annotations

import ast
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import PAGES, ROOT, blocks, inline_commands
from options_page import PAGE, options_page

import trtcore
from trtcore import errors
from trtcore.cli.arguments import make_parser
from trtcore.report.formats import FORMATS
from trtcore.result.readers.registry import READERS

TROUBLESHOOTING = (ROOT / "docs" / "errors.md").read_text()
CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.TrtcoreError)
][1:]  # the first is the base of all


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in blocks(page):
            if block.language == "sh":
                for line in (*block.lines(gpu=False), *block.lines(gpu=True)):
                    yield block.page, line
    yield from inline_commands()


@pytest.mark.parametrize(
    ("page", "command"), sorted(one for one in set(commands()) if one[1].startswith("trtcore "))
)
def test_every_command_parses(page: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)[1:]
    try:
        make_parser().parse_args(words[: words.index(">")] if ">" in words else words)
    except SystemExit as left:
        told = capsys.readouterr().err
        # The name of a command in a sentence, without what it needs.
        if left.code and "arguments are required" not in told:
            pytest.fail(f"{page}: {command}: {told}")


def test_every_error_has_a_line_and_messages() -> None:
    headings = " ".join(re.findall(r"^## (.*)$", TROUBLESHOOTING, re.M))
    for one in CLASSES:
        assert f"\n| `{one.__name__}` | {one.exit_code} |" in TROUBLESHOOTING
        assert one.__name__ in headings
    assert len(CLASSES) == len(re.findall(r"^\| `\w+Error` \|", TROUBLESHOOTING, re.M))


@functools.cache
def message_texts() -> set[str]:
    """Every text of the sources, with "…" for the values in it."""
    found = set()
    for path in Path(trtcore.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = (getattr(part, "value", None) for part in node.values)
                found.add("".join(p if isinstance(p, str) else "…" for p in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # A template of `str.format`, such as those of the warnings.
                found.add(re.sub(r"\{[^{}]*\}", "…", node.value))
    return found


def test_every_message_of_the_page_is_one() -> None:
    sources = "\n".join(message_texts())
    quoted = re.findall(r"^\| `(.+?)` \| (?!\d)", TROUBLESHOOTING, re.M)
    assert len(quoted) > 50
    for message in quoted:
        for fragment in message.split("…"):
            # Punctuation between two values is in every text.
            if len(words := fragment.strip(" :;,'()")) > 3:
                assert words in sources, f"no message says {words!r}"


def test_every_public_name_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    assert sorted(re.findall(r"^::: trtcore\.(\w+)$", page, re.M)) == trtcore.__all__


def test_every_format_has_a_line() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    written = page.partition("## What `trtcore report` writes")[2]
    assert re.findall(r"^\| `([a-z][a-z-]*)` \|", written, re.M) == list(FORMATS)
    read = page.partition("## Results of trtcore and of other tools")[2].partition("## ")[0]
    assert re.findall(r"^- (.*)$", read, re.M) == [reader.name for reader in READERS]


def test_the_page_of_options_is_that_of_the_declarations() -> None:
    assert PAGE.read_text() == options_page(), "`make schema` writes it again"
