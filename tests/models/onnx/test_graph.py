"""ONNX files: read whole or refused in one line, named, written back."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, parser
from paths import LIGHT

from trtcore.errors import ModelError, ResultError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.onnx import graph as module
from trtcore.models.onnx.graph import (
    fits_in_memory,
    from_proto,
    load_onnx,
    model_inputs,
    model_nodes,
    model_outputs,
    on_disk,
    save_onnx,
    serialized,
)
from trtcore.result.records.layers import ModelNode, TensorInfo

BRANCHES = """
<ir_version: 8, opset_import: ["" : 17]>
g (float[2,3] x, bool c) => (float[2,3] y) {
  [first] a = Relu(x)
  b = Sqrt(a)
  [first] d = If (c) <
    then_branch = yes () => (float[2,3] t) { t = Add(b, b) },
    else_branch = no () => (float[2,3] e) { [first] e = Abs(b) }>
  y = Relu(d)
}
"""


def big_model(folder: Path) -> tuple[Path, np.ndarray]:
    """A Gemm whose weights lie in a file beside it."""
    weights = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    proto = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]>'
        "g (float[4,64] x) => (float[4,64] y) { [fc] y = MatMul(x, w) }"
    )
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    path = folder / "big.onnx"
    onnx.save_model(
        proto, path, save_as_external_data=True, location="big.weights", size_threshold=0
    )
    return path, weights


def test_light_googlenet_is_read() -> None:
    model = load_onnx(LIGHT / "light_inception_v1.onnx")
    nodes = model_nodes(model)
    assert model.name == "light_inception_v1"
    assert len(nodes) == 237
    assert [replace(node, work=None) for node in nodes if node.op == "LRN"] == [
        ModelNode("n3", "LRN", ("r2",), ("r3",)),
        ModelNode("n8", "LRN", ("r7",), ("r8",)),
    ]
    assert model_inputs(model) == (TensorInfo("data_0", (1, 3, 224, 224), "float32"),)
    assert [output.shape for output in model_outputs(model)] == [(1, 1000)]
    assert model.notes == ("93 of 237 nodes are unnamed: named <op>_<index>",)


def test_names_are_made_and_made_unique_in_bodies_too() -> None:
    proto = parser.parse_model(BRANCHES)
    model = from_proto(proto)
    names = [(node.name, node.op) for node in model_nodes(model)]
    assert names == [
        ("first", "Relu"),
        ("Sqrt_1", "Sqrt"),
        ("first_2", "If"),
        ("Add_3", "Add"),
        ("first_3", "Abs"),
        ("Relu_5", "Relu"),
    ]
    assert model.notes == (
        "3 of 6 nodes are unnamed: named <op>_<index>",
        "2 of 6 nodes repeat a name: a number was appended",
    )
    assert proto.graph.node[1].name == "", "the caller's graph is left alone"


def test_external_data_is_read(tmp_path: Path) -> None:
    path, weights = big_model(tmp_path)
    model = load_onnx(path)
    (tensor,) = model.proto.graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(tensor), weights)
    assert not tensor.external_data


def test_external_data_that_is_missing_or_short(tmp_path: Path) -> None:
    path, _ = big_model(tmp_path)
    data = tmp_path / "big.weights"
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(ModelError) as error:
        load_onnx(path)
    # Newer releases of ONNX notice it themselves.
    assert str(error.value).startswith(
        (f"{path}: weights 'w' are truncated", f"{path}: its external data cannot be read: ")
    )
    data.unlink()
    with pytest.raises(ModelError, match=r"big\.onnx: its external data cannot be read: .*"):
        load_onnx(path)


def test_external_data_may_not_leave_the_folder(tmp_path: Path) -> None:
    path, _ = big_model(tmp_path)
    proto = onnx.load(path, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = "../../etc/passwd"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match="its external data cannot be read"):
        load_onnx(path)


@pytest.mark.parametrize("size", [1, 10, 1000, 30000])
def test_truncated(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes((LIGHT / "light_inception_v1.onnx").read_bytes()[:size])
    with pytest.raises(ModelError) as error:
        load_onnx(path)
    assert str(error.value) == f"{path}: not an ONNX model, or truncated"


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "noise.onnx"
    path.write_bytes(np.random.default_rng(seed).bytes(200))
    with pytest.raises(ModelError) as error:
        load_onnx(path)
    assert "\n" not in str(error.value)


def test_not_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty.onnx"
    empty.touch()
    for path, message in (
        (tmp_path, "is a directory, expected a file"),
        (empty, "the file is empty"),
        (tmp_path / "none.onnx", "cannot be read (No such file or directory)"),
    ):
        with pytest.raises(ModelError) as error:
            load_onnx(path)
        assert str(error.value) == f"{path}: {message}"


def test_invalid_graph_is_one_line(tmp_path: Path) -> None:
    proto = parser.parse_model(BRANCHES)
    proto.graph.node[1].input[0] = "nowhere"
    path = tmp_path / "bad.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError) as error:
        load_onnx(path)
    assert str(error.value).startswith(f"{path}: not a valid ONNX model: Nodes in a graph must be")
    assert "nowhere" in str(error.value)
    assert "\n" not in str(error.value)


def test_graph_without_nodes() -> None:
    with pytest.raises(ModelError, match="the model: holds no nodes"):
        from_proto(onnx.ModelProto())


def test_unknown_operator_is_left_to_the_builder() -> None:
    node = helper.make_node("EfficientNMS_TRT", ["x"], ["y"], name="nms")
    value = [helper.make_tensor_value_info(name, 1, [1, 8]) for name in "xy"]
    proto = helper.make_model(helper.make_graph([node], "g", value[:1], value[1:]), ir_version=8)
    model = load_model(proto)
    assert model.notes == (
        "node 'nms': EfficientNMS_TRT is not an ONNX operator, assumed to be a plugin",
    )
    assert [imported.domain for imported in model.proto.opset_import] == [""]
    assert model_outputs(model) == (TensorInfo("y", (1, 8), "float32"),)


def test_save_and_load_again(tmp_path: Path) -> None:
    model = googlenet(1)
    path = tmp_path / "googlenet.onnx"
    save_onnx(model, path)
    assert load_onnx(path).proto == model.proto
    assert os.listdir(tmp_path) == ["googlenet.onnx"]


def test_large_weights_go_beside_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INLINE_BYTES", 1_000_000)
    model = googlenet(1)
    assert not fits_in_memory(model)
    path = tmp_path / "googlenet.onnx"
    save_onnx(model, path)
    assert sorted(os.listdir(tmp_path)) == ["googlenet.onnx", "googlenet.onnx.data"]
    assert path.stat().st_size < 200_000
    onnx.checker.check_model(str(path))
    loaded = load_onnx(path).proto
    for tensor in loaded.graph.initializer:
        tensor.ClearField("data_location")
    assert loaded == model.proto


def test_on_disk_is_there_and_gone() -> None:
    model = googlenet(1)
    with on_disk(model) as path:
        assert path.read_bytes() == serialized(model)
    assert not path.exists()


def test_unwritable(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="No such file or directory"):
        save_onnx(googlenet(1), tmp_path / "no" / "folder.onnx")


def test_initializers_among_the_inputs_are_no_inputs() -> None:
    proto = parser.parse_model(
        '<ir_version: 3, opset_import: ["" : 9]>'
        "g (float[4,8] x, float[8,8] w) => (float[4,8] y) { y = MatMul(x, w) }"
    )
    proto.graph.initializer.append(numpy_helper.from_array(np.eye(8, dtype=np.float32), "w"))
    model = from_proto(proto)
    assert [value.name for value in model_inputs(model)] == ["x"]


def test_weights_that_are_cut_short() -> None:
    proto = googlenet(1).proto
    proto.graph.initializer[0].raw_data = proto.graph.initializer[0].raw_data[:-4]
    with pytest.raises(ModelError, match="the model: weights 'conv1/7x7_s2_w' are truncated"):
        from_proto(proto)


def test_outputs_need_no_shape() -> None:
    head = '<ir_version: 8, opset_import: ["" : 17]>'
    graph = parser.parse_model(head + "g (float[1, 4] x) => (float[1, 4] y) { y = Relu(x) }")
    graph.graph.output[0].type.tensor_type.ClearField("shape")
    model = load_model(graph, batch=3)
    assert [tensor.shape for tensor in model_outputs(model)] == [(3, 4)]
