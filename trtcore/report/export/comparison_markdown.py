"""A comparison for a pull request: totals, largest changes and the verdict of the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.compare.comparison import Change, Comparison
from trtcore.report.content.comparison_names import with_short_names
from trtcore.report.content.comparison_rows import (
    BASE_NEW,
    HEADINGS,
    cut,
    figures,
    one_sided,
    refused,
    totals,
)
from trtcore.report.content.printable import printable
from trtcore.report.content.warnings import comparison_notes

if TYPE_CHECKING:
    from trtcore.compare.limits import Limit, LimitVerdict

TOP = 10
"""Default number of rows: what a comment shows without scrolling."""


def comparison_markdown(
    comparison: Comparison,
    *,
    top: int | None = None,
    files: tuple[str, str] = ("", ""),
    verdict: LimitVerdict | None = None,
    full_names: bool = False,
) -> str:
    """Returns a table for a pull request's comment.

    Args:
        comparison: the comparison.
        top: how many of the largest changes, and of the re-fused groups; None for `TOP`.
        files: where base and new came from.
        verdict: of the limits; None without any.
        full_names: all nodes of a row instead of a short name.
    """
    count = TOP if top is None else top
    comparison, files, verdict = printable(comparison), printable(files), printable(verdict)
    comparison = comparison if full_names else with_short_names(comparison)
    blocks = [
        [f"### {_escape(_title(comparison))}"],
        _files(files),
        _limits(verdict),
        _table([*totals(comparison), *cut(comparison.rows, count)]),
        [f"- {_escape(line)}" for line in one_sided(comparison.rows, BASE_NEW)],
        _refused(refused(comparison), count),
        [f"- {_escape(note)}" for note in comparison_notes(comparison)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _title(comparison: Comparison) -> str:
    base, new = (
        " ".join(filter(None, (p.backend, p.precision))) for p in (comparison.base, comparison.new)
    )
    return f"{comparison.new.model.name}: {new} against {base}"


def _files(files: tuple[str, str]) -> list[str]:
    return [f"Base {_code(files[0])}, new {_code(files[1])}"] if all(files) else []


def _limits(verdict: LimitVerdict | None) -> list[str]:
    if verdict is None or not verdict.conditions:
        return []
    rows = (*verdict.broken, *verdict.doubtful)
    if not rows:
        held = ", ".join(_code(condition.text) for condition in verdict.conditions)
        return [f"**Limits: passed** ({held})"]
    lines = [f"**Limits: {'broken' if verdict.broken else 'passed'}**", ""]
    for condition in verdict.conditions:
        lines.append(f"- {_code(condition.text)}: {_fate(verdict, condition)}")
        lines += [f"  - {_code(str(row))}" for row in rows if row.condition == condition]
    return lines


def _fate(verdict: LimitVerdict, condition: Limit) -> str:
    """The outcome of a condition, as a text."""
    broken = sum(row.condition == condition for row in verdict.broken)
    doubtful = sum(row.condition == condition for row in verdict.doubtful)
    chance = f", {doubtful} beyond it that may be chance" if doubtful else ""
    return (f"broken by {broken} row{'s' * (broken > 1)}" if broken else "held") + chance


def _table(rows: list[Change]) -> list[str]:
    return [
        f"| | {' | '.join(HEADINGS)} |",
        f"|---|{'--:|' * len(HEADINGS)}",
        *(f"| {_escape(row.name)} | {' | '.join(figures(row))} |" for row in rows),
    ]


def _refused(rows: list[Change], top: int) -> list[str]:
    """The groups, folded away: there can be as many as the engines have layers."""
    if not rows:
        return []
    more = [f"- {len(rows) - top} more"] if len(rows) > top else []
    return [
        f"<details><summary>Re-fused groups: {len(rows)}</summary>",
        "",
        *(_refused_row(row) for row in rows[:top]),
        *more,
        "",
        "</details>",
    ]


def _refused_row(row: Change) -> str:
    base, new = (", ".join(map(_code, names)) for names in (row.base_layers, row.new_layers))
    return f"- {_escape(row.name)}: base {base}; new {new}"


def _code(text: str) -> str:
    # A backtick would end the code span, and a name in it could then format the comment.
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
