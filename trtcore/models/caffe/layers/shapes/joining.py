"""Layers with several bottoms or tops: Eltwise, Concat, Slice, Split, Silence, and Dropout."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import MANY, Converter

# Numbers of EltwiseOp in caffe.proto; MAX is what remains.
_PROD, _SUM = 0, 1


def eltwise(builder: LayerBuilder) -> list[Tensor]:
    """Sum with coefficients, product or maximum of bottoms of one shape."""
    param, shape = builder.param("eltwise_param"), builder.bottom.shape
    for other in builder.bottoms[1:]:
        if other.shape != shape:
            builder.refuse(f"its bottoms {text(shape)} and {text(other.shape)} differ")
    if param.coeff and (param.operation != _SUM or len(param.coeff) != len(builder.bottoms)):
        builder.refuse(f"has {len(param.coeff)} coeff, takes one per bottom, and only with SUM")
    if param.operation == _PROD:
        return [_product(builder)]
    if param.operation == _SUM:
        return [_sum(builder, _weighted(builder, param))]
    return [builder.node("Max", builder.bottoms, shape)]


def _weighted(builder: LayerBuilder, param: Any) -> list[Tensor]:
    terms = list(builder.bottoms)
    for index, coefficient in enumerate(param.coeff):
        if coefficient != 1:
            factor = builder.number(f"coeff{index}", coefficient)
            inputs = [terms[index], factor]
            terms[index] = builder.node("Mul", inputs, builder.bottom.shape, f"mul{index}")
    return terms


def _sum(builder: LayerBuilder, terms: list[Tensor]) -> Tensor:
    return builder.node("Add" if len(terms) == 2 else "Sum", terms, builder.bottom.shape)


def _product(builder: LayerBuilder) -> Tensor:
    shape, last = builder.bottom.shape, len(builder.bottoms) - 1

    def multiply(product: Tensor, item: tuple[int, Tensor]) -> Tensor:
        index, factor = item
        return builder.node("Mul", [product, factor], shape, "" if index == last else f"mul{index}")

    return functools.reduce(multiply, enumerate(builder.bottoms[1:], 1), builder.bottom)


def _axis(builder: LayerBuilder, param: Any, legacy: str) -> int:
    """The axis, given as ``axis`` or under its older name."""
    if param.HasField("axis") and param.HasField(legacy):
        builder.refuse(f"has both axis and {legacy}, use axis")
    return builder.axis(getattr(param, legacy) if param.HasField(legacy) else param.axis)


def concat(builder: LayerBuilder) -> list[Tensor]:
    """Concat; all other dimensions are equal."""
    axis = _axis(builder, builder.param("concat_param"), "concat_dim")
    shape = builder.bottom.shape
    for other in builder.bottoms[1:]:
        if _without(other.shape, axis) != _without(shape, axis) or len(other.shape) != len(shape):
            builder.refuse(
                f"its bottoms {text(shape)} and {text(other.shape)} differ beside axis {axis}"
            )
    if len(builder.bottoms) == 1:
        return [builder.bottom]
    total = sum(bottom.shape[axis] for bottom in builder.bottoms)
    top = (*shape[:axis], total, *shape[axis + 1 :])
    return [builder.node("Concat", builder.bottoms, top, axis=axis)]


def slice_(builder: LayerBuilder) -> list[Tensor]:
    """Split at the cut indices, or into equal parts."""
    param = builder.param("slice_param")
    axis, shape = _axis(builder, param, "slice_dim"), builder.bottom.shape
    sizes = _slice_sizes(builder, list(param.slice_point), shape[axis])
    if len(sizes) == 1:
        return [builder.bottom]
    tops = [
        Tensor(top, (*shape[:axis], size, *shape[axis + 1 :]))
        for top, size in zip(builder.layer.tops, sizes, strict=True)
    ]
    inputs = [builder.bottom, builder.integers("split", sizes)]
    return builder.nodes("Split", inputs, tops, axis=axis)


def _slice_sizes(builder: LayerBuilder, points: list[int], size: int) -> list[int]:
    tops = len(builder.layer.tops)
    if not points:
        if size % tops:
            builder.refuse(f"{tops} tops do not divide the size, {size}; give slice_point")
        return [size // tops] * tops
    cuts = [0, *points, size]
    if len(points) != tops - 1 or any(a >= b for a, b in itertools.pairwise(cuts)):
        builder.refuse(f"slice_point {points} must be {tops - 1} rising cuts between 0 and {size}")
    return [b - a for a, b in itertools.pairwise(cuts)]


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def unchanged(builder: LayerBuilder) -> list[Tensor]:
    """Every top is the bottom: Split, and Dropout, which scales in training only."""
    return [builder.bottom] * len(builder.layer.tops)


def silence(_: LayerBuilder) -> list[Tensor]:
    """Removes blobs from the list of outputs, and does nothing else."""
    return []


CONVERTERS = {
    "Eltwise": Converter(eltwise, bottoms=(2, MANY)),
    "Concat": Converter(concat, bottoms=(1, MANY)),
    "Slice": Converter(slice_, tops=(1, MANY)),
    "Split": Converter(unchanged, tops=(1, MANY), takes_masks=True),
    "Silence": Converter(silence, bottoms=(1, MANY), tops=(0, 0), takes_masks=True),
    "Dropout": Converter(unchanged),
}
