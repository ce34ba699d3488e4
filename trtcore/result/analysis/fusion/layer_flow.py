"""Which engine layers can have handed something on to another one, by the tensors between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set

from trtcore.result.records.layers import Layer


class LayerFlow:
    """The layers of an engine by what they read of each other.

    A tensor is that of the last layer before its reader that wrote one of its name: engines use
    names, like buffers, again.

    Args:
        layers: in order of execution.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._writers: list[frozenset[int]] = []
        self._before: list[frozenset[int]] = []
        last: dict[str, int] = {}
        for i, layer in enumerate(layers):
            writers = frozenset(last[t.name] for t in layer.inputs if t.name in last)
            self._writers.append(writers)
            self._before.append(writers.union(*(self._before[j] for j in writers)))
            last.update((tensor.name, i) for tensor in layer.outputs)

    def reads_directly(self, reader: int, makers: Collection[int]) -> bool:
        """Whether a layer has results of these layers from themselves, and from nobody else.

        Then no third layer can have done anything to them on the way.

        Args:
            reader: position of the layer.
            makers: positions of the layers whose results are meant.
        """
        others = self._writers[reader] - frozenset(makers)
        return others != self._writers[reader] and not any(
            self._depends(other, frozenset(makers)) for other in others
        )

    def _depends(self, layer: int, makers: Set[int]) -> bool:
        return not makers.isdisjoint(self._before[layer])
