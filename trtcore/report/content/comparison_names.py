"""Short names for the rows of comparisons, as the tables of one profile have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trtcore.compare.comparison import Change, Comparison
from trtcore.compare.precisions.comparison import PrecisionRow
from trtcore.report.content.comparison_rows import refused
from trtcore.report.content.rows.labels import ShortName, row_labels
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile


def with_short_names(comparison: Comparison) -> Comparison:
    """Returns a comparison whose rows, and the layers of re-fused ones, have short names."""
    names = _names((comparison.base, comparison.new), [row.nodes for row in comparison.rows])
    rows = [
        replace(row, name=name or row.name)
        for row, name in zip(comparison.rows, names, strict=True)
    ]
    # Only re-fused rows list their layers, and labels of all layers take long on large engines.
    if refused(comparison):
        labels = [_layer_labels(profile) for profile in (comparison.base, comparison.new)]
        rows = [_with_labels(row, *labels) for row in rows]
    return replace(comparison, rows=tuple(rows))


def short_rows(
    profiles: Sequence[Profile], rows: Sequence[PrecisionRow]
) -> tuple[PrecisionRow, ...]:
    """Returns the rows of a comparison of precisions with short names."""
    names = _names(profiles, [row.nodes for row in rows])
    return tuple(replace(row, name=name or row.name) for row, name in zip(rows, names, strict=True))


def _names(profiles: Sequence[Profile], rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """A name for each set of nodes; ``""`` where nothing tells the modules of its nodes."""
    # One graph, which the profiles of one model share; other tools' files have none.
    known = next((profile for profile in profiles if profile.model.nodes), None)
    if known is None:
        return ("",) * len(rows)
    names = Analysis(known).short_names.names(rows)
    return tuple(ShortName(name) if name else "" for name in names)


def _layer_labels(profile: Profile) -> dict[str, str]:
    labels = row_labels(Analysis(profile), range(len(profile.layers)))
    return {layer.name: label for layer, label in zip(profile.layers, labels, strict=True)}


def _with_labels(row: Change, base: dict[str, str], new: dict[str, str]) -> Change:
    return replace(
        row,
        base_layers=tuple(base.get(name, name) for name in row.base_layers),
        new_layers=tuple(new.get(name, name) for name in row.new_layers),
    )
