"""What is said of a file, a graph or values that cannot be taken: each message in full."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper, parser

from trtcore.errors import ModelError, OptionError, ResultError, TrtcoreError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.fitting import dtype_of, read_npz
from trtcore.models.input_texts import check_inputs
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.annotation import NodeNotes, annotate_file
from trtcore.models.onnx.graph import from_proto, serialized
from trtcore.models.onnx.shapes import with_shapes
from trtcore.models.onnx.weights import write_with_external_weights
from trtcore.result.records.layers import TensorInfo

ACCEPTED = (
    "googlenet (built in), FILE.onnx, FILE.prototxt of a Caffe model, or, to profile or inspect, "
    "FILE.plan"
)
NET = """
<ir_version: 8, opset_import: ["" : 17]>
g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }
"""
"""A graph that nothing is wrong with."""
NOTES: Any = ({"Relu_0": NodeNotes({"time_ms": "1"}, ["1 ms"])}, {})
"""For its node, and none for the model."""


def said(kind: type[TrtcoreError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as error:
        call()
    assert type(error.value) is kind
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "net.plan",
            b"",
            "{path}: is an engine already, not a model: 'trtcore profile {path}' times it, "
            "'trtcore inspect {path}' shows it",
        ),
        (
            "net.caffemodel",
            b"",
            "{path}: holds weights only; give the .prototxt, with weights='{path}'",
        ),
        (
            "net.pb",
            b"\x0a\x03abc",
            "{path}: neither ONNX nor Caffe prototxt; accepted: " + ACCEPTED,
        ),
        ("net.pb", None, "{path}: no such file or built-in model; accepted: " + ACCEPTED),
        ("net.onnx", b"\xff\xff", "{path}: not an ONNX model, or truncated"),
    ],
)
def test_a_file_that_is_no_model(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert said(ModelError, lambda: load_model(path)) == message.format(path=path)


def net(change: Callable[[ModelProto], object] = lambda proto: None) -> ModelProto:
    proto = parser.parse_model(NET)
    change(proto)
    return proto


def elsewhere(proto: ModelProto) -> None:
    tensor = proto.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            elsewhere,
            "the model: the values of 'w' are in another file, and a graph in memory has no "
            "folder: give its path, or load them (onnx.load does)",
        ),
        (
            lambda proto: proto.opset_import[0].__setattr__("version", 0),
            "the model: not a valid ONNX model: its operator set is 0",
        ),
        (
            lambda proto: proto.ClearField("opset_import"),
            "the model: not a valid ONNX model: it states no operator set",
        ),
        (
            lambda proto: proto.graph.ClearField("node"),
            "the model: holds no nodes, so there is nothing to profile",
        ),
    ],
)
def test_a_graph_that_is_none(change: Callable[[ModelProto], object], message: str) -> None:
    assert said(ModelError, lambda: from_proto(net(change))) == message


def test_more_than_a_message_holds() -> None:
    class Large:
        def SerializeToString(self) -> bytes:  # noqa: N802, protobuf's name
            raise ValueError("exceeds maximum protobuf size of 2GB")

    model: Any = SimpleNamespace(name="g", proto=Large())
    assert said(ModelError, lambda: serialized(model)) == (
        "g: more than 2 GB, which one ONNX message cannot hold"
    )


def test_a_batch_for_inputs_that_have_none() -> None:
    scalar = helper.make_tensor_value_info("x", TensorProto.FLOAT, [])
    proto = net()
    proto.graph.input[0].CopyFrom(scalar)
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    model = from_proto(proto)
    assert said(ModelError, lambda: with_shapes(model, 4)) == (
        "g: no input has a batch dimension, use shapes"
    )


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("undefined", "input 'x' is a sequence or an optional: only plain tensors can be given"),
        ("nothing", "input 'x' is nothing, no values can be generated for it: give an .npz"),
    ],
)
def test_an_input_without_values(dtype: str, message: str) -> None:
    assert said(OptionError, lambda: dtype_of(TensorInfo("x", (1,), dtype))) == message


def test_a_file_of_values(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.save(tmp_path / "x.npy", np.zeros(3))
    (tmp_path / "x.npy").rename(path)
    assert said(OptionError, lambda: read_npz(path)) == (
        f"{path}: not an .npz file of plain arrays (numpy.savez)"
    )
    np.savez(path, a=np.zeros(4), b=np.zeros(4))
    spec = TensorInfo("x", (1, 4), "float32")
    assert said(OptionError, lambda: make_inputs([spec], path)) == (
        f"{path}: no array for input 'x'; it has 'a', 'b'"
    )


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("../w.bin", "{path}: its external data is at '../w.bin', outside of its folder"),
        ("w.bin", "{path}: its external data 'w.bin' is missing"),
    ],
)
def test_annotation_of_a_model_whose_weights_are_not_in_its_folder(
    tmp_path: Path, location: str, message: str
) -> None:
    proto = net(elsewhere)
    proto.graph.initializer[0].external_data[0].value = location
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    (tmp_path / "to").mkdir()
    out = tmp_path / "to" / "out.onnx"
    assert said(ModelError, lambda: annotate_file(path, out, *NOTES)) == message.format(path=path)
    assert not out.exists()


def test_annotation_of_what_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\xff\xff")
    message = said(ModelError, lambda: annotate_file(path, tmp_path / "out.onnx", *NOTES))
    assert message == f"{path}: not an ONNX model, or truncated"


def full(*args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_annotation_onto_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, to = tmp_path / "net.onnx", tmp_path / "to"
    path.write_bytes(net(elsewhere).SerializeToString())
    (tmp_path / "w.bin").write_bytes(bytes(16))
    to.mkdir()
    monkeypatch.setattr("shutil.copyfile", full)
    message = said(ResultError, lambda: annotate_file(path, to / "out.onnx", *NOTES))
    assert message == f"{to / 'w.bin'}: cannot be written (No space left on device)"


def test_large_weights_onto_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proto = net()
    proto.graph.initializer.append(numpy_helper.from_array(np.zeros(4096, np.float32), "w"))
    path = tmp_path / "net.onnx"
    monkeypatch.setattr("os.replace", full)
    message = said(ResultError, lambda: write_with_external_weights(proto, path))
    assert message == f"{path}.data: cannot be written (No space left on device)"
    assert list(tmp_path.iterdir()) == []


def test_a_seed_below_zero() -> None:
    assert said(OptionError, lambda: googlenet(seed=-1)) == (
        "seed -1 is negative, use an integer >= 0"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"batch": 4, "shapes": {"x": (2, 4)}},
            "batch=4 and shapes={'x': (2, 4)} contradict each other: leave one of them out",
        ),
        ({"weights": "w.caffemodel"}, "weights belongs to a Caffe model, give its .prototxt"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    proto = net()
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    assert said(OptionError, lambda: load_model(proto, **options)) == message


def test_an_input_of_no_name() -> None:
    assert said(OptionError, lambda: check_inputs("")) == (
        "inputs is '', must be a path to an .npz or a generator: random, zeros, ones, arange, "
        "constant(V), randint(LOW,HIGH), normal(MEAN,STD), uniform(LOW,HIGH), values(V,...)"
    )


def test_a_graph_whose_shapes_do_not_fit() -> None:
    text = NET.replace("float[1,4] x", "float[N,M] x").replace("Relu(x)", "MatMul(x, x)")
    proto = parser.parse_model(text)
    assert said(ModelError, lambda: load_model(proto, shapes={"x": (2, 5)})) == (
        "g does not fit input 'x' as 2x5 (the model says NxM): [ShapeInferenceError] Inference "
        "error(s): (op_type:MatMul, node name: MatMul_0): [ShapeInferenceError] Incompatible "
        "dimensions for matrix multiplication"
    )


def test_a_graph_that_onnx_refuses() -> None:
    proto = parser.parse_model(NET.replace("Relu(x)", "Relu(z)"))
    assert said(ModelError, lambda: load_model(proto)) == (
        "the model: not a valid ONNX model: Nodes in a graph must be topologically sorted, "
        "however input 'z' of node: name: Relu_0 OpType: Relu is not output of any previous "
        "nodes."
    )


def test_annotation_beside_other_weights_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(net(elsewhere).SerializeToString())
    (tmp_path / "w.bin").write_bytes(bytes(16))
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "w.bin").write_bytes(b"other")
    message = said(ResultError, lambda: annotate_file(path, tmp_path / "to" / "out.onnx", *NOTES))
    assert message == (
        f"{tmp_path / 'to' / 'w.bin'}: is there already and is not the external data of {path}: "
        "write the model to another folder"
    )
