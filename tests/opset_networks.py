"""One network in each operator set from 7 on, of operators that were changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SCALE = np.array([1.0, 0.5, 2.0, 1.5], np.float32)


class Writer:
    """Nodes of one operator set, one behind the other."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.value = "x"

    def constant(self, values: Any, dtype: type) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, op: str, *inputs: str, outputs: Sequence[str] = (), **given: Any) -> None:
        names = list(outputs) or [f"{op}_{len(self.nodes)}"]
        node = helper.make_node(op, [self.value, *inputs], names, f"n{len(self.nodes)}", **given)
        self.nodes.append(node)
        self.value = names[0]

    def by_input(self, op: str, since: int, name: str, values: Any, **given: Any) -> None:
        """An attribute of integers that is an input from an operator set on."""
        if self.opset < since:
            self.add(op, **{name: values}, **given)
        else:
            self.add(op, self.constant(values, np.int64), **given)


def network(opset: int) -> ModelProto:
    """Every operator as that set has it; the same function in all of them.

    Its input ``x`` is float32 (1, 4, 4, 4), its output ``y`` (1, 12).
    """
    w = Writer(opset)
    _images(w)
    _rows(w)
    kind = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", kind, [1, 4, 4, 4])]
    outputs = [helper.make_tensor_value_info("y", kind, [1, 12])]
    graph = helper.make_graph(w.nodes, "g", inputs, outputs, w.constants)
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=7)


def _images(w: Writer) -> None:
    """What works on images."""
    opset = w.opset
    if opset < 11:
        w.add("Clip", min=-1.0, max=1.5)
    else:
        w.add("Clip", w.constant(-1.0, np.float32), w.constant(1.5, np.float32))
    ones = [w.constant(values, np.float32) for values in (SCALE, [0] * 4, [0] * 4, [1] * 4)]
    w.add("BatchNormalization", *ones, epsilon=0.0, **({"spatial": 1} if opset < 9 else {}))
    if opset < 12:
        w.add("Dropout", ratio=0.5)
    else:
        w.add("Dropout", w.constant(0.5, np.float32), w.constant(False, np.bool_))
    if opset < 11:
        w.add("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.25)
    else:
        pads = w.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
        w.add("Pad", pads, w.constant(0.25, np.float32))
    _window(w)


def _window(w: Writer) -> None:
    """A part of the image, made larger."""
    opset = w.opset
    if opset < 10:
        w.add("Slice", starts=[1], ends=[5], axes=[2])
    else:
        w.add("Slice", *(w.constant([one], np.int64) for one in (1, 5, 2)))
    scales = [1.0, 1.0, 2.0, 2.0]
    if opset < 9:
        w.add("Upsample", scales=scales, mode="nearest")
    elif opset < 11:
        w.add("Upsample" if opset == 9 else "Resize", w.constant(scales, np.float32))
    else:
        modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        w.add("Resize", "", w.constant(scales, np.float32), **modes)


def _rows(w: Writer) -> None:
    """What works on rows."""
    w.by_input("ReduceSum", 13, "axes", [2], keepdims=1)
    w.by_input("Squeeze", 13, "axes", [2])
    w.by_input("Unsqueeze", 13, "axes", [1])
    w.by_input("Squeeze", 13, "axes", [1])
    w.add("Split", outputs=("left", "right"), axis=1, split=[1, 3])
    w.nodes.append(helper.make_node("Concat", ["right", "left"], ["joined"], "join", axis=1))
    w.value = "joined"
    if w.opset < 10:
        w.add("TopK", outputs=("best", "places"), k=3, axis=2)
    else:
        w.add("TopK", w.constant([3], np.int64), outputs=("best", "places"), axis=2)
    w.add("Flatten", axis=1)
    w.add("Softmax", outputs=("y",), axis=1)
