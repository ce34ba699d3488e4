"""A profile rolled up: by engine layer, by group of model nodes, by block or by kind of work."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from math import isnan

from trtcore.report.content.rows.blocks import block_namer
from trtcore.report.content.rows.labels import ShortName, layer_nodes, row_labels
from trtcore.report.content.rows.levels import Level, parse_level
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.groups import Group
from trtcore.result.analysis.naming.kinds import kind_of
from trtcore.result.analysis.naming.modules import has_module
from trtcore.result.records.layers import LayerProfile

MARKERS = "stream sync layers"  # `signal` and `wait` of engines with auxiliary streams
UNATTRIBUTED = "unattributed"

_JOINER = " + "

Namer = Callable[[tuple[str, ...]], str]


@dataclass(frozen=True)
class Bucket:
    """A row of a rolled-up profile.

    Attributes:
        name: its label.
        median_ms: sum of the medians of its layers.
        share: its part of the time over all layers, 0 to 1.
        layers: positions of its layers, in order of execution.
        nodes: model nodes in it.
        corrected_ms: the same without the cost of the profiler's events; None if unknown.
        reformat_ms: of ``median_ms``, what reformats, casts and copies take; 0 for a single layer.
        is_below_resolution: it holds nothing but layers below the resolution, however many.
    """

    name: str
    median_ms: float
    share: float
    layers: tuple[int, ...]
    nodes: tuple[str, ...] = ()
    corrected_ms: float | None = None
    reformat_ms: float = 0.0
    is_below_resolution: bool = False


def roll_up(analysis: Analysis, level: str, *, full_names: bool = False) -> tuple[Bucket, ...]:
    """Returns the time of each part of the model, in order of execution; no time is left out.

    Args:
        analysis: of the profile.
        level: ``layer`` (engine layers), ``node`` (groups of nodes that belong together), ``block``
            (modules around the nodes, such as ``inception_3a``; ``block:3`` with three of them) or
            ``type`` (kinds of layers; ``type:2`` with their operators).
        full_names: all nodes of a layer or group instead of a short name.

    Raises:
        OptionError: another level.
    """
    parsed = parse_level(level)
    profile, rows, fusion = analysis.profile, analysis.rows, analysis.fusion
    if parsed.name == "layer":
        labels = row_labels(analysis, range(len(rows)), full_names=full_names)
        return tuple(
            _bucket(labels[i], (i,), profile.layers[i].nodes, rows) for i in range(len(rows))
        )
    if parsed.name == "type":
        buckets = [*_by_type(analysis, parsed.depth)]
    else:
        name = _namer(analysis, parsed, full=full_names)
        buckets = _by_name(analysis, name, by_layer=parsed.name == "block")
    # Rows of their own, so that the rows add up to the time over all layers.
    for label, rest in ((MARKERS, fusion.markers), (UNATTRIBUTED, fusion.unattributed)):
        if rest:
            buckets.append(_bucket(label, rest, (), rows))
    return tuple(buckets)


def group_labels(analysis: Analysis) -> dict[tuple[str, ...], str]:
    """Returns the short name of each group of model nodes, by its nodes."""
    name = _namer(analysis, parse_level("node"), full=False)
    return {group.nodes: name(group.nodes) for group in analysis.fusion.groups}


def names_at(analysis: Analysis, level: str) -> dict[int, str]:
    """Returns the name of the row that each layer is in at a level of `roll_up`, by position."""
    return {i: bucket.name for bucket in roll_up(analysis, level) for i in bucket.layers}


def _by_name(analysis: Analysis, name: Namer, *, by_layer: bool) -> list[Bucket]:
    """The groups of each name; a group whose nodes have modules is split into its layers."""
    fusion, known = analysis.fusion, analysis.graph.nodes
    parts: dict[str, tuple[list[int], list[str]]] = {}
    for group in fusion.groups:
        # Such a group can reach across blocks, its single layers rarely do.
        is_split = by_layer and any(n in known and has_module(known[n]) for n in group.nodes)
        for layers, nodes in (
            _members(analysis, group) if is_split else [(group.layers, group.nodes)]
        ):
            places, own = parts.setdefault(name(nodes), ([], []))
            places += layers
            own += (node for node in nodes if node not in own)
    reformats = {i for group in fusion.groups for i in group.reformats}
    return [_bucket(label, *part, analysis.rows, reformats) for label, part in parts.items()]


_Members = tuple[tuple[int, ...], tuple[str, ...]]


def _members(analysis: Analysis, group: Group) -> list[_Members]:
    """Each layer of a group with its own nodes; with all of the group's if it has none."""
    layers = analysis.profile.layers
    return [((i,), layer_nodes(layers[i], group)) for i in group.layers]


def _namer(analysis: Analysis, level: Level, *, full: bool) -> Namer:
    if level.name == "block":
        return block_namer(
            analysis.short_names, analysis.graph, analysis.fusion.group_of, level.depth
        )
    if full:
        return _JOINER.join
    groups = [group.nodes for group in analysis.fusion.groups]
    short = dict(zip(groups, analysis.short_names.names(groups), strict=True))
    # "" where the nodes tell no modules, as in Caffe models.
    return lambda nodes: ShortName(short[nodes]) or _JOINER.join(nodes)


def _by_type(analysis: Analysis, depth: int | None) -> tuple[Bucket, ...]:
    """The layers of each kind; stream sync layers and unattributed ones are added by `roll_up`."""
    words, fusion = analysis.short_names.words, analysis.fusion
    home = {i: group for group in fusion.groups for i in group.layers}
    parts: dict[str, list[int]] = {}
    nodes: dict[str, dict[str, None]] = {}
    for i in sorted(home):
        layer, group = analysis.profile.layers[i], home[i]
        own = layer_nodes(layer, group)
        label = kind_of(layer, own, words, is_reformat=i in group.reformats).value
        if (depth or 1) > 1 and (operators := words.words(own)):
            label = ShortName(f"{label}: {_JOINER.join(operators)}")
        parts.setdefault(label, []).append(i)
        nodes.setdefault(label, {}).update(dict.fromkeys(own))
    reformats = {i for group in fusion.groups for i in group.reformats}
    return tuple(
        _bucket(label, places, nodes[label], analysis.rows, reformats)
        for label, places in parts.items()
    )


def _bucket(
    name: str,
    layers: Iterable[int],
    nodes: Iterable[str],
    rows: Sequence[LayerProfile],
    reformats: Container[int] = (),
) -> Bucket:
    places = tuple(sorted(layers))
    corrected_ms = sum(rows[i].corrected_ms for i in places)  # NaN as soon as one is unknown
    return Bucket(
        name=name,
        median_ms=sum(rows[i].median_ms for i in places),
        share=sum(rows[i].share for i in places),
        layers=places,
        nodes=tuple(nodes),
        corrected_ms=None if isnan(corrected_ms) else corrected_ms,
        reformat_ms=sum(rows[i].median_ms for i in places if i in reformats),
        is_below_resolution=all(rows[i].is_below_resolution for i in places),
    )
