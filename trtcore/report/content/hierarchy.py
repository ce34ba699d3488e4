"""A profile rolled up: by engine layer, by group of model nodes, by block or by operator."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from math import isnan

from trtcore.errors import OptionError, argument
from trtcore.report.content.labels import layer_labels
from trtcore.result.analysis.fusion.groups import FusionMap, map_fusion
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.layers import LayerProfile
from trtcore.result.records import Profile

LEVELS = ("layer", "node", "block", "type")
MARKERS = "signal and wait markers"
UNATTRIBUTED = "unattributed"

_FEWEST_BLOCKS = 3
_DEEPEST = 4
_MOST_NAMES = 3

Namer = Callable[[tuple[str, ...]], str]


@dataclass(frozen=True)
class Bucket:
    """A line of a rolled-up profile.

    Attributes:
        name: what it is called.
        median_ms: sum of the medians of its layers.
        share: its part of the time over all layers, 0 to 1.
        layers: positions of its layers, in order of execution.
        nodes: model nodes in it.
        corrected_ms: sum of the medians of its layers without the cost of events; None if unknown.
        tax_ms: of ``median_ms``, what reformats, casts and copies take; 0 for a single layer.
        is_below_resolution: it holds nothing but layers below the resolution, however many.
    """

    name: str
    median_ms: float
    share: float
    layers: tuple[int, ...]
    nodes: tuple[str, ...] = ()
    corrected_ms: float | None = None
    tax_ms: float = 0.0
    is_below_resolution: bool = False


def roll_up(profile: Profile, level: str) -> tuple[Bucket, ...]:
    """Returns the time of each part of the model, in order of execution; no time is left out.

    Args:
        profile: the profile.
        level: ``layer`` (engine layers), ``node`` (groups of nodes that belong together), ``block``
            (first part of the nodes' names, such as ``inception_3a``) or ``type`` (operators).

    Raises:
        OptionError: another level.
    """
    if level not in LEVELS:
        raise OptionError(
            f"{argument('group_by')} is '{level}', must be one of {', '.join(LEVELS)}"
        )
    rows = summarise_layers(profile)
    if level == "layer":
        labels = layer_labels(profile.layers)
        return tuple(
            _bucket(labels[i], (i,), profile.layers[i].nodes, rows) for i in range(len(rows))
        )
    fusion = map_fusion(profile)
    name = _namer(profile, fusion, level)
    parts: dict[str, tuple[list[int], list[str]]] = {}
    for group in fusion.groups:
        layers, nodes = parts.setdefault(name(group.nodes), ([], []))
        layers += group.layers
        nodes += group.nodes
    tax = {i for group in fusion.groups for i in group.tax}
    buckets = [_bucket(label, *part, rows, tax) for label, part in parts.items()]
    for label, rest in ((MARKERS, fusion.markers), (UNATTRIBUTED, fusion.unattributed)):
        if rest:
            buckets.append(_bucket(label, rest, (), rows))
    return tuple(buckets)


def block_namer(names: Iterable[str]) -> Callable[[str], str]:
    """Returns a function from a node's name to its block: the first parts of a path.

    As many parts as are needed to tell three blocks apart; a name that is no path is its own block.
    """
    paths = {name: _path(name) for name in names}
    for depth in range(1, _DEEPEST + 1):
        blocks = {"/".join(path[:depth]) for path in paths.values()}
        if len(blocks) >= _FEWEST_BLOCKS:
            break
    return lambda name: "/".join(_path(name)[:depth])


def _path(name: str) -> list[str]:
    return [part for part in name.split("/") if part] or [name]


def _namer(profile: Profile, fusion: FusionMap, level: str) -> Namer:
    if level == "node":
        return " + ".join
    if level == "type":
        ops = {node.name: node.op for node in profile.model.nodes}
        return lambda nodes: _join(ops.get(node, "unknown operator") for node in nodes)
    block = block_namer(fusion.group_of)
    return lambda nodes: _join(block(node) for node in nodes)


def _join(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(names))
    if len(distinct) > _MOST_NAMES:
        distinct = [distinct[0], "...", distinct[-1]]
    return " + ".join(distinct)


def _bucket(
    name: str,
    layers: Iterable[int],
    nodes: Iterable[str],
    rows: Sequence[LayerProfile],
    tax: Container[int] = (),
) -> Bucket:
    places = tuple(sorted(layers))
    corrected_ms = sum(rows[i].corrected_ms for i in places)
    return Bucket(
        name=name,
        median_ms=sum(rows[i].median_ms for i in places),
        share=sum(rows[i].share for i in places),
        layers=places,
        nodes=tuple(nodes),
        corrected_ms=None if isnan(corrected_ms) else corrected_ms,
        tax_ms=sum(rows[i].median_ms for i in places if i in tax),
        is_below_resolution=all(rows[i].is_below_resolution for i in places),
    )
