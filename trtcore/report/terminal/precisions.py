"""A model in several precisions side by side: the table for a terminal or a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from trtcore.compare.precisions.comparison import PrecisionComparison, PrecisionRow, RelativeTime
from trtcore.compare.ratios import ratio_text
from trtcore.errors import OptionError, argument
from trtcore.report.content.comparison_names import short_rows
from trtcore.report.content.facts.facts import Fact, engine_text, io_lines
from trtcore.report.content.facts.method import method_text
from trtcore.report.content.facts.precision import (
    build_facts,
    compared_text,
    not_compared_line,
    output_line,
)
from trtcore.report.content.printable import printable
from trtcore.report.content.rows.labels import shorten
from trtcore.report.content.rows.rows import SORTS
from trtcore.report.content.warnings import precision_notes
from trtcore.report.terminal.layout import (
    PLAIN_WIDTH,
    figure_table,
    plain_text,
    room_beside,
    text_room,
)
from trtcore.report.terminal.tables import fact_table
from trtcore.result.records.accuracy import Accuracy
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Widths of columns with their gaps: a time, a ratio with its interval, and one without.
_MS_WIDTH = 11
_RATIO_WIDTH = 24
_BARE_RATIO_WIDTH = 11
# For names; narrower and columns are dropped instead. `inception_3a/3x3` has 16.
_LEAST_ROOM = 16


def render_precisions(
    comparison: PrecisionComparison,
    *,
    sort: str = "order",
    top: int | None = None,
    full_names: bool = False,
    width: int | None = None,
) -> str:
    """Returns the comparison as plain text: verdict, table, engines and notes.

    Args:
        comparison: the comparison.
        sort: rows in ``order`` of execution, or by ``time`` in the first precision.
        top: only the longest so many rows; the rest becomes one line.
        full_names: all nodes of a row instead of a short name, however long the lines are.
        width: columns to keep within; None for 120, or with full names for as many as it takes.

    Raises:
        OptionError: an unknown order, or fewer than one row.
    """
    rows = _named(comparison, sort, top, full_names=full_names)
    widest = width or (None if full_names else PLAIN_WIDTH)
    return plain_text(lambda console: _print(comparison, console, rows, widest), widest)


def print_precisions(
    comparison: PrecisionComparison,
    console: Console,
    *,
    sort: str = "order",
    top: int | None = None,
    full_names: bool = False,
) -> None:
    """Prints the comparison: fitted to a terminal, or as plain text elsewhere.

    Raises:
        OptionError: an unknown order, or fewer than one row.
    """
    if console.is_terminal:
        rows = _named(comparison, sort, top, full_names=full_names)
        _print(comparison, console, rows, console.width)
    else:
        text = render_precisions(comparison, sort=sort, top=top, full_names=full_names)
        console.out(text, highlight=False)


def _print(
    comparison: PrecisionComparison,
    console: Console,
    rows: Sequence[PrecisionRow],
    width: int | None,
) -> None:
    comparison, rows = printable(comparison), printable(tuple(rows))
    for line in (_title(comparison), comparison.verdict):
        console.print(line, markup=False, highlight=False, style="bold")
    console.print()
    columns = _fitting(comparison.precisions, width)
    console.print(_table(comparison, rows, columns))
    console.print(_footnote(comparison, columns), style="dim", markup=False, highlight=False)
    for name, profile in zip(comparison.precisions, comparison.profiles, strict=True):
        console.print()
        console.print(fact_table(_column_facts(name, profile), width))
    console.print()
    console.print(fact_table(_common_facts(comparison), width))


def _title(comparison: PrecisionComparison) -> str:
    profile = comparison.profiles[0]
    where = "the CPU" if profile.timed_by.on_cpu else profile.environment.device
    parts = (
        f"{profile.model.name} in {', '.join(comparison.precisions)}",
        f"batch {profile.batch}" if profile.batch else "",
        f"{profile.environment.runtime} on {where}",
    )
    return ", ".join(filter(None, parts))


class _Columns(NamedTuple):
    """Precisions that have a column of times, whether ratios have intervals, and room for names."""

    timed: range
    has_intervals: bool
    room: int


def _fitting(names: Sequence[str], width: int | None) -> _Columns:
    """As many columns as leave names room; ratios are always among them."""
    every = range(len(names))
    # From everything down: the base's times go last, since ratios alone give no times.
    for timed, has_intervals in (
        (every, True),
        (every, False),
        (range(1), False),
        (range(0), False),
    ):
        ratio = _RATIO_WIDTH if has_intervals else _BARE_RATIO_WIDTH
        taken = _MS_WIDTH * len(timed) + ratio * (len(names) - 1)
        if room_beside(taken, width) >= _LEAST_ROOM:
            break
    return _Columns(timed, has_intervals, text_room(taken, width))


def _table(
    comparison: PrecisionComparison, rows: Sequence[PrecisionRow], columns: _Columns
) -> Table:
    from rich.text import Text

    names = comparison.precisions
    table = figure_table("Nodes", _headings(names, columns), _missing(names, columns))
    for row in rows:
        table.add_row(Text(shorten(row.name, columns.room)), *_figures(row, columns))
    for row in (comparison.reformats, comparison.rest):
        # An engine of few layers has neither; a row of zeros would be noise.
        if any(time.median_ms for time in row.times):
            table.add_row(row.name, *_figures(row, columns), style="dim")
    for row in (comparison.layers, *comparison.totals):
        table.add_row(row.name, *_figures(row, columns), style="bold")
    # An error stands under its precision's times, so it needs all of these columns.
    if len(columns.timed) == len(names) and any(one.accuracy for one in comparison.profiles):
        table.add_row("relative L2 error of the outputs", *_errors(comparison))
    return table


def _headings(names: Sequence[str], columns: _Columns) -> Iterable[str]:
    for i, name in enumerate(names):
        if i in columns.timed:
            yield f"{name} ms"
        if i:
            yield f"{name}/{names[0]}"


def _missing(names: Sequence[str], columns: _Columns) -> Iterable[str]:
    yield from (f"{name} ms" for i, name in enumerate(names) if i not in columns.timed)
    if not columns.has_intervals:
        yield "95 % intervals"


def _figures(row: PrecisionRow, columns: _Columns) -> Iterable[str]:
    for i, time in enumerate(row.times):
        if i in columns.timed:
            yield f"{time.median_ms:.4f}" if time.median_ms else "-"
        if i:
            yield _ratio(time, columns.has_intervals)


def _ratio(time: RelativeTime, has_interval: bool) -> str:
    if time.ratio is None:
        return "-"
    mark = "~" if time.is_noise else ""
    interval = time.interval if has_interval else None
    reach = "" if interval is None else f" ({ratio_text(interval[0])}-{ratio_text(interval[1])})"
    return f"{mark}{ratio_text(time.ratio)}x{reach}"


def _errors(comparison: PrecisionComparison) -> Iterable[str]:
    for i, profile in enumerate(comparison.profiles):
        yield _error(profile.accuracy)
        if i:
            yield ""


def _error(accuracy: Accuracy | None) -> str:
    if accuracy is None:
        return "-"
    return "not judged" if isnan(accuracy.relative_l2) else f"{accuracy.relative_l2:.1e}"


def _chosen(rows: Sequence[PrecisionRow], sort: str, top: int | None) -> list[PrecisionRow]:
    if sort not in SORTS:
        raise OptionError(f"{argument('sort')} is '{sort}', must be one of {', '.join(SORTS)}")
    if top is not None and top < 1:
        raise OptionError(f"{argument('top')} is {top}, must be 1 or more")
    by_time = sorted(rows, key=lambda row: -row.times[0].median_ms)
    shown, rest = by_time[:top], by_time[len(by_time[:top]) :]
    # By identity: two rows can have equal values.
    if sort == "order":
        kept = {id(row) for row in shown}
        shown = [row for row in rows if id(row) in kept]
    return [*shown, _sum(rest)] if rest else shown


def _named(
    comparison: PrecisionComparison, sort: str, top: int | None, *, full_names: bool
) -> tuple[PrecisionRow, ...]:
    """The chosen rows, with short names unless all nodes are wanted."""
    rows = comparison.rows if full_names else short_rows(comparison.profiles, comparison.rows)
    return tuple(_chosen(rows, sort, top))


def _sum(rows: Sequence[PrecisionRow]) -> PrecisionRow:
    columns = zip(*([time.median_ms for time in row.times] for row in rows), strict=True)
    # No ratio: the interval of a sum does not follow from those of its rows.
    times = tuple(RelativeTime(sum(column)) for column in columns)
    return PrecisionRow(f"{len(rows)} further row{'' if len(rows) == 1 else 's'}", times)


def _footnote(comparison: PrecisionComparison, columns: _Columns) -> str:
    counts = {profile.counts.measured for profile in comparison.profiles}
    many = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    events = ", without the cost of the profiler's events" if comparison.is_corrected else ""
    interval = " with their 95 % interval," if columns.has_intervals else ":"
    return (
        f"Medians of {many} iterations, measured interleaved{events}; ratios{interval} ~ where the "
        "difference may be chance."
    )


def _column_facts(name: str, profile: Profile) -> list[Fact]:
    facts = [] if profile.build is None else [(name, engine_text(profile.build))]
    facts += [("", line) for line in io_lines(profile.io)]
    facts += build_facts(profile.build) if profile.build else ()
    outputs = profile.accuracy.outputs if profile.accuracy else ()
    facts += [("Accuracy", output_line(output)) for output in outputs]
    left_out = profile.accuracy.not_compared if profile.accuracy else ()
    facts += [("Accuracy", not_compared_line(output)) for output in left_out]
    return [(name if i == 0 else label, text) for i, (label, text) in enumerate(facts)]


def _common_facts(comparison: PrecisionComparison) -> list[Fact]:
    profile = comparison.profiles[0]
    accuracy = next((p.accuracy for p in comparison.profiles if p.accuracy), None)
    weights = f", weights {profile.model.weights}" if profile.model.weights else ""
    facts = [
        ("Model", f"{profile.model.name} ({profile.model.source}){weights}"),
        ("Method", method_text(profile)),
        ("Compared", compared_text(accuracy) if accuracy else ""),
        ("CPU", profile.environment.cpu if profile.timed_by.on_cpu else ""),
        ("Date", profile.environment.date),
        *(("Note", note) for note in precision_notes(comparison)),
    ]
    return [(label, text) for label, text in facts if text]
