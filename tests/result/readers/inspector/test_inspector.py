"""The inspector's answer in every shape it has had, real and hand-made."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from paths import DATA

from trtcore.errors import ResultError
from trtcore.result.readers.inspector.inspector import (
    EngineInformation,
    match_layers,
    parse_engine_information,
    parse_metadata,
)
from trtcore.result.readers.inspector.tensor_words import short_dtype, short_format
from trtcore.result.records.layers import IOTensor, Layer, TensorInfo

# TensorRT 8 to 10; the texts are those of NVIDIA/TensorRT#4020
STYLE_10 = """{"Layers": [{
  "Name": "Reformatting CopyNode for Input Tensor 0 to conv0 + relu0",
  "LayerType": "Reformat",
  "Inputs": [
  {
    "Name": "data",
    "Location": "Device",
    "Dimensions": [1,3,224,224],
    "Format/Datatype": "Row major linear FP32"
  }],
  "Outputs": [
  {
    "Name": "Reformatted Input Tensor 0 to conv0 + relu0",
    "Location": "Device",
    "Dimensions": [1,3,224,224],
    "Format/Datatype": "Row major Int8 format"
  }],
  "ParameterType": "Reformat",
  "Origin": "REFORMAT",
  "TacticValue": "0x00000000000003e8",
  "StreamId": 0,
  "Metadata": ""
},{
  "Name": "conv0 + relu0",
  "LayerType": "CaskConvolution",
  "Inputs": [
  {
    "Name": "Reformatted Input Tensor 0 to conv0 + relu0",
    "Location": "Device",
    "Dimensions": [1,3,224,224],
    "Format/Datatype": "Row major Int8 format"
  }],
  "Outputs": [
  {
    "Name": "relu0_out",
    "Location": "Device",
    "Dimensions": [1,64,112,112],
    "Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format"
  }],
  "ParameterType": "Convolution",
  "Weights": {"Type": "Int8", "Count": 9408},
  "TacticName": "sm80_xmma_fprop_implicit_gemm",
  "TacticValue": "0x11bde0e1d9f2f35d",
  "StreamId": 1,
  "Metadata": "[ONNX Layer: conv0]\\u001e[ONNX Layer: relu0]"
}],
"Bindings": ["data"
,"relu0_out"
]}"""

STYLE_10_READ = EngineInformation(
    layers=(
        Layer(
            name="Reformatting CopyNode for Input Tensor 0 to conv0 + relu0",
            kind="Reformat",
            stream=0,
            inputs=(TensorInfo("data", (1, 3, 224, 224), "Float", "linear"),),
            outputs=(
                TensorInfo(
                    "Reformatted Input Tensor 0 to conv0 + relu0",
                    (1, 3, 224, 224),
                    "Int8",
                    "linear",
                ),
            ),
        ),
        Layer(
            name="conv0 + relu0",
            kind="CaskConvolution",
            nodes=("conv0", "relu0"),
            tactic="sm80_xmma_fprop_implicit_gemm",
            stream=1,
            inputs=(
                TensorInfo(
                    "Reformatted Input Tensor 0 to conv0 + relu0",
                    (1, 3, 224, 224),
                    "Int8",
                    "linear",
                ),
            ),
            outputs=(TensorInfo("relu0_out", (1, 64, 112, 112), "Int8", "chw32"),),
        ),
    ),
    io=(
        IOTensor("data", (1, 3, 224, 224), "Float", "linear", "input"),
        IOTensor("relu0_out", (1, 64, 112, 112), "Int8", "chw32", "output"),
    ),
    verbosity="DETAILED",
)


def read(name: str) -> EngineInformation:
    return parse_engine_information((DATA / name).read_text(encoding="utf-8"))


class TestRealFiles:
    def test_googlenet(self):
        engine = read("inspector_googlenet_fp16_b4.json")
        assert engine.verbosity == "DETAILED"
        assert engine.io == (
            IOTensor("data", (4, 3, 224, 224), "Half", "linear", "input"),
            IOTensor("prob", (4, 1000), "Half", "linear", "output"),
        )
        assert Counter(layer.kind for layer in engine.layers) == {
            "wait": 90,
            "correlation": 57,
            "signal": 36,
            "maxpool": 13,
            "kgen": 6,
            "avgpool": 3,
            "gemm": 1,
        }
        assert engine.layers[1] == Layer(
            name="conv1/7x7_s2_U3_myl0_1",
            kind="correlation",
            nodes=("conv1/7x7_s2", "conv1/relu_7x7"),
            tactic="__myelin_CASK_STUB",
            stream=0,
            inputs=(TensorInfo("conv1/relu_7x7.1_2_myl0", (4, 4, 224, 224), "Half", "nhwc"),),
            outputs=(TensorInfo("pool1/3x3_s2.1_3_myl0", (4, 64, 112, 112), "Half", "nhwc"),),
            constant_types=("Half", "Float"),
        )
        assert {layer.stream for layer in engine.layers} == {0, 1, 2, 3}

    def test_chw2_input(self):
        engine = read("inspector_googlenet_fp16_chw2_b4.json")
        assert engine.io[0] == IOTensor("data", (4, 3, 224, 224), "Half", "chw2", "input")
        assert engine.layers[0].inputs[0].format == "chw2"

    def test_nodes_are_those_of_the_model(self):
        graph = json.loads((DATA / "googlenet_graph.json").read_text())
        names = {node["name"] for node in graph["nodes"]}
        engine = read("inspector_googlenet_fp16_b4.json")
        found = {node for layer in engine.layers for node in layer.nodes}
        assert found <= names
        assert len(found) > 130

    def test_one_line_text_of_a_builder_log(self):
        engine = read("inspector_squeezenet_fp32_oneline.txt")
        assert engine.verbosity == "DETAILED"
        assert engine.io == (
            IOTensor("data_0", (1, 3, 224, 224), "Float", "linear", "input"),
            IOTensor("softmaxout_1", (1, 1000, 1, 1), "Float", "linear", "output"),
        )
        assert len(engine.layers) == 66
        assert engine.layers[1] == Layer(
            name="n0_myl0_1",
            kind="correlation",
            nodes=("n0", "n1"),
            tactic="__myelin_CASK_STUB",
            stream=0,
            inputs=(TensorInfo("r1.1_2_myl0", (1, 3, 224, 224), "Float", "nhwc"),),
            outputs=(TensorInfo("r2.1_3_myl0", (1, 64, 111, 111), "Float", "nhwc"),),
            constant_types=("Float",),
        )
        assert all(len(layer.outputs) == 1 for layer in engine.layers if layer.kind == "kgen")


class TestForms:
    def test_style_10(self):
        assert parse_engine_information(STYLE_10) == STYLE_10_READ

    def test_style_10_with_raw_control_characters(self):
        assert parse_engine_information(STYLE_10.replace("\\u001e", "\x1e")) == STYLE_10_READ

    def test_style_10_as_one_line_text(self):
        text = (
            "Layers:\n"
            "Name: Reformatting CopyNode for Input Tensor 0 to conv0 + relu0, LayerType: Reformat, "
            "Inputs: [ { Name: data, Location: Device, Dimensions: [1,3,224,224], "
            "Format/Datatype: Row major linear FP32 }], "
            "Outputs: [ { Name: Reformatted Input Tensor 0 to conv0 + relu0, Location: Device, "
            "Dimensions: [1,3,224,224], Format/Datatype: Row major Int8 format }], "
            "ParameterType: Reformat, Origin: REFORMAT, TacticValue: 0x00000000000003e8, "
            "StreamId: 0, Metadata: \n\n"
            "Name: conv0 + relu0, LayerType: CaskConvolution, "
            "Inputs: [ { Name: Reformatted Input Tensor 0 to conv0 + relu0, Location: Device, "
            "Dimensions: [1,3,224,224], Format/Datatype: Row major Int8 format }], "
            "Outputs: [ { Name: relu0_out, Location: Device, Dimensions: [1,64,112,112], "
            "Format/Datatype: Thirty-two wide channel vectorized row major Int8 format }], "
            'ParameterType: Convolution, Weights: {"Type": "Int8", "Count": 9408}, '
            "TacticName: sm80_xmma_fprop_implicit_gemm, TacticValue: 0x11bde0e1d9f2f35d, "
            "StreamId: 1, Metadata: [ONNX Layer: conv0]\x1e[ONNX Layer: relu0]\n\n"
            "Bindings:\ndata\nrelu0_out\n"
        )
        assert parse_engine_information(text) == STYLE_10_READ

    @pytest.mark.parametrize("key", ["Layers", "layers", "LayerInfo", "layerInfo"])
    def test_keys_of_the_list(self, key):
        layers = json.loads(STYLE_10)["Layers"]
        assert parse_engine_information({key: layers}).layers == STYLE_10_READ.layers

    def test_root_list(self):
        engine = parse_engine_information(json.loads(STYLE_10)["Layers"])
        assert engine == EngineInformation(STYLE_10_READ.layers, (), "DETAILED")

    def test_lower_case_keys_of_the_documents(self):
        engine = parse_engine_information(
            {"layers": [{"name": "a", "layerType": "kgen", "format/datatype": "?"}]}
        )
        assert engine.layers == (Layer("a", "kgen"),)

    def test_layer_names_only(self):
        engine = parse_engine_information(
            '{"Layers": ["conv0 + relu0"\n,"pool"\n],\n"Bindings": ["x"\n,"y"\n]}'
        )
        assert engine == EngineInformation(
            layers=(Layer("conv0 + relu0"), Layer("pool")),
            io=(IOTensor("x", (), "", "", "input"), IOTensor("y", (), "", "", "input")),
            verbosity="LAYER_NAMES_ONLY",
        )

    def test_layer_names_only_as_text(self):
        engine = parse_engine_information("Layers:\nconv0 + relu0\npool\n\nBindings:\nx\n")
        assert [layer.name for layer in engine.layers] == ["conv0 + relu0", "pool"]
        assert (engine.verbosity, engine.io[0].name) == ("LAYER_NAMES_ONLY", "x")

    def test_layer_names_only_as_objects(self):
        assert parse_engine_information([{"Name": "a"}]).verbosity == "LAYER_NAMES_ONLY"

    def test_none_has_numbers_for_names(self):
        engine = parse_engine_information({"Layers": ["0", "1", "2"]})
        assert engine.verbosity == "NONE"
        assert engine.layers[2] == Layer("2")

    @pytest.mark.parametrize(
        ("stated", "verbosity"),
        [
            ("kDETAILED", "DETAILED"),
            ("LAYER_NAMES_ONLY", "LAYER_NAMES_ONLY"),
            ("ProfilingVerbosity::kNONE", "NONE"),
        ],
    )
    def test_stated_verbosity_of_style_11(self, stated, verbosity):
        engine = parse_engine_information({"ProfilingVerbosity": stated, "Layers": ["a"]})
        assert engine.verbosity == verbosity

    def test_engine_without_layers(self):
        assert parse_engine_information('{"Layers": []}').layers == ()

    def test_dangling_and_dynamic_tensors(self):
        row = {"Name": "a", "Inputs": [{"Name": "l2_cache_policy_inputs_0"}], "Outputs": None}
        (layer,) = parse_engine_information([row]).layers
        assert layer.inputs == (TensorInfo("l2_cache_policy_inputs_0", (), "", ""),)
        row["Inputs"] = [{"Name": "x", "Dimensions": [-1, 3], "Datatype": "Half", "Format": "N/A"}]
        (layer,) = parse_engine_information([row]).layers
        assert layer.inputs == (TensorInfo("x", (-1, 3), "Half", ""),)


class TestMetadata:
    @pytest.mark.parametrize("separator", ["\x1e", "\x1f"])
    def test_separators(self, separator):
        text = separator.join(["[ONNX Layer: a/b]", "[ONNX Layer: c [d]]", "[ONNX Layer: a/b]"])
        assert parse_metadata(text) == ("a/b", "c [d]")

    def test_other_origins_are_not_nodes(self):
        assert parse_metadata("") == ()
        assert parse_metadata("[CONVOLUTION]-[aten_ops.convolution]-[/features/0]") == ()


class TestBadInput:
    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("", "engine information is '', expected the inspector's JSON or one-line text"),
            (
                "hello",
                "engine information is 'hello', expected the inspector's JSON or one-line text",
            ),
            (
                '{"Layers": [',
                "engine information is not JSON (Expecting value: line 1 column 13 (char 12))",
            ),
            ("[" * 100_000, "engine information is not JSON (nested too deeply)"),
            ("{}", "engine information has no list 'Layers' (it has nothing)"),
            (
                '{"Layers": 3, "x": 1}',
                "engine information has no list 'Layers' (it has 'Layers', 'x')",
            ),
            ('{"Layers": [7]}', "engine layer 0 is '7', expected an object or a name"),
            (
                '["a", {"LayerType": "x"}]',
                "engine layer 1 is \"{'LayerType': 'x'}\", expected an object or a name",
            ),
            (7, "engine information is '7', expected an object or a list"),
        ],
    )
    def test_message(self, source, message):
        with pytest.raises(ResultError) as caught:
            parse_engine_information(source)
        assert str(caught.value) == message


class TestMatchLayers:
    def test_same_lists(self):
        layers = read("inspector_googlenet_fp16_b4.json").layers
        rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())[1:]
        assert match_layers(layers, [row["name"] for row in rows]) == layers

    def test_repeated_names_are_told_apart_by_position(self):
        layers = (Layer("a", "1"), Layer("b", "2"), Layer("a", "3"))
        assert match_layers(layers, ["a", "b", "a"]) == layers

    def test_rows_that_only_one_side_has(self):
        layers = (Layer("a", "1"), Layer("gone", "2"), Layer("b", "3"))
        assert match_layers(layers, ["new", "a", "b", "b"]) == (
            Layer("new"),
            Layer("a", "1"),
            Layer("b", "3"),
            Layer("b"),
        )

    def test_further_optimization_profile(self):
        layers = (Layer("a", "0"), Layer("a [profile 1]", "1"))
        assert match_layers(layers, ["a [profile 1]"]) == (Layer("a [profile 1]", "1"),)

    def test_nothing_known(self):
        assert match_layers((), ["a", "a"]) == (Layer("a"), Layer("a"))


@pytest.mark.parametrize(
    ("sentence", "word", "dtype"),
    [
        ("Row major linear FP16 format (kLINEAR)", "linear", "Half"),
        ("Two wide channel vectorized row major FP16 format (kCHW2)", "chw2", "Half"),
        ("Channel major FP16 format where channel % 8 == 0 (kHWC8)", "hwc8", "Half"),
        ("Channel major FP32 format (kHWC)", "nhwc", "Float"),
        ("(Linear) Row major linear format", "linear", ""),
        ("(NHWC) Channel major format", "nhwc", ""),
        ("(NDHWC) Channel major format with 3 spatial dimensions", "ndhwc", ""),
        ("(NC/2HW2) Two wide channel vectorized format", "chw2", ""),
        ("(Arbitrary) Format with stride order = [0,3,2,1]", "strides[0,3,2,1]", ""),
        ("Row major linear FP32", "linear", "Float"),
        ("Row major Int8 format", "linear", "Int8"),
        ("Row major linear BOOL", "linear", "Bool"),
        ("Row major INT8 format where column stride % 64 == 0", "dla_linear", "Int8"),
        ("Channel major FP16 format where channel % 8 == 0", "hwc8", "Half"),
        ("Channel major FP16 format where C % 8 == 0 and H Stride % 32 == 0", "hwc8", "Half"),
        (
            "Channel major FP16 format where channel % 8 == 0 with 3 spatial dimensions",
            "dhwc8",
            "Half",
        ),
        (
            "Channel major INT8 format where channel == 4 and column stride % 32 == 0",
            "dla_hwc4",
            "Int8",
        ),
        ("Thirty-two wide channel vectorized row major Int8 format", "chw32", "Int8"),
        (
            "Thirty-two wide channel vectorized row major FP16 format with 3 spatial dimensions",
            "cdhw32",
            "Half",
        ),
        ("Four wide channel vectorized row major Int8 format", "chw4", "Int8"),
        ("Half", "", "Half"),
        ("N/A", "", ""),
        ("", "", ""),
        ("A layout of tomorrow", "A layout of tomorrow", ""),
    ],
)
def test_short_words(sentence, word, dtype):
    assert short_format(sentence) == word
    assert short_dtype(sentence) == dtype
