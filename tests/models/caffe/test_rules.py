"""How a file becomes a net: inputs, phases, in-place layers, outputs, sharing, names and notes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from caffe_oracles import assert_close, drawn, run_numpy, run_onnx
from caffemodel_writer import caffemodel

from trtcore.errors import ModelError, OptionError
from trtcore.models.caffe.importer import load_caffe

RELU = 'layer { name: "relu" type: "ReLU" bottom: "data" top: "out" }\n'
FC = """layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 4 } }
"""
IMAGE = (2, 3, 5, 4)


def shapes(values):
    return {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in values
    }


def arrays(model):
    initializers = model.proto.graph.initializer
    return {each.name: onnx.numpy_helper.to_array(each) for each in initializers}


def nodes(model):
    return [(node.name, node.op_type) for node in model.proto.graph.node]


DIMS = "dim: 2 dim: 3 dim: 5 dim: 4"
SIZES = "channels: 3 height: 5 width: 4"


@pytest.mark.parametrize(
    "text",
    [
        f'layer {{ name: "i" type: "Input" top: "data" input_param {{ shape: {{ {DIMS} }} }} }}',
        f'input: "data" input_shape {{ {DIMS} }}',
        'input: "data" input_dim: 2 input_dim: 3 input_dim: 5 input_dim: 4',
        'layer { name: "d" type: "DummyData" top: "data" '
        f"dummy_data_param {{ shape {{ {DIMS} }} }} }}",
        'layer { name: "d" type: "DummyData" top: "data" top: "more" '
        f"dummy_data_param {{ num: 2 num: 9 {SIZES} }} }}",
        'layer { name: "d" type: "MemoryData" top: "data" top: "label" '
        f"memory_data_param {{ batch_size: 2 {SIZES} }} }}",
        'layer { name: "d" type: "ImageData" top: "data" top: "label" '
        "image_data_param { batch_size: 2 new_height: 5 new_width: 4 } }",
    ],
)
def test_every_way_to_declare_the_input(write_net, text):
    net = write_net(text + "\n" + RELU)
    assert shapes(load_caffe(net).proto.graph.input) == {"data": IMAGE}
    assert shapes(load_caffe(net, batch=7).proto.graph.input) == {"data": (7, 3, 5, 4)}
    assert shapes(load_caffe(net, batch=7).proto.graph.output) == {"relu": (7, 3, 5, 4)}


def test_several_inputs(write_net):
    net = write_net(
        'input: "a" input: "b" input_shape { dim: 1 dim: 2 } input_shape { dim: 1 dim: 3 }'
        'layer { name: "join" type: "Concat" bottom: "a" bottom: "b" top: "c" }'
    )
    proto = load_caffe(net).proto
    assert shapes(proto.graph.input) == {"a": (1, 2), "b": (1, 3)}
    assert shapes(proto.graph.output) == {"join": (1, 5)}


TRAIN_VAL = """name: "a/b net"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { crop_size: 9 mean_file: "m" }
  data_param { source: "s" batch_size: 64 backend: LMDB } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 8 } data_param { source: "s" batch_size: 5 backend: LMDB } }
