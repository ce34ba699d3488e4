"""The commands, programs and outputs that README and docs/ show, in their order.

A block of ``sh`` or ``python`` runs as it stands. What stands before it decides where:
``<!-- gpu -->`` for a GPU, ``<!-- slow -->`` for `make test-slow`, ``<!-- not run: WHY -->`` for
neither; a line whose comment says "needs a GPU" does. A block of ``text`` behind it is its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>gpu|slow|not run)(?:: (?P<why>[^\n]*?))? -->\n)?"
    r"^```(?P<language>sh|python)\n(?P<text>.*?)^```\n"
    r"(?:\n?^```text\n(?P<output>.*?)^```\n)?",
    re.M | re.S,
)
_SHOWN_ALONE = re.compile(r"^<!-- gpu: (trtcore [^\n]*?) -->\n```text\n(.*?)^```\n", re.M | re.S)
_INLINE = re.compile(r"`(trtcore [a-z][^`\n]*)`")
# What stands for something else: [...], ..., OPTIONS, COMMAND.
_PLACEHOLDER = re.compile(r"\.\.\.|\[|\||<|\b[A-Z]{3,}\b")
_FIGURE = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        page: its path from the project's folder.
        line: where it begins.
        language: ``sh`` or ``python``.
        mark: ``gpu``, ``slow``, ``not run`` or ``""``.
        why: the reason that stands beside the mark.
        text: what is inside the fences.
        output: what the page shows as its output; ``""`` for none.
    """

    page: str
    line: int
    language: str
    mark: str
    why: str
    text: str
    output: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def lines(self, *, gpu: bool) -> list[str]:
        """The commands for a machine without a GPU, or those that need one."""
        found = []
        for line in self.text.splitlines():
            command, _, comment = line.partition("  #")
            needs = self.mark == "gpu" or "needs a GPU" in comment
            if command.strip() and needs == gpu:
                found.append(command.strip())
        return found


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            page.relative_to(ROOT).as_posix(),
            text.count("\n", 0, found.start("text")) + 1,
            found["language"],
            found["mark"] or "",
            found["why"] or "",
            found["text"],
            found["output"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def shown_alone() -> list[tuple[str, str, str]]:
    """Page, command and output where a page shows what a command prints without the command."""
    return [
        (page.relative_to(ROOT).as_posix(), command, output)
        for page in PAGES
        for command, output in _SHOWN_ALONE.findall(page.read_text())
    ]


def inline_commands() -> Iterator[tuple[str, str]]:
    """Whole commands within sentences and tables."""
    for page in PAGES:
        for command in _INLINE.findall(page.read_text()):
            if not _PLACEHOLDER.search(command):
                yield page.relative_to(ROOT).as_posix(), command


def needs_gpu(command: str) -> bool:
    """Whether a command within a sentence needs a GPU, or files that only one makes."""
    return bool(re.search(r"\.plan|profile .*--(?:compare|baseline|timing|tolerance)", command))


def masked(text: str) -> list[str]:
    """The words of a text, whatever its figures, the width of its columns and of its lines."""
    return _FIGURE.sub("#", text).split()


def missing_part(shown: str, printed: str) -> str:
    """The first part of what a page shows that was not printed; ``""`` if all was, in its order.

    Empty lines and lines of ``...`` may stand for anything.
    """
    words, begin = masked(printed), 0
    for part in re.split(r"^(?:\.\.\.)?\n", shown + "\n", flags=re.M):
        wanted = masked(part)
        while words[begin : begin + len(wanted)] != wanted:
            begin += 1
            if begin > len(words):
                return part
        begin += len(wanted)
    return ""
