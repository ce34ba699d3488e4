"""Short names for layers and groups: their module in the network, then their operators."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.operators import MOVES, SELECTION
from trtcore.result.analysis.naming.modules import (
    Path,
    ShortPaths,
    common_path,
    has_module,
    is_inlined,
    module_path,
)
from trtcore.result.analysis.naming.patterns import OperatorWords

LONGEST = 60
"""Characters of a short name: two thirds of a table's 120 columns go to figures and gaps."""

_JOINER = " + "
PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators that most of the time goes to, and that locate a row best."""

_MOVING = MOVES | {SELECTION}


class ShortNames:
    """Names sets of nodes such as ``encoder_layer_3/mlp: MatMul + Add + Gelu``.

    Args:
        graph: the model; only nodes with known modules get a short name.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self.words = OperatorWords(graph)
        self._nodes = graph.nodes
        known = [node for node in graph.nodes.values() if has_module(node)]
        self._paths = ShortPaths(module_path(node) for node in known)

    def names(self, rows: Sequence[Iterable[str]]) -> tuple[str, ...]:
        """Returns a name for each set of nodes, all different; ``""`` without known modules.

        Rows of the same name get the module of their one product (``layer1.0/conv1``) if they have
        one, else the modules that they reach from and to, and an index (``#2``) if even that does
        not tell them apart.
        """
        every = [self._telling(nodes) for nodes in rows]
        names = [self._name(nodes, self._place(nodes)) for nodes in every]
        # Only repeated names get the longer form, so that most rows stay short.
        seen = Counter(names)
        for i, nodes in enumerate(every):
            if names[i] and seen[names[i]] > 1:
                names[i] = self._name(nodes, self._closer_place(nodes))
        return distinct(names)

    def path_name(self, path: Path) -> str:
        """Returns a module's path without what the rest of it implies."""
        return self._paths.text(path)

    def _telling(self, nodes: Iterable[str]) -> list[str]:
        """The nodes that name a row; none where one of them has no known modules."""
        known = self.words.telling([n for n in self.words.graph.sort(nodes) if n in self._nodes])
        placed = [n for n in known if not is_inlined(self._nodes[n])]
        return known if placed and all(has_module(self._nodes[n]) for n in placed) else []

    def _place(self, nodes: Sequence[str]) -> str:
        """The module that all nodes are in, or at the top of the model that of the one product."""
        common = common_path(self._module_paths(nodes))
        return self._paths.text(common) or self._place_of_product(nodes) or ""

    def _closer_place(self, nodes: Sequence[str]) -> str:
        """The module of the one product, or the first and last module that hold the nodes."""
        product = self._place_of_product(nodes)
        if product is not None:
            return product
        paths = self._module_paths(nodes)
        common = common_path(paths)
        inner = [self._paths.text(path[: len(common) + 1]) for path in paths]
        ends = dict.fromkeys((inner[0], inner[-1]))
        return " to ".join(ends) if all(ends) else self._paths.text(common)

    def _place_of_product(self, nodes: Sequence[str]) -> str | None:
        products = [name for name in nodes if self._nodes[name].op in PRODUCTS]
        return (
            self._paths.text(module_path(self._nodes[products[0]])) if len(products) == 1 else None
        )

    def _module_paths(self, nodes: Sequence[str]) -> list[Path]:
        placed = (self._nodes[name] for name in nodes)
        return [module_path(node) for node in placed if not is_inlined(node)]

    def _name(self, nodes: Sequence[str], place: str) -> str:
        return _fit(place, self.words.words(nodes)) if nodes else ""


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names with ``#2``, ``#3`` behind those that were there before; "" stays."""
    seen: dict[str, int] = defaultdict(int)
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} #{seen[name]}" if name and seen[name] > 1 else name)
    return tuple(numbered)


def _fit(place: str, words: Sequence[str]) -> str:
    """A name no longer than `LONGEST`: moves go first, then the middle, then outer modules."""
    if len(name := _joined(place, words)) > LONGEST:
        computing = [word for word in words if word.split(" x")[0] not in _MOVING]
        words = computing if len(computing) > 1 else words
        name = _joined(place, words)
    shown = words
    for kept in range(len(words) - 2, 0, -1):
        if len(name) > LONGEST:
            shown = [*words[:kept], "...", words[-1]]
            name = _joined(place, shown)
    modules = place.split("/")
    while len(name) > LONGEST and len(modules) > 1:
        modules = modules[1:]
        name = _joined("/".join(["...", *modules]), shown)
    return name


def _joined(place: str, words: Sequence[str]) -> str:
    return f"{place}: {_JOINER.join(words)}" if place else _JOINER.join(words)
