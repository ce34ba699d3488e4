"""What a runtime reads and ONNX's checker refuses is loaded, runs, and is told where it matters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper, parser
from precision_models import run

from trtcore.errors import ModelError
from trtcore.models.load import load_model
from trtcore.models.onnx.mending import mend

NET = "g (float[1,4] x) => (float[1,4] y) <float[4] w = {1, 2, 3, 4}> { [add] y = Add (x, w) }"
X = np.array([[1, -2, 3, -4]], np.float32)
W = np.array([1, 2, 3, 4], np.float32)


def net(text: str = NET, opset: int = 17, ir: int = 8) -> ModelProto:
    return parser.parse_model(f'<ir_version: {ir}, opset_import: ["" : {opset}]>{text}')


def repeat_metadata(proto: ModelProto) -> None:
    for value in ("first", "second"):
        proto.metadata_props.add(key="a", value=value)


def hold_twice(proto: ModelProto) -> None:
    values = numpy_helper.to_array(proto.graph.initializer[0])
    proto.graph.initializer[0].raw_data = values.tobytes()
    proto.graph.initializer[0].float_data.extend(values)


def repeat_initializer(proto: ModelProto) -> None:
    proto.graph.initializer.add().CopyFrom(proto.graph.initializer[0])
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(3), ""))


def newer_than_known(proto: ModelProto) -> None:
    proto.ir_version = 99


NEWER = f"IR version 99 is newer than {onnx.IR_VERSION}: read as that"
UNKNOWN = "attribute 'axis_hint' of 'add' (Add) is not known in operator set 17: left out"


def add_attribute(proto: ModelProto) -> None:
    proto.graph.node[0].attribute.append(helper.make_attribute("axis_hint", 3))


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        (repeat_metadata, ()),
        (hold_twice, ()),
        (repeat_initializer, ()),
        (newer_than_known, (NEWER,)),
        (add_attribute, (UNKNOWN,)),
    ],
)
def test_it_computes_what_it_says(
    change: Callable[[ModelProto], None], notes: tuple[str, ...]
) -> None:
    proto = net()
    change(proto)
    model = load_model(proto)
    assert model.notes == notes
    np.testing.assert_array_equal(run(model, {"x": X})[0], X + W)


def test_an_old_file_need_not_list_its_initializers() -> None:
    model = load_model(net(opset=8, ir=3))
    np.testing.assert_array_equal(run(model, {"x": X})[0], X + W)


def test_attributes_without_a_type() -> None:
    text = """g (float[1,4] x) => (float[4] y)
        { [leaky] a = LeakyRelu <alpha = 0.5> (x)
          [most] y = ReduceMax <axes = [0], keepdims = 0> (a) }"""
    proto = net(text)
    for node in proto.graph.node:
        for attribute in node.attribute:
            attribute.ClearField("type")
    model = load_model(proto)
    np.testing.assert_array_equal(run(model, {"x": X})[0], [1, -1, 3, -2])


def test_a_domain_that_is_not_imported_is_a_plugins() -> None:
    proto = net()
    proto.graph.node[0].domain = "own.plugins"
    assert load_model(proto).notes == (
        "domain 'own.plugins' is not imported in the file: version 1 taken",
    )


IMAGE = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("opset", [10, 11, 12, 13, 19])
def test_an_upsample_where_resize_took_its_place(mode: str, opset: int) -> None:
    text = f"""g (float[1,2,3,4] x) => (float[1,2,6,12] y) <float[4] s = {{1, 1, 2, 3}}>
        {{ [up] y = Upsample <mode = "{mode}"> (x, s) }}"""
    model = load_model(net(text, opset))
    assert model.notes[0] == f"Upsample 'up' is no operator of set {opset}: read as Resize"
    # Of operator set 9, which has it.
    wanted = run(load_model(net(text, 9)), {"x": IMAGE})[0]
    np.testing.assert_allclose(run(model, {"x": IMAGE})[0], wanted, rtol=1e-6)


BATCH_NORM = """g (float[1,2,3,4] x) => (float[1,2,3,4] y)
    <float[2] s = {1, 2}, float[2] b = {0, 1}, float[2] m = {0, 0}, float[2] v = {1, 1}>
    { [norm] y = BatchNormalization <spatial = SPATIAL> (x, s, b, m, v) }"""


def test_an_attribute_at_the_value_that_it_had_by_default() -> None:
    model = load_model(net(BATCH_NORM.replace("SPATIAL", "1"), 13))
    assert model.notes == (
        "attribute 'spatial' of 'norm' (BatchNormalization) is not known in operator set 13: left "
        "out",
    )


@pytest.mark.parametrize(
    ("text", "opset", "message"),
    [
        (
            BATCH_NORM.replace("SPATIAL", "0"),
            13,
            "Unrecognized attribute: spatial for operator BatchNormalization ==> Context: Bad node "
            "spec for node. Name: norm OpType: BatchNormalization",
        ),
        (
            "g (float[1,4] x) => (float[1,1] y) { [sum] y = ReduceSum <axes = [1]> (x) }",
            13,
            "Unrecognized attribute: axes for operator ReduceSum ==> Context: Bad node spec for "
            "node. Name: sum OpType: ReduceSum",
        ),
    ],
)
def test_an_attribute_of_another_set_that_means_something_is_refused(
    text: str, opset: int, message: str
) -> None:
    with pytest.raises(ModelError) as error:
        load_model(net(text, opset))
    assert str(error.value) == f"the model: not a valid ONNX model: {message}"


@pytest.mark.parametrize(
    ("node", "opset", "words"),
    [
        (helper.make_node("BatchNormalization", ["x"], [], spatial=1), 13, "input size 1"),
        (helper.make_node("Upsample", ["x", "w"], []), 13, "output size 0"),
        (helper.make_node("Resize", ["x", "", "w"], []), 11, "output size 0"),
    ],
)
def test_a_node_without_a_name_or_an_output_is_refused(node, opset: int, words: str) -> None:
    proto = net(opset=opset)
    proto.graph.node.append(node)
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert words in str(error.value)


def test_a_node_that_inference_gives_up_on_beside_an_output_without_a_type() -> None:
    proto = net()
    proto.graph.node.append(helper.make_node("Reshape", [], ["z"]))
    proto.graph.output.add(name="z")
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert str(error.value) == (
        "the model: not a valid ONNX model: Field 'type' of 'value_info' is required but missing."
    )


def test_thousands_of_attributes_ask_for_the_history_of_operators_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    history = onnx.defs.get_all_schemas_with_history
    monkeypatch.setattr(
        onnx.defs, "get_all_schemas_with_history", lambda: asked.append(1) or history()
    )
    proto = net()
    for index in range(2000):
        node = helper.make_node("Relu", ["x"], [f"r{index}"], f"r{index}", axis_hint=3)
        proto.graph.node.append(node)
    (note,) = mend(proto)
    assert note.startswith("attribute 'axis_hint' of 'r0' (Relu), ")
    assert len(asked) <= 1


def test_an_attribute_of_a_function_outside_of_one_is_refused() -> None:
    proto = net()
    proto.graph.node[0].attribute.add(name="axis_hint", ref_attr_name="hint")
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert str(error.value) == (
        "the model: not a valid ONNX model: Unrecognized attribute: axis_hint for operator Add ==> "
        "Context: Bad node spec for node. Name: add OpType: Add"
    )


def test_two_initializers_of_one_name_that_differ_are_refused() -> None:
    proto = net()
    proto.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [4], [4, 3, 2, 1]))
    with pytest.raises(ModelError) as error:
        load_model(proto)
    assert str(error.value) == (
        "the model: not a valid ONNX model: w initializer name is not unique"
    )
