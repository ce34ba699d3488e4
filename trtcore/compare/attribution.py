"""How much of two profiles is mapped to model nodes, and which differences the rest can explain.

The time of an unmapped layer counts for the layer beside it, or for none. Where that is so on one
side alone, its time may be missing from the row it belongs to, and is too much in the row that
holds it. What is missing in base looks like an increase, what is missing in new like a decrease: an
increase that is there although time is missing in new is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan, nan

import numpy as np

from trtcore.compare.alignment import Span
from trtcore.compare.comparison import Change
from trtcore.compare.significance.times import LayerTimes
from trtcore.result.readers.inspector.layer_names import foreign_range, nodes_in_name
from trtcore.stats.arrays import Floats

_NO_ROW = -1
# Sums of medians are compared with each other: far below any clock's step (in ms, or as a part of a
# time), and far above what float64 rounds.
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Doubt:
    """By how much each of R rows may be off, in ms, because of unmapped layers.

    Attributes:
        increase: (R,) how large an increase they can simulate, or a decrease hide.
        decrease: (R,) how large a decrease they can simulate, or an increase hide.
    """

    increase: Floats
    decrease: Floats


def find_doubt(spans: Sequence[Span], base: LayerTimes, new: LayerTimes) -> Doubt:
    """Returns by how much each row may be off; layers of one name in the same place cancel out.

    Args:
        spans: the nodes and layers of R rows.
        base: before.
        new: after.
    """
    before = _unmapped(base, [span.base_layers for span in spans])
    after = _unmapped(new, [span.new_layers for span in spans])
    missing, extra = _off(before, before.keys() - after.keys(), len(spans))
    missing_after, extra_after = _off(after, after.keys() - before.keys(), len(spans))
    return Doubt(missing + extra_after, missing_after + extra)


def without_doubtful(rows: Sequence[Change], doubt: Doubt) -> list[Change]:
    """Returns the rows; those that unmapped layers can explain are marked as inconclusive.

    Args:
        rows: R rows.
        doubt: by how much they may be off.
    """
    bounds = zip(doubt.increase.tolist(), doubt.decrease.tolist(), strict=True)
    return [
        row if both == (0, 0) or _is_certain(row, *both) else _inconclusive(row, max(both))
        for row, both in zip(rows, bounds, strict=True)
    ]


def coverage_notes(base: LayerTimes, new: LayerTimes, doubt: Doubt) -> list[str]:
    """Returns what part of each side is mapped to nodes, where it is not all of it."""
    if not any(_is_partial(side) for side in (base, new)):
        return []
    notes = [f"{word}: {_coverage(side)}" for word, side in (("base", base), ("new", new))]
    most = (("increases", doubt.increase), ("decreases", doubt.decrease))
    parts = [f"{word} of up to {ms.max():.4f} ms" for word, ms in most if ms.any()]
    if parts:
        notes.append(
            f"unmapped layers on one side: {' and '.join(parts)} cannot be attributed to a row; "
            "rows that differ by no more are inconclusive"
        )
    return notes


def _is_partial(side: LayerTimes) -> bool:
    fusion = side.side.fusion
    return bool(fusion.unattributed or fusion.unknown or _guessed(side))


def _unmapped(side: LayerTimes, rows: Sequence[Sequence[int]]) -> dict[tuple[str, int], float]:
    """The time of unmapped layers, in ms, by their name and the row that holds it."""
    fusion, layers = side.side.fusion, side.side.profile.layers
    row_of = {i: row for row, own in enumerate(rows) for i in own}
    places = [(i, _NO_ROW) for i in fusion.unattributed]
    places += [(i, row_of.get(i, _NO_ROW)) for i in _guessed(side)]
    times: dict[tuple[str, int], float] = {}
    for i, row in places:
        key = (layers[i].name, row)
        times[key] = times.get(key, 0.0) + float(side.times.medians[i])
    return times


def _guessed(side: LayerTimes) -> Sequence[int]:
    """Layers that do work in a row that may not be theirs.

    Where layers name their nodes in metadata, those that are left between them belong to the layer
    there. Names hold less: that of a convolution omits the activation in it, which is then left
    for a layer that has nothing to do with it.
    """
    fusion, profile = side.side.fusion, side.side.profile
    if any(layer.nodes for layer in profile.layers):
        return fusion.guessed
    known = {node.name for node in profile.model.nodes} or None
    own = (i for group in fusion.groups for i in group.layers if i not in group.reformats)
    return [i for i in own if not _names_nodes(profile.layers[i].name, known)]


def _names_nodes(name: str, known: set[str] | None) -> bool:
    return bool(nodes_in_name(name, known).nodes or foreign_range(name))


def _off(
    times: dict[tuple[str, int], float], only: set[tuple[str, int]], rows: int
) -> tuple[Floats, Floats]:
    """(R,) what may be missing from each row of a side, and what is too much in it."""
    # The last place takes the time of layers in no row, whose index is -1. Sorted, because the
    # order of a set changes from run to run, and with it the rounding of the sums.
    extra = np.zeros(rows + 1)
    for key in sorted(only):
        extra[key[1]] += times[key]
    missing = np.where(extra.sum() - extra[:rows] > _ROUNDING, extra.sum() - extra[:rows], 0.0)
    return missing, extra[:rows]


def _is_certain(row: Change, increase: float, decrease: float) -> bool:
    """Whether a row changed by more than may be simulated, at the near end of its interval too."""
    if row.is_noise:
        return False
    is_increase = row.judged_difference_ms > 0
    near = row.judged_difference_ms
    # The interval is of the plain ratio, so it says nothing of one relative to all other layers.
    if isnan(row.relative_ratio) and not isnan(row.interval[0]):
        near = row.base_ms * (row.interval[0 if is_increase else 1] - 1)
    rounding = _ROUNDING * max(row.base_ms, row.new_ms)
    return near > increase + rounding if is_increase else -near > decrease + rounding


def _inconclusive(row: Change, hidden_ms: float) -> Change:
    return replace(
        row, interval=(nan, nan), is_noise=True, relative_ratio=nan, unmapped_ms=hidden_ms
    )


def _coverage(side: LayerTimes) -> str:
    fusion, nodes = side.side.fusion, side.side.profile.model.nodes
    medians = side.times.medians
    parts = [f"{fusion.time_coverage(medians.tolist()):.1%} of the layer time"]
    if nodes:
        parts.insert(0, f"{len(nodes) - len(fusion.unknown)} of {len(nodes)} model nodes")
    guessed = float(medians[list(_guessed(side))].sum())
    part = guessed / float(medians.sum()) if guessed else 0.0
    by_neighbours = f", {part:.1%} by what their neighbours are" if part else ""
    return f"rows have {' and '.join(parts)}{by_neighbours}"
