"""The interface of layer converters: one layer, its bottoms, and the graph it adds nodes to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from trtcore.models.caffe.graph import Graph, Shape, Tensor, fits_in_a_blob, text
from trtcore.models.caffe.net import Layer
from trtcore.models.caffe.problems import LayerError, UnsupportedError
from trtcore.models.caffe.weights import BlobRequest, Maker, Weights


@dataclass(frozen=True)
class Requested:
    """The input shapes that were requested.

    Attributes:
        batch: the first dimension of every input; None keeps the file's.
        shapes: whole shapes by blob.
    """

    batch: int | None = None
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def has(self, blobs: Iterable[str]) -> bool:
        """Whether a shape was given for one of the blobs."""
        return any(blob in self.shapes for blob in blobs)

    def shape(self, blob: str, stated: Shape | None) -> Shape | None:
        """The shape of an input: as requested, or the file's with the batch requested."""
        if blob in self.shapes:
            return tuple(self.shapes[blob])
        if self.batch is None or not stated:
            return stated
        return (self.batch, *stated[1:])


class LayerBuilder:
    """Adds the nodes of one layer.

    The node that ends the layer has exactly the layer's name, and so has its tensor; the nodes
    before it are named ``layer/suffix``, its constants ``layer_suffix``.

    Attributes:
        layer: the layer.
        bottoms: its bottoms in order.
        notes: lines for the report.
        ends: the blobs to end the net with where a builder does not have this layer.
    """

    def __init__(
        self,
        layer: Layer,
        bottoms: Sequence[Tensor],
        graph: Graph,
        weights: Weights,
        requested: Requested,
        read: Collection[int] = (),
    ) -> None:
        self.layer = layer
        self.bottoms = tuple(bottoms)
        self.notes: list[str] = []
        self.ends: tuple[str, ...] = ()
        self._graph = graph
        self._weights = weights
        self._requested = requested
        self._read = read
        self._blobs = 0

    @property
    def bottom(self) -> Tensor:
        """The first bottom."""
        return self.bottoms[0]

    def param(self, field: str) -> Any:
        """A parameter message of the layer, such as ``pooling_param``; defaults if not given."""
        return getattr(self.layer.message, field)

    def axis(self, value: int, *, ends: bool = False) -> int:
        """A non-negative axis of the first bottom; ``ends`` allows one past the last.

        Raises:
            LayerError: no such axis.
        """
        ndim = len(self.bottom.shape)
        canonical = value + ndim if value < 0 else value
        if not 0 <= canonical < ndim + ends:
            self.refuse(f"axis {value} does not exist in its bottom of {text(self.bottom.shape)}")
        return canonical

    def image_shape(self) -> Shape:
        """The shape of the first bottom, which has to be one of images.

        Raises:
            LayerError: not of 4 axes.
        """
        shape = self.bottom.shape
        if len(shape) != 4:
            self.refuse(f"takes a bottom of 4 axes, got {text(shape)}")
        return shape

    def refuse(self, reason: str) -> NoReturn:
        """Refuses the layer.

        Raises:
            LayerError: always.
        """
        raise LayerError(reason)

    def unsupported(self, reason: str) -> NoReturn:
        """Refuses a layer that is right, but more than the importer can do.

        Raises:
            UnsupportedError: always.
        """
        raise UnsupportedError(reason)

    @property
    def requested(self) -> Requested:
        """The input shapes that were requested."""
        return self._requested

    def is_read(self, index: int) -> bool:
        """Whether a layer or an output takes this top."""
        return index in self._read

    def input(self, name: str, shape: Shape) -> Tensor:
        """Adds an input of the net."""
        self._check(shape, f"its top {name!r}")
        return self._graph.input(name, shape)

    def node(
        self,
        op: str,
        inputs: Sequence[Tensor],
        shape: Shape,
        suffix: str = "",
        dtype: int = TensorProto.FLOAT,
        **attributes: Any,
    ) -> Tensor:
        """Adds a node with one output of the given shape.

        Args:
            op: ONNX operator.
            inputs: its inputs.
            shape: shape of its output, by Caffe's rules.
            suffix: appended to the layer's name; empty for the node that ends the layer.
            dtype: ONNX type of the output.
            **attributes: the node's attributes.

        Raises:
            LayerError: the shape is empty or too large for a blob.
        """
        return self.nodes(op, inputs, [Tensor("", shape, dtype)], suffix, **attributes)[0]

    def nodes(
        self,
        op: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        suffix: str = "",
        **attributes: Any,
    ) -> list[Tensor]:
        """Adds a node with several outputs, each named ``layer/name``; see `node`.

        Raises:
            LayerError: a shape is empty or too large for a blob.
        """
        for output in outputs:
            self._check(output.shape, "its output")
        # An output without a name of its own gets that of the node: how reports find a layer.
        name = self._named(suffix)
        made = [replace(output, name=self._named(output.name or suffix)) for output in outputs]
        return self._graph.node(op, name, self.layer.name, inputs, made, **attributes)

    def constant(self, suffix: str, values: NDArray[np.float32] | NDArray[np.int64]) -> Tensor:
        """Adds a small constant."""
        dtype = TensorProto.FLOAT if values.dtype == np.float32 else TensorProto.INT64
        tensor = Tensor(f"{self.layer.name}_{suffix}", values.shape, dtype)
        return self._graph.constant(tensor, lambda: values)

    def number(self, suffix: str, value: float) -> Tensor:
        """Adds a float32 scalar."""
        return self.constant(suffix, np.array(value, np.float32))

    def integers(self, suffix: str, values: Sequence[int]) -> Tensor:
        """Adds a list of int64."""
        return self.constant(suffix, np.array(values, np.int64))

    @property
    def stored_blobs(self) -> int | None:
        """Number of blobs that the caffemodel has for the layer; None for random weights."""
        return self._weights.count(self.layer)

    def blob(
        self,
        index: int,
        shape: Shape,
        fan_in: int = 0,
        value: float = 0.0,
        also: Shape | None = None,
    ) -> Maker:
        """Requests a blob; its values are read or drawn when the result is called.

        Args:
            index: its position among the layer's blobs.
            shape: its shape in Caffe.
            fan_in: He-normal fan-in of random weights, 0 for a constant.
            value: that constant.
            also: another shape that forks of Caffe store it in.

        Raises:
            LayerError: too large, missing in the caffemodel or of another shape there.
        """
        # The highest index that was requested is the number of blobs that `finish` expects.
        self._blobs = max(self._blobs, index + 1)
        return self._weights.blob(self.layer, BlobRequest(index, shape, fan_in, value, also))

    def weight(
        self,
        suffix: str,
        index: int,
        shape: Shape,
        *,
        fan_in: int = 0,
        value: float = 0.0,
        view: Shape | None = None,
    ) -> Tensor:
        """Adds a blob as a constant; ``view`` is the shape it has in the graph."""
        make = self.blob(index, shape, fan_in, value)
        view = shape if view is None else view
        return self.derived(suffix, view, lambda: make().reshape(view))

    def derived(self, suffix: str, shape: Shape, make: Callable[[], NDArray[np.float32]]) -> Tensor:
        """Adds a constant whose values are computed when the graph is finished."""
        return self._graph.constant(Tensor(f"{self.layer.name}_{suffix}", shape), make)

    def finish(self) -> None:
        """Checks that the caffemodel has no blobs left for this layer.

        Raises:
            LayerError: blobs are left.
        """
        self._weights.check_count(self.layer, self._blobs)

    def _named(self, suffix: str) -> str:
        return f"{self.layer.name}/{suffix}" if suffix else self.layer.name

    def _check(self, shape: Shape, label: str) -> None:
        if not fits_in_a_blob(shape):
            self.refuse(f"{label} would be {text(shape)}, a blob has 1 to 2147483647 values")
