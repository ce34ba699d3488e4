"""What is said where ONNX Runtime cannot run a model."""

from __future__ import annotations

import pytest
from onnx import helper

from trtcore.errors import ModelError
from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.load import load_model


def test_an_operator_it_does_not_know_is_led_to_the_engine() -> None:
    node = helper.make_node("MyOp", ["x"], ["y"], name="my", domain="my.ops")
    value = [helper.make_tensor_value_info(name, 1, [2]) for name in "xy"]
    graph = helper.make_graph([node], "g", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my.ops", 1)]
    model = load_model(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    with pytest.raises(ModelError) as error:
        run_model(model, {}, threads=1)
    assert str(error.value) == (
        "g: ONNX Runtime: Fatal error: my.ops:MyOp(-1) is not a registered function/op; a "
        "plugin of TensorRT runs in an engine only, with plugins"
    )
