"""The types that the tensors of an engine really have, by the names of options: ``fp16``."""

from __future__ import annotations

from trtcore.result.records.layers import Layer, TensorInfo
from trtcore.result.types.dtypes import DTYPES, itemsize, numpy_name
from trtcore.result.types.layer_types import QUANTIZED_WORDS, layer_dtype, multiplies

# Precisions that are no data types: what the tensors of such a network are.
_STORED_AS = {"tf32": "float32", "half2": "float16"}
_FLOATS = frozenset(name for name, row in DTYPES.items() if row.is_float and row.label)


def product_type(layers: list[Layer], precision: str) -> str:
    """The type that the products of some layers are computed in; ``""`` if no layer tells one.

    Both operands of a product have one type, so that the narrowest float type a layer reads is it:
    what is added to a product may be wider, and so may the result.

    Args:
        layers: of one group.
        precision: of the network: whether products of float32 may be computed in TF32.
    """
    named = [_own_type(layer) for layer in layers if multiplies(layer)]
    named = [name for name in named if name] or [n for n in map(_own_type, layers) if n]
    if not named:
        return ""
    label = DTYPES[min(named, key=itemsize)].label.lower()
    return "tf32" if label == "fp32" and precision == "tf32" else label


def _own_type(layer: Layer) -> str:
    word = layer_dtype(layer)
    if word in QUANTIZED_WORDS:
        return numpy_name(word)
    reads = [name for tensor in layer.inputs if (name := numpy_name(tensor.dtype)) in _FLOATS]
    return min(reads, key=itemsize) if reads else numpy_name(word) if word else ""


def weight_type(layers: list[Layer], product: str) -> str:
    """The type that weights are stored in; ``""`` if it is not told.

    That of a product's operands, unless its largest constant is narrower: weights can be kept in
    fewer bits than they are multiplied in, and plans whose weights are inputs of a layer list its
    scales and biases only.

    Args:
        layers: of one group.
        product: the type of its products.
    """
    weighing = [layer for layer in layers if multiplies(layer)] or layers
    constants = [numpy_name(layer.constant_types[0]) for layer in weighing if layer.constant_types]
    told = [name for name in (stored_type(product), *constants) if name in DTYPES]
    return min(told, key=itemsize, default="")


def stored_type(precision: str) -> str:
    """The type of the tensors of a network in this precision; ``""`` for an unknown one."""
    name = _STORED_AS.get(precision) or numpy_name(precision)
    return name if name in DTYPES else ""


def label_of(precision: str) -> str:
    """The type that products of this precision are computed in; ``""`` for an unknown one."""
    stored = stored_type(precision)
    return precision if precision == "tf32" else DTYPES[stored].label.lower() if stored else ""


def bytes_of(tensor: TensorInfo, assumed: str) -> float:
    """Size of a tensor; of the assumed type if its own is not told, NaN if neither is known."""
    name = numpy_name(tensor.dtype)
    size = itemsize(name) if name in DTYPES else itemsize(assumed) if assumed else float("nan")
    for dim in tensor.shape:
        size = size * dim if dim >= 0 else float("nan")
    return size
