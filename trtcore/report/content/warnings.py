"""What a reader of the figures has to know, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.report.content.warning_words import warning_text
from trtcore.result.analysis.diagnosis import diagnose
from trtcore.result.records import Profile

if TYPE_CHECKING:
    from trtcore.compare.comparison import Comparison
    from trtcore.compare.precisions.comparison import PrecisionComparison


def profile_warnings(profile: Profile) -> tuple[str, ...]:
    """Returns what is to be said of a profile: what its run saw, and what its figures tell."""
    found = (*profile.warnings, *diagnose(profile))
    return tuple(dict.fromkeys(warning_text(warning, profile.counts) for warning in found))


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """Returns the notes of a comparison, and the warnings of both its sides."""
    sides = (("base", comparison.base), ("new", comparison.new))
    return (
        *comparison.notes,
        *(f"{side}: {line}" for side, profile in sides for line in profile_warnings(profile)),
    )


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
