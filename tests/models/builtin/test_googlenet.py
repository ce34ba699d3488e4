"""The built-in GoogLeNet: its nodes, its sizes, its weights, and what it computes."""

from __future__ import annotations

import json
import math

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from paths import DATA

from trtcore.errors import OptionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.inputs import make_inputs
from trtcore.models.onnx.graph import model_inputs, model_nodes, model_outputs, serialized
from trtcore.result.records.layers import TensorInfo

WEIGHTS, BIAS = "loss3/classifier_w", "loss3/classifier_b"


def test_nodes_are_those_of_the_reference() -> None:
    text = (DATA / "googlenet_graph.json").read_text()
    # Caffe has no layer for the flattening, so its node is named after the layer that needs it.
    for recorded, own in (("flat", "loss3/classifier/flatten"), ("fc_w", WEIGHTS), ("fc_b", BIAS)):
        text = text.replace(f'"{recorded}"', f'"{own}"')
    reference = json.loads(text)["nodes"]
    built = [
        {"name": n.name, "op": n.op, "inputs": [*n.inputs], "outputs": [*n.outputs]}
        for n in model_nodes(googlenet())
    ]
    assert len(built) == 142
    assert built == reference


def test_sizes_are_those_of_caffe() -> None:
    inferred = onnx.shape_inference.infer_shapes(googlenet(2).proto, strict_mode=True)
    shapes = {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in inferred.graph.value_info
    }
    expected = {
        "conv1/7x7_s2": (2, 64, 112, 112),
        "pool1/3x3_s2": (2, 64, 56, 56),
        "conv2/norm2": (2, 192, 56, 56),
        "pool2/3x3_s2": (2, 192, 28, 28),
        "inception_3a/output": (2, 256, 28, 28),
        "inception_3b/output": (2, 480, 28, 28),
        "pool3/3x3_s2": (2, 480, 14, 14),
        "inception_4a/output": (2, 512, 14, 14),
        "inception_4d/output": (2, 528, 14, 14),
        "inception_4e/output": (2, 832, 14, 14),
        "pool4/3x3_s2": (2, 832, 7, 7),
        "inception_5b/output": (2, 1024, 7, 7),
        "pool5/7x7_s1": (2, 1024, 1, 1),
        "loss3/classifier": (2, 1000),
    }
    assert {name: shapes[name] for name in expected} == expected


def test_input_output_and_origin() -> None:
    model = googlenet(8, seed=5)
    assert model_inputs(model) == (TensorInfo("data", (8, 3, 224, 224), "float32"),)
    assert model_outputs(model) == (TensorInfo("prob", (8, 1000), "float32"),)
    assert (model.name, model.source, model.weights) == (
        "googlenet",
        "built-in",
        "He-normal, seed 5",
    )
    onnx.checker.check_model(model.proto, full_check=True)


def test_weights_are_seeded_and_scaled() -> None:
    first, again, other = (googlenet(1, seed).proto.graph for seed in (0, 0, 1))
    assert first == again
    assert first.initializer != other.initializer
    weights = {t.name: numpy_helper.to_array(t) for t in first.initializer}
    assert sum(array.size for array in weights.values()) == 6_998_552
    conv = weights["inception_4e/3x3_w"]
    assert conv.std() == pytest.approx(math.sqrt(2 / (160 * 9)), rel=0.02)
    assert all(not array.any() for name, array in weights.items() if name.endswith("_b"))


def test_probabilities_under_onnxruntime() -> None:
    model = googlenet(2)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        serialized(model), options, providers=["CPUExecutionProvider"]
    )
    (prob,) = session.run(None, make_inputs(model_inputs(model)))
    assert prob.shape == (2, 1000)
    assert np.isfinite(prob).all()
    np.testing.assert_allclose(prob.sum(axis=1), 1, rtol=1e-5)
    assert prob.std() > 1e-4, "made-up weights must still tell classes apart"


def test_batch_below_one() -> None:
    with pytest.raises(OptionError) as error:
        googlenet(0)
    assert str(error.value) == "batch is 0, must be 1 or more"
