"""Where the paths into and out of a node end: at the first nodes whose layers are known."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from trtcore.result.analysis.fusion.graph import ModelGraph


@dataclass(frozen=True)
class Sides:
    """The surroundings of a node.

    Attributes:
        above: nodes in groups that it depends on.
        below: nodes in groups that depend on it.
        is_closed: no path reaches an input or output of the network without meeting a group.
        computing: nodes on the paths, itself included, that do more than move data.
    """

    above: frozenset[str]
    below: frozenset[str]
    is_closed: bool
    computing: frozenset[str]


def find_sides(graph: ModelGraph, name: str, known: Container[str]) -> Sides:
    """Walks from a node in both directions, past constants and as far as nodes in groups.

    Args:
        graph: the model.
        name: of the node.
        known: the nodes in groups.
    """
    above, passed_up = _walk(graph, name, graph.before, known)
    below, passed_down = _walk(graph, name, graph.after, known)
    is_open = any(graph.reads_input(node) for node in passed_up)
    is_open = is_open or any(graph.ends(node) for node in passed_down)
    computing = filter(graph.computes, passed_up | passed_down)
    return Sides(frozenset(above), frozenset(below), not is_open, frozenset(computing))


def _walk(
    graph: ModelGraph, name: str, step: Callable[[str], list[str]], known: Container[str]
) -> tuple[set[str], set[str]]:
    """The first nodes in groups in one direction, and the nodes passed on the way to them."""
    constants = graph.constants()
    reached: set[str] = set()
    passed: set[str] = set()
    waiting = [name]
    while waiting:
        node = waiting.pop()
        if node in known:
            reached.add(node)
        elif node not in passed and node not in constants:
            passed.add(node)
            waiting += step(node)
    return reached, passed
