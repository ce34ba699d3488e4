"""From one total to the other: which rows the change came from, and that nothing is left out."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.compare.comparison import Change, Comparison
from trtcore.report.content.comparison_rows import further
from trtcore.report.content.rows.labels import shorten

# With a figure of 12 and the margins, a line keeps within 120 columns and shows 4 % steps.
_NAME_WIDTH = 48
_BAR_WIDTH = 24
# A whole bar is at least this part of the base, so that a change of nothing looks like nothing.
_LEAST_SCALE = 0.01
# Half of the last digit shown: less reads 0.0000, beside which a bar would look wrong.
_SHOWN_MS = 0.00005


def waterfall_lines(comparison: Comparison, steps: int = 10) -> list[str]:
    """Returns one line per step from the time over all layers before to that after.

    Args:
        comparison: the comparison.
        steps: rows to show; what the others change is one line.
    """
    shown, others = comparison.rows[:steps], comparison.rows[steps:]
    changes = [(_name(row), row.difference_ms) for row in shown]
    if others:
        changes.append((further(len(others)), _sum(others)))
    # The rest counts too: without it the steps would not lead from one total to the other.
    if comparison.rest.base_ms or comparison.rest.new_ms:
        changes.append((comparison.rest.name, comparison.rest.difference_ms))
    layers = comparison.layers
    least = layers.base_ms * _LEAST_SCALE
    scale = max([least, *(abs(ms) for _, ms in changes)])
    return [
        "Where the change of the time over all layers came from, in ms",
        _line("base", f"{layers.base_ms:.4f}"),
        *(_line(name, f"{ms:+.4f}", _bar(ms, scale)) for name, ms in changes),
        _line("new", f"{layers.new_ms:.4f}"),
    ]


def _name(row: Change) -> str:
    name = shorten(row.name, _NAME_WIDTH)
    return name if row.kind == "same" else f"{name} ({row.kind})"


def _line(name: str, figure: str, bar: str = "") -> str:
    return f"  {name:<{_NAME_WIDTH + 12}} {figure:>12}  {bar}".rstrip()


def _bar(ms: float, scale: float) -> str:
    """A bar of the change's sign; none where the figure beside it reads 0."""
    length = round(abs(ms) / scale * _BAR_WIDTH) if abs(ms) >= _SHOWN_MS else 0
    return ("+" if ms > 0 else "-") * length


def _sum(rows: Sequence[Change]) -> float:
    return sum(row.difference_ms for row in rows)
