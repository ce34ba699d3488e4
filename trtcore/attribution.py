"""How much of two profiles leads back to model nodes, and what the rest can hide.

A layer that names no nodes is given to the layer beside it, or to none. Either way its time may be
missing from the row it belongs to. Where that is so on one side alone, rows look faster or slower
than they are, by up to that time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import nan

from trtcore.comparison import Change
from trtcore.fusion import Group
from trtcore.fusion_names import nodes_in_name
from trtcore.layer_times import LayerTimes


def hidden_ms(base: LayerTimes, new: LayerTimes) -> float:
    """Returns by how much a row may be off because one side's layers name no nodes, in ms.

    A layer of one name that names none on either side is missing from the same row of both.
    """
    times = [_nameless_ms(side) for side in (base, new)]
    only = (
        sum(ms for name, ms in own if name not in {name for name, _ in other})
        for own, other in (times, times[::-1])
    )
    return max(only)


def without_hidden(rows: Iterable[Change], hidden: float) -> list[Change]:
    """Returns the rows; of those that may differ for lack of nodes alone nothing is claimed."""
    if hidden == 0:
        return list(rows)
    return [_unclaimed(row) if abs(row.difference_ms) <= hidden else row for row in rows]


def coverage_notes(base: LayerTimes, new: LayerTimes, hidden: float) -> list[str]:
    """Returns what part of each side leads back to nodes, where it is not all of it."""
    is_partial = (bool(_nameless(s) or s.side.fusion.unknown) for s in (base, new))
    if not any(is_partial):
        return []
    notes = [f"{word}: {_coverage(side)}" for word, side in (("base", base), ("new", new))]
    if hidden:
        notes.append(
            "layers that name no nodes on one side can make any row differ by up to "
            f"{hidden:.4f} ms: differences below that are not told from it"
        )
    return notes


def _nameless_ms(side: LayerTimes) -> list[tuple[str, float]]:
    layers = side.side.profile.layers
    return [(layers[i].name, float(side.times.medians[i])) for i in _nameless(side)]


def _nameless(side: LayerTimes) -> list[int]:
    """Layers that do work, but tell neither by metadata nor by name for which nodes."""
    fusion = side.side.fusion
    return [
        *fusion.unattributed,
        *(i for group in fusion.groups for i in _guessed(group, side)),
    ]


def _guessed(group: Group, side: LayerTimes) -> list[int]:
    if group.is_opaque:
        return []
    profile = side.side.profile
    known = {node.name for node in profile.model.nodes} or None
    own = ((i, profile.layers[i]) for i in group.layers if i not in group.tax)
    return [i for i, layer in own if not (layer.nodes or nodes_in_name(layer.name, known).nodes)]


def _unclaimed(row: Change) -> Change:
    return replace(row, interval=(nan, nan), is_noise=True, against_rest=nan)


def _coverage(side: LayerTimes) -> str:
    fusion, nodes = side.side.fusion, side.side.profile.model.nodes
    medians = side.times.medians
    parts = [f"{fusion.time_coverage(medians.tolist()):.1%} of the layer time"]
    if nodes:
        parts.insert(0, f"{len(nodes) - len(fusion.unknown)} of {len(nodes)} model nodes")
    guessed = [i for group in fusion.groups for i in _guessed(group, side)]
    part = float(medians[guessed].sum() / medians.sum()) if guessed else 0.0
    words = f", {part:.1%} by what their neighbours are" if part else ""
    return f"rows have {' and '.join(parts)}{words}"
