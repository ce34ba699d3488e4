"""One door for every source: built-in, ONNX, Caffe, or a clear word on what else it is."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from paths import LIGHT

from trtcore.errors import ModelError, OptionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, save_onnx


def test_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "googlenet").write_text("a file of that name does not shadow it")
    monkeypatch.chdir(tmp_path)
    model = load_model("googlenet", batch=2)
    assert model.source == "built-in"
    assert model_inputs(model)[0].shape == (2, 3, 224, 224)
    assert model_inputs(load_model("googlenet"))[0].shape[0] == 4
    with pytest.raises(ModelError, match="neither ONNX nor Caffe prototxt"):
        load_model("./googlenet")


def test_file_and_memory_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    save_onnx(googlenet(2), path)
    from_file = load_model(path)
    from_text = load_model(str(path))
    from_proto = load_model(from_file.proto)
    from_model = load_model(googlenet(2))
    assert (from_file.name, from_file.source, from_file.weights) == ("net", str(path), "file")
    assert from_file.proto == from_text.proto == from_proto.proto == from_model.proto


def test_onnx_without_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes((LIGHT / "light_squeezenet.onnx").read_bytes())
    assert isinstance(load_model(path), Model)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *(
            (
                name,
                f"is an engine already, not a model: 'trtcore profile {name}' times it, 'trtcore "
                f"inspect {name}' shows it",
            )
            for name in ("net.plan", "net.ENGINE", "net.trt")
        ),
        ("net.caffemodel", "holds weights only; give the .prototxt, with weights='net.caffemodel'"),
        (
            "resnet",
            "no such file or built-in model; accepted: googlenet (built in), FILE.onnx,"
            " FILE.prototxt of a Caffe model, or, to profile or inspect, FILE.plan",
        ),
    ],
)
def test_other_sources(name: str, message: str) -> None:
    with pytest.raises(ModelError) as error:
        load_model(name)
    assert str(error.value) == f"{name}: {message}"


def test_content_that_is_neither(tmp_path: Path) -> None:
    for name, content in (("a", b"\x08"), ("b", b"hello"), ("c.pt", b"PK\3\4" + bytes(50))):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelError, match="neither ONNX nor Caffe prototxt; accepted: "):
            load_model(path)
    packed = tmp_path / "net.onnx.gz"
    packed.write_bytes(gzip.compress((LIGHT / "light_squeezenet.onnx").read_bytes()))
    with pytest.raises(ModelError, match=r"net\.onnx\.gz: is packed by gzip: unpack it$"):
        load_model(packed)
    with pytest.raises(ModelError, match="is a directory"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["net.onnx", "net.prototxt", "net.bin"])
@pytest.mark.parametrize("magic", [b"ftrt", b"ptrt", b"vtrt"])
def test_a_plan_under_another_name(tmp_path: Path, name: str, magic: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(magic + bytes(60))
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert str(error.value) == (
        f"{path}: is a serialized engine, not a model: name it .plan to profile it"
    )


def test_a_model_without_a_name() -> None:
    with pytest.raises(ModelError, match=r"^'' names no file: its name is empty$"):
        load_model("")


def test_caffe_options_on_other_sources() -> None:
    with pytest.raises(OptionError, match=r"^weights belongs to a Caffe model"):
        load_model("googlenet", weights="net.caffemodel")
    with pytest.raises(OptionError) as error:
        load_model(googlenet(1), outputs=["net.plan"])
    assert str(error.value) == (
        "outputs=['net.plan'] names blobs of a Caffe model, give its .prototxt; it does not "
        "name an output file"
    )


def test_wrong_batch_and_shapes_reach_the_caller() -> None:
    with pytest.raises(OptionError, match="batch is 0"):
        load_model("googlenet", batch=0)
    with pytest.raises(OptionError, match="the inputs of googlenet are: data 4x3x224x224"):
        load_model("googlenet", shapes={"image": (1, 3, 224, 224)})


def test_importing_models_loads_no_runtime() -> None:
    script = (
        "import sys, trtcore.models.load, trtcore.precision.convert.apply, trtcore.models.inputs;"
        "print([m for m in ('onnxruntime', 'tensorrt_rtx', 'rich') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
