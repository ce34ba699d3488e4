"""The boxes that an SSD head predicts, from its offsets and the default boxes.

Source: weiliu89/caffe, branch ssd, src/caffe/util/bbox_util.cpp, DecodeBBox.
"""

from __future__ import annotations

from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor

# Numbers of CodeType in caffe.proto.
_CORNER, CENTER_SIZE = 1, 2


def decoded(builder: LayerBuilder, param: Any, priors: int, classes: int) -> Tensor:
    """(batch, classes, priors, 4) corners; one class where all classes share their boxes."""
    batch = builder.bottom.shape[0]
    shape = (batch, priors, classes, 4)
    offsets = _reshape(builder, builder.bottom, shape, "offsets")
    boxes = _prior_part(builder, 0, priors)
    if not param.variance_encoded_in_target:
        variances = _prior_part(builder, 1, priors)
        offsets = builder.node("Mul", [offsets, variances], shape, "scaled")
    decode = {_CORNER: _by_corner, CENTER_SIZE: _by_centre}.get(param.code_type, _by_corner_size)
    corners = decode(builder, offsets, boxes, shape)
    turned = (batch, classes, priors, 4)
    return builder.node("Transpose", [corners], turned, "boxes", perm=[0, 2, 1, 3])


def without_turned(builder: LayerBuilder, boxes: Tensor) -> Tensor:
    """The boxes with those whose upper corner is below the lower one made empty.

    Caffe takes their area for 0, so that they suppress nothing; ONNX would turn them around.
    """
    half = (*boxes.shape[:-1], 2)
    axis = len(half) - 1
    outputs = [Tensor("lower", half), Tensor("upper", half)]
    sizes = builder.integers("corners_split", [2, 2])
    low, high = builder.nodes("Split", [boxes, sizes], outputs, "corners_of", axis=axis)
    high = builder.node("Max", [low, high], half, "not_below")
    return builder.node("Concat", [low, high], boxes.shape, "areas", axis=axis)


def _prior_part(builder: LayerBuilder, index: int, priors: int) -> Tensor:
    """(1, priors, 1, 4): corners (0) or variances (1) of the default boxes."""
    name = ("priors", "variances")[index]
    ranges = {"starts": [index], "ends": [index + 1], "axes": [1]}
    numbers = [builder.integers(f"{name}_{key}", value) for key, value in ranges.items()]
    part = builder.node(
        "Slice", [builder.bottoms[2], *numbers], (1, 1, priors * 4), f"{name}/slice"
    )
    return _reshape(builder, part, (1, priors, 1, 4), name)


def _by_corner(builder: LayerBuilder, offsets: Tensor, boxes: Tensor, shape: Shape) -> Tensor:
    return builder.node("Add", [boxes, offsets], shape, "corners")


def _by_corner_size(builder: LayerBuilder, offsets: Tensor, boxes: Tensor, shape: Shape) -> Tensor:
    size = _halves(builder, boxes)[2]
    both = builder.node("Concat", [size, size], boxes.shape, "sizes", axis=3)
    moved = builder.node("Mul", [offsets, both], shape, "moved")
    return builder.node("Add", [boxes, moved], shape, "corners")


def _by_centre(builder: LayerBuilder, offsets: Tensor, boxes: Tensor, shape: Shape) -> Tensor:
    """``centre + offset * size``, and ``size * exp(offset)``."""
    half = (*shape[:3], 2)
    low, high, size = _halves(builder, boxes)
    prior_half = size.shape
    two = builder.number("half", 0.5)
    summed = builder.node("Add", [low, high], prior_half, "prior_sum")
    centre = builder.node("Mul", [summed, two], prior_half, "prior_centre")
    shift, growth = _split(builder, offsets, half, ("shift", "growth"))
    moved = builder.node("Mul", [shift, size], half, "moved")
    centres = builder.node("Add", [moved, centre], half, "centre")
    grown = builder.node("Exp", [growth], half, "exp")
    sizes = builder.node("Mul", [grown, size], half, "size")
    reach = builder.node("Mul", [sizes, two], half, "reach")
    ends = [builder.node(op, [centres, reach], half, op.lower()) for op in ("Sub", "Add")]
    return builder.node("Concat", ends, shape, "corners", axis=3)


def _halves(builder: LayerBuilder, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lower and upper corners of the default boxes, and their sizes."""
    half = (*boxes.shape[:3], 2)
    low, high = _split(builder, boxes, half, ("prior_low", "prior_high"))
    return low, high, builder.node("Sub", [high, low], half, "prior_size")


def _split(
    builder: LayerBuilder, value: Tensor, half: Shape, names: tuple[str, str]
) -> list[Tensor]:
    outputs = [Tensor(name, half) for name in names]
    sizes = builder.integers(f"{names[0]}_split", [2, 2])
    return builder.nodes("Split", [value, sizes], outputs, f"{names[0]}/split", axis=3)


def _reshape(builder: LayerBuilder, value: Tensor, shape: Shape, suffix: str) -> Tensor:
    target = builder.integers(f"{suffix}_shape", shape)
    return builder.node("Reshape", [value, target], shape, suffix)
