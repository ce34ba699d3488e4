"""Layers without bottoms: Input, and the data layers of training files, which become inputs.

Source: BVLC/caffe src/caffe/layers/*_data_layer.cpp for the shapes.
"""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.errors import argument
from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor
from trtcore.models.caffe.layers.converter import MANY, Converter


def input_(builder: LayerBuilder) -> list[Tensor | None]:
    """Inputs of the net, named after the tops."""
    return _inputs(builder, [tuple(shape.dim) for shape in builder.param("input_param").shape])


def dummy_data(builder: LayerBuilder) -> list[Tensor | None]:
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


def data(builder: LayerBuilder) -> list[Tensor | None]:
    """Data: batch_size images of crop_size, and labels."""
    param, transform = builder.param("data_param"), builder.param("transform_param")
    # Older files have crop_size in the data layer's own parameters; the newer place goes first.
    channels = 1 if transform.force_gray else 3
    crop = transform.crop_size or param.crop_size
    return _images(builder, (param.batch_size, channels, crop, crop))


def image_data(builder: LayerBuilder) -> list[Tensor | None]:
    """ImageData: batch_size images of crop_size, or of new_height and new_width, and labels."""
    param = builder.param("image_data_param")
    crop = builder.param("transform_param").crop_size or param.crop_size
    sizes = (crop, crop) if crop else (param.new_height, param.new_width)
    return _images(builder, (param.batch_size, 3 if param.is_color else 1, *sizes))


def memory_data(builder: LayerBuilder) -> list[Tensor | None]:
    """MemoryData: its shape is in the file, and labels."""
    param = builder.param("memory_data_param")
    crop = builder.param("transform_param").crop_size
    sizes = (crop, crop) if crop else (param.height, param.width)
    return _images(builder, (param.batch_size, param.channels, *sizes), are_channels_stated=True)


def from_shapes(builder: LayerBuilder) -> list[Tensor | None]:
    """Data layers whose files tell no shape: those that were requested."""
    builder.notes.append(f"{builder.layer} became inputs")
    return _inputs(builder, [])


def _images(
    builder: LayerBuilder, stated: Shape, *, are_channels_stated: bool = False
) -> list[Tensor | None]:
    """Images of the shape stated, as far as it is, and a label for each."""
    name, *labels = builder.layer.tops
    is_requested, is_stated = builder.requested.has([name]), min(stated) >= 1
    images = builder.requested.shape(name, stated) if is_requested or is_stated else None
    is_assumed = is_stated and not is_requested and not are_channels_stated
    assumed = f", {stated[1]} channels assumed" if is_assumed else ""
    builder.notes.append(f"{builder.layer} became inputs{assumed}")
    of_labels = () if images is None else images[:1]
    return _inputs(builder, [images or (), *(of_labels for _ in labels)])


def _inputs(builder: LayerBuilder, stated: Sequence[Shape]) -> list[Tensor | None]:
    """An input for each top, of the shape requested or stated."""
    tops = builder.layer.tops
    if len(stated) not in (0, 1, len(tops)):
        builder.refuse(f"has {len(stated)} shapes for {len(tops)} tops, give one, or one per top")
    each = list(stated) * len(tops) if len(stated) == 1 else stated or [()] * len(tops)
    return [_input(builder, index, shape) for index, shape in enumerate(each)]


def _input(builder: LayerBuilder, index: int, stated: Shape) -> Tensor | None:
    name = builder.layer.tops[index]
    shape = builder.requested.shape(name, stated)
    if shape:
        return builder.input(name, shape)
    if builder.is_read(index):
        # The letters stand for the numbers to type; images are by far the most usual inputs.
        shapes = argument("shapes", {name: ("N", "C", "H", "W")})
        builder.refuse(f"does not state the shape of {name!r}: give it with {shapes}")
    return None


_FREE = Converter(from_shapes, bottoms=(0, 0), tops=(1, MANY))
FROM_SHAPES = _FREE
"""For any type without bottoms, where shapes of its tops were requested."""

CONVERTERS = {
    "Input": Converter(input_, bottoms=(0, 0), tops=(1, MANY)),
    "DummyData": Converter(dummy_data, bottoms=(0, 0), tops=(1, MANY)),
    "Data": Converter(data, bottoms=(0, 0), tops=(1, 2)),
    "ImageData": Converter(image_data, bottoms=(0, 0), tops=(1, 2)),
    "MemoryData": Converter(memory_data, bottoms=(0, 0), tops=(1, 2)),
    "HDF5Data": _FREE,
    "WindowData": _FREE,
    "AnnotatedData": _FREE,
}
