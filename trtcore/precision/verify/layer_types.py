"""What one layer of an engine computes in, as its inspector tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.result.dtypes import DTYPES, itemsize, numpy_name

if TYPE_CHECKING:
    from trtcore.result.layers import Layer


# The types that layers compute in, in one word each; integers that only count are left out.
_WORDS = {row.name: row.inspector for row in DTYPES.values() if row.is_float or row.is_quantized}


def layer_dtype(layer: Layer) -> str:
    """The type a layer computes in, in the inspector's word; ``""`` for integers and none.

    That is the widest it writes, or reads if it writes none.
    """
    for tensors in (layer.outputs, layer.inputs):
        types = [name for tensor in tensors if (name := numpy_name(tensor.dtype)) in _WORDS]
        if types:
            return _WORDS[max(types, key=itemsize)]
    return ""


def touched_dtypes(layer: Layer) -> frozenset[str]:
    """The types of everything a layer reads and writes, without integers for counting."""
    names = (numpy_name(tensor.dtype) for tensor in (*layer.inputs, *layer.outputs))
    return frozenset(_WORDS[name] for name in names if name in _WORDS)
