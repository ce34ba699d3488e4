"""The files of a cell, and the hash of their contents."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from sweep_cells import write_net

from trtcore.errors import ModelError
from trtcore.sweeps.cells import Cell
from trtcore.sweeps.copies import find_files, keep_files
from trtcore.sweeps.files import Files, files_of


def test_external_data_is_part_of_the_hash(tmp_path: Path) -> None:
    model = write_net(tmp_path / "net.onnx", external=True)
    before = files_of(Cell(str(model), {}))
    assert [file.name for file in before.files] == ["model/net.onnx", "model/net.bin"]
    (tmp_path / "other").mkdir()
    other = write_net(tmp_path / "other" / "net.onnx", external=True, scale=2.0)
    # The graphs are the same: only their weights differ.
    assert other.read_bytes() == model.read_bytes()
    assert files_of(Cell(str(other), {})).digest != before.digest
    content = bytearray((tmp_path / "net.bin").read_bytes())
    content[0] ^= 1
    (tmp_path / "net.bin").write_bytes(content)
    assert files_of(Cell(str(model), {})).digest != before.digest


def test_where_a_model_lies_does_not_count(tmp_path: Path, net: Path) -> None:
    copy = tmp_path / "copy.onnx"
    shutil.copy(net, copy)
    assert files_of(Cell(str(copy), {})).digest == files_of(Cell(str(net), {})).digest


def test_inputs_and_weights_count_by_content(tmp_path: Path, net: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((1, 3, 16, 16), np.float32))
    options = {"inputs": str(tmp_path / "x.npz")}
    found = files_of(Cell(str(net), options))
    assert [file.name for file in found.files] == ["model/net.onnx", "inputs/x.npz"]
    assert found.digest != files_of(Cell(str(net), {})).digest


def test_a_built_in_model_has_a_hash_and_no_files() -> None:
    built_in = files_of(Cell("googlenet", {}))
    assert built_in.files == ()
    assert built_in.digest == files_of(Cell("googlenet", {"batch": 4})).digest
    assert find_files(built_in, "googlenet") == {}


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xff no model", "not an ONNX model")],
)
def test_what_is_no_model(tmp_path: Path, content: bytes | None, text: str) -> None:
    path = tmp_path / "net.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=text):
        files_of(Cell(str(path), {}))


def test_external_data_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    model = write_net(tmp_path / "net.onnx", external=True)
    proto = onnx.load(model, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = "../net.bin"
    model.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match=r"external data '\.\./net\.bin' is not beside the model"):
        files_of(Cell(str(model), {}))


def test_copies_stand_in_for_files_that_are_not_there(tmp_path: Path) -> None:
    model = write_net(tmp_path / "net.onnx", external=True)
    files = files_of(Cell(str(model), {}))
    contents = {file.name: Path(file.path).read_bytes() for file in files.files}
    gone = Files(files.digest, tuple(f._replace(path=f"/nowhere/{f.name}") for f in files.files))
    assert find_files(gone) is None
    keep_files(gone, contents)
    found = find_files(gone)
    assert found is not None
    assert {name: Path(path).read_bytes() for name, path in found.items()} == contents
    Path(found["model/net.bin"]).write_bytes(b"damaged")
    assert find_files(gone) is None
    keep_files(gone, contents)
    assert find_files(gone) == found
