"""Layers without bottoms: Input, and the data layers of training files, which become inputs.

Source: BVLC/caffe src/caffe/layers/*_data_layer.cpp for the shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor
from trtcore.models.caffe.layers.converter import MANY, Converter


def input_(builder: LayerBuilder) -> list[Tensor]:
    """Inputs of the net, named after the tops."""
    shapes = [tuple(shape.dim) for shape in builder.param("input_param").shape]
    return _inputs(builder, shapes)


def dummy_data(builder: LayerBuilder) -> list[Tensor]:
    """DummyData: the blobs that it would fill become inputs."""
    param = builder.param("dummy_data_param")
    shapes: list[Shape] = [tuple(shape.dim) for shape in param.shape]
    if not shapes:
        sizes = (param.num, param.channels, param.height, param.width)
        tops = len(builder.layer.tops)
        each = (list(size) * tops if len(size) == 1 else size for size in sizes)
        shapes = list(zip(*each, strict=False))
    builder.notes.append(f"{builder.layer} became inputs")
    return _inputs(builder, shapes)


def data(builder: LayerBuilder) -> list[Tensor]:
    """Data: batch_size images of crop_size, and labels."""
    param, transform = builder.param("data_param"), builder.param("transform_param")
    # Older files have crop_size in the data layer's own parameters; the newer place goes first.
    channels = 1 if transform.force_gray else 3
    crop = transform.crop_size or param.crop_size
    return _images(builder, param.batch_size, channels, crop, crop)


def image_data(builder: LayerBuilder) -> list[Tensor]:
    """ImageData: batch_size images of crop_size, or of new_height and new_width, and labels."""
    param = builder.param("image_data_param")
    crop = builder.param("transform_param").crop_size or param.crop_size
    height, width = (crop, crop) if crop else (param.new_height, param.new_width)
    return _images(builder, param.batch_size, 3 if param.is_color else 1, height, width)


def memory_data(builder: LayerBuilder) -> list[Tensor]:
    """MemoryData: its shape is in the file, and labels."""
    param = builder.param("memory_data_param")
    crop = builder.param("transform_param").crop_size
    height, width = (crop, crop) if crop else (param.height, param.width)
    return _images(builder, param.batch_size, param.channels, height, width)


def _images(
    builder: LayerBuilder, batch: int, channels: int, height: int, width: int
) -> list[Tensor]:
    shape = (batch, channels, height, width)
    if min(shape) < 1:
        builder.refuse(
            "does not state the shape of its images: give crop_size and batch_size, or use the "
            "deploy file"
        )
    builder.notes.append(f"{builder.layer} became inputs, {channels} channels assumed")
    return _inputs(builder, [shape, (batch,)][: len(builder.layer.tops)])


def _inputs(builder: LayerBuilder, shapes: Sequence[Any]) -> list[Tensor]:
    tops = builder.layer.tops
    if len(shapes) not in (1, len(tops)):
        builder.refuse(f"has {len(shapes)} shapes for {len(tops)} tops, give one, or one per top")
    if not all(shapes):
        builder.refuse("gives a shape without dimensions")
    each = list(shapes) * len(tops) if len(shapes) == 1 else shapes
    return [builder.input(top, shape) for top, shape in zip(tops, each, strict=True)]


CONVERTERS = {
    "Input": Converter(input_, bottoms=(0, 0), tops=(1, MANY)),
    "DummyData": Converter(dummy_data, bottoms=(0, 0), tops=(1, MANY)),
    "Data": Converter(data, bottoms=(0, 0), tops=(1, 2)),
    "ImageData": Converter(image_data, bottoms=(0, 0), tops=(1, 2)),
    "MemoryData": Converter(memory_data, bottoms=(0, 0), tops=(1, 2)),
}
