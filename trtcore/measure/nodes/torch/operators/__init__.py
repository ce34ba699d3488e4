"""ONNX operators in PyTorch's own functions: the table of those that can be run, one file a family.

No importer does this: onnx2torch 1.5.15, the best kept one, wants torchvision, knows no average
pool newer than opset 11 or padded unevenly, and reads no weights that are nodes of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping

from trtcore.measure.nodes.torch.operators import (
    convolutions,
    elementwise,
    matrices,
    normalization,
    pools,
    reductions,
    shaping,
    sources,
)
from trtcore.measure.nodes.torch.operators.call import Operator

# Older opsets broadcast by attributes, and PyTorch's functions do not.
OLDEST_OPSET = 7

OPERATORS: Mapping[str, Operator] = {
    **convolutions.OPERATORS,
    **elementwise.OPERATORS,
    **matrices.OPERATORS,
    **normalization.OPERATORS,
    **pools.OPERATORS,
    **reductions.OPERATORS,
    **shaping.OPERATORS,
    **sources.OPERATORS,
}
"""By ONNX's name, for opset 7 on."""
