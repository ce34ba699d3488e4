"""PriorBox: the default boxes of an SSD head, which depend on sizes alone and are a constant.

Source: weiliu89/caffe, branch ssd, src/caffe/layers/prior_box_layer.cpp.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter

# Aspect ratios closer than this are one (prior_box_layer.cpp).
_SAME_RATIO = 1e-6
_DEFAULT_VARIANCE = 0.1


def prior_box(builder: LayerBuilder) -> list[Tensor]:
    """Constant of 1 x 2 x (priors * 4): corners by row and column, and their variances."""
    param = builder.param("prior_box_param")
    feature, image = (bottom.shape for bottom in builder.bottoms)
    if len(feature) != 4 or len(image) != 4:
        builder.refuse(f"takes two bottoms of 4 axes, got {text(feature)} and {text(image)}")
    sizes = _box_sizes(builder, param)
    corners = _corners(param, feature[2:], _image_size(param, image[2:]), sizes)
    values = np.stack([corners.ravel(), np.resize(_variances(builder, param), corners.size)])
    constant = numpy_helper.from_array(values[None].astype(np.float32))
    return [builder.node("Constant", [], (1, *values.shape), value=constant)]


def _box_sizes(builder: LayerBuilder, param: Any) -> NDArray[np.float64]:
    """(boxes, 2) widths and heights in pixels, in the layer's order."""
    ratios = _ratios(param)
    # The layer keeps sizes as integers, whatever the file says.
    smallest, largest = (
        [int(size) for size in param.min_size],
        [int(size) for size in param.max_size],
    )
    if not smallest or min(smallest) < 1 or len(largest) not in (0, len(smallest)):
        builder.refuse("takes a min_size of 1 or more, and no max_size or one for each min_size")
    sizes: list[tuple[float, float]] = []
    for index, size in enumerate(smallest):
        sizes.append((size, size))
        if largest:
            between = math.sqrt(size * largest[index])
            sizes.append((between, between))
        sizes += [(size * math.sqrt(ratio), size / math.sqrt(ratio)) for ratio in ratios]
    return np.array(sizes, np.float64)


def _ratios(param: Any) -> list[float]:
    """The aspect ratios other than 1, each once, with their reciprocals where ``flip``."""
    ratios = [1.0]
    for ratio in param.aspect_ratio:
        if all(abs(ratio - other) >= _SAME_RATIO for other in ratios):
            ratios += [ratio, 1 / ratio] if param.flip else [ratio]
    return ratios[1:]


def _image_size(param: Any, image: tuple[int, ...]) -> tuple[int, int]:
    height, width = param.img_h or param.img_size, param.img_w or param.img_size
    return (height, width) if height and width else (image[0], image[1])


def _corners(
    param: Any, cells: tuple[int, ...], image: tuple[int, int], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(rows, columns, boxes, 4): xmin, ymin, xmax, ymax as shares of the image."""
    steps = (param.step_h or param.step, param.step_w or param.step)
    if not all(steps):
        steps = (image[0] / cells[0], image[1] / cells[1])
    y, x = (
        (np.arange(count) + param.offset) * step for count, step in zip(cells, steps, strict=True)
    )
    centres = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)[:, :, None]
    scale = np.array([image[1], image[0]], np.float64)
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)
    shares = boxes / np.tile(scale, 2)
    return np.clip(shares, 0, 1) if param.clip else shares


def _variances(builder: LayerBuilder, param: Any) -> list[float]:
    variances = list(param.variance) or [_DEFAULT_VARIANCE]
    if len(variances) not in (1, 4) or min(variances) <= 0:
        builder.refuse(f"has {len(variances)} values of variance, takes 1 or 4 above 0")
    return variances


CONVERTERS = {"PriorBox": Converter(prior_box, bottoms=(2, 2))}
