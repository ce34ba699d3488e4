"""Texts that are no UTF-8, and operator sets that never were."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import ModelProto, parser

from trtcore.errors import ModelError
from trtcore.models.load import load_model
from trtcore.models.onnx.texts import broken_text

NET = """
<ir_version: 8, opset_import: ["" : 17]>
g (bool c, float[2] input_name) => (float[2] y) <float[1] weight = {1}> {
  y = If (c) <then_branch = t () => (float[2] a) { a = Mul (input_name, weight) },
    else_branch = e () => (float[2] b) { b = SomeNeg (input_name) }>
}
"""


@pytest.mark.parametrize("text", [b"input_name", b"SomeNeg", b"weight", b"If"])
def test_a_text_that_is_not_utf8(tmp_path: Path, text: bytes) -> None:
    content = parser.parse_model(NET).SerializeToString()
    path = tmp_path / "net.onnx"
    path.write_bytes(content.replace(text, b"\xe3" + text[1:]))
    with pytest.raises(ModelError) as error:
        load_model(path)
    shown = f"'\\xe3{text[1:].decode()}'"
    assert str(error.value) == f"{path}: not a valid ONNX model: the text {shown} is not UTF-8"


def test_a_place_of_external_data_that_is_not_utf8() -> None:
    proto = parser.parse_model(NET)
    proto.graph.initializer[0].external_data.add(key="location", value="weights_bin")
    content = proto.SerializeToString().replace(b"weights_bin", b"weights\xffbin")
    assert broken_text(ModelProto.FromString(content)) == "'weights\\xffbin'"


def test_a_type_that_does_not_exist() -> None:
    proto = parser.parse_model(NET.replace("SomeNeg", "Neg"))
    body = proto.graph.node[0].attribute[1].g
    body.output[0].type.tensor_type.elem_type = 46
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert str(error.value) == "g: not a valid ONNX model: Invalid tensor data type 46."


def test_a_branch_without_the_outputs_of_its_node() -> None:
    proto = parser.parse_model(NET)
    del proto.graph.node[0].attribute[1].g.output[:]
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert str(error.value) == "the model: node 'If_0' has 1 outputs, its body 'e' 0"


def test_texts_of_any_language() -> None:
    proto = parser.parse_model(NET)
    proto.graph.node[0].name = "слой/層"
    assert broken_text(proto) == ""


def test_an_operator_set_that_never_was() -> None:
    proto = parser.parse_model(NET)
    proto.opset_import[0].version = 0
    with pytest.raises(ModelError, match="not a valid ONNX model: its operator set is 0"):
        load_model(proto)


def test_no_operator_set() -> None:
    proto = parser.parse_model(NET)
    del proto.opset_import[:]
    with pytest.raises(ModelError, match="not a valid ONNX model: it states no operator set"):
        load_model(proto)


def test_a_reshape_of_operator_set_4_has_its_target_in_an_attribute() -> None:
    proto: ModelProto = parser.parse_model(
        '<ir_version: 3, opset_import: ["" : 4]> g (float[N,4] x) => (float[N,2,2] y) '
        "{ y = Reshape <shape = [-1, 2, 2]> (x) }"
    )
    model = load_model(proto, batch=3)
    assert [dim.dim_value for dim in model.proto.graph.input[0].type.tensor_type.shape.dim] == [
        3,
        4,
    ]
