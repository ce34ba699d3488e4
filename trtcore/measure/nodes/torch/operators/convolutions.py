"""Convolutions. PyTorch pads both ends alike; where ONNX does not, padding is a step of its own."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator
from trtcore.measure.nodes.torch.operators.windows import (
    Sizes,
    Window,
    padding,
    ranked,
    shared_out,
    window,
)

_CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_TRANSPOSED = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


def _convolution(call: Call) -> Kernel:
    spot = window(call, call.shape_of(1)[2:])
    run = ranked(call, _CONVOLUTIONS)
    pads = spot.begins if spot.begins == spot.ends else (0,) * len(spot.begins)
    groups = call.get("group", 1)

    def kernel(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return run(x, weight, bias, spot.strides, pads, spot.dilations, groups)

    if spot.begins == spot.ends:
        return kernel
    around = padding(spot.begins, spot.ends)
    return lambda x, *others: kernel(functional.pad(x, around), *others)


def _transposed(call: Call) -> Kernel:
    spot = window(call, call.shape_of(1)[2:])
    rank = len(spot.sizes)
    extra = tuple(call.get("output_padding", (0,) * rank))
    begins, ends = _transposed_pads(call, spot, extra)
    if min((*begins, *ends)) < 0:
        raise call.refuse("an output larger than the kernel reaches")
    run, groups = ranked(call, _TRANSPOSED), call.get("group", 1)
    pads = begins if begins == ends else (0,) * rank

    def kernel(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return run(x, weight, bias, spot.strides, pads, extra, groups, spot.dilations)

    if begins == ends:
        return kernel
    crop = [-size for size in padding(begins, ends)]
    return lambda x, *others: functional.pad(kernel(x, *others), crop)


def _transposed_pads(call: Call, spot: Window, extra: Sizes) -> tuple[Sizes, Sizes]:
    """What is cropped before and behind; SAME and output_shape give it by the output's size."""
    auto, wanted = call.get("auto_pad", "NOTSET"), call.get("output_shape")
    if auto.startswith("SAME") and wanted is None:
        wanted = [size * stride for size, stride in zip(spot.sizes, spot.strides, strict=True)]
    if wanted is None:
        return spot.begins, spot.ends
    each = zip(spot.sizes, spot.strides, spot.spans, extra, wanted[-len(extra) :], strict=True)
    totals = [(n - 1) * s + span + more - out for n, s, span, more, out in each]
    pads = shared_out(totals, more_before=auto != "SAME_UPPER")
    return pads[: len(extra)], pads[len(extra) :]


OPERATORS: Mapping[str, Operator] = {
    "Conv": Operator(_convolution),
    "ConvTranspose": Operator(_transposed),
}
