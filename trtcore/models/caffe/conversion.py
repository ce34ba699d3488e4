"""Walks the layers of a net in order, follows the blobs, and collects everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from trtcore.errors import ModelError
from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Graph, Tensor
from trtcore.models.caffe.layers import CONVERTERS, TRAINING_ONLY
from trtcore.models.caffe.net import Layer, Net
from trtcore.models.caffe.weights import LayerError, Weights

MAX_PROBLEMS = 20


class Conversion:
    """A net on its way into a graph.

    Attributes:
        graph: what the layers became.
        notes: lines for the report.
    """

    def __init__(self, net: Net, weights: Weights, batch: int | None) -> None:
        self.graph = Graph(layer.name for layer in net.layers)
        self.notes: list[str] = []
        self._net = net
        self._weights = weights
        self._batch = batch
        self._problems: list[str] = []
        # None stands for the blob of a layer that could not be converted.
        self._blobs: dict[str, Tensor | None] = {}
        self._layer_tops: dict[str, Tensor] = {}
        self._makers = _makers(net.layers)
        # Blobs nobody has read yet, in the order they were made; a dict serves as ordered set.
        self._unread: dict[str, None] = {}
        self._idle: list[Layer] = []
        self._training_only: list[Layer] = list(net.other_phase)

    def run(self, source: str) -> None:
        """Converts every layer.

        Raises:
            ModelError: all that is wrong with the net, in one line.
        """
        for layer in self._net.layers:
            try:
                self._layer(layer)
            except LayerError as problem:
                self._problems.append(f"{layer}: {problem}")
                self._blobs.update(dict.fromkeys(layer.tops))
        if self._problems:
            raise ModelError(f"{source}: {_joined(self._problems)}")
        self._note("left out, they do nothing at inference", self._idle)
        self._note("left out, they belong to training", self._training_only)

    def outputs(self, names: Sequence[str]) -> list[Tensor]:
        """The tensors of the blobs or layers named, or of the blobs that no layer reads.

        Raises:
            ModelError: no such blob or layer, or nothing computes it.
        """
        tensors = [self._output(name) for name in names]
        if not names:
            found = (self._blobs[blob] for blob in self._unread)
            tensors = [t for t in found if t is not None and t not in self.graph.inputs]
        if not tensors:
            raise ModelError("the net has no outputs: no layer computes a blob that stays unread")
        return list(dict.fromkeys(tensors))

    def _output(self, name: str) -> Tensor:
        tensor = self._blobs.get(name) or self._layer_tops.get(name)
        if tensor is None:
            near = get_close_matches(name, [*self._blobs, *self._layer_tops], 1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise ModelError(f"output {name!r}: the net has no blob or layer of this name{hint}")
        if tensor in self.graph.inputs:
            raise ModelError(f"output {name!r} is an input of the net, no layer computes it")
        return tensor

    def _layer(self, layer: Layer) -> None:
        if layer.type in TRAINING_ONLY:
            self._training_only.append(layer)
            return
        if layer.type not in CONVERTERS:
            near = get_close_matches(layer.type, CONVERTERS, 1, cutoff=0.85)
            hint = f", did you mean {near[0]}?" if near else ""
            raise LayerError(f"this layer type is not supported{hint}")
        bottoms = [self._bottom(name, layer) for name in layer.bottoms]
        self._check_tops(layer)
        if any(bottom is None for bottom in bottoms):
            self._blobs.update(dict.fromkeys(layer.tops))
            return
        known = [bottom for bottom in bottoms if bottom is not None]
        builder = LayerBuilder(layer, known, self.graph, self._weights, self._batch)
        tensors = CONVERTERS[layer.type](builder)
        self.notes += builder.notes
        if all(tensor in known for tensor in tensors):
            self._idle.append(layer)
        for top, tensor in zip(layer.tops, tensors, strict=True):
            self._blobs[top] = tensor
            self._unread[top] = None
            self._layer_tops.setdefault(layer.name, tensor)

    def _bottom(self, name: str, layer: Layer) -> Tensor | None:
        if name in self._blobs:
            self._unread.pop(name, None)
            return self._blobs[name]
        maker = self._makers.get(name)
        if maker is None:
            raise LayerError(f"reads {name!r}, which no layer makes")
        if maker.type in TRAINING_ONLY:
            raise LayerError(f"reads {name!r} of {maker}, which is left out in TEST phase")
        whose = "itself" if maker is layer else f"{maker} further down"
        raise LayerError(f"reads {name!r}, which is made by {whose}: a cycle, or a wrong order")

    def _check_tops(self, layer: Layer) -> None:
        """A blob has one maker, but for the layers that work on it in place."""
        for index, top in enumerate(layer.tops):
            is_taken = top in self._blobs and not _is_in_place(layer, index)
            if top in layer.tops[:index] or is_taken:
                raise LayerError(f"makes {top!r}, which another layer has made already")

    def _note(self, what: str, layers: Sequence[Layer]) -> None:
        if layers:
            names = ", ".join(f"{layer.name!r} ({layer.kind})" for layer in layers)
            self.notes.append(f"{what}: {names}")


def _is_in_place(layer: Layer, index: int) -> bool:
    return layer.bottoms[index : index + 1] == layer.tops[index : index + 1]


def _makers(layers: Sequence[Layer]) -> dict[str, Layer]:
    """Which layer makes each blob, wherever it stands."""
    return {
        top: layer
        for layer in layers
        for index, top in enumerate(layer.tops)
        if not _is_in_place(layer, index)
    }


def _joined(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    more = len(problems) - MAX_PROBLEMS
    tail = f"; and {more} more" if more > 0 else ""
    return f"{len(problems)} problems: {'; '.join(problems[:MAX_PROBLEMS])}{tail}"
