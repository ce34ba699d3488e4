"""Quantized models by hand: Q/DQ before every product, as quantization tools write it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper, parser

TYPES = {"int8": (TensorProto.INT8, 127.0), "fp8": (TensorProto.FLOAT8E4M3FN, 448.0)}

# One encoder layer: attention of two heads, LayerNorm, Gelu.
ENCODER = """
<ir_version: 9, opset_import: ["" : 19]>
encoder (float[2,16,32] x) => (float[2,16,32] y)
  <float[32,32] wq, float[32,32] wk, float[32,32] wv, float[32,32] wo, float[32,128] w1,
   float[128,32] w2, float[32] g, float[32] b, int64[4] heads = {2,16,2,16},
   int64[3] joined = {2,16,32}, float root = {0.25}, float sqrt2 = {1.4142135}, float one = {1.0},
   float half = {0.5}>
{ [q] q = MatMul (x, wq) [k] k = MatMul (x, wk) [v] v = MatMul (x, wv)
  [qr] q1 = Reshape (q, heads) [kr] k1 = Reshape (k, heads) [vr] v1 = Reshape (v, heads)
  [qt] q2 = Transpose <perm = [0,2,1,3]> (q1) [kt] k2 = Transpose <perm = [0,2,3,1]> (k1)
  [vt] v2 = Transpose <perm = [0,2,1,3]> (v1)
  [qk] s = MatMul (q2, k2) [scale] s1 = Mul (s, root) [softmax] p = Softmax (s1)
  [pv] a = MatMul (p, v2) [at] a1 = Transpose <perm = [0,2,1,3]> (a) [ar] a2 = Reshape (a1, joined)
  [out] o = MatMul (a2, wo) [add1] r = Add (o, x) [norm1] n = LayerNormalization (r, g, b)
  [fc1] h = MatMul (n, w1) [div] h1 = Div (h, sqrt2) [erf] h2 = Erf (h1) [plus] h3 = Add (h2, one)
  [mul] h4 = Mul (h, h3) [gelu] h5 = Mul (h4, half) [fc2] f = MatMul (h5, w2)
  [add2] t = Add (f, n) [norm2] y = LayerNormalization (t, g, b) }
"""
# A small image network of 16 channels, which FP8 convolutions need.
CONVOLUTIONS = """
<ir_version: 9, opset_import: ["" : 19]>
image (float[2,16,16,16] x) => (float[2,10] y)
  <float[32,16,3,3] w1, float[32,32,3,3] w2, float[10,32] wf>
{ [conv1] a = Conv <pads = [1,1,1,1]> (x, w1) [relu1] b = Relu (a)
  [conv2] c = Conv <pads = [1,1,1,1]> (b, w2) [relu2] d = Relu (c)
  [pool] e = GlobalAveragePool (d) [flat] f = Flatten (e) [fc] y = Gemm <transB = 1> (f, wf) }
"""
_PRODUCTS = ("Conv", "Gemm", "MatMul")


def with_weights(text: str) -> ModelProto:
    """The graph with seeded values for the initializers that the text only declares."""
    proto = parser.parse_model(text)
    generator = np.random.default_rng(0)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        values = generator.standard_normal(shape) / np.sqrt(max(np.prod(shape[1:]), 1))
        proto.graph.initializer.append(numpy_helper.from_array(values.astype("f4"), value.name))
    proto.graph.ClearField("value_info")
    return proto


def quantized(
    text: str, kind: str, *, stored: bool = False, leave: tuple[str, ...] = ()
) -> ModelProto:
    """The model with Q/DQ before the operands of every product.

    Args:
        text: of the model.
        kind: ``int8`` or ``fp8``.
        stored: the weights are stored quantized, one scale for each output channel.
        leave: names of products that stay as they are.
    """
    proto = with_weights(text)
    graph, nodes = proto.graph, []
    elem_type, most = TYPES[kind]
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    graph.initializer.append(numpy_helper.from_array(np.float32(4 / most), "scale"))
    graph.initializer.append(helper.make_tensor("zero", elem_type, [], [0]))
    for node in graph.node:
        for index in range(2) if node.op_type in _PRODUCTS and node.name not in leave else ():
            value = node.input[index]
            if stored and value in weights:
                axis = 1 if node.op_type == "MatMul" else 0
                nodes.append(_stored(graph, value, weights[value], axis, elem_type, most))
            else:
                nodes += _pair(value, f"{node.name}_{index}")
            node.input[index] = nodes[-1].output[0]
        nodes.append(node)
    graph.ClearField("node")
    graph.node.extend(nodes)
    onnx.checker.check_model(proto)
    return proto


def _pair(value: str, name: str) -> list[onnx.NodeProto]:
    scales = ["scale", "zero"]
    return [
        helper.make_node(
            "QuantizeLinear", [value, *scales], [f"{name}_q"], name=f"{name}_quantize"
        ),
        helper.make_node(
            "DequantizeLinear", [f"{name}_q", *scales], [f"{name}_d"], name=f"{name}_dequantize"
        ),
    ]


def _stored(
    graph: onnx.GraphProto, name: str, values: np.ndarray, axis: int, elem_type: int, most: float
) -> onnx.NodeProto:
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = (np.abs(values).max(axis=others) / most).astype(np.float32)
    shape = [1] * values.ndim
    shape[axis] = scale.size
    scaled = values / scale.reshape(shape)
    numbers = np.rint(scaled) if elem_type == TensorProto.INT8 else scaled
    graph.initializer.append(
        helper.make_tensor(f"{name}_i", elem_type, values.shape, numbers.ravel().tolist())
    )
    graph.initializer.append(numpy_helper.from_array(scale, f"{name}_s"))
    zeros = [0] * scale.size
    graph.initializer.append(helper.make_tensor(f"{name}_z", elem_type, scale.shape, zeros))
    reads = [f"{name}_i", f"{name}_s", f"{name}_z"]
    return helper.make_node(
        "DequantizeLinear", reads, [f"{name}_d"], name=f"{name}_dequantize", axis=axis
    )
