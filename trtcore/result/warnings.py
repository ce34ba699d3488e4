"""What a reader of a profile's figures has to know: a kind, with the figures and names in it."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.result.warning_kinds import WarningKind

__all__ = ["RunWarning", "WarningKind"]


@dataclass(frozen=True)
class RunWarning:
    """What a reader of the figures has to know.

    Attributes:
        kind: what it is about.
        numbers: the figures in it, as `WarningKind` says.
        names: the names in it.
        note: somebody else's words in it, such as an error of CUDA.
    """

    kind: WarningKind
    numbers: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""