layer { name: "noise" type: "Unheard" bottom: "data" top: "data" exclude { phase: TEST } }
layer { name: "deep" type: "Unheard" bottom: "data" top: "data" include { min_level: 1 } }
layer { name: "staged" type: "Unheard" bottom: "data" top: "data" include { stage: "x" } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" include { not_stage: "x" }
  inner_product_param { num_output: 4 } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy"
  include { phase: TEST } accuracy_param { top_k: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss"
  loss_weight: 1 }
"""


def test_training_file_in_test_phase(write_net):
    model = load_caffe(write_net(TRAIN_VAL))
    assert nodes(model) == [("fc/flatten", "Flatten"), ("fc", "Gemm")]
    assert shapes(model.proto.graph.input) == {"data": (5, 3, 8, 8)}
    assert shapes(model.proto.graph.output) == {"fc": (5, 4)}
    assert model.name == "a_b_net"
    assert model.notes == (
        "layer 'data' (Data, line 5) became inputs, 3 channels assumed",
        "left out, training only: 'data' (Data), 'noise' (Unheard), 'deep' (Unheard), "
        "'staged' (Unheard), 'accuracy' (Accuracy), 'loss' (SoftmaxWithLoss)",
        "left out, not needed by any output: 'label'",
    )


def test_stages_of_the_file_count(write_net):
    text = """layer { name: "a" type: "ReLU" bottom: "data" top: "a" include { stage: "deploy" } }
    layer { name: "b" type: "TanH" bottom: "data" top: "b" include { not_stage: "deploy" } }\n"""
    assert nodes(load_caffe(write_net(text, data=IMAGE))) == [("b", "Tanh")]
    staged = write_net(text + 'state { stage: "deploy" stage: "more" }', data=IMAGE)
    assert nodes(load_caffe(staged)) == [("a", "Relu")]


def test_data_layer_without_a_shape_is_refused(write_net):
    net = write_net(TRAIN_VAL.replace("crop_size: 8", ""))
    with pytest.raises(
        ModelError, match=r"layer 'data' \(Data, line 5\): does not state the shape of 'data'"
    ):
        load_caffe(net)


IN_PLACE = """
layer { name: "conv" type: "Convolution" bottom: "data" top: "x"
  convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
layer { name: "tanh" type: "TanH" bottom: "x" top: "x" }
layer { name: "left" type: "Power" bottom: "x" top: "left" power_param { shift: 1 } }
layer { name: "right" type: "AbsVal" bottom: "x" top: "right" }
layer { name: "right" type: "Sigmoid" bottom: "right" top: "right" }
"""


def test_in_place_layers_keep_their_names(write_net):
    model = load_caffe(write_net(IN_PLACE, data=IMAGE))
    assert [(node.name, *node.input[:1], *node.output) for node in model.proto.graph.node] == [
        ("conv", "data", "conv"),
        ("relu", "conv", "relu"),
        ("tanh", "relu", "tanh"),
        ("left", "tanh", "left"),
        ("right", "tanh", "right"),
        ("right_2", "right", "right_2"),
    ]
    assert list(shapes(model.proto.graph.output)) == ["left", "right_2"]


def test_outputs_are_blobs_in_their_last_state_or_layers(write_net):
    net = write_net(IN_PLACE, data=IMAGE)
    model = load_caffe(net, outputs=["x", "conv", "x"])
    assert list(shapes(model.proto.graph.output)) == ["tanh", "conv"]
    assert model.notes == ("left out, not needed by any output: 'left', 'right'",)
    assert [node.name for node in model.proto.graph.node] == ["conv", "relu", "tanh"]
    with pytest.raises(ModelError, match=r"output 'rigth': .* did you mean 'right'"):
        load_caffe(net, outputs=["rigth"])
    with pytest.raises(ModelError, match="output 'data' is an input of the net"):
        load_caffe(net, outputs=["data"])


def test_names_that_helpers_would_take_stay_with_their_layers(write_net):
    net = write_net(
        FC
        + 'layer { name: "fc/flatten" type: "ReLU" bottom: "fc" top: "a" }'
        + 'layer { name: "fc_w" type: "ReLU" bottom: "a" top: "b" }',
        data=IMAGE,
    )
    proto = load_caffe(net).proto
    assert [node.name for node in proto.graph.node] == ["fc/flatten_2", "fc", "fc/flatten", "fc_w"]
    assert [each.name for each in proto.graph.initializer] == ["fc_w_2", "fc_b"]
    onnx.checker.check_model(proto, full_check=True)


def test_silenced_blobs_are_no_outputs(write_net):
    net = write_net(
        'layer { name: "cut" type: "Slice" bottom: "data" top: "a" top: "b" '
        "slice_param { slice_point: 1 } }"
        'layer { name: "quiet" type: "Silence" bottom: "a" }',
        data=IMAGE,
    )
    proto = load_caffe(net).proto
    assert shapes(proto.graph.output) == {"cut/b": (2, 2, 5, 4)}


def test_blobs_shared_by_name(write_net, tmp_path):
    text = "".join(
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}"\n'
        f'  param {{ name: "w" }} param {{ name: "b{name}" }}\n'
        "  inner_product_param { num_output: 3 } }\n"
        for name, bottom in (("one", "data"), ("two", "one"))
    )
    net = write_net(text, data=(2, 3))
    rng = np.random.default_rng(0)
    weights, *biases = drawn(rng, (3, 3)), drawn(rng, 3), drawn(rng, 3)
    stored = tmp_path / "net.caffemodel"
    stored.write_bytes(caffemodel({"one": [weights, biases[0]], "two": [weights * 0, biases[1]]}))
    feeds = {"data": drawn(rng, (2, 3))}
    blobs = {"one": [weights, biases[0]], "two": [weights, biases[1]]}
    proto = load_caffe(net, stored).proto
    assert_close(run_onnx(proto, feeds)[0], run_numpy(net, blobs, feeds)["two"])
    net.write_text(net.read_text().replace("num_output: 3", "num_output: 4", 1))
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == (
        f"{net}: layer 'two' (InnerProduct, line 5): shares its blob 'w' of 4x3, but wants 3x4"
    )
    net.write_text(net.read_text().replace('"w"', '"w" share_mode: PERMISSIVE'))
    first, second = (arrays(load_caffe(net))[f"{name}_w"] for name in ("one", "two"))
    np.testing.assert_array_equal(first.reshape(3, 4), second)


def test_unused_weights_are_listed(write_net, tmp_path):
    stored = tmp_path / "net.caffemodel"
    layers = {"fc": [np.ones((4, 60)), np.ones(4)], "aux/fc": [np.ones((2, 3)), np.ones(2)]}
    stored.write_bytes(caffemodel(layers))
    model = load_caffe(write_net(FC, data=IMAGE), stored)
    assert model.weights == "file"
    assert model.notes == ("unused weights: 'aux/fc' (2x3, 2)",)


def test_made_up_weights_depend_on_name_and_seed_alone(write_net):
    def weights(text, seed=0):
        return arrays(load_caffe(write_net(text, data=IMAGE), seed=seed))

    alone, again = weights(FC), weights(RELU + FC.replace('bottom: "data"', 'bottom: "out"'))
    np.testing.assert_array_equal(alone["fc_w"], again["fc_w"])
    assert not np.array_equal(alone["fc_w"], weights(FC, seed=1)["fc_w"])
    assert not alone["fc_b"].any()
    assert alone["fc_w"].std() == pytest.approx(np.sqrt(2 / 60), rel=0.1)


def test_three_spatial_axes(write_net):
    net = write_net(
        'layer { name: "c" type: "Convolution" bottom: "data" top: "c" '
        "convolution_param { num_output: 2 kernel_size: 3 pad: 1 pad: 0 pad: 0 stride: 2 } }",
        data=(1, 2, 5, 7, 6),
    )
    proto = load_caffe(net).proto
    assert shapes(proto.graph.output) == {"c": (1, 2, 3, 3, 2)}
    onnx.checker.check_model(proto, full_check=True)
    assert run_onnx(proto, {"data": np.ones((1, 2, 5, 7, 6), np.float32)})[0].shape == (
        1,
        2,
        3,
        3,
        2,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "batch is 0, must be 1 or more"),
        ({"seed": -1}, "seed is -1, must be 0 or more"),
    ],
)
def test_options_that_make_no_sense(write_net, options, message):
    with pytest.raises(OptionError) as caught:
        load_caffe(write_net(RELU, data=IMAGE), **options)
    assert str(caught.value) == message
