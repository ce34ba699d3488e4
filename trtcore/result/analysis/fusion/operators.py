"""Classes of ONNX operators by what they do to data, which decides whether they need a layer."""

from __future__ import annotations

NO_OPS = frozenset({"Identity", "Dropout"})
"""Operators that change nothing in inference."""

VIEWS = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that give the same bytes another shape."""

MOVES = frozenset(
    {
        "Cast",
        "Concat",
        "DepthToSpace",
        "Expand",
        "Pad",
        "Slice",
        "SpaceToDepth",
        "Split",
        "Tile",
        "Transpose",
    }
)
"""Operators that copy, rearrange, fill or convert, which a neighbour does as it reads or writes."""

SELECTION = "Gather"
"""Moves data too where its indices are known before the network runs; else it is a look-up."""

SHAPES = frozenset({"Shape", "Size"})
"""Operators that read nothing but the shape of a tensor."""

SOURCES = frozenset({"Constant", "ConstantOfShape", "EyeLike"}) | SHAPES
"""Operators whose result does not depend on the values of what they read."""

SCALINGS = frozenset({"Mul", "Div"})
"""Operators that are linear in their one input where the other is a constant."""

LINEAR = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators whose result is so many times larger if one of their inputs is."""
