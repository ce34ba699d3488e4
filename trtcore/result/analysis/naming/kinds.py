"""The kind of work of an engine layer: by its nodes, or without any by TensorRT's layer type."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from trtcore.result.analysis.naming.patterns import OWN_WORDS, OperatorWords
from trtcore.result.readers.inspector.layer_names import kernel_operations, only_moves
from trtcore.result.records.layers import Layer


class LayerKind(Enum):
    """Kinds of work; a layer that does several counts as the first that applies, in this order."""

    ATTENTION = "attention"
    CONVOLUTION = "convolution"
    MATMUL = "matmul"
    NORMALIZATION = "normalization"
    SOFTMAX = "softmax"
    POOLING = "pooling"
    REDUCTION = "reduction"
    ELEMENTWISE = "elementwise"
    QUANTIZATION = "quantization"
    DATA_MOVEMENT = "data movement"
    REFORMAT = "reformat"
    OTHER = "other"


_OPS: dict[LayerKind, frozenset[str]] = {
    LayerKind.ATTENTION: frozenset({"Attention", "MultiHeadAttention", "GroupQueryAttention"}),
    LayerKind.CONVOLUTION: frozenset(
        {"Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv"}
    ),
    LayerKind.MATMUL: frozenset({"MatMul", "Gemm", "Einsum", "MatMulInteger", "QLinearMatMul"}),
    LayerKind.NORMALIZATION: frozenset(
        {op for op, word in OWN_WORDS.items() if word.endswith("Norm")}
        | {"LRN", "LpNormalization", "MeanVarianceNormalization"}
    ),
    LayerKind.SOFTMAX: frozenset({"Softmax", "LogSoftmax", "Hardmax"}),
    LayerKind.POOLING: frozenset(
        {"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "MaxRoiPool"}
    ),
    LayerKind.QUANTIZATION: frozenset(
        {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}
    ),
    LayerKind.DATA_MOVEMENT: frozenset(
        {"Gather", "GatherElements", "GatherND", "ScatterND", "ScatterElements", "Resize"}
    ),
}
_BY_PATTERN = {"Attention": LayerKind.ATTENTION} | dict.fromkeys(
    ("LayerNorm", "RMSNorm", "GroupNorm"), LayerKind.NORMALIZATION
)
# TensorRT's own layer types, for layers that are mapped to no node.
_BY_TYPE = {
    "correlation": LayerKind.CONVOLUTION,
    "convolution": LayerKind.CONVOLUTION,
    "caskconvolution": LayerKind.CONVOLUTION,
    "gemm": LayerKind.MATMUL,
    "matrixmultiply": LayerKind.MATMUL,
    "maxpool": LayerKind.POOLING,
    "avgpool": LayerKind.POOLING,
    "pooling": LayerKind.POOLING,
    "softmax": LayerKind.SOFTMAX,
    "reduce": LayerKind.REDUCTION,
    "pointwise": LayerKind.ELEMENTWISE,
    "elementwise": LayerKind.ELEMENTWISE,
    "quantize": LayerKind.QUANTIZATION,
    "dequantize": LayerKind.QUANTIZATION,
    "reformat": LayerKind.REFORMAT,
    "noop": LayerKind.REFORMAT,
    "copy": LayerKind.REFORMAT,
    "cast": LayerKind.REFORMAT,
}
_SMALL_KERNEL = "kgen"  # a generated kernel without a product; one with it is a runtime_fusion
_PRODUCTS = frozenset({LayerKind.CONVOLUTION, LayerKind.MATMUL})


def kind_of(
    layer: Layer, nodes: Iterable[str], words: OperatorWords, *, is_reformat: bool = False
) -> LayerKind:
    """Returns the kind of one engine layer.

    Args:
        layer: the layer.
        nodes: the model nodes in it.
        words: of the model.
        is_reformat: it only changes formats or types, or copies, for other layers.
    """
    graph = words.graph
    known = words.telling([name for name in nodes if name in graph.nodes])
    if is_reformat:
        return LayerKind.REFORMAT
    if not known:
        return _by_type(layer)
    kinds = {_kind_of_op(graph.nodes[n].op, computes=graph.computes(n)) for n in known}
    kinds |= {_BY_PATTERN[word] for word in words.patterns(known) if word in _BY_PATTERN}
    # Myelin's fused attention is named "mha" instead of its products, but holds them.
    if layer.kind == _SMALL_KERNEL and "mha" not in layer.name and kinds - _PRODUCTS:
        kinds = _without_products(layer, kinds)
    return next(kind for kind in LayerKind if kind in kinds)


def _without_products(layer: Layer, kinds: set[LayerKind]) -> set[LayerKind]:
    """A kernel whose name lists no product only does the rest of the nodes it shares."""
    listed = set(kernel_operations(layer.name))
    # Myelin's words for a matrix product or convolution.
    return kinds if not listed or listed & {"Fc", "Corr", "Gemm", "Matm"} else kinds - _PRODUCTS


def _kind_of_op(op: str, *, computes: bool) -> LayerKind:
    for kind, ops in _OPS.items():
        if op in ops:
            return kind
    # ONNX has over a dozen of these, and later versions add more.
    if op.startswith(("Reduce", "Arg", "Cum")):
        return LayerKind.REDUCTION
    return LayerKind.ELEMENTWISE if computes else LayerKind.DATA_MOVEMENT


def _by_type(layer: Layer) -> LayerKind:
    if only_moves(layer.name):
        return LayerKind.REFORMAT
    return _BY_TYPE.get(layer.kind.lower(), LayerKind.OTHER)
