"""A profile for a pull request or a wiki: its rows as a table, and what is known of the run."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.report.content.facts.cost import cost_facts
from trtcore.report.content.facts.facts import place_facts, timing_facts
from trtcore.report.content.facts.findings import finding_facts
from trtcore.report.content.printable import printable
from trtcore.report.content.rows.rows import View, make_rows
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.terminal.tables import footnotes, row_cells
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile

# What Markdown or the HTML in it gives a meaning to.
_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|~#"})


def profile_markdown(
    profile: Profile | Analysis,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    full_names: bool = False,
    cost: bool = False,
    findings: bool = False,
) -> str:
    """Returns the rows of a profile as a Markdown table, with their total, facts and warnings.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    view = View(sort, top, group_by, full_names, cost, findings)
    analysis = Analysis.of(profile)
    analysis = analysis.reused_for(printable(analysis.profile))
    known, rows = analysis.profile, make_rows(analysis, view)
    headings, cells = row_cells(known, rows, view)
    title = " ".join(filter(None, (known.model.name, known.timed_by.label, known.precision)))
    facts = [*timing_facts(analysis), *cost_facts(analysis), *place_facts(analysis)]
    facts += finding_facts(analysis, all_of_them=findings)
    facts += [("Warning", line) for line in profile_warnings(analysis)]
    lines = [
        f"### {_escape(title)}",
        "",
        f"| {view.level.capitalize()} | {' | '.join(headings)} |",
        f"|---|{'--:|' * len(headings)}",
        *(_line(label, figures) for label, figures in cells),
        "",
        *(_escape(line) + "  " for line in footnotes(analysis, rows, view)),
        "",
        *(f"- **{label}**: {_escape(text)}" for label, text in facts),
    ]
    return "\n".join(lines) + "\n"


def _line(label: str, figures: Sequence[str]) -> str:
    return f"| {_escape(label)} | {' | '.join(map(_escape, figures))} |"


def _escape(text: str) -> str:
    return text.translate(_SPECIAL)
