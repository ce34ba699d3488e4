"""Where to cut a net whose last layers are not supported: the results to take in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trtcore.models.caffe.net import Layer
from trtcore.models.caffe.wiring import Top, Wiring, is_input


@dataclass(frozen=True)
class Cut:
    """A net without the layers that are not supported and those behind them.

    Attributes:
        outputs: the results that take the place of the net's own outputs; none where nothing that
            is computed is left.
        behind: the supported layers that are lost too, because they read what is cut off.
    """

    outputs: tuple[Top, ...]
    behind: tuple[Layer, ...]


def cut_above(wiring: Wiring, outputs: Sequence[Top], unsupported: Sequence[Layer]) -> Cut:
    """Finds the results at the border of what can be converted.

    Args:
        wiring: the net.
        outputs: what was to be its outputs.
        unsupported: the layers that stand in the way.
    """
    needed = wiring.needed(outputs)
    lost = wiring.behind(unsupported)
    kept = [layer for layer in wiring.layers if layer in needed and layer not in lost]
    cut_off = [layer for layer in wiring.layers if layer in needed and layer in lost]
    read, missed = _read(wiring, kept), _read(wiring, cut_off)
    # What only the lost layers read ends the net now; what was requested stays an output.
    ends = [
        top
        for layer in kept
        if not is_input(layer)
        for top in (Top(layer, index) for index in range(len(layer.tops)))
        if top in outputs or (top in missed and top not in read)
    ]
    return Cut(tuple(ends), tuple(one for one in cut_off if one not in unsupported))


def _read(wiring: Wiring, layers: Sequence[Layer]) -> set[Top | None]:
    return {top for layer in layers for top in wiring.sources[layer]}
