"""Tensors whose values are not those that their shape needs."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper, parser

from trtcore.errors import ModelError
from trtcore.models.load import load_model
from trtcore.models.onnx.tensors import misfit

NET = '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Mul(x, w) }'


def model(tensor: TensorProto, *, in_a_node: bool = False) -> ModelProto:
    proto = parser.parse_model(NET)
    tensor.name = "w"
    if in_a_node:
        proto.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    else:
        proto.graph.initializer.append(tensor)
    return proto


def listed(field: str, values: list[float], kind: int = TensorProto.FLOAT) -> TensorProto:
    return TensorProto(data_type=kind, dims=[2], **{field: values})


@pytest.mark.parametrize("in_a_node", [False, True])
@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (TensorProto(data_type=1, dims=[2], raw_data=bytes(7)), "are truncated"),
        (TensorProto(data_type=1, dims=[2], raw_data=bytes(9)), "have 1 values or bytes too many"),
        (TensorProto(data_type=1, dims=[1 << 40, 1 << 40]), "are truncated"),
        (
            TensorProto(data_type=1, dims=[-2], raw_data=bytes(8)),
            "its shape [-2] has a negative dimension",
        ),
        (listed("float_data", [1]), "are truncated"),
        (listed("float_data", [1, 2, 3]), "have 1 values or bytes too many"),
        (listed("int32_data", [1], TensorProto.FLOAT16), "are truncated"),
    ],
)
def test_values_that_do_not_fill_a_tensor(
    tensor: TensorProto, problem: str, in_a_node: bool
) -> None:
    with pytest.raises(ModelError) as error:
        load_model(model(TensorProto.FromString(tensor.SerializeToString()), in_a_node=in_a_node))
    assert str(error.value) == f"the model: weights 'w' {problem}"


@pytest.mark.parametrize("kind", ["float32", "float16", "int8", "int64", "bool", "complex64"])
def test_values_that_do(kind: str) -> None:
    raw = numpy_helper.from_array(np.ones(2, kind), "w")
    written = helper.make_tensor("w", raw.data_type, [2], np.ones(2, kind))
    assert misfit(model(raw)) == misfit(model(written)) == ""


def test_values_of_four_bits() -> None:
    tensor = helper.make_tensor("w", TensorProto.INT4, [3], [1, 2, 3])
    assert misfit(model(tensor)) == ""
    raw = TensorProto(data_type=TensorProto.INT4, dims=[3], raw_data=bytes(2))
    assert misfit(model(raw)) == ""
