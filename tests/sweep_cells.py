"""A small network for the cells of sweeps, and requests of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trtcore.sweeps.cells import Cell
from trtcore.sweeps.files import files_of
from trtcore.sweeps.machine import Machine
from trtcore.sweeps.outcomes import Request
from trtcore.sweeps.store import cell_key

CPU = Machine("onnxruntime", "ONNX Runtime 1", "a processor")


def write_net(path: Path, *, external: bool = False, scale: float = 1.0) -> Path:
    """A convolution and a ReLU; with weights in a file of their own if asked."""
    weights = np.full((4, 3, 3, 3), scale, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["y"], "relu"),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4, 16, 16])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    location = f"{path.stem}.bin"
    onnx.save(model, path, save_as_external_data=external, location=location, size_threshold=0)
    return path


def request_of(
    model: Path | str, machine: Machine = CPU, seconds: float = 0.0, **options: Any
) -> Request:
    """A request of a sweep of its own."""
    cell = Cell(str(model), options)
    files = files_of(cell)
    key = cell_key(files.digest, cell.options, machine.identity)
    return Request(key, f"sweep of {key}", str(model), files, options, machine, seconds)
