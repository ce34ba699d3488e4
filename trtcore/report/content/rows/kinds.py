"""The kind of work of each layer, and the colour that each kind has in pictures and terminals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from trtcore.result.analysis.naming.kinds import LayerKind


class KindColour(NamedTuple):
    """A colour.

    Attributes:
        name: what to call it in a legend.
        rgb: in hexadecimal, for pictures.
        ansi: one of the sixteen colours that a terminal's own theme defines.
    """

    name: str
    rgb: str
    ansi: str


# After the qualitative palette of Okabe and Ito, which is told apart with colour blindness too. A
# terminal has fewer colours, so there kinds that rarely stand side by side share one.
_GREY = KindColour("grey", "#999999", "white")
_COLOURS: Mapping[str, KindColour] = {
    LayerKind.ATTENTION.value: KindColour("purple", "#8c4fa0", "magenta"),
    LayerKind.CONVOLUTION.value: KindColour("blue", "#0072b2", "blue"),
    LayerKind.MATMUL.value: KindColour("blue", "#0072b2", "blue"),
    LayerKind.NORMALIZATION.value: KindColour("green", "#009e73", "green"),
    LayerKind.SOFTMAX.value: KindColour("pink", "#cc79a7", "bright_magenta"),
    LayerKind.POOLING.value: KindColour("light blue", "#56b4e9", "cyan"),
    LayerKind.REDUCTION.value: KindColour("light blue", "#56b4e9", "cyan"),
    LayerKind.ELEMENTWISE.value: KindColour("yellow", "#d6b800", "yellow"),
    LayerKind.QUANTIZATION.value: KindColour("orange", "#e69f00", "bright_red"),
    LayerKind.DATA_MOVEMENT.value: KindColour("brown", "#8b5a2b", "bright_black"),
    LayerKind.REFORMAT.value: KindColour("red", "#d55e00", "red"),
}


def kind_colour(kind: str) -> KindColour:
    """Returns the colour of a kind; grey for stream sync layers and whatever is not known."""
    return _COLOURS.get(kind, _GREY)
