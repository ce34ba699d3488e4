"""What a quantized engine computes in few bits, what it spends on quantizing, and what it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trtcore.result.records.layers import is_marker
from trtcore.result.types.dtypes import DTYPES, numpy_name
from trtcore.result.types.layer_types import QUANTIZED_WORDS, layer_dtype, multiplies

if TYPE_CHECKING:
    from trtcore.result.records.layers import Layer, ModelNode, TensorInfo

_OPERATORS = ("QuantizeLinear", "DequantizeLinear")
# They move values or name them, and compute nothing of their own.
_MOVES = frozenset(
    ("Constant", "Expand", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
)
_QUANTIZED_NAMES = frozenset(row.name for row in DTYPES.values() if row.is_quantized)


@dataclass(frozen=True)
class Quantization:
    """The layers of a quantized engine by what they do; each is a position among the layers.

    Attributes:
        computes: they compute on quantized values: products of them, or a pool over them.
        only: they quantize, dequantize or do both, and nothing else: quantization time.
        fused: they do so beside other work on wider values, such as a Relu.
        stayed: they have to do with no quantized value, or multiply wider ones.
        beside: the operators of ``fused``, most frequent first; empty if they are not known.
    """

    computes: tuple[int, ...]
    only: tuple[int, ...]
    fused: tuple[int, ...]
    stayed: tuple[int, ...]
    beside: tuple[str, ...] = ()


def find_quantization(
    layers: Sequence[Layer], nodes: Sequence[ModelNode] = ()
) -> Quantization | None:
    """Sorts the layers of an engine by what they have to do with quantized values.

    Args:
        layers: as the inspector tells them.
        nodes: of the model; without them what a kernel does beside quantizing is not known, but
            for the names of its nodes.

    Returns:
        None where nothing is quantized.
    """
    real = [(i, layer) for i, layer in enumerate(layers) if not is_marker(layer)]
    if not any(_touches(layer) for _, layer in real):
        return None
    ops = {node.name: node.op for node in nodes}
    # A kernel before or after a product names it too, as the scales are part of the product.
    products = {name for _, layer in real if multiplies(layer) for name in layer.nodes}
    found: dict[str, list[int]] = {"computes": [], "only": [], "fused": [], "stayed": []}
    beside: dict[str, int] = {}
    for i, layer in real:
        dtype = layer_dtype(layer)
        if not dtype:
            continue
        if multiplies(layer) or not _converts(layer, ops):
            found["computes" if dtype in QUANTIZED_WORDS else "stayed"].append(i)
            continue
        others = [name for name in layer.nodes if _is_other(name, ops, products)]
        found["fused" if others else "only"].append(i)
        for op in {ops[name] for name in others if name in ops}:
            beside[op] = beside.get(op, 0) + 1
    names = sorted(beside, key=lambda op: (-beside[op], op))
    return Quantization(
        **{key: tuple(places) for key, places in found.items()}, beside=tuple(names)
    )


def _touches(layer: Layer) -> bool:
    words = (*(tensor.dtype for tensor in (*layer.inputs, *layer.outputs)), *layer.constant_types)
    return any(numpy_name(word) in _QUANTIZED_NAMES for word in words)


def _converts(layer: Layer, ops: Mapping[str, str]) -> bool:
    """Whether a layer that is no product quantizes or dequantizes."""
    if any(_is_conversion(name, ops) for name in layer.nodes):
        return True
    reads, writes = _kinds(layer.inputs), _kinds(layer.outputs)
    return reads != writes and True in (reads | writes)


def _kinds(tensors: Sequence[TensorInfo]) -> set[bool]:
    """Which are among the tensors: quantized ones (True), others (False)."""
    return {numpy_name(tensor.dtype) in _QUANTIZED_NAMES for tensor in tensors if tensor.dtype}


def _is_conversion(name: str, ops: Mapping[str, str]) -> bool:
    """Whether a node quantizes or dequantizes, by its operator, or by its name if that is all."""
    if name in ops:
        return ops[name].endswith(_OPERATORS)
    return any(operator in name for operator in _OPERATORS)


def _is_other(name: str, ops: Mapping[str, str], products: set[str]) -> bool:
    if _is_conversion(name, ops) or ops.get(name) in _MOVES:
        return False
    return name not in products
