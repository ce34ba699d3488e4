"""Networks whose shapes are open, for tests with a GPU and without one."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper, parser

# As a network with residual blocks and a head has it, batch and size open.
RESIDUAL = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[batch,3,height,width] x) => (float[batch,10] y)
  <float[16,3,3,3] stem, float[16,16,3,3] one, float[16,16,3,3] two, float[10,16] fc>
{ [stem] a = Conv <pads = [1,1,1,1], strides = [2,2]> (x, stem) [relu] b = Relu (a)
  [conv1] c = Conv <pads = [1,1,1,1]> (b, one) [relu1] d = Relu (c)
  [conv2] e = Conv <pads = [1,1,1,1]> (d, two) [add] f = Add (e, b) [relu2] g = Relu (f)
  [pool] h = GlobalAveragePool (g) [flat] i = Flatten (h)
  [head] y = Gemm <transB = 1> (i, fc) }
"""


def with_weights(text: str) -> onnx.ModelProto:
    """The graph with seeded values for the initializers that the text only declares."""
    proto = parser.parse_model(text)
    generator = np.random.default_rng(0)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        values = generator.standard_normal(shape).astype(np.float32)
        proto.graph.initializer.append(numpy_helper.from_array(values, value.name))
    proto.graph.ClearField("value_info")
    return proto
