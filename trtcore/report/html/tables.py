"""What the page's sections are made of."""

from __future__ import annotations

from typing import NamedTuple

Fact = tuple[str, str]


class Table(NamedTuple):
    """A table of texts; the first cell of a row is its name."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(NamedTuple):
    """A heading, facts and perhaps a table and a picture.

    Attributes:
        key: for the address of the section in the page.
        title: its heading.
        facts: labels and texts.
        table: None for facts alone.
        chart: the name of its picture in the script; ``""`` for none.
    """

    key: str
    title: str
    facts: tuple[Fact, ...]
    table: Table | None = None
    chart: str = ""
