"""The nodes that no layer names: which group each must belong to, and why the others need none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.layer_flow import LayerFlow
from trtcore.result.analysis.fusion.operators import LINEAR, NO_OPS, VIEWS
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.analysis.fusion.sides import Sides, find_sides
from trtcore.result.readers.inspector.layer_names import kernel_operations, model_tensor
from trtcore.result.records.layers import Layer

_WORD = 4  # letters that a generated kernel's name spends on an operation: Relu, Tran(spose)


@dataclass(frozen=True)
class Group:
    """Engine layers and model nodes that belong together.

    Attributes:
        layers: positions in ``profile.layers``, in order of execution.
        nodes: model nodes, in the order of the model; empty if unknown.
        reformats: those of the layers that only change a format or type, or copy.
        is_opaque: a layer of it does not list its operations (``ForeignNode``).
    """

    layers: tuple[int, ...]
    nodes: tuple[str, ...]
    reformats: tuple[int, ...] = ()
    is_opaque: bool = False


class Leftovers:
    """Assigns the nodes that no layer has claimed.

    Args:
        graph: the model.
        layers: of the engine.
        claimed: the nodes of each layer, by position.
        groups: the layers and nodes that are known to belong together.
        unattributed: layers that are mapped to no node, and could run anything near them.
        reused: tensors of the model whose names engine tensors have that are not they.
    """

    def __init__(
        self,
        graph: ModelGraph,
        layers: Sequence[Layer],
        claimed: Mapping[int, tuple[str, ...]],
        groups: Sequence[Group],
        unattributed: Iterable[int] = (),
        reused: frozenset[str] = frozenset(),
    ) -> None:
        self._graph, self._layers = graph, layers
        self._claimed = {i: list(nodes) for i, nodes in claimed.items()}
        self._groups = list(groups)
        self._home = {node: k for k, group in enumerate(groups) for node in group.nodes}
        self._strangers = [layers[i] for i in unattributed]
        self._flow = LayerFlow(layers)
        self._made = graph.tensors - reused
        self.reasons: dict[str, Reason] = {}

    def place(self) -> tuple[Group, ...]:
        """Returns the groups with every node that can only be in one of them."""
        needless = self._graph.constants() | self._graph.dead()
        left = [
            name
            for name, node in self._graph.nodes.items()
            if name not in self._home and name not in needless and node.op not in NO_OPS
        ]
        # Until nothing changes: a node that is placed can be the missing side of another one.
        while self._place_singly(left) or self._place_in_readers(left):
            pass
        self._explain_rest()
        return tuple(self._groups)

    def _place_singly(self, left: Sequence[str]) -> bool:
        placed = False
        for name in [name for name in left if name not in self._home]:
            placed |= self._place(name)
        return placed

    def _place_in_readers(self, left: Sequence[str]) -> bool:
        # All at once: what lies between the same layers rests on the same tensors of theirs.
        found = {
            name: home
            for name in left
            if name not in self._home and (home := self._first_reader(name)) is not None
        }
        for name, home in found.items():
            self._add(name, home, Reason.IN_FIRST_READER)
        return bool(found)

    def _place(self, name: str) -> bool:
        sides = self._sides(name)
        # The surest rule first: the graph proves it, a kernel's name only suggests it.
        for rule, reason in (
            (self._around, Reason.INSIDE_GROUP),
            (self._by_kernel_name, Reason.IN_KERNEL_NAME),
            (self._by_twin, Reason.SAME_PRODUCT),
        ):
            home = rule(name, sides)
            if home is not None:
                self._add(name, home, reason)
                return True
        return False

    def _add(self, name: str, home: int, reason: Reason) -> None:
        self._home[name] = home
        self.reasons[name] = reason
        group = self._groups[home]
        self._groups[home] = replace(group, nodes=self._graph.sort((*group.nodes, name)))

    def _around(self, _: str, sides: Sides) -> int | None:
        """The one group at the ends of all paths into and out of a node."""
        above = {self._home[node] for node in sides.above}
        below = {self._home[node] for node in sides.below}
        if not sides.is_closed or len(above) != 1 or above != below:
            return None
        (home,) = above
        return None if self._has_strangers(home) else home

    def _has_strangers(self, home: int) -> bool:
        """Whether a layer that is mapped to no node stands beside a group, or may do so."""
        # Such a layer, not the group, may run the node. Without tensors it can stand anywhere.
        own = [self._layers[i] for i in self._groups[home].layers]
        beside = {tensor.name for layer in own for tensor in (*layer.inputs, *layer.outputs)}
        return any(
            not (layer.inputs or layer.outputs)
            or any(tensor.name in beside for tensor in (*layer.inputs, *layer.outputs))
            for layer in self._strangers
        )

    def _by_kernel_name(self, name: str, sides: Sides) -> int | None:
        """The one layer beside a node whose name lists its operator once more than needed."""
        if not self._graph.computes(name):
            return None
        word = self._graph.nodes[name].op[:_WORD].capitalize()
        beside = sides.above | sides.below
        near = [i for i, nodes in self._claimed.items() if not beside.isdisjoint(nodes)]
        spare = [i for i in near if self._spare(i, word) > 0]
        if len(spare) != 1:
            return None
        (layer,) = spare
        home = self._home[self._claimed[layer][0]]
        # From now on this node explains the word, so that it cannot place a second one.
        self._claimed[layer].append(name)
        return home

    def _spare(self, layer: int, word: str) -> int:
        """How many operations of a kernel's name its own nodes do not explain."""
        ops = [self._graph.nodes[node].op for node in self._claimed[layer]]
        explained = sum(op[:_WORD].capitalize() == word for op in ops)
        return kernel_operations(self._layers[layer].name).count(word) - explained

    def _by_twin(self, name: str, sides: Sides) -> int | None:
        """The group that does the same to the same data, if the readers of the node read it.

        A reader that has nothing but the group's results, and not what the node reads, cannot have
        run the node itself.
        """
        if not self._graph.computes(name) or not sides.below:
            return None
        node, data = self._graph.nodes[name], self._graph.data_inputs(name)
        twins = {
            other
            for tensor in data
            for other in self._graph.readers(tensor)
            if other in self._home
            and self._graph.nodes[other].op == node.op
            and self._graph.data_inputs(other) == data
        }
        homes = {self._home[twin] for twin in twins}
        if len(homes) != 1 or not homes.isdisjoint(self._home[above] for above in sides.above):
            return None
        (home,) = homes
        return home if all(self._reads(reader, home) for reader in sides.below) else None

    def _reads(self, node: str, home: int) -> bool:
        """Whether the layers of a node read what a group writes, and nothing from other groups."""
        own = {t.name for i in self._groups[home].layers for t in self._layers[i].outputs}
        written = {t.name for layer in self._layers for t in layer.outputs}
        readers = [self._layers[i] for i, nodes in self._claimed.items() if node in nodes]
        read = [{t.name for t in layer.inputs} & written for layer in readers]
        return bool(read) and all(tensors and tensors <= own for tensors in read)

    def _first_reader(self, name: str) -> int | None:
        """The group of the first layer that needs a node, where no layer before it can have run it.

        The layers above hand out tensors of the model that are not made of the node, and the first
        layer that needs the node has these tensors from themselves.
        """
        sides = self._sides(name)
        makers, readers = self._layers_of(sides.above), self._readers(sides)
        if not self._graph.computes(name) or not sides.is_closed or not readers:
            return None
        if self._may_hand_out(makers, name) or self._are_strangers_hidden():
            return None
        if not self._flow.reads_directly(readers[0], makers):
            return None
        return next(k for k, group in enumerate(self._groups) if readers[0] in group.layers)

    def _may_hand_out(self, layers: Iterable[int], name: str) -> bool:
        """Whether a tensor that layers write may be a node's result, or anything made of it."""
        after = self._graph.descendants([name])
        written = [t.name for i in layers for t in self._layers[i].outputs]
        tensors = [model_tensor(tensor, self._made) for tensor in written]
        return any(tensor is None or self._graph.maker(tensor) in after for tensor in tensors)

    def _are_strangers_hidden(self) -> bool:
        """Whether a layer that is mapped to no node could stand anywhere."""
        return any(not (layer.inputs or layer.outputs) for layer in self._strangers)

    def _layers_of(self, nodes: Iterable[str]) -> list[int]:
        """The layers of the groups of nodes."""
        homes = {self._home[node] for node in nodes}
        return [i for home in homes for i in self._groups[home].layers]

    def _is_factor(self, name: str, sides: Sides) -> bool:
        """Whether a node scales the data that goes straight from one layer to another.

        On one side there are only products, which can have the factor inside them.
        """
        graph, ends = self._graph, [end for end in (sides.above, sides.below) if end]
        return (
            all(graph.scales(node) for node in {name, *sides.computing})
            and any(all(graph.nodes[node].op in LINEAR for node in end) for end in ends)
            and sides.is_closed
            and not self._are_strangers_hidden()
            and self._is_handed_straight_on(sides)
        )

    def _is_handed_straight_on(self, sides: Sides) -> bool:
        """Whether the layers below have what those above hand out from these themselves."""
        makers, readers = self._layers_of(sides.above), self._readers(sides)
        return bool(makers) and all(self._flow.reads_directly(i, makers) for i in readers)

    def _readers(self, sides: Sides) -> list[int]:
        """The layers of the nodes below; of one that no layer names, those of its group."""
        naming = {i: sides.below.intersection(nodes) for i, nodes in self._claimed.items()}
        named = frozenset().union(*naming.values())
        readers = {i for i, nodes in naming.items() if nodes}
        return sorted(readers.union(self._layers_of(sides.below - named)))

    def _sides(self, name: str) -> Sides:
        return find_sides(self._graph, name, self._home)

    def _explain_rest(self) -> None:
        graph = self._graph
        constants, shapes, dead = graph.constants(), graph.shape_only(), graph.dead()
        for name, node in graph.nodes.items():
            if name in self._home:
                continue
            # A constant that nobody reads is dead too, but folded is the more telling reason.
            if name in constants:
                self.reasons[name] = Reason.SHAPE_ONLY if name in shapes else Reason.CONSTANT
            elif name in dead:
                self.reasons[name] = Reason.DEAD
            elif node.op in NO_OPS:
                self.reasons[name] = Reason.NO_OP
            elif node.op in VIEWS:
                self.reasons[name] = Reason.VIEW
            else:
                self.reasons[name] = self._why_not(name)

    def _why_not(self, name: str) -> Reason:
        sides = self._sides(name)
        if not sides.above and not sides.below:
            return Reason.NO_LAYER
        if self._is_factor(name, sides):
            return Reason.SCALED_BY_NEIGHBOURS
        # One after the other: where few layers are mapped, each has all thousands of others there.
        is_moved = name not in sides.computing and all(
            self._is_factor(node, self._sides(node)) for node in sides.computing
        )
        return Reason.MOVED_BY_NEIGHBOURS if is_moved else Reason.AMBIGUOUS
