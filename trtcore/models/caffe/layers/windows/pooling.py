"""Pooling with Caffe's sizes and divisors, as explicit padding that every runtime reads alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.layers.windows.mask import max_mask
from trtcore.models.caffe.layers.windows.window import check_positive

# Numbers of PoolMethod and RoundMode in caffe.proto.
_MAX, _AVE, _STOCHASTIC = 0, 1, 2
_CEIL = 0


@dataclass(frozen=True)
class _Pool:
    """Kernel, stride and pad of the two axes."""

    kernel: list[int]
    stride: list[int]
    pad: list[int]

    def out(self, sizes: Shape, is_ceil: bool) -> list[int]:
        """Output sizes: rounded up, but no window starts in the padding at the end.

        Source: BVLC/caffe src/caffe/layers/pooling_layer.cpp, Reshape.
        """
        outs = []
        for size, k, s, p in zip(sizes, self.kernel, self.stride, self.pad, strict=True):
            room = size + 2 * p - k
            out = (-(-room // s) if is_ceil else room // s) + 1
            # Caffe clips both axes as soon as either one is padded.
            if any(self.pad) and (out - 1) * s >= size + p:
                out -= 1
            outs.append(out)
        return outs

    def end_pads(self, sizes: Shape, outs: list[int]) -> list[int]:
        """Padding at the end with which rounding down gives these sizes."""
        axes = zip(sizes, outs, self.kernel, self.stride, self.pad, strict=True)
        return [max(p, (out - 1) * s + k - size - p) for size, out, k, s, p in axes]


def pooling(builder: LayerBuilder) -> list[Tensor]:
    """MaxPool or AveragePool, their global forms, or Pad and AveragePool."""
    param, shape = builder.param("pooling_param"), builder.image_shape()
    if param.pool == _STOCHASTIC:
        builder.refuse("pool STOCHASTIC is not supported, use MAX or AVE")
    is_max = param.pool == _MAX
    has_mask = len(builder.layer.tops) == 2
    if has_mask and (not is_max or param.global_pooling):
        builder.refuse("has a second top, which only MAX pooling over windows has")
    if param.global_pooling:
        op = "GlobalMaxPool" if is_max else "GlobalAveragePool"
        _check_global(builder, param)
        return [builder.node(op, [builder.bottom], (*shape[:2], 1, 1))]
    pool = _pool(builder, param)
    outs = pool.out(shape[2:], _rounds_up(builder, param))
    ends = pool.end_pads(shape[2:], outs)
    _check_windows(builder, pool, outs, ends)
    top = (*shape[:2], *outs)
    tops = [(_max if is_max else _average)(builder, pool, ends, top)]
    if has_mask:
        tops.append(max_mask(builder, pool.kernel, pool.stride, [*pool.pad, *ends], top))
    return tops


def _rounds_up(builder: LayerBuilder, param: Any) -> bool:
    """Whether sizes round up: by ``round_mode``, or by the ``ceil_mode`` of forks.

    Source: soeaver/caffe-model for ceil_mode; opencv/opencv, its Caffe importer, agrees.
    """
    rounds_up = bool(param.round_mode == _CEIL)
    if not param.HasField("ceil_mode"):
        return rounds_up
    if param.HasField("round_mode") and param.ceil_mode != rounds_up:
        builder.refuse("round_mode and ceil_mode contradict each other: remove one")
    return bool(param.ceil_mode)


def _max(builder: LayerBuilder, pool: _Pool, ends: list[int], top: Shape) -> Tensor:
    return builder.node(
        "MaxPool",
        [builder.bottom],
        top,
        kernel_shape=pool.kernel,
        strides=pool.stride,
        pads=pool.pad + ends,
    )


def _average(builder: LayerBuilder, pool: _Pool, ends: list[int], top: Shape) -> Tensor:
    """The declared padding counts in the divisor, what the rounding adds beyond it does not."""
    bottom, begins = builder.bottom, pool.pad
    is_counted = any(pool.pad)
    # count_include_pad counts all explicit padding or none, so the declared part becomes a Pad node
    # where rounding adds to it.
    if is_counted and ends != pool.pad:
        bottom = _padded(builder, pool.pad)
        begins, ends = [0, 0], [end - pad for end, pad in zip(ends, pool.pad, strict=True)]
        is_counted = False
    return builder.node(
        "AveragePool",
        [bottom],
        top,
        kernel_shape=pool.kernel,
        strides=pool.stride,
        pads=begins + ends,
        count_include_pad=int(is_counted),
    )


def _padded(builder: LayerBuilder, pad: list[int]) -> Tensor:
    batch, channels, height, width = builder.bottom.shape
    shape = (batch, channels, height + 2 * pad[0], width + 2 * pad[1])
    pads = builder.integers("pads", [0, 0, *pad, 0, 0, *pad])
    return builder.node("Pad", [builder.bottom, pads], shape, "pad")


def _pool(builder: LayerBuilder, param: Any) -> _Pool:
    kernel = _pair(builder, param, "kernel_size", "kernel")
    stride, pad = (_pair(builder, param, name, name) for name in ("stride", "pad"))
    check_positive(builder, kernel_size=kernel, stride=stride)
    for p, k in zip(pad, kernel, strict=True):
        if p >= k:
            builder.refuse(f"pad {p} must be smaller than the kernel, {k}")
    return _Pool(kernel, stride, pad)


def _pair(builder: LayerBuilder, param: Any, name: str, stem: str) -> list[int]:
    height, width = f"{stem}_h", f"{stem}_w"
    if not (param.HasField(height) or param.HasField(width)):
        return [getattr(param, name)] * 2
    if param.HasField(name):
        builder.refuse(f"has both {name} and {height} or {width}, use one form")
    return [getattr(param, height), getattr(param, width)]


def _check_global(builder: LayerBuilder, param: Any) -> None:
    for name in ("kernel_size", "kernel_h", "kernel_w"):
        if param.HasField(name):
            builder.refuse(f"has both global_pooling and {name}, use one")
    if any(getattr(param, name) for name in ("pad", "pad_h", "pad_w")):
        builder.refuse("has both global_pooling and padding, use one")


def _check_windows(builder: LayerBuilder, pool: _Pool, outs: list[int], ends: list[int]) -> None:
    """Refuses windows wholly outside the image: Caffe's own result there has no meaning."""
    sizes = builder.bottom.shape[2:]
    axes = zip(sizes, outs, pool.kernel, pool.stride, pool.pad, ends, strict=True)
    for size, out, kernel, stride, pad, end in axes:
        if out < 1:
            builder.refuse(f"kernel {kernel} does not fit into its bottom of size {size}")
        if (out - 1) * stride - pad >= size or end >= kernel:
            builder.refuse(
                f"kernel {kernel}, stride {stride}, pad {pad} on size {size} puts its last window "
                "outside the image"
            )


CONVERTERS = {"Pooling": Converter(pooling, tops=(1, 2))}
