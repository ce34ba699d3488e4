"""Which layer reads what of which layer, and what of a net its outputs need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from trtcore.errors import ModelError, argument
from trtcore.models.caffe.ends import why_no_outputs
from trtcore.models.caffe.layers import CONVERTERS, TRAINING_ONLY
from trtcore.models.caffe.layers.sources import CONVERTERS as SOURCES
from trtcore.models.caffe.net import Layer, Net


@dataclass(frozen=True)
class Top:
    """One result of a layer: a blob in the state in which the layer leaves it."""

    layer: Layer
    index: int

    @property
    def blob(self) -> str:
        """Name of the blob."""
        return self.layer.tops[self.index]


class Wiring:
    """The layers of a net and the results that each one reads.

    Attributes:
        layers: the layers that run, in order; those that only training has are left out.
        sources: by layer, what it reads; None for a bottom that nothing produces.
        faults: by layer, why its bottoms or tops cannot be.
    """

    def __init__(self, net: Net) -> None:
        self.layers = tuple(one for one in net.layers if one.type not in TRAINING_ONLY)
        self.sources: dict[Layer, tuple[Top | None, ...]] = {}
        self.faults: dict[Layer, str] = {}
        self._net = net
        self._blobs: dict[str, Top] = {}
        self._first_tops: dict[str, Top] = {}
        # Results that no layer has read yet, in order; a dict serves as an ordered set.
        self._unread: dict[str, None] = {}
        self._producers = _producers(net.layers)
        for layer in net.layers:
            self._add(layer)

    def outputs(self, names: Sequence[str]) -> list[Top]:
        """The results named, or those that no layer reads.

        Raises:
            ModelError: no such blob or layer, or every result is read.
        """
        tops = [self._output(name) for name in names]
        if not names:
            unread = [self._blobs[blob] for blob in self._unread]
            # Inputs that nothing reads only where nothing is computed: what is wrong with them is
            # to be said then.
            tops = [top for top in unread if not is_input(top.layer)] or unread
        if not tops:
            raise ModelError(self.why_no_outputs())
        return list(dict.fromkeys(tops))

    def name(self, top: Top) -> str:
        """The name by which `outputs` finds a result: its blob's, or its layer's."""
        return top.blob if self._blobs.get(top.blob) == top else top.layer.name

    def why_no_outputs(self) -> str:
        """What to say where no result is left that is not read."""
        ends = [layer for layer in self.layers if not layer.tops]
        read = [(layer, self._computed(self.sources[layer])) for layer in ends]
        return why_no_outputs(self._net, [(layer, names) for layer, names in read if names])

    def needed(self, tops: Iterable[Top]) -> set[Layer]:
        """The layers that these results need."""
        found: set[Layer] = set()
        # A list of what is left to do, not recursion: nets are deeper than Python's stack.
        left = [top.layer for top in tops]
        while left:
            layer = left.pop()
            if layer not in found:
                found.add(layer)
                left += [top.layer for top in self.sources[layer] if top is not None]
        return found

    def behind(self, layers: Collection[Layer]) -> set[Layer]:
        """These layers and all that read, however indirectly, a result of theirs."""
        found = set(layers)
        for layer in self.layers:
            if any(top is not None and top.layer in found for top in self.sources[layer]):
                found.add(layer)
        return found

    def _computed(self, tops: Iterable[Top | None]) -> list[str]:
        return [self.name(top) for top in tops if top and not is_input(top.layer)]

    def _output(self, name: str) -> Top:
        # A layer's own result can be requested by its name where a later one overwrote the blob.
        top = self._blobs.get(name) or self._first_tops.get(name)
        if top is None:
            near = get_close_matches(name, [*self._blobs, *self._first_tops], 1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise ModelError(f"output {name!r}: the net has no blob or layer of this name{hint}")
        return top

    def _add(self, layer: Layer) -> None:
        self.sources[layer] = tuple(self._source(blob) for blob in layer.bottoms)
        if layer.type in TRAINING_ONLY:
            return
        for blob, top in zip(layer.bottoms, self.sources[layer], strict=True):
            self._unread.pop(blob, None)
            if top is None:
                self.faults.setdefault(layer, self._missing(blob, layer))
        self._check_tops(layer)
        for index, blob in enumerate(layer.tops):
            # An in-place layer replaces the blob: later layers read its result.
            self._blobs[blob] = Top(layer, index)
            self._unread[blob] = None
            self._first_tops.setdefault(layer.name, Top(layer, 0))

    def _source(self, blob: str) -> Top | None:
        return self._blobs.get(blob)

    def _missing(self, blob: str, layer: Layer) -> str:
        """Why a blob that a layer reads is not there."""
        producer = self._producers.get(blob)
        if producer is None:
            return self._untold(blob)
        if producer.type in TRAINING_ONLY:
            return f"reads {blob!r} of {producer}, which is left out in TEST phase"
        whose = "itself" if producer is layer else f"{producer} further down"
        return f"reads {blob!r}, which is produced by {whose}: a cycle, or a wrong order"

    def _untold(self, blob: str) -> str:
        in_training = _producers(self._net.other_phase).get(blob)
        if in_training is None:
            return f"reads {blob!r}, which no layer produces"
        shape = argument("shapes", {blob: ("N", "C", "H", "W")})
        return (
            f"reads {blob!r}, which only {in_training} produces, and its rules leave it out in "
            f"phase TEST: make it an input with {shape}"
        )

    def _check_tops(self, layer: Layer) -> None:
        """Notes a blob that two layers produce, unless the second works in place."""
        for index, top in enumerate(layer.tops):
            is_taken = top in self._blobs and not _is_in_place(layer, index)
            if top in layer.tops[:index] or is_taken:
                fault = f"produces {top!r}, which another layer already produces"
                self.faults.setdefault(layer, fault)


def is_input(layer: Layer) -> bool:
    """Whether its tops are inputs of the net: a source, or an unknown type that reads nothing."""
    return not layer.bottoms and (layer.type in SOURCES or layer.type not in CONVERTERS)


def _is_in_place(layer: Layer, index: int) -> bool:
    return layer.bottoms[index : index + 1] == layer.tops[index : index + 1]


def _producers(layers: Sequence[Layer]) -> dict[str, Layer]:
    """The layer that produces each blob, earlier or later in the file."""
    return {
        top: layer
        for layer in layers
        for index, top in enumerate(layer.tops)
        if not _is_in_place(layer, index)
    }
