"""Why a net has no output of its own: what it ends in."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.errors import argument
from trtcore.models.caffe.layers import TRAINING_ONLY
from trtcore.models.caffe.net import Layer, Net

# Of layers and of blobs in one message: enough to see what they are.
_SHOWN = 3
_NONE = "the net has no outputs: "


def why_no_outputs(net: Net, ends: Sequence[tuple[Layer, Sequence[str]]]) -> str:
    """What to say of a net whose every computed result is read.

    Args:
        net: its layers.
        ends: the layers that read what was computed and write nothing, each with the names by
            which what it reads can be requested.
    """
    if ends:
        blobs = list(dict.fromkeys(name for _, names in ends for name in names))
        asked = argument("outputs", blobs[:_SHOWN])
        more = f", or {len(blobs) - _SHOWN} more" if len(blobs) > _SHOWN else ""
        return (
            f"{_NONE}it ends in {_named([layer for layer, _ in ends])}, without a result: ask for "
            f"what is read there with {asked}{more}"
        )
    judges = [layer for layer in net.layers if layer.type in TRAINING_ONLY]
    if judges:
        return f"{_NONE}only {_named(judges)} would be computed, left out in TEST phase"
    if net.other_phase:
        return f"{_NONE}only {_named(net.other_phase)} would be computed, of phase TRAIN"
    return f"{_NONE}no layer computes anything"


def _named(layers: Sequence[Layer]) -> str:
    shown = ", ".join(map(str, layers[:_SHOWN]))
    return f"{shown} and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else shown
