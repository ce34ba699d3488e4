"""A graph that is being changed, with the names in it looked up once and not for every change."""

from __future__ import annotations

from onnx import GraphProto, NodeProto, TensorProto

from trtcore.models.onnx.walk import bodies, walk_nodes


class Editor:
    """Adds nodes and constants to a graph, and finds nodes by their names.

    Whoever adds or removes a node or a constant does so here, or says so by `look_again`.
    """

    def __init__(self, graph: GraphProto) -> None:
        self.graph = graph
        self.graphs: list[GraphProto] = []
        self._nodes: list[list[str]] = []
        self._taken: set[str] = set()
        self.look_again()

    def look_again(self) -> None:
        """Looks all names up anew."""
        inner = (body for node in walk_nodes(self.graph) for body in bodies(node))
        self.graphs = [self.graph, *inner]
        self._nodes = [[node.name for node in one.node] for one in self.graphs]
        self._taken = set()
        for one in self.graphs:
            self._taken.update(value.name for value in (*one.input, *one.initializer))
            for node in one.node:
                self._taken.update((node.name, *node.output))

    def place_of(self, node: str) -> tuple[GraphProto, int]:
        """The graph or body that holds a node, and where in it."""
        for graph, names in zip(self.graphs, self._nodes, strict=True):
            if node in names:
                return graph, names.index(node)
        raise KeyError(node)

    def insert(self, graph: GraphProto, place: int, node: NodeProto) -> None:
        """Puts a node into the graph or one of its bodies, in front of the one at a place."""
        names = next(
            names for one, names in zip(self.graphs, self._nodes, strict=True) if one is graph
        )
        graph.node.insert(place, node)
        names.insert(place, node.name)
        self._taken.update((node.name, *node.output))

    def put_constant(self, tensor: TensorProto) -> None:
        """Adds a constant to the graph."""
        self.graph.initializer.append(tensor)
        self._taken.add(tensor.name)

    def free_name(self, wanted: str) -> str:
        """The name, with a number behind it where something in the graph has it."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        return name
