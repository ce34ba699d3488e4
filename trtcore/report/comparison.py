"""A comparison for a terminal, for a pull request, and as the old tutorial's table."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from trtcore.comparison import APPEARED, ELIMINATED, REFUSED, VANISHED, Change, Comparison
from trtcore.report.labels import shorten
from trtcore.report.waterfall import waterfall_lines
from trtcore.result import UNFUSED, Profile

if TYPE_CHECKING:
    from rich.table import Table

_FIGURES_WIDTH = 64
_LEAST_TEXT = 20
_UNLIMITED = 10_000
_TEXT_WIDTH = 100
_MARKDOWN_ROWS = 10
_NODE_BY_NODE = (*UNFUSED, "caffe")
_BASE_NEW = ((VANISHED, "Only in base"), (APPEARED, "Only in new"))
_BEFORE_AFTER = (
    (ELIMINATED, "Costs nothing any more"),
    (VANISHED, "Only before"),
    (APPEARED, "Only after"),
)
_HEADINGS = ("base ms", "new ms", "change ms", "ratio", "95 % interval")


def render_comparison(
    comparison: Comparison, *, top: int | None = None, width: int | None = None
) -> str:
    """Returns a comparison as plain text.

    Rows that both sides have come first, by how much they contribute to the change; then where
    the change came from, and what only one side has.

    Args:
        comparison: the comparison.
        top: only so many rows; the rest becomes one line.
        width: columns to keep within; None for names in full.
    """
    shared = [row for row in comparison.rows if row.kind not in {APPEARED, VANISHED}]
    table = _table("Nodes", _HEADINGS)
    for row in (*_cut(shared, top), *_totals(comparison)):
        table.add_row(_label(row.name, width), *_figures(row))
    blocks = [
        _sides(comparison, "Base:", "New:"),
        _render(table, width),
        waterfall_lines(comparison),
        *_lists(comparison),
        [f"Note: {note}" for note in comparison.notes],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def render_baseline(comparison: Comparison, *, width: int | None = None) -> str:
    """Returns the tutorial's own table: every layer group before and after, and its speed-up.

    Args:
        comparison: with the un-optimised network as its base.
        width: columns to keep within; None for names in full.
    """
    both = [row for row in comparison.rows if row.base_ms and row.new_ms]
    table = _table("Layer group", ("before ms", "after ms", "speed-up"))
    for row in (*sorted(both, key=lambda row: row.order), comparison.total):
        speed_up = "-" if isnan(row.speed_up) else f"{row.speed_up:.1f}x"
        figures = (_ms(row.base_ms), _ms(row.new_ms), speed_up)
        table.add_row(_label(row.name, width), *figures)
    words = _one_sided([row for row in comparison.rows if row not in both], _BEFORE_AFTER)
    total = comparison.total
    sentence = (
        f"One forward pass takes {total.ratio:.1%} of what it takes with "
        f"{comparison.base.backend}: {_ms(total.new_ms)} of {_ms(total.base_ms)} ms."
    )
    blocks = [
        _sides(comparison, "Before:", "After:"),
        [*_render(table, width), *words, sentence],
        [f"Note: {note}" for note in comparison.notes],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def render_markdown(comparison: Comparison) -> str:
    """Returns the totals and the ten largest changes as a table for a pull request's comment."""
    rows = [*_totals(comparison), *_cut(comparison.rows, _MARKDOWN_ROWS)]
    lines = [
        f"### {_escape(_title(comparison))}",
        "",
        f"| | {' | '.join(_HEADINGS)} |",
        f"|---|{'--:|' * len(_HEADINGS)}",
        *(f"| {_escape(row.name)} | {' | '.join(_figures(row))} |" for row in rows),
        *(["", *(f"- {_escape(note)}" for note in comparison.notes)] if comparison.notes else []),
    ]
    return "\n".join(lines) + "\n"


def _figures(row: Change) -> tuple[str, ...]:
    low, high = row.interval
    interval = "" if isnan(low) else f"{low:.3f} to {high:.3f}"
    if row.is_noise:
        interval += " noise"
    if not isnan(row.against_rest):
        interval += f", {row.against_rest:.3f}x against the rest"
    return (
        _ms(row.base_ms),
        _ms(row.new_ms),
        f"{row.difference_ms:+.4f}",
        _times(row.ratio),
        interval,
    )


def _totals(comparison: Comparison) -> tuple[Change, ...]:
    rest = comparison.rest
    return (*([rest] if rest.base_ms or rest.new_ms else []), comparison.layers, comparison.total)


def _cut(rows: Sequence[Change], top: int | None) -> list[Change]:
    shown, rest = list(rows[:top]), rows[len(rows[:top]) :]
    if rest:
        name = f"{len(rest)} further row{'' if len(rest) == 1 else 's'}"
        base_ms, new_ms = (
            sum(getattr(row, f"{side}_ms") for row in rest) for side in ("base", "new")
        )
        shown.append(Change(name, base_ms, new_ms))
    return shown


def _lists(comparison: Comparison) -> list[list[str]]:
    engines = not {comparison.base.backend, comparison.new.backend} & set(_NODE_BY_NODE)
    refused = [row for row in comparison.rows if row.kind == REFUSED and engines]
    blocks = [
        [f"Re-fused: {row.name}", *(f"  base {name}" for name in row.base_layers)]
        + [f"  new  {name}" for name in row.new_layers]
        for row in refused
    ]
    return [*blocks, _one_sided(comparison.rows, _BASE_NEW)]


def _one_sided(rows: Sequence[Change], words: Iterable[tuple[str, str]]) -> list[str]:
    lines = []
    for kind, word in words:
        names = [row.name for row in rows if row.kind == kind]
        time = sum(row.base_ms + row.new_ms for row in rows if row.kind == kind)
        if names:
            text = f"{word}, {_ms(time)} ms: {', '.join(names)}"
            lines += textwrap.wrap(
                text,
                _TEXT_WIDTH,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    return lines


def _sides(comparison: Comparison, base: str, new: str) -> list[str]:
    width = max(len(base), len(new))
    sides = ((base, comparison.base), (new, comparison.new))
    return [f"{word:<{width}} {_side(profile)}" for word, profile in sides]


def _side(profile: Profile) -> str:
    parts = (
        profile.model.name,
        profile.backend,
        profile.precision,
        f"batch {profile.batch}" if profile.batch else "",
        profile.environment.device,
        profile.environment.runtime,
    )
    return f"{', '.join(filter(None, parts))} ({profile.method})"


def _title(comparison: Comparison) -> str:
    base, new = (
        " ".join(filter(None, (p.backend, p.precision))) for p in (comparison.base, comparison.new)
    )
    return f"{comparison.new.model.name}: {new} against {base}"


def _table(first: str, headings: Iterable[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _label(name: str, width: int | None) -> Any:
    from rich.text import Text

    return Text(shorten(name, max((width or _UNLIMITED) - _FIGURES_WIDTH, _LEAST_TEXT)))


def _render(table: Table, width: int | None) -> list[str]:
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=width or _UNLIMITED, color_system=None, force_terminal=False).print(
        table
    )
    return [line.rstrip() for line in text.getvalue().rstrip().split("\n")]


def _ms(value: float) -> str:
    return f"{value:.4f}"


def _times(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3f}x"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
