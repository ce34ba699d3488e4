"""ONNX operators in PyTorch's own functions: the table of those that can be run, one file a family.

No importer is used, because none keeps the node names, opsets, paddings and types that the zoo of
real models needs: onnx2torch wants torchvision, weights that are no nodes, average pools no newer
than opset 11 and symmetric padding.
"""

from __future__ import annotations

from collections.abc import Mapping

from trtcore.backends.torch_operators import (
    elementwise,
    matrices,
    normalization,
    reductions,
    shaping,
    sources,
    windows,
)
from trtcore.backends.torch_operators.call import Operator

OLDEST_OPSET = 7

OPERATORS: Mapping[str, Operator] = {
    **elementwise.OPERATORS,
    **matrices.OPERATORS,
    **normalization.OPERATORS,
    **reductions.OPERATORS,
    **shaping.OPERATORS,
    **sources.OPERATORS,
    **windows.OPERATORS,
}
"""By ONNX's name, for opset 7 on."""
