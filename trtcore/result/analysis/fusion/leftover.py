"""The nodes that no layer names: which group each must belong to, and why the others need none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.operators import NO_OPS, VIEWS
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.readers.inspector.layer_names import kernel_operations
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


@dataclass(frozen=True)
class _Sides:
    """Where the paths into and out of a node end, by the first nodes there that are in a group.

    Attributes:
        above: nodes in groups that it depends on.
        below: nodes in groups that depend on it.
        is_closed: no path reaches an input or output of the network without meeting a group.
        is_plain: every other node on the paths only moves data.
    """

    above: frozenset[str]
    below: frozenset[str]
    is_closed: bool
    is_plain: bool


class Leftovers:
    """Assigns the nodes that no layer has claimed.

    Args:
        graph: the model.
        layers: of the engine.
        claimed: the nodes of each layer, by position.
        groups: the layers and nodes that are known to belong together.
        unattributed: layers that are mapped to no node, and could run anything near them.
    """

    def __init__(
        self,
        graph: ModelGraph,
        layers: Sequence[Layer],
        claimed: Mapping[int, tuple[str, ...]],
        groups: Sequence[Group],
        unattributed: Iterable[int] = (),
    ) -> None:
        self._graph, self._layers = graph, layers
        self._claimed = {i: list(nodes) for i, nodes in claimed.items()}
        self._groups = list(groups)
        self._home = {node: k for k, group in enumerate(groups) for node in group.nodes}
        self._strangers = [layers[i] for i in unattributed]
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
        placed = True
        while placed:
            placed = False
            for name in [name for name in left if name not in self._home]:
                placed |= self._place(name)
        self._explain_rest()
        return tuple(self._groups)

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
                self._home[name] = home
                self.reasons[name] = reason
                group = self._groups[home]
                nodes = self._graph.sort((*group.nodes, name))
                self._groups[home] = replace(group, nodes=nodes)
                return True
        return False

    def _around(self, _: str, sides: _Sides) -> int | None:
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

    def _by_kernel_name(self, name: str, sides: _Sides) -> int | None:
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

    def _by_twin(self, name: str, sides: _Sides) -> int | None:
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

    def _sides(self, name: str) -> _Sides:
        graph = self._graph
        above, passed_up = self._walk(name, graph.before)
        below, passed_down = self._walk(name, graph.after)
        constants = graph.constants()
        is_open = any(graph.reads_input(node) for node in passed_up)
        is_open = is_open or any(graph.ends(node) for node in passed_down)
        others = (passed_up | passed_down) - constants
        return _Sides(
            frozenset(above),
            frozenset(below),
            is_closed=not is_open,
            is_plain=not any(graph.computes(node) for node in others),
        )

    def _walk(self, name: str, step: Callable[[str], list[str]]) -> tuple[set[str], set[str]]:
        """The first nodes in groups in one direction, and the nodes passed on the way to them."""
        constants = self._graph.constants()
        reached: set[str] = set()
        passed: set[str] = set()
        waiting = [name]
        while waiting:
            node = waiting.pop()
            if node in self._home:
                reached.add(node)
            elif node not in passed and node not in constants:
                passed.add(node)
                waiting += step(node)
        return reached, passed

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
        return Reason.MOVED_BY_NEIGHBOURS if sides.is_plain else Reason.AMBIGUOUS
