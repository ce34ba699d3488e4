"""The report in a terminal: one row per layer, then what the figures are worth."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from trtcore.diagnosis import diagnose
from trtcore.errors import OptionError
from trtcore.markers import Markers, fold_markers
from trtcore.report.facts import Fact, io_lines, place_facts, timing_facts
from trtcore.report.labels import layer_labels, shorten
from trtcore.result import LayerProfile, Profile
from trtcore.statistics import SAMPLES_NEEDED, summarise_layers

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SORTS = ("order", "time")

_FIGURES_WIDTH = 36
_LABEL_WIDTH = 12
_LEAST_TEXT = 20
_PLAIN_WIDTH = 100
_UNLIMITED = 10_000


@dataclass(frozen=True)
class _Row:
    """A line of the table; a sum of several layers has neither a 95th percentile nor a minimum."""

    label: str
    median_ms: float
    share: float
    p95_ms: float | None = None
    min_ms: float | None = None


def render_table(
    profile: Profile, *, sort: str = "order", top: int | None = None, width: int | None = None
) -> str:
    """Returns the whole report as plain text.

    Args:
        profile: the profile.
        sort: rows in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many layers; the rest becomes one line.
        width: columns to keep within; None for names in full, however long.

    Raises:
        OptionError: an unknown order, or fewer than one row.
    """
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=width or _UNLIMITED, color_system=None, force_terminal=False)
    _print(profile, console, sort, top, width)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().split("\n"))


def print_table(
    profile: Profile, console: Console, *, sort: str = "order", top: int | None = None
) -> None:
    """Prints the report: fitted to a terminal, or as plain text with names in full elsewhere.

    Raises:
        OptionError: an unknown order, or fewer than one row.
    """
    if console.is_terminal:
        _print(profile, console, sort, top, console.width)
    else:
        console.out(render_table(profile, sort=sort, top=top), highlight=False)


def _print(
    profile: Profile, console: Console, sort: str, top: int | None, width: int | None
) -> None:
    _check(sort, top)
    rows, markers = fold_markers(summarise_layers(profile))
    for line in io_lines(profile.io):
        console.print(line, markup=False, highlight=False)
    console.print()
    console.print(_layer_table(profile, rows, markers, sort, top, width))
    console.print(_footnote(profile), style="dim", markup=False, highlight=False)
    for facts in (timing_facts(profile), place_facts(profile)):
        console.print()
        console.print(_fact_table(facts, width))
    _print_warnings(profile, console, width)


def _layer_table(
    profile: Profile,
    rows: Sequence[LayerProfile],
    markers: Markers,
    sort: str,
    top: int | None,
    width: int | None,
) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Layer", overflow="fold")
    for heading in ("median ms", "share", "p95 ms", "min ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    digits = 3 if profile.backend == "onnxruntime" else 4
    room = max((width or _UNLIMITED) - _FIGURES_WIDTH, _LEAST_TEXT)
    for row in _choose(_rows(rows), sort, top):
        table.add_row(Text(shorten(row.label, room)), *_figures(row, digits))
    if markers.count:
        label = f"{markers.count} signal and wait markers"
        folded = _Row(label, markers.median_ms, markers.share)
        table.add_row(label, *_figures(folded, digits), style="dim")
    table.add_row("Time over all layers", *_figures(_total(rows, markers), digits), style="bold")
    return table


def _rows(rows: Sequence[LayerProfile]) -> list[_Row]:
    labels = layer_labels([row.layer for row in rows])
    return [
        _Row(label, row.median_ms, row.share, row.p95_ms, row.min_ms)
        for label, row in zip(labels, rows, strict=True)
    ]


def _choose(rows: list[_Row], sort: str, top: int | None) -> list[_Row]:
    by_time = sorted(rows, key=lambda row: -row.median_ms)
    shown = by_time[:top]
    rest = by_time[len(shown) :]
    if sort == "order":
        kept = {id(row) for row in shown}
        shown = [row for row in rows if id(row) in kept]
    label = f"{len(rest)} further layer{'' if len(rest) == 1 else 's'}"
    return [*shown, _sum(label, rest)] if rest else shown


def _sum(label: str, rows: Sequence[_Row]) -> _Row:
    return _Row(label, sum(row.median_ms for row in rows), sum(row.share for row in rows))


def _total(rows: Sequence[LayerProfile], markers: Markers) -> _Row:
    total = sum(row.median_ms for row in rows) + markers.median_ms
    share = sum(row.share for row in rows) + markers.share
    return _Row("", total, share)


def _figures(row: _Row, digits: int) -> tuple[str, ...]:
    share = "-" if isnan(row.share) else f"{row.share:.1%}"
    median, p95, least = (_ms(value, digits) for value in (row.median_ms, row.p95_ms, row.min_ms))
    return median, share, p95, least


def _ms(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return "-" if isnan(value) else f"{value:.{digits}f}"


def _footnote(profile: Profile) -> str:
    count = profile.samples.layer_ms.shape[0]
    if count == 1:
        return "One figure per layer; the total and the shares are of these."
    words = f"Medians of {count} profiled iterations; the total and the shares are of the medians."
    needed = SAMPLES_NEEDED[95]
    return words if count >= needed else f"{words} A p95 needs {needed} iterations."


def _fact_table(facts: Sequence[Fact], width: int | None) -> Table:
    from rich.table import Table
    from rich.text import Text

    room = max((width or _PLAIN_WIDTH) - _LABEL_WIDTH, _LEAST_TEXT)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold", max_width=room)
    for label, text in facts:
        table.add_row(label, Text(text))
    return table


def _print_warnings(profile: Profile, console: Console, width: int | None) -> None:
    facts = [("Note", line) for line in profile.model.notes]
    facts += [("Warning", line) for line in dict.fromkeys((*profile.warnings, *diagnose(profile)))]
    if facts:
        console.print()
        console.print(_fact_table(facts, width))


def _check(sort: str, top: int | None) -> None:
    if sort not in SORTS:
        raise OptionError(f"sort is '{sort}', must be one of {', '.join(SORTS)}")
    if top is not None and top < 1:
        raise OptionError(f"top is {top}, must be 1 or more")
