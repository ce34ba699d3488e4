"""Whether the nodes that were to stay in FP32 did, as far as an engine tells.

Casts around a node can be fused with it. The inspector then shows a layer that reads and writes 16
bits and does not say what it computes in between: such nodes are named, not judged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from trtcore.precision.formats import io_precisions
from trtcore.result.records.build import KeptNodes
from trtcore.result.records.layers import Layer
from trtcore.result.types.layer_types import touched_dtypes

# Casts that a conversion adds are called after the value they cast.
_TYPES = "|".join(precision.value for precision in io_precisions())
_ADDED_CAST = re.compile(rf"_to_(?:{_TYPES})(?:_\d+)?$")


def find_kept(layers: Sequence[Layer], kept: Collection[str]) -> KeptNodes:
    """Looks for nodes that were to stay in FP32.

    Args:
        layers: as the inspector tells them.
        kept: names of the nodes.
    """
    seen: dict[str, None] = {}
    found: dict[str, None] = {}
    for layer in layers:
        types = touched_dtypes(layer)
        names = dict.fromkeys(name for name in layer.nodes if name in kept)
        if types:
            found |= names
        if "Float" in types:
            seen |= names
    return KeptNodes(
        seen=tuple(seen),
        hidden=tuple(name for name in found if name not in seen),
        missing=tuple(sorted(name for name in kept if name not in found)),
    )


def is_kept(layer: Layer, kept: Collection[str]) -> bool:
    """Whether all nodes of a layer, or what it casts, were to stay in FP32."""
    if not kept or not layer.nodes:
        return False
    return all(name in kept or is_added_cast(name) for name in layer.nodes)


def is_added_cast(name: str) -> bool:
    """Whether a node is a cast that a conversion added, by its name."""
    return _ADDED_CAST.search(name) is not None
