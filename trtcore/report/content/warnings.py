"""What a reader of the figures has to know, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.report.content.warning_words import warning_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records import Profile

if TYPE_CHECKING:
    from trtcore.compare.comparison import Comparison
    from trtcore.compare.precisions.comparison import PrecisionComparison


def profile_warnings(given: Profile | Analysis) -> tuple[str, ...]:
    """Returns what is to be said of a profile: what its run saw, and what its figures tell."""
    analysis = Analysis.of(given)
    counts = analysis.profile.counts
    return tuple(dict.fromkeys(warning_text(found, counts) for found in analysis.warnings))


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """Returns the notes of a comparison, and the warnings of both its sides."""
    sides = (("base", comparison.base), ("new", comparison.new))
    return (
        *comparison.notes,
        *(f"{side}: {line}" for side, profile in sides for line in _side_warnings(profile)),
    )


def _side_warnings(profile: Profile) -> tuple[str, ...]:
    """Files of other tools tell too little of how their times were taken to find fault with."""
    if profile.environment.trtcore:
        return profile_warnings(profile)
    return tuple(warning_text(warning, profile.counts) for warning in profile.warnings)


def precision_notes(comparison: PrecisionComparison) -> tuple[str, ...]:
    """Returns the notes of a comparison of precisions, and the notes and warnings of its profiles.

    What all of them have is said once.
    """
    users: dict[str, list[str]] = {}
    for precision, profile in zip(comparison.precisions, comparison.profiles, strict=True):
        for line in dict.fromkeys((*profile.model.notes, *profile_warnings(profile))):
            users.setdefault(line, []).append(precision)
    return (
        *map(warning_text, comparison.notes),
        *(
            line if len(found) == len(comparison.profiles) else f"{', '.join(found)}: {line}"
            for line, found in users.items()
        ),
    )
