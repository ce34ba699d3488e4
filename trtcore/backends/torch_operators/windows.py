"""Convolutions and pools. PyTorch pads both ends alike; where ONNX does not, that comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor
from torch.nn import functional

from trtcore.backends.torch_operators.call import Call, Kernel, Operator

_CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_TRANSPOSED = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}
_MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGES = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """Where a kernel is put on the spatial dimensions.

    Attributes:
        sizes: of the input.
        kernel: size of the kernel.
        strides: steps between its places.
        dilations: steps between its elements.
        begins: padding before.
        ends: padding behind.
        rounds_up: whether a place that is not whole counts.
    """

    sizes: Sizes
    kernel: Sizes
    strides: Sizes
    dilations: Sizes
    begins: Sizes
    ends: Sizes
    rounds_up: bool = False

    @cached_property
    def spans(self) -> Sizes:
        """How far the kernel reaches."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether PyTorch can pad it: both ends alike, and not by more than half the kernel."""
        return self.begins == self.ends and all(
            2 * pad <= span for pad, span in zip(self.begins, self.spans, strict=True)
        )

    @cached_property
    def reached(self) -> Sizes:
        """Padding behind that the last place of the kernel reaches into; never negative."""
        each = zip(self.sizes, self.spans, self.strides, self.begins, self.ends, strict=True)
        return tuple(max(self._reached(*one), 0) for one in each)

    def _reached(self, size: int, span: int, stride: int, begin: int, end: int) -> int:
        room = size + begin + end - span
        last = -(-room // stride) if self.rounds_up else room // stride
        if self.rounds_up and last * stride >= size + begin:
            last -= 1  # it would begin in the padding behind
        return last * stride + span - size - begin


def window(call: Call, kernel: Sizes) -> Window:
    """Reads the attributes that convolutions and pools have in common."""
    rank = len(call.spatial)
    strides, dilations = (tuple(call.get(name, (1,) * rank)) for name in ("strides", "dilations"))
    pads = tuple(call.get("pads", (0,) * 2 * rank))
    auto = call.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        each = zip(call.spatial, kernel, strides, dilations, strict=True)
        totals = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in each]
        pads = _shared_out(totals, more_before=auto == "SAME_LOWER")
    elif auto == "VALID":
        pads = (0,) * 2 * rank
    rounds_up = bool(call.get("ceil_mode", 0))
    return Window(call.spatial, kernel, strides, dilations, pads[:rank], pads[rank:], rounds_up)


