"""Node names that a fixed-width table cut off, completed from names that are known elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from trtcore.result import Layer

CUT = "…"
"""Ends the name of a node that may have been cut there."""


def complete_names(layers: Sequence[Layer], known: Collection[str]) -> tuple[Layer, ...]:
    """Returns the layers with every cut node name completed, or left out where nothing fits.

    A cut name stands for the known name that it is, or for the only one it begins. Among several,
    it is the one that ends like the node before it, as ``relu_pool_proj`` does after ``pool_proj``.

    Args:
        layers: the layers, cut names marked by `CUT`.
        known: full names of nodes.
    """
    return tuple(
        replace(layer, nodes=_complete(layer.nodes, known)) if _is_cut(layer) else layer
        for layer in layers
    )


def _is_cut(layer: Layer) -> bool:
    return any(node.endswith(CUT) for node in layer.nodes)


def _complete(nodes: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    whole: list[str] = []
    for node in nodes:
        name = node
        if node.endswith(CUT):
            name = _find(node.removesuffix(CUT), whole[-1] if whole else "", known)
        if name:
            whole.append(name)
    return tuple(dict.fromkeys(whole))


def _find(start: str, before: str, known: Collection[str]) -> str:
    if start in known:
        return start
    fitting = [name for name in known if name.startswith(start) and name != before]
    if len(fitting) > 1 and before:
        tail = before.rpartition("/")[2]
        fitting = [name for name in fitting if name.endswith(tail)]
    return fitting[0] if len(fitting) == 1 else ""
