"""What records are in words, for tests that hold whole sentences."""

from __future__ import annotations

from collections.abc import Iterable

from trtcore.measure.kernels.mapping import KernelMap
from trtcore.report.content.times.mapping import mapping_text, obstacle_text
from trtcore.report.content.warning_words import warning_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile
from trtcore.result.records.warnings import RunWarning


def texts(warnings: Iterable[RunWarning]) -> tuple[str, ...]:
    """Warnings in words."""
    return tuple(map(warning_text, warnings))


def diagnosis(profile: Profile) -> tuple[str, ...]:
    """What follows from the figures of a profile, in words."""
    return tuple(warning_text(found, profile.counts) for found in Analysis(profile).figure_warnings)


def map_words(found: KernelMap) -> str:
    """How kernels were mapped to layers, or why not."""
    return mapping_text(found.mapping) if found.obstacle is None else obstacle_text(found.obstacle)