def _shared_out(totals: Sequence[int], *, more_before: bool) -> Sizes:
    less, more = [n // 2 for n in totals], [n - n // 2 for n in totals]
    return (*more, *less) if more_before else (*less, *more)


def _padding(begins: Sizes, ends: Sizes) -> list[int]:
    """As `torch.nn.functional.pad` takes it: the last dimension first."""
    pairs = list(zip(begins, ends, strict=True))
    return [size for pair in reversed(pairs) for size in pair]


def _convolution(call: Call) -> Kernel:
    spot = window(call, call.shape_of(1)[2:])
    run = _ranked(call, _CONVOLUTIONS)
    pads = spot.begins if spot.begins == spot.ends else (0,) * len(spot.begins)
    groups = call.get("group", 1)

    def kernel(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return run(x, weight, bias, spot.strides, pads, spot.dilations, groups)

    if spot.begins == spot.ends:
        return kernel
    around = _padding(spot.begins, spot.ends)
    return lambda x, *others: kernel(functional.pad(x, around), *others)


def _transposed(call: Call) -> Kernel:
    spot = window(call, call.shape_of(1)[2:])
    rank = len(spot.sizes)
    extra = tuple(call.get("output_padding", (0,) * rank))
    begins, ends = _transposed_pads(call, spot, extra)
    if min((*begins, *ends)) < 0:
        raise call.refuse("an output larger than the kernel reaches")
    run, groups = _ranked(call, _TRANSPOSED), call.get("group", 1)
    pads = begins if begins == ends else (0,) * rank

    def kernel(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return run(x, weight, bias, spot.strides, pads, extra, groups, spot.dilations)

    if begins == ends:
        return kernel
    crop = [-size for size in _padding(begins, ends)]
    return lambda x, *others: functional.pad(kernel(x, *others), crop)


def _transposed_pads(call: Call, spot: Window, extra: Sizes) -> tuple[Sizes, Sizes]:
    """What is cut off before and behind; SAME and output_shape say it by the size that is left."""
    auto, wanted = call.get("auto_pad", "NOTSET"), call.get("output_shape")
    if auto.startswith("SAME") and wanted is None:
        wanted = [size * stride for size, stride in zip(spot.sizes, spot.strides, strict=True)]
    if wanted is None:
        return spot.begins, spot.ends
    each = zip(spot.sizes, spot.strides, spot.spans, extra, wanted[-len(extra) :], strict=True)
    totals = [(n - 1) * s + span + more - out for n, s, span, more, out in each]
    pads = _shared_out(totals, more_before=auto != "SAME_UPPER")
    return pads[: len(extra)], pads[len(extra) :]


def _maximum(call: Call) -> Kernel:
    spot = window(call, tuple(call.get("kernel_shape")))
    pool = _ranked(call, _MAXIMA)
    options = {"stride": spot.strides, "dilation": spot.dilations}
    if spot.is_symmetric:
        return partial(
            pool,
            kernel_size=spot.kernel,
            padding=spot.begins,
            ceil_mode=spot.rounds_up,
            **options,
        )
    around = _padding(spot.begins, spot.reached)
    return lambda x: pool(functional.pad(x, around, value=-torch.inf), spot.kernel, **options)


def _average(call: Call) -> Kernel:
    spot = window(call, tuple(call.get("kernel_shape")))
    if any(step != 1 for step in spot.dilations):
        raise call.refuse("an average pool with dilations")
    pool, counts_pads = _ranked(call, _AVERAGES), bool(call.get("count_include_pad", 0))
    if spot.is_symmetric:
        return partial(
            pool,
            kernel_size=spot.kernel,
            stride=spot.strides,
            padding=spot.begins,
            ceil_mode=spot.rounds_up,
            count_include_pad=counts_pads,
        )
    around = _padding(spot.begins, spot.reached)
    pool = partial(pool, kernel_size=spot.kernel, stride=spot.strides)
    counted = pool(_counted(call.inputs[0], spot, counts_pads))
    return lambda x: pool(functional.pad(x, around)) / counted


def _counted(x: Tensor, spot: Window, counts_pads: bool) -> Tensor:
    """Ones for what counts in an average, zeros for padding that does not."""
    ones = torch.ones((1, 1, *spot.sizes), dtype=x.dtype, device=x.device)
    ends = tuple(min(pair) for pair in zip(spot.ends, spot.reached, strict=True))
    beyond = tuple(n - end for n, end in zip(spot.reached, ends, strict=True))
    near = functional.pad(ones, _padding(spot.begins, ends), value=float(counts_pads))
    return functional.pad(near, _padding((0,) * len(beyond), beyond))


def _ranked(call: Call, functions: Mapping[int, Kernel]) -> Kernel:
    rank = len(call.spatial)
    if rank not in functions:
        raise call.refuse(f"{rank} spatial dimensions")
    return functions[rank]


def _global_average(call: Call) -> Kernel:
    dims = tuple(range(2, len(call.shape)))
    return lambda x: x.mean(dims, keepdim=True)


def _global_maximum(call: Call) -> Kernel:
    dims = tuple(range(2, len(call.shape)))
    return lambda x: x.amax(dims, keepdim=True)


OPERATORS: Mapping[str, Operator] = {
    "AveragePool": Operator(_average),
    "Conv": Operator(_convolution),
    "ConvTranspose": Operator(_transposed),
    "GlobalAveragePool": Operator(_global_average),
    "GlobalMaxPool": Operator(_global_maximum),
    "MaxPool": Operator(_maximum),
}
