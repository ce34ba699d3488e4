"""Finds the node where NaN or infinity begins, from the outputs of every node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from trtcore.models.model import Model
from trtcore.result.types.dtypes import DTYPES

Arrays = Mapping[str, NDArray[Any]]

_FLOATS = frozenset(row.onnx_type for row in DTYPES.values() if row.is_float)
# Inner values per run: more keep more memory alive at once, fewer run the graph more often.
_VALUES_AT_ONCE = 32


def first_nonfinite_node(model: Model, run: Callable[[Sequence[str]], Arrays]) -> str:
    """Checks the inner values of a graph in graph order, a group at a time.

    Args:
        model: the graph.
        run: runs it on the input in question and returns the values of these names.

    Returns:
        Name of the first node that writes NaN or infinity, ``""`` if none does.
    """
    graph = model.proto.graph
    values = (*graph.value_info, *graph.output)
    floats = {value.name for value in values if value.type.tensor_type.elem_type in _FLOATS}
    written: list[tuple[str, str]]
    written = [(name, node.name) for node in graph.node for name in node.output if name in floats]
    for start in range(0, len(written), _VALUES_AT_ONCE):
        group = dict(written[start : start + _VALUES_AT_ONCE])
        arrays = run(list(group))
        for value, node in group.items():
            if not np.isfinite(arrays[value]).all():
                return node
    return ""


def with_outputs(model: Model, names: Sequence[str]) -> Model:
    """The graph up to the last of these values, with them as its outputs."""
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    graph = proto.graph
    values = {value.name: value for value in (*graph.value_info, *graph.output)}
    outputs = [values[name] for name in names]
    # Nodes behind the last requested value would only cost time.
    last = max(i for i, node in enumerate(graph.node) if set(node.output) & set(names))
    del graph.node[last + 1 :]
    graph.ClearField("output")
    graph.output.extend(outputs)
    return replace(model, proto=proto)
