"""Converts the layers of a net in order, follows the blobs, and collects all problems."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from trtcore.errors import ModelError
from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Graph, Tensor
from trtcore.models.caffe.layers import CONVERTERS, TRAINING_ONLY
from trtcore.models.caffe.net import Layer, Net
from trtcore.models.caffe.weights import LayerError, Weights

# A wrong file can fail at every layer: the first 20 problems show what is wrong with it, and the
# message stays readable.
MAX_PROBLEMS = 20


class Conversion:
    """A net during its conversion to a graph.

    Attributes:
        graph: the ONNX graph of the layers converted so far.
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
        self._producers = _producers(net.layers)
        # Blobs that no layer has read yet, in order; a dict serves as an ordered set.
        self._unread: dict[str, None] = {}
        self._idle: list[Layer] = []
        self._training_only: list[Layer] = list(net.other_phase)

    def run(self, source: str) -> None:
        """Converts every layer.

        Raises:
            ModelError: all problems of the net, in one line.
        """
        for layer in self._net.layers:
            try:
                self._layer(layer)
            except LayerError as problem:
                self._problems.append(f"{layer}: {problem}")
                # Known, but without a tensor: the layers behind it are skipped, not reported too.
                self._blobs.update(dict.fromkeys(layer.tops))
        if self._problems:
            raise ModelError(f"{source}: {_joined(self._problems)}")
        self._note("left out, no effect at inference", self._idle)
        self._note("left out, training only", self._training_only)

    def outputs(self, names: Sequence[str]) -> list[Tensor]:
        """The tensors of the blobs or layers named, or of the blobs that no layer reads.

        Raises:
            ModelError: no such blob or layer, or nothing computes it.
        """
        tensors = [self._output(name) for name in names]
        if not names:
            unread = (self._blobs[blob] for blob in self._unread)
            tensors = [t for t in unread if t is not None and t not in self.graph.inputs]
        if not tensors:
            raise ModelError("the net has no outputs: every computed blob is read by another layer")
        # Split and Dropout give one tensor several blob names: it is one output.
        return list(dict.fromkeys(tensors))

    def _output(self, name: str) -> Tensor:
        # A layer's own result can be requested by its name where a later one overwrote the blob.
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
            # 0.85 accepts slips of the pen ("Convoluton": 0.95) and not another layer of similar
            # name ("ROIPooling" and "Pooling": 0.82).
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
            # An in-place layer replaces the blob: later layers read its result.
            self._blobs[top] = tensor
            self._unread[top] = None
            self._layer_tops.setdefault(layer.name, tensor)

    def _bottom(self, name: str, layer: Layer) -> Tensor | None:
        if name in self._blobs:
            self._unread.pop(name, None)
            return self._blobs[name]
        producer = self._producers.get(name)
        if producer is None:
            raise LayerError(f"reads {name!r}, which no layer produces")
        if producer.type in TRAINING_ONLY:
            raise LayerError(f"reads {name!r} of {producer}, which is left out in TEST phase")
        whose = "itself" if producer is layer else f"{producer} further down"
        raise LayerError(f"reads {name!r}, which is produced by {whose}: a cycle, or a wrong order")

    def _check_tops(self, layer: Layer) -> None:
        """Refuses a blob that two layers produce, unless the second works in place."""
        for index, top in enumerate(layer.tops):
            is_taken = top in self._blobs and not _is_in_place(layer, index)
            if top in layer.tops[:index] or is_taken:
                raise LayerError(f"produces {top!r}, which another layer already produces")

    def _note(self, title: str, layers: Sequence[Layer]) -> None:
        if layers:
            names = ", ".join(f"{layer.name!r} ({layer.kind})" for layer in layers)
            self.notes.append(f"{title}: {names}")


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


def _joined(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    more = len(problems) - MAX_PROBLEMS
    tail = f"; and {more} more" if more > 0 else ""
    return f"{len(problems)} problems: {'; '.join(problems[:MAX_PROBLEMS])}{tail}"
