"""How much of two profiles leads back to model nodes, and what the rest can feign or hide.

A layer that nothing leads to a node is given to the layer beside it, or to none. Where that is so
on one side alone, its time may be missing from the row it belongs to, and is too much in the row
that holds it. What is missing in base looks like an increase, what is missing in new like a
decrease: an increase that is there although time is missing in new is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan, nan

import numpy as np

from trtcore.compare.alignment import Span
from trtcore.compare.comparison import Change
from trtcore.compare.times import LayerTimes
from trtcore.result.readers.layer_names import foreign_range, nodes_in_name
from trtcore.stats.arrays import Floats

_NO_ROW = -1
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Doubt:
    """By how much each of R rows may be off, in ms, because layers lead to no nodes.

    Attributes:
        increase: (R,) how much of an increase they may feign, or of a decrease hide.
        decrease: (R,) how much of a decrease they may feign, or of an increase hide.
    """

    increase: Floats
    decrease: Floats


def find_doubt(found: Sequence[Span], base: LayerTimes, new: LayerTimes) -> Doubt:
    """Returns by how much each row may be off; layers of one name in the same place cancel out.

    Args:
        found: the nodes and layers of R rows.
        base: before.
        new: after.
    """
    before = _lost(base, [span.base_layers for span in found])
    after = _lost(new, [span.new_layers for span in found])
    missing, extra = _off(before, before.keys() - after.keys(), len(found))
    missing_after, extra_after = _off(after, after.keys() - before.keys(), len(found))
    return Doubt(missing + extra_after, missing_after + extra)


def without_doubtful(rows: Sequence[Change], doubt: Doubt) -> list[Change]:
    """Returns the rows; of those that no difference is certain of nothing is claimed.

    Args:
        rows: R rows.
        doubt: by how much they may be off.
    """
    bounds = zip(doubt.increase.tolist(), doubt.decrease.tolist(), strict=True)
    return [
        row if both == (0, 0) or _is_certain(row, *both) else _unclaimed(row, max(both))
        for row, both in zip(rows, bounds, strict=True)
    ]


def coverage_notes(base: LayerTimes, new: LayerTimes, doubt: Doubt) -> list[str]:
    """Returns what part of each side leads back to nodes, where it is not all of it."""
    if not any(_is_partial(side) for side in (base, new)):
        return []
    notes = [f"{word}: {_coverage(side)}" for word, side in (("base", base), ("new", new))]
    most = (("increases", doubt.increase), ("decreases", doubt.decrease))
    parts = [f"{word} of up to {ms.max():.4f} ms" for word, ms in most if ms.any()]
    if parts:
        notes.append(
            f"layers that name no nodes on one side can explain {' and '.join(parts)} in any row: "
            "nothing is claimed of rows that differ by no more"
        )
    return notes


def _is_partial(side: LayerTimes) -> bool:
    fusion = side.side.fusion
    return bool(fusion.unattributed or fusion.unknown or _guessed(side))


def _lost(side: LayerTimes, rows: Sequence[Sequence[int]]) -> dict[tuple[str, int], float]:
    """The time of layers that nothing leads to a node, by their name and the row that holds it."""
    fusion, layers = side.side.fusion, side.side.profile.layers
    row_of = {i: row for row, own in enumerate(rows) for i in own}
    places = [(i, _NO_ROW) for i in fusion.unattributed]
    places += [(i, row_of.get(i, _NO_ROW)) for i in _guessed(side)]
    lost: dict[tuple[str, int], float] = {}
    for i, row in places:
        key = (layers[i].name, row)
        lost[key] = lost.get(key, 0.0) + float(side.times.medians[i])
    return lost


def _guessed(side: LayerTimes) -> Sequence[int]:
    """Layers that do work in a row that may not be theirs.

    Where layers name their nodes in metadata, those that are left between them belong to the layer
    there. Names tell less: a convolution's says nothing of the activation in it, which is then left
    for a layer that has nothing to do with it.
    """
    fusion, profile = side.side.fusion, side.side.profile
    if any(layer.nodes for layer in profile.layers):
        return fusion.guessed
    known = {node.name for node in profile.model.nodes} or None
    own = (i for group in fusion.groups for i in group.layers if i not in group.reformats)
    return [i for i in own if not _tells_nodes(profile.layers[i].name, known)]


def _tells_nodes(name: str, known: set[str] | None) -> bool:
    return bool(nodes_in_name(name, known).nodes or foreign_range(name))


def _off(
    lost: dict[tuple[str, int], float], only: set[tuple[str, int]], rows: int
) -> tuple[Floats, Floats]:
    """(R,) what may be missing from each row of a side, and what is too much in it."""
    extra = np.zeros(rows + 1)
    for key in sorted(only):
        extra[key[1]] += lost[key]
    missing = np.where(extra.sum() - extra[:rows] > _ROUNDING, extra.sum() - extra[:rows], 0.0)
    return missing, extra[:rows]


def _is_certain(row: Change, increase: float, decrease: float) -> bool:
    """Whether a row changed by more than may be feigned, at the near end of its interval too."""
    if row.is_noise:
        return False
    is_increase = row.judged_difference_ms > 0
    near = row.judged_difference_ms
    if isnan(row.against_rest) and not isnan(row.interval[0]):
        near = row.base_ms * (row.interval[0 if is_increase else 1] - 1)
    rounding = _ROUNDING * max(row.base_ms, row.new_ms)
    return near > increase + rounding if is_increase else -near > decrease + rounding


def _unclaimed(row: Change, hidden_ms: float) -> Change:
    return replace(
        row, interval=(nan, nan), is_noise=True, against_rest=nan, unclaimed_ms=hidden_ms
    )


def _coverage(side: LayerTimes) -> str:
    fusion, nodes = side.side.fusion, side.side.profile.model.nodes
    medians = side.times.medians
    parts = [f"{fusion.time_coverage(medians.tolist()):.1%} of the layer time"]
    if nodes:
        parts.insert(0, f"{len(nodes) - len(fusion.unknown)} of {len(nodes)} model nodes")
    guessed = float(medians[list(_guessed(side))].sum())
    part = guessed / float(medians.sum()) if guessed else 0.0
    words = f", {part:.1%} by what their neighbours are" if part else ""
    return f"rows have {' and '.join(parts)}{words}"
