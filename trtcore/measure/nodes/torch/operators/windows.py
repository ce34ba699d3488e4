"""Positions and padding of the kernels of convolutions and pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from trtcore.measure.nodes.torch.operators.call import Call, Kernel

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """The positions of a kernel on the spatial dimensions.

    Attributes:
        sizes: of the input.
        kernel: size of the kernel.
        strides: distance between its positions.
        dilations: distance between its elements.
        begins: padding before.
        ends: padding behind.
        rounds_up: ONNX's ``ceil_mode``: a position partly outside counts.
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
        """Padding behind that the kernel's last position needs; never negative."""
        axes = zip(self.sizes, self.spans, self.strides, self.begins, self.ends, strict=True)
        return tuple(max(self._reached(*axis), 0) for axis in axes)

    def _reached(self, size: int, span: int, stride: int, begin: int, end: int) -> int:
        room = size + begin + end - span
        last = -(-room // stride) if self.rounds_up else room // stride
        if self.rounds_up and last * stride >= size + begin:
            last -= 1  # ONNX drops a position that begins in the padding behind
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
        pads = shared_out(totals, more_before=auto == "SAME_LOWER")
    elif auto == "VALID":
        pads = (0,) * 2 * rank
    rounds_up = bool(call.get("ceil_mode", 0))
    return Window(call.spatial, kernel, strides, dilations, pads[:rank], pads[rank:], rounds_up)


def shared_out(totals: Sequence[int], *, more_before: bool) -> Sizes:
    """Halves each amount of padding: what comes before, then what comes behind."""
    less, more = [n // 2 for n in totals], [n - n // 2 for n in totals]
    return (*more, *less) if more_before else (*less, *more)


def padding(begins: Sizes, ends: Sizes) -> list[int]:
    """As `torch.nn.functional.pad` takes it: the last dimension first."""
    pairs = list(zip(begins, ends, strict=True))
    return [size for pair in reversed(pairs) for size in pair]


def ranked(call: Call, functions: Mapping[int, Kernel]) -> Kernel:
    """The function for the number of spatial dimensions that a node has."""
    rank = len(call.spatial)
    if rank not in functions:
        raise call.refuse(f"{rank} spatial dimensions")
    return functions[rank]
