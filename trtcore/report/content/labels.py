"""What a layer is called in a report: by the nodes of the user's model, told apart where shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trtcore.result.layers import Layer
from trtcore.result.readers.layer_names import generated_operations

_JOINER = " + "


def layer_labels(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Returns one label per layer.

    The model nodes joined by `` + ``, or the engine's own name where they are not known. A layer
    that shares a node with another one gets what it does in brackets, and its position where even
    that is the same.
    """
    users = Counter(node for layer in layers for node in layer.nodes)
    labels = [_label(layer, any(users[node] > 1 for node in layer.nodes)) for layer in layers]
    seen = Counter(labels)
    return tuple(f"{label} #{i}" if seen[label] > 1 else label for i, label in enumerate(labels))


def node_list(layer: Layer) -> str:
    """Returns the model nodes in full, or the engine's own name where they are not known."""
    return _JOINER.join(layer.nodes) or layer.name


def shorten(label: str, width: int) -> str:
    """Shortens a label to ``first + ... + last (n nodes)`` if it is wider than the room for it.

    The result may still be wider: names themselves are never cut.
    """
    parts = label.split(_JOINER)
    if len(label) <= width or len(parts) < 3:
        return label
    return f"{parts[0]} + ... + {parts[-1]} ({len(parts)} nodes)"


def _label(layer: Layer, is_shared: bool) -> str:
    what = _what_it_does(layer)
    return f"{node_list(layer)} [{what}]" if is_shared and what else node_list(layer)


def _what_it_does(layer: Layer) -> str:
    """A generated kernel's name tells its operations; other layers have only their kind."""
    return generated_operations(layer.name) or layer.kind
