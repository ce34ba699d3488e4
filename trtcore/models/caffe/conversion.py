"""Converts the layers that a net's outputs need, in order, and collects all problems."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from trtcore.errors import argument
from trtcore.models.caffe.builder import LayerBuilder, Requested
from trtcore.models.caffe.graph import Graph, Tensor, text
from trtcore.models.caffe.layers import CONVERTERS
from trtcore.models.caffe.layers.sources import FROM_SHAPES
from trtcore.models.caffe.net import Layer
from trtcore.models.caffe.problems import NOT_SUPPORTED, LayerError, Problem, UnsupportedError
from trtcore.models.caffe.weights import Weights
from trtcore.models.caffe.wiring import Top, Wiring, is_input

# 0.85 accepts slips of the pen ("Convoluton": 0.95) and not another layer of similar name
# ("ROIPooling" and "Pooling": 0.82).
_CLOSE = 0.85


class Conversion:
    """A net during its conversion to a graph.

    Attributes:
        graph: the ONNX graph of the layers converted so far.
        notes: lines for the report.
        ends: as of `Model`.
        problems: what is wrong with the layers.
        idle: the layers that do nothing at inference.
    """

    def __init__(self, wiring: Wiring, weights: Weights, requested: Requested) -> None:
        self.graph = Graph(layer.name for layer in wiring.layers)
        self.notes: list[str] = []
        self.ends: dict[str, tuple[str, ...]] = {}
        self.problems: list[Problem] = []
        self.idle: list[Layer] = []
        self._wiring = wiring
        self._weights = weights
        self._requested = requested
        # None stands for the result of a layer that could not be converted.
        self._tensors: dict[Top, Tensor | None] = {}
        self._read: set[Top | None] = set()

    def run(self, outputs: Sequence[Top]) -> list[Tensor]:
        """Converts what the outputs need; a tensor for each, unless `problems` were found."""
        needed = self._wiring.needed(outputs)
        self._read = {*outputs, *(top for one in needed for top in self._wiring.sources[one])}
        for layer in self._wiring.layers:
            if layer in needed:
                self._convert(layer)
            elif layer.type == "Silence":
                self.idle.append(layer)
        self.notes += self._placeholders()
        # Split and Dropout give one tensor several blob names: it is one output.
        return list(dict.fromkeys(filter(None, map(self._tensors.get, outputs))))

    def _convert(self, layer: Layer) -> None:
        try:
            tensors: Sequence[Tensor | None] = self._layer(layer)
        except LayerError as problem:
            is_unsupported = isinstance(problem, UnsupportedError)
            reason = f"{problem}{'' if is_unsupported else self._doubt()}"
            self.problems.append(Problem(layer, reason, is_unsupported))
            # Known, but without a tensor: the layers behind it are skipped, not reported too.
            tensors = [None] * len(layer.tops)
        for index, tensor in enumerate(tensors):
            self._tensors[Top(layer, index)] = tensor

    def _layer(self, layer: Layer) -> Sequence[Tensor | None]:
        hint = _hint(layer.type)
        # Whatever reads nothing hands data in: all that matters of it is the shape.
        is_data = is_input(layer) and not hint
        converter = CONVERTERS.get(layer.type, FROM_SHAPES if is_data else None)
        if converter is None:
            raise UnsupportedError(f"{NOT_SUPPORTED}{hint}")
        if layer in self._wiring.faults:
            raise LayerError(self._wiring.faults[layer])
        if layer.skipped:
            fields = ", ".join(map(str, layer.skipped))
            raise LayerError(
                f"{fields} is not known and may change its result; if it does not, remove it"
                if len(layer.skipped) == 1
                else f"{fields} are not known and may change its result; if not, remove them"
            )
        sources = [self._tensors[top] for top in self._wiring.sources[layer] if top is not None]
        bottoms = [tensor for tensor in sources if tensor is not None]
        if len(bottoms) < len(sources):
            return [None] * len(layer.tops)
        read = [index for index in range(len(layer.tops)) if Top(layer, index) in self._read]
        builder = LayerBuilder(layer, bottoms, self.graph, self._weights, self._requested, read)
        tensors = converter(builder)
        self.notes += builder.notes
        if builder.ends:
            self.ends[layer.name] = builder.ends
        if all(tensor in bottoms for tensor in tensors):
            self.idle.append(layer)
        return tensors

    def _doubt(self) -> str:
        """What to add to a problem of a net whose input has a size that may be none."""
        return "".join(f" ({note})" for note in self._placeholders()[:1])

    def _placeholders(self) -> list[str]:
        """A note for each input of images of one pixel: a placeholder of code that resizes."""
        return [
            f"input {tensor.name!r} is {text(tensor.shape)}, which looks like a placeholder: give "
            f"its size with {argument('shapes')}"
            for tensor in self.graph.inputs
            if len(tensor.shape) == 4
            and tensor.shape[2:] == (1, 1)
            and not self._requested.has([tensor.name])
        ]


def _hint(kind: str) -> str:
    """The supported type that a misspelt one means; not one whose name only begins alike."""
    near = get_close_matches(kind, CONVERTERS, 1, cutoff=_CLOSE)
    # ReLU6 or YoloDetectionOutput are functions of their own: a type that adds to the name of
    # another is no slip of the pen.
    is_slip = bool(near) and near[0].lower() not in kind.lower()
    return f", did you mean {near[0]}?" if is_slip else ""
