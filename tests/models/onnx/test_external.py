"""External data: read inside the model's folder, refused elsewhere, never more than is there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper, parser

from trtcore.cli import main
from trtcore.errors import ModelError
from trtcore.models import memory
from trtcore.models.load import load_model
from trtcore.models.onnx import external
from trtcore.models.onnx.external import external_tensors

VALUES = np.arange(16, dtype=np.float32).reshape(4, 4)
NET = """
<ir_version: 8, opset_import: ["" : 17]>
g (float[1,4] x) => (float[1,4] y) <float[4,4] w> { y = MatMul(x, w) }
"""


def model(location: str, *, dims: tuple[int, ...] = (4, 4), **entries: int | str) -> ModelProto:
    proto = parser.parse_model(NET)
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    del proto.graph.initializer[:]
    proto.graph.initializer.append(tensor)
    return proto


def written(folder: Path, proto: ModelProto) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def read(path: Path, **options: bool) -> np.ndarray:
    (tensor,) = load_model(path, **options).proto.graph.initializer
    assert not tensor.external_data
    return numpy_helper.to_array(tensor)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    path.write_bytes(VALUES.tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "entries"),
    [("w.bin", {}), ("sub/w.bin", {"offset": 0}), ("sub/../w.bin", {"offset": 0, "length": 64})],
)
def test_inside_the_folder(tmp_path: Path, name: str, entries: dict[str, int]) -> None:
    path = written(tmp_path / "net", model(name, **entries))
    (path.parent / "sub").mkdir()
    (path.parent / name).write_bytes(VALUES.tobytes())
    np.testing.assert_array_equal(read(path), VALUES)


def test_only_what_a_tensor_needs_is_read_where_no_length_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, model("w.bin", offset=8))
    (tmp_path / "w.bin").write_bytes(bytes(8) + VALUES.tobytes() + bytes(1000))
    np.testing.assert_array_equal(read(path), VALUES)


@pytest.mark.parametrize("way", ["../weights.bin", "absolute", "link", "link of a folder"])
def test_outside_the_folder_only_where_that_is_allowed(
    tmp_path: Path, outside: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    ways = {"absolute": str(outside), "link of a folder": "up/weights.bin"}
    location = ways.get(way, way)
    path = written(folder, model(location, length=64))
    refused = f"{path}: its external data cannot be read: 'w': '{location}' is outside the model's "
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert str(error.value) == f"{refused}folder; allow_external=True reads it there"
    np.testing.assert_array_equal(read(path, allow_external=True), VALUES)
    # The command names its option.
    result = str(tmp_path / "out.onnx")
    assert main(["convert", str(path), "-o", result]) == 2
    assert capsys.readouterr().err.endswith(f"{refused}folder; --allow-external reads it there\n")
    assert main(["convert", str(path), "-o", result, "--allow-external"]) == 0
    np.testing.assert_array_equal(read(Path(result)), VALUES)


def test_data_of_a_file_that_a_link_leads_to(tmp_path: Path, outside: Path) -> None:
    """A folder that is itself reached by a link is the model's folder all the same."""
    written(tmp_path / "net", model("w.bin"))
    (tmp_path / "net/w.bin").write_bytes(VALUES.tobytes())
    (tmp_path / "link").symlink_to(tmp_path / "net")
    np.testing.assert_array_equal(read(tmp_path / "link/net.onnx"), VALUES)


@pytest.mark.parametrize(
    ("proto", "reason"),
    [
        (model("w.bin", length=1 << 50), f"needs {1 << 50} bytes from 0 on, but 'w.bin' has 64"),
        (model("w.bin", length=16), "needs 64 bytes from 16 on, but 'w.bin' has 64"),
        (model("w.bin", offset=65), "needs 64 bytes from 65 on, but 'w.bin' has 64"),
        (model("w.bin", dims=(1 << 40, 4)), f"needs {1 << 44} bytes from 0 on, but 'w.bin' has 64"),
        (model("w.bin", dims=(-4, 4)), "its shape [-4, 4] has a negative dimension"),
        (model("w.bin", offset=-1), "its offset is '-1', expected a number of bytes"),
        (
            model("w.bin", length="9" * 20),
            f"its length is '{'9' * 20}', expected a number of bytes",
        ),
        (model("w.bin", offset="1_0"), "its offset is '1_0', expected a number of bytes"),
        (model(""), "its location is ''"),
        (model("."), "'.' is not a file"),
        (model("pipe"), "'pipe' is not a file"),
        (model("none.bin"), "No such file or directory"),
    ],
)
def test_what_is_declared_is_checked_against_the_file(
    tmp_path: Path, proto: ModelProto, reason: str
) -> None:
    path = written(tmp_path, proto)
    (tmp_path / "w.bin").write_bytes(VALUES.tobytes())
    os.mkfifo(tmp_path / "pipe")
    if "from 16" in reason:
        proto.graph.initializer[0].external_data.add(key="offset", value="16")
        path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert str(error.value) == f"{path}: its external data cannot be read: 'w': {reason}"


def test_data_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, model("w.bin"))
    (tmp_path / "w.bin").write_bytes(VALUES.tobytes())

    def failing(*args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(external, "open", failing, raising=False)
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert str(error.value) == (
        f"{path}: its external data cannot be read: {tmp_path / 'w.bin'} (Input/output error)"
    )


def test_tensors_that_share_bytes_may_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proto = model("w.bin")
    for index in range(1000):
        proto.graph.initializer.add().CopyFrom(proto.graph.initializer[0])
        proto.graph.initializer[-1].name = f"w{index}"
    path = written(tmp_path, proto)
    (tmp_path / "w.bin").write_bytes(VALUES.tobytes())
    monkeypatch.setattr(memory, "memory_at_hand", lambda: 60_000)
    with pytest.raises(ModelError, match="reading it takes about 0 MiB, 0 MiB are free"):
        load_model(path)


def test_tensors_of_attributes_bodies_and_functions_are_found() -> None:
    (tensor,) = model("w.bin").graph.initializer
    body = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "b", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)
    graph = helper.make_graph([node], "g", [], [])
    inside = helper.make_node("Constant", [], ["y"], value=tensor)
    function = helper.make_function("own", "F", [], ["y"], [inside], [helper.make_opsetid("", 17)])
    proto = helper.make_model(graph, functions=[function])
    sparse = proto.graph.sparse_initializer.add()
    sparse.values.CopyFrom(tensor)
    assert len(list(external_tensors(proto))) == 4


def test_a_graph_in_memory_has_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.bin").write_bytes(VALUES.tobytes())
    with pytest.raises(ModelError, match="the values of 'w' are in another file, and a graph in "):
        load_model(model("w.bin"))
    onnx.save(model("w.bin"), "net.onnx")
    np.testing.assert_array_equal(
        numpy_helper.to_array(load_model(onnx.load("net.onnx")).proto.graph.initializer[0]), VALUES
    )
