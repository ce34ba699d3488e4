"""Which block of the network a set of nodes belongs to, at a depth of its modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.naming.modules import Path, block_of, has_module, is_inlined
from trtcore.result.analysis.naming.short_names import PRODUCTS, ShortNames
from trtcore.result.records.layers import ModelNode

# Two blocks are a stem and a body in most networks, which says nothing yet.
_FEWEST_BLOCKS = 3
# Ends the search: deeper blocks hold a node or two each. `block:DEPTH` takes any depth.
_DEEPEST = 6
# More would not fit beside the figures; the first and the last say where a block begins and ends.
_MOST_NAMES = 3


def block_namer(
    names: ShortNames, graph: ModelGraph, timed: Iterable[str], depth: int | None
) -> Callable[[tuple[str, ...]], str]:
    """Returns a function from nodes that are timed together to their block.

    Nodes of several modules count for the one that has most of them; where several have as many for
    that of a convolution or matrix product, else for the last one. Where names tell no modules,
    such as Caffe's, all blocks are named.

    Args:
        names: of the model's modules.
        graph: the model.
        timed: nodes that are in groups.
        depth: modules that a block's name has; None for as many as tell the model's parts apart.
    """
    nodes = [graph.nodes[name] for name in timed if name in graph.nodes]
    placed = [node for node in nodes if not is_inlined(node)]
    # Of all nodes at once: one depth for the whole table, whichever group comes first.
    level = depth or _telling_depth(placed)

    def block(group: tuple[str, ...]) -> str:
        known = [name for name in group if name in graph.nodes]
        nodes = [graph.nodes[name] for name in names.words.telling(known)]
        # Inlined nodes have names without a place (`node_42`): used only if there are no others.
        nodes = [node for node in nodes if not is_inlined(node)] or nodes
        if not nodes:
            return _join(_unknown_block(name, level) for name in group)
        if not all(map(has_module, nodes)):
            return _join(_text(block_of(node, level), names) for node in nodes)
        return _text(_largest(nodes, level), names)

    return block


def _largest(nodes: list[ModelNode], depth: int) -> Path:
    """The block of most nodes; of several that of a product, and else the last."""
    counts = Counter(block_of(node, depth) for node in nodes)
    with_product = {block_of(node, depth) for node in nodes if node.op in PRODUCTS}
    # `max` keeps the first of equals, so the last block comes first.
    last_first = (block_of(node, depth) for node in reversed(nodes))
    return max(last_first, key=lambda block: (counts[block], block in with_product))


def _text(block: Path, names: ShortNames) -> str:
    return names.path_name(block) or "/".join(block)


def _unknown_block(name: str, depth: int) -> str:
    """The block of a node of which nothing but its name is known."""
    return "/".join(block_of(ModelNode(name, "", (), ()), depth))


def _telling_depth(nodes: list[ModelNode]) -> int:
    """The least depth with three blocks, none of which has more than half of the nodes.

    The second is for modules only: all the network lies in ``encoder`` or ``features`` often.
    """
    for depth in range(1, _DEEPEST + 1):
        blocks = Counter(block_of(node, depth) for node in nodes)
        largest = max(blocks.values(), default=0)
        is_split = 2 * largest <= len(nodes) or not all(map(has_module, nodes))
        if len(blocks) >= _FEWEST_BLOCKS and is_split:
            return depth
    return _DEEPEST


def _join(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(names))
    if len(distinct) > _MOST_NAMES:
        distinct = [distinct[0], "...", distinct[-1]]
    return " + ".join(distinct)
