"""A model of two nodes, for all that does not depend on the model."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import parser

SMALL = """
<ir_version: 8, opset_import: ["" : 17]>
small (float[1,3,{side},{side}] x) => (float[1,4,{out},{out}] y) <float[4,3,3,3] w> {{
  [conv] c = Conv (x, w)
  [relu] y = Relu (c)
}}
"""


def write_small(path: Path, side: int = 8) -> Path:
    """Writes the model for images of so many rows and columns."""
    proto = parser.parse_model(SMALL.format(side=side, out=side - 2))
    weights = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, (4, 3, 3, 3), [0.5] * 108)
    proto.graph.initializer.append(weights)
    proto.graph.ClearField("value_info")
    onnx.save(proto, path)
    return path
