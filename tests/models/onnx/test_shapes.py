"""Batch and shapes: written into the inputs, carried through the graph, refused in one line."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import parser
from paths import LIGHT

from trtcore.errors import ModelError, OptionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.inputs import make_inputs
from trtcore.models.model import Model
from trtcore.models.onnx.graph import from_proto, load_onnx, model_inputs, model_outputs, serialized
from trtcore.models.onnx.shapes import with_shapes

TWO_INPUTS = """
<ir_version: 8, opset_import: ["" : 17]>
pair (float[N,3,H,8] a, float[N,3,H,8] b) => (float[N,3,H,8] y) { [add] y = Add(a, b) }
"""
TEXT = """
<ir_version: 8, opset_import: ["" : 17]>
text (float[N,S,4] x, float[S,S] mask) => (float[N,S,4] y) { [mix] y = MatMul(mask, x) }
"""
FIXED = """
<ir_version: 8, opset_import: ["" : 17]>
fixed (float[2,3] x) => (float[2,3] y) { [relu] y = Relu(x) }
"""
OPEN_MIDDLE = """
<ir_version: 8, opset_import: ["" : 17]>
image (float[N,3,H,W] x) => (float[N,3,H,W] y) { [relu] y = Relu(x) }
"""
RESHAPED = """
<ir_version: 8, opset_import: ["" : 17]>
flat (float[N,4,2] x) => (float[N,8] y)
<int64[2] target = {1, 8}> { [relu] a = Relu(x) [flatten] y = Reshape(a, target) }
"""


def model_of(text: str) -> Model:
    return from_proto(parser.parse_model(text))


def shapes_of(model: Model) -> dict[str, tuple[int, ...]]:
    return {v.name: v.shape for v in (*model_inputs(model), *model_outputs(model))}


def test_batch_sets_every_leading_dimension() -> None:
    model = with_shapes(model_of(TWO_INPUTS), 5, {"a": [5, 3, 6, 8]})
    assert shapes_of(model) == dict.fromkeys("aby", (5, 3, 6, 8))
    assert model.notes == ()


def test_a_symbol_settled_once_is_settled_everywhere() -> None:
    model = with_shapes(model_of(TEXT), shapes={"x": (2, 7, 4)})
    assert shapes_of(model) == {"x": (2, 7, 4), "mask": (7, 7), "y": (2, 7, 4)}
    model = with_shapes(model_of(TEXT), batch=3, shapes={"mask": (7, 7)})
    assert shapes_of(model) == {"x": (3, 7, 4), "mask": (7, 7), "y": (3, 7, 4)}


def test_batch_of_a_static_model() -> None:
    original = googlenet(4)
    model = with_shapes(original, 2)
    assert shapes_of(model) == {"data": (2, 3, 224, 224), "prob": (2, 1000)}
    assert shapes_of(original)["data"][0] == 4
    assert model.notes == ()
    assert model.proto.graph.value_info, "the inferred shapes are kept"


def test_open_batch_becomes_one_and_is_noted() -> None:
    model = with_shapes(model_of(RESHAPED))
    assert shapes_of(model) == {"x": (1, 4, 2), "y": (1, 8)}
    assert model.notes == ("input 'x' leaves its leading dimension open: 1 was taken",)


def test_nothing_to_do() -> None:
    model = with_shapes(model_of(FIXED))
    assert (shapes_of(model), model.notes) == ({"x": (2, 3), "y": (2, 3)}, ())


def test_batch_written_into_a_reshape_is_carried() -> None:
    model = with_shapes(model_of(RESHAPED), 6)
    assert shapes_of(model) == {"x": (6, 4, 2), "y": (6, 8)}
    assert model.notes == ("node 'flatten' has a hard-coded batch of 1: changed to 6",)


def test_a_reshape_may_hold_the_batch_in_a_longer_axis() -> None:
    text = RESHAPED.replace("{1, 8}", "{2, 4}").replace("float[N,8]", "float[2,4]")
    model = with_shapes(model_of(text), 3)
    assert model_outputs(model)[0].shape == (6, 4)


@pytest.mark.parametrize("name", ["inception_v1", "shufflenet", "resnet50"])
def test_old_models_with_batch_one_run_with_batch_three(name: str) -> None:
    model = with_shapes(load_onnx(LIGHT / f"light_{name}.onnx"), 3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        serialized(model), options, providers=["CPUExecutionProvider"]
    )
    (prob,) = session.run(None, make_inputs(model_inputs(model)))
    assert prob.shape == model_outputs(model)[0].shape == (3, 1000)
    np.testing.assert_allclose(prob, 0.001, rtol=1e-3)


@pytest.mark.parametrize("batch", [0, -4])
def test_batch_below_one(batch: int) -> None:
    with pytest.raises(OptionError) as caught:
        with_shapes(model_of(FIXED), batch)
    assert str(caught.value) == f"batch is {batch}, must be 1 or more"


@pytest.mark.parametrize(
    ("text", "batch", "shapes", "error", "message"),
    [
        (
            TWO_INPUTS,
            None,
            {"c": [1]},
            OptionError,
            "shapes names 'c', but the inputs of pair are: a Nx3xHx8, b Nx3xHx8",
        ),
        (
            TWO_INPUTS,
            None,
            {"a": [1, 3, 8]},
            ModelError,
            "pair: input 'a' was given as 1x3x8, but the model wants 4 dimensions: Nx3xHx8",
        ),
        (
            FIXED,
            None,
            {"x": [2, 0]},
            OptionError,
            "shape x:2x0: every dimension must be 1 or more",
        ),
        (
            TWO_INPUTS,
            None,
            {"a": [1, 3, 4, 8], "b": [2, 3, 4, 8]},
            ModelError,
            "pair: 'N' is 1 and 2 in the shapes given",
        ),
        (
            OPEN_MIDDLE,
            2,
            {},
            ModelError,
            "image: input 'x' Nx3xHxW has open dimensions: use shapes={'x': (2, 3, 'H', 'W')}",
        ),
    ],
)
def test_refusals(
    text: str,
    batch: int | None,
    shapes: dict[str, list[int]],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error) as caught:
        with_shapes(model_of(text), batch, shapes)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((4, 5, 224, 224), "node 'conv1/7x7_s2' has 5 input channels, its weights expect 3"),
        ((4, 3, 512, 512), "node 'loss3/classifier' has 102400 input channels, its weights"),
    ],
)
def test_mismatch_names_input_given_and_wanted(shape: tuple[int, ...], reason: str) -> None:
    with pytest.raises(ModelError) as error:
        with_shapes(googlenet(4), shapes={"data": shape})
    text = str(error.value)
    assert text.startswith(
        f"googlenet does not fit input 'data' as {'x'.join(map(str, shape))}"
        f" (the model says 4x3x224x224): {reason}"
    )
    assert "\n" not in text


def test_a_mismatch_names_the_inputs_that_keep_their_batch() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]>
        two (float[2,3] x, float[2,3] mask) => (float[2,3] y) { y = Add (x, mask) }"""
    with pytest.raises(ModelError) as error:
        with_shapes(model_of(text), shapes={"x": (4, 3)})
    assert str(error.value).startswith(
        "two does not fit input 'x' as 4x3 (the model says 2x3) beside input 'mask' left at 2x3: "
    )


