"""Results side by side: what the page shows of comparisons, as texts and as data to draw."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, NamedTuple

from trtcore.compare.comparison import Change, Comparison
from trtcore.compare.precisions.comparison import PrecisionComparison, PrecisionRow, RelativeTime
from trtcore.compare.profiles import compare_profiles
from trtcore.compare.ratios import ratio_text
from trtcore.report.content.comparison_names import short_rows, with_short_names
from trtcore.report.content.comparison_rows import (
    HEADINGS,
    figures,
    further,
    headline,
    largest,
    mark,
    totals,
)
from trtcore.report.content.facts.precision import output_line
from trtcore.report.content.warnings import comparison_notes, precision_notes
from trtcore.report.html.embed import figure
from trtcore.result.analysis.analysis import Analysis

_STEPS = 10
"""Bars of the waterfall of the change, as many as the one in a terminal has lines."""
_FIRST = 5
"""Changes at the top of the page: more are in the table."""
_UNKNOWN = "-"

Named = tuple[str, float]
Step = tuple[str, float | None, bool]
"""Label, ms, and whether it is a total."""
Drawn = dict[str, Any]


class ComparedRow(NamedTuple):
    """A line of a comparison's table; ``state`` is ``noise``, ``total`` or ``""``."""

    name: str
    cells: tuple[str, ...]
    state: str = ""


class Compared(NamedTuple):
    """A comparison.

    Attributes:
        key: for its address in the page.
        title: what is compared.
        verdict: the outcome in a sentence.
        headings: of the cells of the rows.
        rows: the largest change first, or in order of execution; then the totals.
        lines: further lines, such as the accuracy of each output.
        notes: what limits it.
        data: what the script draws: steps of the change, and points before and after.
        changes: the largest ones, a line each, for the top of the page.
    """

    key: str
    title: str
    verdict: str
    headings: tuple[str, ...]
    rows: tuple[ComparedRow, ...]
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    data: Drawn
    changes: tuple[str, ...] = ()


def compare_all(
    analyses: Sequence[Analysis], names: Sequence[str], *, allow_partial: bool
) -> tuple[Compared, ...]:
    """Compares every result with the first one.

    Raises:
        ResultError: two that cannot be compared.
    """
    base, *others = analyses
    return tuple(
        _two(
            compare_profiles(base, other, allow_partial=allow_partial, names=(names[0], names[i])),
            (names[0], names[i]),
            i,
        )
        for i, other in enumerate(others, start=1)
    )


def precisions_side_by_side(comparison: PrecisionComparison) -> Compared:
    """Returns the columns of a comparison of precisions, and the accuracy of each."""
    rows = short_rows(comparison.profiles, comparison.rows)
    whole = (comparison.reformats, comparison.rest, comparison.layers, *comparison.totals)
    names = comparison.precisions
    accuracy = tuple(
        f"{name}, accuracy: {output_line(output)}"
        for name, profile in zip(names, comparison.profiles, strict=True)
        if profile.accuracy
        for output in profile.accuracy.outputs
    )
    return Compared(
        key="c1",
        title=", ".join(names),
        verdict=comparison.verdict,
        headings=tuple(_precision_headings(names)),
        rows=(
            *(ComparedRow(row.name, _times(row)) for row in rows),
            *(ComparedRow(row.name, _times(row), "total") for row in whole if _is_timed(row)),
        ),
        lines=accuracy,
        notes=precision_notes(comparison),
        data=_precision_data(comparison, rows),
    )


def _two(comparison: Comparison, names: tuple[str, str], place: int) -> Compared:
    short = with_short_names(comparison)
    return Compared(
        key=f"c{place}",
        title=f"{names[0]} and {names[1]}",
        verdict=headline(comparison, names[0]),
        headings=HEADINGS,
        rows=(
            *(ComparedRow(row.name, figures(row), _state(row)) for row in short.rows),
            *(ComparedRow(row.name, figures(row), "total") for row in totals(short)),
        ),
        lines=(),
        notes=comparison_notes(comparison),
        data={
            "names": names,
            "steps": _steps(short),
            "points": [
                (row.name, figure(row.base_ms), figure(row.new_ms), bool(mark(row)))
                for row in short.rows
            ],
        },
        changes=tuple(map(_change_line, largest(short, _FIRST))),
    )


def _change_line(row: Change) -> str:
    before, after, change, ratio, _ = figures(row)
    return f"{row.name}: {change} ms, {before} to {after} ms, {ratio}"


def _state(row: Change) -> str:
    return "noise" if mark(row) else ""


def _steps(comparison: Comparison) -> list[Step]:
    if not comparison.rows:
        return []
    rest, layers = comparison.rest, comparison.layers
    changes = [(row.name, row.difference_ms) for row in comparison.rows]
    left = [(rest.name, rest.difference_ms)] if rest.base_ms or rest.new_ms else []
    return _lead(("base", layers.base_ms), changes, left, ("new", layers.new_ms))


def _lead(base: Named, changes: Sequence[Named], left: Sequence[Named], new: Named) -> list[Step]:
    """From the base's time over all layers to the new one's; nothing is left out."""
    shown, others = changes[:_STEPS], changes[_STEPS:]
    rest = [(further(len(others)), sum(ms for _, ms in others))] if others else []
    return [
        (base[0], figure(base[1]), True),
        *((name, figure(ms), False) for name, ms in (*shown, *rest, *left)),
        (new[0], figure(new[1]), True),
    ]


def _precision_headings(names: Sequence[str]) -> list[str]:
    headings = []
    for i, name in enumerate(names):
        headings += [f"{name} ms", *([f"{name}/{names[0]}"] if i else [])]
    return headings


def _times(row: PrecisionRow) -> tuple[str, ...]:
    cells = []
    for i, time in enumerate(row.times):
        cells += [f"{time.median_ms:.4f}" if time.median_ms else _UNKNOWN]
        cells += [_ratio(time)] if i else []
    return tuple(cells)


def _ratio(time: RelativeTime) -> str:
    if time.ratio is None or isnan(time.ratio):
        return _UNKNOWN
    low_high = time.interval
    reach = f" ({ratio_text(low_high[0])}-{ratio_text(low_high[1])})" if low_high else ""
    return f"{ratio_text(time.ratio)}x{reach}{' noise' if time.is_noise else ''}"


def _is_timed(row: PrecisionRow) -> bool:
    return any(time.median_ms for time in row.times)


def _precision_data(comparison: PrecisionComparison, rows: Sequence[PrecisionRow]) -> Drawn:
    """The last precision beside the first one."""
    base, new = comparison.precisions[0], comparison.precisions[-1]
    changes = sorted(((row.name, _change(row)) for row in rows), key=lambda one: -abs(one[1]))
    left = [(row.name, _change(row)) for row in (comparison.reformats, comparison.rest)]
    layers = comparison.layers.times
    ends = (base, layers[0].median_ms), (new, layers[-1].median_ms)
    times = [(row.name, row.times[0], row.times[-1]) for row in rows]
    return {
        "names": (base, new),
        "steps": _lead(ends[0], changes, [one for one in left if one[1]], ends[1]),
        "points": [
            (name, figure(before.median_ms), figure(after.median_ms), bool(after.is_noise))
            for name, before, after in times
        ],
    }


def _change(row: PrecisionRow) -> float:
    return row.times[-1].median_ms - row.times[0].median_ms
