"""A page of sections with pictures and a table each, for what is not one result or a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from trtcore.report.content.printable import printable, printable_text
from trtcore.report.html.embed import policy, safe_json
from trtcore.report.html.libraries import (
    DRAWN_SCRIPTS,
    environment,
    own_file,
    own_script,
    plotly_script,
)
from trtcore.report.html.tables import Fact


class Picture(NamedTuple):
    """A picture of a section.

    Attributes:
        kind: its function in the script: ``heat``, ``lines``, ``front`` or ``trend``.
        label: what it shows, for readers who do not see it.
        caption: how it is to be read.
    """

    kind: str
    label: str
    caption: str


class LinkedRow(NamedTuple):
    """A row of a table: its name, where that leads (``""`` for nowhere), and cells."""

    name: str
    link: str
    cells: tuple[str, ...]


class LinkedTable(NamedTuple):
    """A table whose rows may lead to other pages.

    Attributes:
        caption: what it is of.
        headings: of the names, then of the cells.
        rows: its rows.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[LinkedRow, ...]


class DrawnSection(NamedTuple):
    """A section.

    Attributes:
        title: its heading.
        verdict: the outcome in a sentence or two.
        facts: labels and texts.
        choices: what the pictures can show, the first one first; empty where that is fixed.
        pictures: drawn of ``data``.
        table: the same in figures.
        notes: lines below.
        data: for the script, such as JSON has it; a ``link`` in it is an address beside the page.
    """

    title: str
    verdict: str
    facts: tuple[Fact, ...]
    choices: tuple[str, ...]
    pictures: tuple[Picture, ...]
    table: LinkedTable
    notes: tuple[str, ...]
    data: dict[str, Any]


def render_drawn(
    title: str, sections: Sequence[DrawnSection], *, commands: Sequence[Fact] = ()
) -> str:
    """Returns a page with everything that it needs inside, which makes no request.

    Args:
        title: its heading.
        sections: from the top on.
        commands: labels and command lines to copy, such as what made the page.

    Raises:
        OptionError: the extra ``report`` is not installed.
    """
    templates = environment()
    scripts = plotly_script(), own_script(DRAWN_SCRIPTS)
    # Names come from files: what controls a terminal or reorders text is shown escaped.
    shown = [(printable(one), safe_json(_printable_data(one.data))) for one in sections]
    page: str = templates.get_template("drawn.html.j2").render(
        title=printable(title),
        sections=shown,
        commands=printable(tuple(commands)),
        style=own_file("report.css"),
        scripts=scripts,
        policy=policy(scripts),
    )
    return page


def _printable_data(value: Any) -> Any:
    """Data of JSON with the control characters in all of its texts escaped."""
    if isinstance(value, dict):
        return {name: _printable_data(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable_data(one) for one in value]
    return printable_text(value) if isinstance(value, str) else value
