"""The converter of a layer type: a function over a `LayerBuilder`, with its bottoms and tops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from onnx import TensorProto

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor

# No limit on bottoms or tops: more than any file names.
MANY = 1_000_000


@dataclass(frozen=True)
class Converter:
    """How one layer type becomes nodes.

    Attributes:
        convert: adds the nodes and returns a tensor per top; a bottom itself where the layer
            does nothing, None for a top that nothing reads.
        bottoms: least and most bottoms.
        tops: least and most tops.
        takes_masks: whether it reads, or hands on, the positions of maxima that Pooling's second
            top holds; they are integers, all other blobs float32.
    """

    convert: Callable[[LayerBuilder], Sequence[Tensor | None]]
    bottoms: tuple[int, int] = (1, 1)
    tops: tuple[int, int] = (1, 1)
    takes_masks: bool = False

    def __call__(self, builder: LayerBuilder) -> Sequence[Tensor | None]:
        """Converts the layer.

        Raises:
            LayerError: the layer is wrong, not supported or does not fit its weights.
        """
        self._check(builder, "bottoms", len(builder.bottoms), self.bottoms)
        self._check(builder, "tops", len(builder.layer.tops), self.tops)
        if not self.takes_masks and any(one.dtype == TensorProto.INT64 for one in builder.bottoms):
            builder.unsupported("reads the mask of a Pooling layer, which only Upsample can")
        # `finish` comes last: only then has the converter requested all its blobs.
        tensors = self.convert(builder)
        builder.finish()
        return tensors

    @staticmethod
    def _check(builder: LayerBuilder, kind: str, count: int, limits: tuple[int, int]) -> None:
        least, most = limits
        if not least <= count <= most:
            wanted = f"{least}" if least == most else f"at least {least}"
            wanted = f"{least} or {most}" if least < most < MANY else wanted
            builder.refuse(f"has {count} {kind}, takes {wanted}")
