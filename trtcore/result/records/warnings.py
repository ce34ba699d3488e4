"""A warning about the figures of a profile: its kind, with the figures and names in it."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.result.records.warning_kinds import WarningKind

__all__ = ["RunWarning", "WarningKind"]


@dataclass(frozen=True)
class RunWarning:
    """A warning about the figures of a profile.

    Attributes:
        kind: what it is about.
        numbers: the figures in it, as `WarningKind` says.
        names: the names in it.
        note: text that is quoted in it, such as an error message of CUDA.
    """

    kind: WarningKind
    numbers: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""
