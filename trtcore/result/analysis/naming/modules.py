"""The modules of the network that a node was exported from, such as those of PyTorch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile

from trtcore.result.records.layers import ModelNode

Path = tuple[str, ...]

_INLINED = re.compile(r"^[A-Za-z]+_\d+$")  # Range_3097: from a function the exporter wrote out


def module_path(node: ModelNode) -> Path:
    """Returns the modules around a node, outermost first; empty at the top and where unknown.

    Told by what the exporter recorded (`ModelNode.module`), else by a name that is a path:
    ``/encoder/layers/encoder_layer_0/mlp/mlp.0/MatMul`` of PyTorch, ``inception_3a/3x3`` of Caffe.
    """
    if node.module:
        return tuple(node.module.split("/"))
    return tuple(part for part in node.name.split("/") if part)[:-1]


def has_module(node: ModelNode) -> bool:
    """Whether a node's modules are recorded as PyTorch's exporters do it; a Caffe name is not.

    A name of PyTorch's has nothing but the modules and the operator in it.
    """
    return bool(node.module) or node.name.startswith("/")


def block_of(node: ModelNode, depth: int) -> Path:
    """Returns the first modules around a node; its own name where it is in none."""
    path = module_path(node)[:depth]
    return path or (node.name.strip("/") or node.name,)


def common_path(paths: Iterable[Path]) -> Path:
    """Returns the modules that all paths begin with."""
    every = list(paths)
    if not every:
        return ()
    # What the first and the last in order share, all between them share too.
    low, high = min(every), max(every)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    return tuple(part for part, _ in same)


def path_text(path: Sequence[str]) -> str:
    """Returns a path with ``/``; a module that the next one's name repeats is left out.

    ``features/features.3/features.3.0/block`` becomes ``features.3.0/block``.
    """
    kept = [
        part
        for i, part in enumerate(path)
        if i + 1 == len(path) or not path[i + 1].startswith(f"{part}.")
    ]
    return "/".join(kept)


class ShortPaths:
    """Leaves out redundant outer modules: those that each inner one implies.

    ``encoder/layers/encoder_layer_3/mlp`` becomes ``encoder_layer_3/mlp`` in a model that has an
    ``encoder_layer_3`` in one place only.

    Args:
        paths: of all nodes of the model.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._parents: dict[str, set[Path]] = defaultdict(set)
        for path in set(paths):
            for i, part in enumerate(path):
                self._parents[part].add(path[:i])

    def text(self, path: Path) -> str:
        """Returns a path without the outer modules that the rest of it implies."""
        start = 0
        # A module that has one place only in the whole model needs no outer one to find it.
        while start + 1 < len(path) and len(self._parents[path[start + 1]]) == 1:
            start += 1
        return path_text(path[start:])


def is_inlined(node: ModelNode) -> bool:
    """Whether an exporter generated a node's name, which then holds no place in the network."""
    return not node.module and _INLINED.match(node.name) is not None
