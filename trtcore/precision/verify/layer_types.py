"""What one layer of an engine computes in, as its inspector tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.result.dtypes import itemsize, numpy_name

if TYPE_CHECKING:
    from trtcore.result.layers import Layer


# The types that layers compute with, in one word each.
_WORDS = {
    "float32": "Float",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "int8": "Int8",
    "fp8": "FP8",
    "int4": "Int4",
    "fp4": "FP4",
}


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
