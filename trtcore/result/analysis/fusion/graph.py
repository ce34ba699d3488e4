"""The model's graph by names: which nodes make and read a tensor, and what lies between two nodes.

Works on the `ModelNode` of a saved result, so that nothing needs ONNX.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from typing import Generic, TypeVar

from trtcore.errors import ResultError
from trtcore.result.analysis.fusion.operators import (
    MOVES,
    NO_OPS,
    SCALINGS,
    SELECTION,
    SHAPES,
    SOURCES,
    VIEWS,
)
from trtcore.result.records.layers import ModelNode

_MOVES = MOVES | NO_OPS | VIEWS


class ModelGraph:
    """Nodes with their neighbours.

    Args:
        nodes: in the order of the model.
        inputs: names of the network's inputs, which no node makes and which are no constants.
        outputs: names of its outputs; without them no node is known to be dead.

    Raises:
        ResultError: two nodes have the same name.
    """

    def __init__(
        self, nodes: Sequence[ModelNode], inputs: Iterable[str] = (), outputs: Iterable[str] = ()
    ) -> None:
        self.nodes = {node.name: node for node in nodes}
        if len(self.nodes) < len(nodes):
            raise ResultError(f"model node '{_first_repeated(nodes)}' is there twice")
        self.order = {name: i for i, name in enumerate(self.nodes)}
        self._maker = {tensor: node.name for node in nodes for tensor in node.outputs if tensor}
        self._readers: dict[str, list[str]] = defaultdict(list)
        for node in nodes:
            for tensor in node.inputs:
                self._readers[tensor].append(node.name)
        self._inputs = frozenset(name for name in inputs if name in self._readers)
        self._outputs = frozenset(name for name in outputs if name in self._maker)
        self._constants: frozenset[str] | None = None

    def computes(self, name: str) -> bool:
        """Whether a node does more than move or rename data; True for an unknown one."""
        node = self.nodes.get(name)
        if node is None or node.op != SELECTION:
            return node is None or node.op not in _MOVES
        return not all(self._is_known(tensor) for tensor in node.inputs[1:])

    def scales(self, name: str) -> bool:
        """Whether a node does nothing but multiply or divide data by constants."""
        node = self.nodes[name]
        data = self.data_inputs(name)
        # 1 / x is not linear in x.
        return (
            node.op in SCALINGS and len(data) == 1 and (node.op != "Div" or node.inputs[0] in data)
        )

    def data_inputs(self, name: str) -> tuple[str, ...]:
        """The tensors a node reads that depend on the network's inputs."""
        return tuple(t for t in self.nodes[name].inputs if t and not self._is_known(t))

    def reads_input(self, name: str) -> bool:
        """Whether a node reads an input of the network itself."""
        return not self._inputs.isdisjoint(self.nodes[name].inputs)

    def ends(self, name: str) -> bool:
        """Whether a node makes an output of the network, or a result that nobody reads."""
        outputs = self.nodes[name].outputs
        return not self._outputs.isdisjoint(outputs) or not self.after(name)

    def dead(self) -> frozenset[str]:
        """Nodes from which no path goes to an output; none where no output is known."""
        if not self._outputs:
            return frozenset()
        makers = (self._maker[tensor] for tensor in self._outputs)
        return frozenset(self.nodes.keys() - self.ancestors(makers))

    def shape_only(self) -> frozenset[str]:
        """Those of the `constants` that depend on the shape of a tensor."""
        shapes = (node.name for node in self.nodes.values() if node.op in SHAPES)
        return frozenset(self.descendants(shapes) & self.constants())

    def _is_known(self, tensor: str) -> bool:
        """Whether a tensor's values are there before the network sees any input."""
        maker = self._maker.get(tensor)
        return tensor not in self._inputs if maker is None else maker in self.constants()

    @property
    def tensors(self) -> Set[str]:
        """Names of all tensors that a node makes."""
        return self._maker.keys()

    def maker(self, tensor: str) -> str | None:
        """The node that makes a tensor."""
        return self._maker.get(tensor)

    def readers(self, tensor: str) -> Sequence[str]:
        """The nodes that read a tensor."""
        return self._readers.get(tensor, ())

    def before(self, name: str) -> list[str]:
        """The nodes whose results a node reads."""
        makers = (self._maker.get(tensor) for tensor in self.nodes[name].inputs)
        return [maker for maker in makers if maker is not None]

    def after(self, name: str) -> list[str]:
        """The nodes that read a node's results."""
        return [reader for tensor in self.nodes[name].outputs for reader in self.readers(tensor)]

    def ancestors(self, names: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """The nodes themselves and all before them, as far as the nodes to stop before."""
        return _reach(names, self.before, frozenset(stop))

    def descendants(self, names: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """The nodes themselves and all after them, as far as the nodes to stop before."""
        return _reach(names, self.after, frozenset(stop))

    def between(self, first: str, last: str) -> set[str]:
        """All nodes on a path from one to the other, both included; empty if there is none."""
        return _reach([first], self.after) & _reach([last], self.before)

    def constants(self) -> frozenset[str]:
        """Nodes whose result is known before the network sees any input.

        A tensor that no node makes is a weight, unless it is a network input. Where no node reads
        a known input, only the operators that make constants count.
        """
        if self._constants is not None:
            return self._constants
        constant: set[str] = set()
        # One pass is enough: ONNX lists nodes in topological order.
        for node in self.nodes.values():
            read = [tensor for tensor in node.inputs if tensor]
            makers = (self._maker.get(tensor) for tensor in read)
            known = all(maker is None or maker in constant for maker in makers)
            # Without known inputs any tensor that no node makes may be one, not a weight.
            fed = not self._inputs or not self._inputs.isdisjoint(read)
            if node.op in SOURCES or (read and known and not fed):
                constant.add(node.name)
        self._constants = frozenset(constant)
        return self._constants

    def sort(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names in the order of the model; unknown ones last."""
        last = len(self.order)
        return tuple(sorted(set(names), key=lambda name: (self.order.get(name, last), name)))


def _reach(
    names: Iterable[str], step: Callable[[str], list[str]], stop: frozenset[str] = frozenset()
) -> set[str]:
    seen: set[str] = set()
    waiting = [name for name in names if name not in stop]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [other for other in step(name) if other not in stop]
    return seen


def _first_repeated(nodes: Sequence[ModelNode]) -> str:
    counts = Counter(node.name for node in nodes)
    return next(name for name, count in counts.items() if count > 1)


T = TypeVar("T", bound=Hashable)


class Components(Generic[T]):
    """Connected components of pairs that are added one after the other."""

    def __init__(self) -> None:
        self._parent: dict[T, T] = {}

    def __iter__(self) -> Iterator[T]:
        """All members, in the order they were first seen."""
        return iter(self._parent)

    def root(self, member: T) -> T:
        """The representative of all members joined with this one; an unknown one is added."""
        parent = self._parent.setdefault(member, member)
        # Path halving keeps the trees flat without recursion.
        while parent != self._parent[parent]:
            self._parent[parent] = self._parent[self._parent[parent]]
            parent = self._parent[parent]
        return parent

    def join(self, one: T, other: T) -> None:
        """Puts two members, and all joined with them, together."""
        self._parent[self.root(one)] = self.root(other)
