"""Graphs that precision is written into, and what the tests read out of them."""

from __future__ import annotations

import re

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, model_nodes, model_outputs, serialized
from trtcore.precision.request import Precision, PrecisionRequest

BLOCK = """
<ir_version: 10, opset_import: ["" : 20]>
block (float[2,8,16] x) => (float[2,8,16] y)
<float[16] scale, float[16] bias, float[16,16] wq, float[16,16] wk, float[16,16] wv,
 float root = {4}, float[16,32] w1, float[32,16] w2> {
  [norm] n = LayerNormalization <axis = -1> (x, scale, bias)
  [query] q = MatMul (n, wq)
  [key] k = MatMul (n, wk)
  [turn] kt = Transpose <perm = [0, 2, 1]> (k)
  [scores] s = MatMul (q, kt)
  [scale] d = Div (s, root)
  [attention] p = Softmax <axis = -1> (d)
  [value] v = MatMul (n, wv)
  [mix] m = MatMul (p, v)
  [residual] r = Add (m, x)
  [up] u = MatMul (r, w1)
  [gelu] g = Gelu (u)
  [down] h = MatMul (g, w2)
  [out] y = Add (h, r)
}
"""
RESIZE_IF = """
<ir_version: 8, opset_import: ["" : 17]>
branches (float[1,4,6,6] x, bool c) => (float[1,4,12,12] y, float[1,4,12,12] z)
<float[4] scales = {1, 1, 2, 2}, float[4,4,1,1] w> {
  [conv] a = Conv (x, w)
  [resize] b = Resize <mode = "nearest"> (a, , scales)
  [if] i = If (c) <
    then_branch = yes () => (float[1,4,12,12] t) { [sqrt] t = Relu (b) },
    else_branch = no () => (float[1,4,12,12] e)
      <float k = {3}> { [times] m = Mul (b, k) [minus] e = Neg (m) }>
  [abs] y = Abs (i)
  [shape] s = Shape (b)
  [fill] f = ConstantOfShape <value = float[1] {0.5}> (s)
  [sum] z = Add (f, b)
}
"""
LOOP = """
<ir_version: 8, opset_import: ["" : 17]>
loops (float[2,3] x) => (float[2,3] y, float[5,2,3] scan)
<int64 n = {5}, bool go = {1}, float[3] w = {1, 0.5, 0.25}> {
  [loop] y, scan = Loop (n, go, x) <
    body = step (int64 i, bool on, float[2,3] s) => (bool o, float[2,3] t, float[2,3] u)
      { [same] o = Identity (on) [mul] t = Mul (s, w) [exp] u = Tanh (t) }>
}
"""
FLOAT_ONLY = """
<ir_version: 8, opset_import: ["" : 17]>
ranges (float[6] x, float limit) => (float[6] y)
<float zero = {0}, float one = {1}> {
  [range] r = Range (zero, limit, one)
  [add] y = Add (x, r)
}
"""


def model_of(text: str, seed: int = 0) -> Model:
    """A model with random weights for everything that the text declares without a value."""
    proto = parser.parse_model(text)
    generator = np.random.default_rng(seed)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        weights = generator.standard_normal(shape).astype(np.float32) / 4
        proto.graph.initializer.append(numpy_helper.from_array(weights, value.name))
    proto.graph.ClearField("value_info")
    return load_model(proto)


def run(model: Model, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        serialized(model), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def types_of(model: Model) -> dict[str, str]:
    return {value.name: value.dtype for value in (*model_inputs(model), *model_outputs(model))}


def casts_of(model: Model) -> list[str]:
    return [node.name for node in model_nodes(model) if node.op == "Cast"]


def initializers_of(model: Model) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in model.proto.graph.initializer}


def weights_model(value: float, count: int = 1) -> Model:
    nodes = [f"[fc{i}] h{i} = Mul (x, w{i})" for i in range(count)]
    total = ", ".join(f"h{i}" for i in range(count))
    names = ", ".join(f"float[2] w{i} = {{1, {value}}}" for i in range(count))
    return load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            f"w (float[2] x) => (float[2] y) <{names}>"
            f"{{ {' '.join(nodes)} [sum] y = Sum ({total}) }}"
        )
    )


def advised(text: str) -> PrecisionRequest:
    """What an error about a weight that does not fit advises."""
    names = re.search(r"keep_fp32=\[([^]]+)\]", text)
    io = re.search(r"io_precision='(\w+)'", text)
    other = re.search(r" precision='(\w+)'", text)
    return PrecisionRequest(
        Precision(other[1] if other else "fp16"),
        tuple(re.findall(r"'([^']+)'", names[1])) if names else (),
        io[1] if io else None,
    )
