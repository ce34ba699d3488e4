"""What a layer of an engine computes in, where the types it reads and writes do not tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from trtcore.precision.verify.kept import is_added_cast
from trtcore.result.readers.inspector.layer_names import foreign_range
from trtcore.result.records.layers import Layer, is_marker
from trtcore.result.types.layer_types import layer_dtype, multiplies, touched_dtypes

UNKNOWN = "unknown"
"""The inspector does not tell what the layer computes in."""


def computed_dtype(layer: Layer, wanted: str, held: Collection[str]) -> str:
    """The type that a layer computes in, in the inspector's word.

    The graph of a strongly typed build says what its nodes compute in. A layer that is fused with
    the casts at the ends of a network reads and writes FP32, and what lies between is in the lower
    type all the same.

    Args:
        layer: as the inspector tells it.
        wanted: the type that the graph was converted to; ``""`` if it was not.
        held: names of the nodes that stay in FP32.

    Returns:
        The type, ``""`` for integers and markers, or `UNKNOWN`.
    """
    if is_marker(layer):
        return ""
    dtype = layer_dtype(layer)
    if not wanted or not dtype or dtype == wanted:
        return dtype
    if _multiplies_in(layer, wanted) and not any(name in held for name in layer.nodes):
        return wanted
    casts = [name for name in layer.nodes if is_added_cast(name)]
    inner = [name for name in layer.nodes if not is_added_cast(name)]
    if casts and inner and not any(name in held for name in inner):
        return wanted
    # Its ends are all that it names; the nodes between them may be in any type.
    if foreign_range(layer.name) is not None:
        return UNKNOWN
    # Some of its nodes were to stay in FP32 and some not: it cannot be held against either.
    is_mixed = any(name in held for name in inner) and any(name not in held for name in inner)
    return UNKNOWN if casts and is_mixed and wanted in touched_dtypes(layer) else dtype


def _multiplies_in(layer: Layer, wanted: str) -> bool:
    """Whether a product has all its operands in a type, whatever a cast behind it writes.

    Where TensorRT pools in FP32 (MaxPool in BF16), it casts in the convolution before.
    """
    return multiplies(layer) and touched_dtypes(replace(layer, outputs=())) == {wanted}
