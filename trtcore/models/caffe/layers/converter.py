"""The converter of a layer type: a function over a `LayerBuilder`, with its bottoms and tops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor

# No limit on bottoms or tops: more than any file within MAX_BYTES can name.
MANY = 1_000_000


@dataclass(frozen=True)
class Converter:
    """How one layer type becomes nodes.

    Attributes:
        convert: adds the nodes and returns a tensor per top; a bottom itself where the layer
            does nothing.
        bottoms: least and most bottoms.
        tops: least and most tops.
    """

    convert: Callable[[LayerBuilder], list[Tensor]]
    bottoms: tuple[int, int] = (1, 1)
    tops: tuple[int, int] = (1, 1)

    def __call__(self, builder: LayerBuilder) -> list[Tensor]:
        """Converts the layer.

        Raises:
            LayerError: the layer is wrong, not supported or does not fit its weights.
        """
        self._check(builder, "bottoms", len(builder.bottoms), self.bottoms)
        self._check(builder, "tops", len(builder.layer.tops), self.tops)
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
