"""Gives every layer its blobs: from a caffemodel, or random from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from trtcore.models.builtin.weights import he_normal
from trtcore.models.caffe.files.caffemodel import Blob, read_caffemodel
from trtcore.models.caffe.graph import MAX_ELEMENTS, Shape, fits_in_a_blob, text
from trtcore.models.caffe.net import Layer
from trtcore.models.caffe.problems import LayerError
from trtcore.models.memory import memory_at_hand

# Bytes of memory that a weight takes at the most: float32 in the graph, and once more while it is
# made or read.
_BYTES_PER_WEIGHT = 8
# Number of DimCheckMode in caffe.proto.
_PERMISSIVE = 1

Maker = Callable[[], NDArray[np.float32]]


@dataclass(frozen=True)
class BlobRequest:
    """A blob that a layer reads.

    Attributes:
        index: its position among the layer's blobs.
        shape: its dimensions.
        fan_in: He-normal fan-in of random weights, 0 for a constant.
        value: the constant that stands in for random weights.
        also: another shape that forks of Caffe store it in, with as many values.
    """

    index: int
    shape: Shape
    fan_in: int = 0
    value: float = 0.0
    also: Shape | None = None


class Weights:
    """The blobs of a net.

    Args:
        path: the caffemodel, or None for random weights.
        seed: seed of random weights.

    Raises:
        ModelError: the caffemodel cannot be read.
    """

    def __init__(self, path: str | Path | None, seed: int) -> None:
        self._path = path
        self._file = {} if path is None else read_caffemodel(path)
        self._seed = seed
        self._room = memory_at_hand()
        self._owners: dict[str, Layer] = {}
        self._shared: dict[str, tuple[Shape, Maker]] = {}
        self._elements = 0

    @property
    def origin(self) -> str:
        """Where the weights come from, for reports."""
        return f"He-normal, seed {self._seed}" if self._path is None else "file"

    def blob(self, layer: Layer, request: BlobRequest) -> Maker:
        """Finds a blob; its values are read or drawn only when the result is called.

        Returns:
            A function that returns the values, float32 of the requested shape.

        Raises:
            LayerError: too large, missing in the file, or of another shape there.

        Source: BVLC/caffe src/caffe/net.cpp, AppendParam and CopyTrainedLayersFrom.
        """
        specs = layer.message.param
        spec = specs[request.index] if request.index < len(specs) else None
        if spec and spec.name in self._shared:
            self._owners.setdefault(layer.name, layer)
            return self._shared_blob(spec, request.shape)
        # After the shared blobs, which may belong to a layer of another name, and are counted once.
        self._check_owner(layer)
        self._check_size(request)
        make = self._random(layer, request) if self._path is None else self._stored(layer, request)
        if spec and spec.name:
            self._shared[spec.name] = request.shape, make
        return make

    def check_count(self, layer: Layer, count: int) -> None:
        """Checks that the file has no more blobs for a layer than the net reads.

        Raises:
            LayerError: it has more.
        """
        found = len(self._file.get(layer.name, ()))
        if count and found > count:
            raise LayerError(f"{self._path} has {found} blobs for it, the net expects {count}")

    def count(self, layer: Layer) -> int | None:
        """Number of blobs that the file has for a layer; None for random weights."""
        return None if self._path is None else len(self._file.get(layer.name, ()))

    def forget(self) -> None:
        """Begins anew: what layers requested so far does not count."""
        self._owners.clear()
        self._shared.clear()
        self._elements = 0

    def unused(self) -> list[str]:
        """Layers of the file whose blobs were not used, with the shapes."""
        return [
            f"{name!r} ({', '.join(text(blob.shape) for blob in blobs)})"
            for name, blobs in self._file.items()
            if name not in self._owners
        ]

    def _check_size(self, request: BlobRequest) -> None:
        what = f"its blob {request.index} would be {text(request.shape)}"
        if not fits_in_a_blob(request.shape):
            raise LayerError(f"{what}, a blob has 1 to {MAX_ELEMENTS} values")
        self._elements += math.prod(request.shape)
        needed = _BYTES_PER_WEIGHT * self._elements
        if self._room is not None and needed > self._room:
            raise LayerError(
                f"{what}: with it the net's weights take {needed >> 20} MiB of memory, "
                f"{self._room >> 20} MiB are free"
            )

    def _check_owner(self, layer: Layer) -> None:
        owner = self._owners.setdefault(layer.name, layer)
        if owner is not layer:
            raise LayerError(
                f"line {owner.line} has a layer of this name, but weights go by name: rename one"
            )

    def _shared_blob(self, spec: Any, shape: Shape) -> Maker:
        owned, make = self._shared[spec.name]
        is_permissive = spec.share_mode == _PERMISSIVE
        if owned != shape and not (is_permissive and math.prod(owned) == math.prod(shape)):
            raise LayerError(
                f"shares its blob {spec.name!r} of {text(owned)}, but wants {text(shape)}"
            )
        return lambda: make().reshape(shape)

    def _random(self, layer: Layer, request: BlobRequest) -> Maker:
        if request.fan_in:
            return lambda: he_normal(layer.name, request.shape, request.fan_in, self._seed)
        return lambda: np.full(request.shape, request.value, np.float32)

    def _stored(self, layer: Layer, request: BlobRequest) -> Maker:
        blobs = self._file.get(layer.name, [])
        if request.index >= len(blobs):
            self._refuse(request, f"has {len(blobs) or 'no'} blobs for it")
        blob: Blob = blobs[request.index]
        if not (blob.fits(request.shape) or (request.also and blob.fits(request.also))):
            self._refuse(request, f"has {text(blob.shape)} for it")
        return lambda: blob.values().reshape(request.shape)

    def _refuse(self, request: BlobRequest, stored: str) -> NoReturn:
        raise LayerError(
            f"{self._path} {stored}, the net expects {text(request.shape)} as blob {request.index}"
        )
