"""How much of two profiles leads back to model nodes, and what the rest can hide.

Time of a layer that no node is known for is missing from some row. As long as one side alone misses
it, that row looks faster or slower than it is, by up to that time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import nan

from trtcore.comparison import Change
from trtcore.layer_times import LayerTimes


def hidden_ms(base: LayerTimes, new: LayerTimes) -> float:
    """Returns by how much a row may be off because one side's layers lack their nodes, in ms.

    A layer of one name that lacks its nodes on both sides is missing from the same row of both.
    """
    names = [_unattributed(side) for side in (base, new)]
    only = (
        sum(ms for name, ms in own if name not in {name for name, _ in other})
        for own, other in (names, names[::-1])
    )
    return max(only)


def without_hidden(rows: Iterable[Change], hidden: float) -> list[Change]:
    """Returns the rows; of those that may differ for lack of nodes alone nothing is claimed."""
    if hidden == 0:
        return list(rows)
    return [_unclaimed(row) if abs(row.difference_ms) <= hidden else row for row in rows]


def coverage_notes(base: LayerTimes, new: LayerTimes, hidden: float) -> list[str]:
    """Returns what part of each side leads back to nodes, where it is not all of it."""
    if not any(side.side.fusion.unattributed or side.side.fusion.unknown for side in (base, new)):
        return []
    notes = [f"{word}: {_coverage(side)}" for word, side in (("base", base), ("new", new))]
    if hidden:
        notes.append(
            "layers without nodes on one side can make any row differ by up to "
            f"{hidden:.4f} ms: differences below that are not told from it"
        )
    return notes


def _unattributed(side: LayerTimes) -> list[tuple[str, float]]:
    layers = side.side.profile.layers
    return [(layers[i].name, float(side.times.medians[i])) for i in side.side.fusion.unattributed]


def _unclaimed(row: Change) -> Change:
    return replace(row, interval=(nan, nan), is_noise=True, against_rest=nan)


def _coverage(side: LayerTimes) -> str:
    fusion, nodes = side.side.fusion, side.side.profile.model.nodes
    part = f"{fusion.time_coverage(side.times.medians.tolist()):.1%} of the layer time"
    if not nodes:
        return f"rows have {part}"
    found = len(nodes) - len(fusion.unknown)
    return f"rows have {found} of {len(nodes)} model nodes and {part}"
