"""Labels of layers: the nodes of the user's model, and more where layers share a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.groups import Group
from trtcore.result.analysis.naming.short_names import distinct
from trtcore.result.readers.inspector.layer_names import generated_operations
from trtcore.result.records.layers import Layer

_JOINER = " + "
_REFORMAT = "reformat"


class ShortName(str):
    """A label of places and operators; `shorten` leaves it whole, so that it is folded."""

    __slots__ = ()


def layer_labels(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Returns one label per layer.

    The model nodes joined by `` + ``, or the engine's own name where they are not known. A layer
    that shares a node with another one gets what it does in brackets, and its position where even
    that is the same.
    """
    users = Counter(node for layer in layers for node in layer.nodes)
    labels = [_label(layer, any(users[node] > 1 for node in layer.nodes)) for layer in layers]
    # Positions only where nothing else differs: they change with every build of the engine.
    seen = Counter(labels)
    return tuple(f"{label} #{i}" if seen[label] > 1 else label for i, label in enumerate(labels))


def row_labels(
    analysis: Analysis, positions: Sequence[int], *, full_names: bool = False
) -> tuple[str, ...]:
    """Returns one label per layer, short where its nodes tell the modules of the network.

    Args:
        analysis: of the profile.
        positions: of the layers.
        full_names: `layer_labels` for all of them.
    """
    layers = analysis.profile.layers
    labels = layer_labels([layers[i] for i in positions])
    if full_names:
        return labels
    # Short names are made for all rows at once, since each has to be unlike the others.
    home = {i: group for group in analysis.fusion.groups for i in group.layers}
    nodes = [layer_nodes(layers[i], home.get(i)) for i in positions]
    moves = [i in home and i in home[i].reformats for i in positions]
    short = iter(
        analysis.short_names.names([n for n, m in zip(nodes, moves, strict=True) if not m])
    )
    named = [
        _reformat_name(analysis, n) if m else next(short) for n, m in zip(nodes, moves, strict=True)
    ]
    # What is in a body is told from what is beside it by its path.
    named = ["" if _in_body(layers[i]) else n for i, n in zip(positions, named, strict=True)]
    pairs = zip(distinct(named), labels, strict=True)
    return tuple(ShortName(name) if name else label for name, label in pairs)


def layer_nodes(layer: Layer, group: Group | None) -> tuple[str, ...]:
    """Returns the nodes of a layer: those it names, or its group's if no other layer computes them.

    Args:
        layer: the layer.
        group: that it belongs to, if any.
    """
    if group is None:
        return layer.nodes
    # Reformats compute nothing, so beside them a single layer does all of the group's work.
    is_only_layer = len(group.layers) - len(group.reformats) == 1
    return group.nodes if is_only_layer or not layer.nodes else layer.nodes


def _reformat_name(analysis: Analysis, nodes: Sequence[str]) -> str:
    (name,) = analysis.short_names.names([nodes])
    return f"{name} ({_REFORMAT})" if name else ""


def node_list(layer: Layer) -> str:
    """Returns the model nodes in full, or the layer's own name where they are not known.

    A node in the body of an If, Loop or Scan has its path: ``/If/then/Relu``.
    """
    return layer.name if _in_body(layer) else _JOINER.join(layer.nodes) or layer.name


def _in_body(layer: Layer) -> bool:
    """Whether the layer is one node, named by its path through a control-flow node."""
    return (
        len(layer.nodes) == 1
        and layer.name.endswith(f"/{layer.nodes[0].lstrip('/')}")
        and (layer.name != layer.nodes[0])
    )


def shorten(label: str, width: int) -> str:
    """Shortens a label to ``first + ... + last (n nodes)`` if it is wider than the room for it.

    The result may still be wider: names themselves are never cut.
    """
    parts = label.split(_JOINER)
    # Two parts are the first and the last already.
    if len(label) <= width or len(parts) < 3 or isinstance(label, ShortName):
        return label
    return f"{parts[0]} + ... + {parts[-1]} ({len(parts)} nodes)"


def _label(layer: Layer, is_shared: bool) -> str:
    work = _operations(layer)
    return f"{node_list(layer)} [{work}]" if is_shared and work else node_list(layer)


def _operations(layer: Layer) -> str:
    """The operations of a generated kernel, from its name; the kind of any other layer."""
    return generated_operations(layer.name) or layer.kind
