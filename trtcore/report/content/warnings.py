"""Warnings and notes of a report, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.report.content.warning_words import warning_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from trtcore.compare.comparison import Comparison
    from trtcore.compare.precisions.comparison import PrecisionComparison


def profile_warnings(profile: Profile | Analysis) -> tuple[str, ...]:
    """Returns the warnings of a run, and those that follow from its figures."""
    analysis = Analysis.of(profile)
    counts = analysis.profile.counts
    # Several passes of a run can raise the same warning.
    return tuple(dict.fromkeys(warning_text(entry, counts) for entry in analysis.warnings))


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """Returns the notes of a comparison, and the warnings of both its sides."""
    sides = (("base", comparison.base), ("new", comparison.new))
    return (
        *comparison.notes,
        *(f"{side}: {line}" for side, profile in sides for line in _side_warnings(profile)),
    )


def _side_warnings(profile: Profile) -> tuple[str, ...]:
    """Other tools' files say too little about the measurement to derive warnings from figures."""
    if profile.environment.trtcore:
        return profile_warnings(profile)
    return tuple(warning_text(warning, profile.counts) for warning in profile.warnings)


def precision_notes(comparison: PrecisionComparison) -> tuple[str, ...]:
    """Returns the notes of a comparison of precisions, and the notes and warnings of its profiles.

    What all profiles share is listed once.
    """
    users: dict[str, list[str]] = {}
    for precision, profile in zip(comparison.precisions, comparison.profiles, strict=True):
        for line in dict.fromkeys((*profile.model.notes, *profile_warnings(profile))):
            users.setdefault(line, []).append(precision)
    return (
        *map(warning_text, comparison.notes),
        *(
            line if len(names) == len(comparison.profiles) else f"{', '.join(names)}: {line}"
            for line, names in users.items()
        ),
    )
