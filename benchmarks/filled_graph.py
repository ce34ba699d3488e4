"""A graph of tests/data/networks with weights of their real size in the place of its fills."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

NETWORKS = Path(__file__).parents[1] / "tests" / "data" / "networks"
# Standard deviation of BERT's initial weights (`initializer_range` of its configuration).
_SPREAD = 0.02


def fill(proto: onnx.ModelProto, seed: int = 0) -> None:
    """Puts seeded normal weights in the place of the ConstantOfShape nodes of known shape."""
    graph, random = proto.graph, np.random.default_rng(seed)
    shapes = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    nodes = [n for n in graph.node if n.op_type == "ConstantOfShape" and n.input[0] in shapes]
    for node in nodes:
        values = random.standard_normal(shapes[node.input[0]], np.float32) * np.float32(_SPREAD)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        graph.node.remove(node)


def write_filled(name: str, folder: Path) -> Path:
    """Writes a network with weights; returns the file."""
    packed = (NETWORKS / f"{name}.onnx.gz").read_bytes()
    proto = onnx.load_from_string(gzip.decompress(packed))
    fill(proto)
    path = folder / f"{name}.onnx"
    onnx.save(proto, path)
    return path