def test_no_batch_dimension() -> None:
    text = FIXED.replace("float[2,3]", "float")
    with pytest.raises(ModelError, match="fixed: no input has a batch dimension"):
        with_shapes(model_of(text), 2)


def test_stale_shapes_in_the_file_do_no_harm() -> None:
    proto = parser.parse_model(FIXED)
    proto.graph.value_info.append(onnx.helper.make_tensor_value_info("x2", 1, [9]))
    proto.graph.node[0].output[0] = "x2"
    proto.graph.node.append(onnx.helper.make_node("Abs", ["x2"], ["y"]))
    model = with_shapes(from_proto(proto))
    stated = {v.name: v.type.tensor_type.shape.dim for v in model.proto.graph.value_info}
    assert [dim.dim_value for dim in stated["x2"]] == [2, 3]


def test_shapes_inside_branches_follow() -> None:
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[2,3] x, bool c) => (float[2,3] y) {
      [if] y = If (c) <
        then_branch = yes () => (float[2,3] t) { h = Abs(x) t = Relu(h) },
        else_branch = no () => (float[2,3] e) { e = Neg(x) }>
    }"""
    model = with_shapes(model_of(text), 7, {"x": (7, 3)})
    body = model.proto.graph.node[0].attribute[0].g
    assert [d.dim_value for d in body.value_info[0].type.tensor_type.shape.dim] == [7, 3]
    assert shapes_of(model)["y"] == (7, 3)
    onnx.checker.check_model(model.proto)


def test_a_valid_graph_that_inference_is_wrong_about_is_left_to_others() -> None:
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    odd (float[N,3,4,4] x) => (float[N,3,4,4] y) {
      [normalize] y = MeanVarianceNormalization (x)
    }"""
    model = with_shapes(model_of(text), 2)
    assert model_inputs(model)[0].shape == (2, 3, 4, 4)
    assert model.notes[-1].startswith("ONNX shape inference failed: ")


def test_dimensions_written_as_zero_or_minus_one_are_open() -> None:
    proto = parser.parse_model(FIXED)
    for dim_value in (0, -1):
        proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = dim_value
        model = with_shapes(from_proto(proto), 5)
        assert shapes_of(model) == {"x": (5, 3), "y": (5, 3)}


def test_sequences_are_left_alone() -> None:
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    parts (float[N,3] x) => (seq(float[M]) y) { [split] y = SplitToSequence (x) }
    """
    model = with_shapes(model_of(text), 2)
    assert model.proto.graph.output[0].type.HasField("sequence_type")


def test_a_reshape_that_never_fitted_is_refused() -> None:
    text = RESHAPED.replace("float[N,4,2]", "float[2,4,2]").replace("{1, 8}", "{3, 4}")
    with pytest.raises(ModelError) as error:
        with_shapes(model_of(text))
    assert str(error.value) == "flat: node 'flatten' reshapes 2x4x2 to 3x4"
