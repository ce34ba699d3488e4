"""Where the time of a call went, in lines or in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.result.phases import PhaseTime


def phase_lines(phases: Sequence[PhaseTime]) -> tuple[str, ...]:
    """Returns a line for each phase with its part of all, and one for the sum.

    Args:
        phases: in the order to show them.
    """
    total = sum(one.seconds for one in phases)
    rows = [(one.phase.value, one.seconds) for one in phases]
    width = max((len(name) for name, _ in rows), default=0)
    lines = [
        f"  {name:<{width}}  {seconds:8.3f} s  {seconds / total if total else 0:6.1%}"
        for name, seconds in rows
    ]
    return (f"Where {total:.3f} s went:", *lines)


def phase_text(phases: Sequence[PhaseTime]) -> str:
    """Returns the sum and each phase in one line, where a page has no columns for them.

    Args:
        phases: in the order to show them.
    """
    total = sum(one.seconds for one in phases)
    return f"{total:.1f} s: " + ", ".join(f"{one.phase.value} {one.seconds:.1f}" for one in phases)
