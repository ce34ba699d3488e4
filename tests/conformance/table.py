"""The table in docs/compatibility.md: a row for each wheel, a column for each topic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.expected import TOPICS, layout_of

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
_BEGIN, _END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
_HEAD = ("bindings", "version", "layers are timed", *TOPICS)


def row(facts: dict[str, Any]) -> str:
    """The row of a wheel."""
    layout = layout_of(facts)
    how = "Python callbacks" if layout is None else f"C++, layout {layout}"
    answers = ("yes" if answer(facts).holds else "**no**" for answer in TOPICS.values())
    return _line((facts["package"], facts["version"], how, *answers))


def written_rows() -> list[str]:
    """The rows in the page."""
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition(_BEGIN)[2].partition(_END)[0]
    return table.splitlines()[2:]


def versions(package: str) -> list[tuple[int, ...]]:
    """The versions of a package in the page."""
    cells = ([cell.strip() for cell in line.split("|")] for line in written_rows())
    return [tuple(map(int, cell[2].split("."))) for cell in cells if cell[1] == package]


def write(rows: list[str]) -> None:
    """Puts other rows into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    table = "\n".join((_line(_HEAD), _line(["---"] * len(_HEAD)), *rows))
    PAGE.write_text(f"{before}{_BEGIN}{table}\n{_END}{after}", encoding="utf-8")


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
