"""What one layer of an engine computes in, as its inspector tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trtcore.result.types.dtypes import DTYPES, itemsize, numpy_name

if TYPE_CHECKING:
    from trtcore.result.records.layers import Layer, TensorInfo


# The types that layers compute in, in one word each; integers that only count are left out.
_WORDS = {row.name: row.inspector for row in DTYPES.values() if row.is_float or row.is_quantized}
_QUANTIZED = frozenset(row.name for row in DTYPES.values() if row.is_quantized)
_BOTH_OPERANDS = 2
# Layers that multiply matrices, in Myelin's and in TensorRT's words; they carry the speed.
_MULTIPLIES = re.compile("correlation|conv|gemm|matmul|matrix|fusion|fullyconnected", re.IGNORECASE)

# Kernels that Myelin generates and that have products inside, as fused attention has.
# Source: `_gemm_mha_v2` of TensorRT-RTX 1.7.1.
_MULTIPLYING_KERNELS = re.compile("gemm|mha", re.IGNORECASE)

QUANTIZED_WORDS = frozenset(_WORDS[name] for name in _QUANTIZED)
"""The inspector's words for types that a scale belongs to, such as ``Int8``."""


def multiplies(layer: Layer) -> bool:
    """Whether a layer is a convolution or a matrix product, by its kind or its kernel."""
    by_kind = _MULTIPLIES.search(layer.kind)
    return bool(by_kind or _MULTIPLYING_KERNELS.search(layer.tactic))


def layer_dtype(layer: Layer) -> str:
    """The type a layer computes in, in the inspector's word; ``""`` for integers and none.

    That is the widest it writes, or reads if it writes none. But one that multiplies quantized
    operands computes in their type, whatever it writes; and one that writes quantized values of
    wider ones has computed them in the wider type.
    """
    reads, writes = _types(layer.inputs), _types(layer.outputs)
    if multiplies(layer) and (quantized := _operands_in(layer, reads)):
        return _WORDS[quantized]
    if writes and set(writes) <= _QUANTIZED:
        constants = [name for word in layer.constant_types if (name := numpy_name(word)) in _WORDS]
        wide = set(reads) - _QUANTIZED or (set() if reads else set(constants) - _QUANTIZED)
        return _WORDS[max(wide or writes, key=itemsize)]
    for types in (writes, reads):
        if types:
            return _WORDS[max(types, key=itemsize)]
    return ""


def touched_dtypes(layer: Layer) -> frozenset[str]:
    """The types of everything a layer reads and writes, without integers for counting."""
    return frozenset(_WORDS[name] for name in _types((*layer.inputs, *layer.outputs)))


def _types(tensors: Iterable[TensorInfo]) -> list[str]:
    return [name for tensor in tensors if (name := numpy_name(tensor.dtype)) in _WORDS]


def _operands_in(layer: Layer, reads: list[str]) -> str:
    """The quantized type of both operands of a product; ``""`` where one is wider.

    The weights are an input or the largest constant. What else is read is added to the product,
    and scales are small constants. A plan that tells no constants is taken by its first input.
    """
    operands = [*reads, *map(numpy_name, layer.constant_types[:1])]
    found = [name for name in operands if name in _QUANTIZED]
    is_known = len(operands) >= _BOTH_OPERANDS
    if len(found) >= _BOTH_OPERANDS or (found and not is_known):
        return max(found, key=itemsize)
    return ""
