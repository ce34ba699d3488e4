"""Notes in the nodes of ONNX files: shown by viewers, without effect on what the model computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper, parser

from trtcore.errors import ModelError, ResultError
from trtcore.models.load import load_model
from trtcore.models.onnx.annotation import NodeNotes, annotate_file, annotate_model

BRANCHES = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,2] x, bool c) => (float[2,2] y) <float[2,2] w> {
  h = MatMul (x, w)
  r = Relu (h)
  [choice] y = If (c) <
    then_branch = yes () => (float[2,2] a) { a = Exp (r) },
    else_branch = no () => (float[2,2] b) { b = Neg (r) }
  >
}
"""
NOTE = NodeNotes({"time_ms": "0.5", "group": "fc\udcff"}, ["0.5 ms", "group: a\nb"])
X = np.array([[1.0, -2.0], [3.0, 4.0]], np.float32)


def net() -> ModelProto:
    proto = parser.parse_model(BRANCHES)
    values = np.arange(4, dtype=np.float32).reshape(2, 2) + 1
    proto.graph.initializer.append(numpy_helper.from_array(values, "w"))
    proto.graph.ClearField("value_info")
    return proto


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model whose weights lie in a file in a folder beside it."""
    (tmp_path / "here" / "parts").mkdir(parents=True)
    path = tmp_path / "here" / "net.onnx"
    options = {"save_as_external_data": True, "location": "parts/w.bin", "size_threshold": 0}
    onnx.save_model(net(), path, **options)
    return path


def computed(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X, "c": np.array(True)})[0]


def test_notes_are_in_the_metadata_and_the_doc_string(tmp_path: Path) -> None:
    source, path = tmp_path / "net.onnx", tmp_path / "out.onnx"
    proto = net()
    proto.graph.node[1].doc_string = "File net.py, line 3"
    proto.graph.node[1].metadata_props.add(key="pkg.torch.onnx.name_scopes", value="['']")
    onnx.save(proto, source)
    before = source.read_bytes()
    # As `load_model` names the nodes without a name: by operator and place.
    notes = {"Relu_1": NOTE, "Exp_3": NOTE, "not in the model": NOTE}
    count = annotate_file(source, path, notes, {"backend": "TensorRT-RTX"})
    assert (count.noted, count.all) == (2, 5)
    assert source.read_bytes() == before
    written = onnx.load(path)
    onnx.checker.check_model(written, full_check=True)
    relu, choice = written.graph.node[1:]
    assert relu.name == ""
    assert relu.doc_string == ("[trtcore] 0.5 ms\n[trtcore] group: a b\nFile net.py, line 3")
    assert [(entry.key, entry.value) for entry in relu.metadata_props] == [
        ("pkg.torch.onnx.name_scopes", "['']"),
        ("trtcore.time_ms", "0.5"),
        ("trtcore.group", "fc\\udcff"),
    ]
    inner = next(a.g for a in choice.attribute if a.name == "then_branch").node[0]
    assert inner.doc_string == "[trtcore] 0.5 ms\n[trtcore] group: a b"
    assert [(entry.key, entry.value) for entry in written.metadata_props] == [
        ("trtcore.backend", "TensorRT-RTX")
    ]
    np.testing.assert_array_equal(computed(path), computed(source))
    assert stripped(written) == stripped(proto)


def stripped(proto: ModelProto) -> bytes:
    """The model without what a viewer alone reads."""
    bare = ModelProto.FromString(proto.SerializeToString())
    del bare.metadata_props[:]
    graphs = [bare.graph, *(a.g for node in bare.graph.node for a in node.attribute)]
    for node in (node for graph in graphs for node in graph.node):
        node.ClearField("doc_string")
        del node.metadata_props[:]
    return bare.SerializeToString(deterministic=True)


def test_a_second_run_replaces_the_notes_of_the_first(tmp_path: Path) -> None:
    source, once, twice = (tmp_path / f"{name}.onnx" for name in ("net", "once", "twice"))
    onnx.save(net(), source)
    annotate_file(source, once, {"Relu_1": NOTE, "choice": NOTE}, {"date": "1"})
    annotate_file(once, twice, {"choice": NOTE}, {"date": "2"})
    again = onnx.load(twice)
    assert again.graph.node[1] == net().graph.node[1]
    assert again.graph.node[2].doc_string == onnx.load(once).graph.node[2].doc_string
    assert [entry.value for entry in again.metadata_props] == ["2"]


def test_a_file_can_be_replaced_by_its_copy(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(net(), path)
    annotate_file(path, path, {"choice": NOTE}, {})
    assert onnx.load(path).graph.node[2].doc_string


def test_external_data_in_the_same_folder_is_left_where_it_is(external: Path) -> None:
    data = external.parent / "parts" / "w.bin"
    before = data.stat()
    path = external.with_name("out.onnx")
    annotate_file(external, path, {"Relu_1": NOTE}, {})
    assert sorted(p.name for p in external.parent.rglob("*") if p.is_file()) == [
        "net.onnx",
        "out.onnx",
        "w.bin",
    ]
    assert (data.stat().st_mtime_ns, data.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    onnx.checker.check_model(str(path))
    np.testing.assert_array_equal(computed(path), computed(external))


def test_external_data_goes_to_another_folder_too(external: Path, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    path = folder / "out.onnx"
    for _ in range(2):  # the second finds its own copy
        annotate_file(external, path, {"Relu_1": NOTE}, {})
    assert (folder / "parts" / "w.bin").read_bytes() == np.float32([1, 2, 3, 4]).tobytes()
    assert [p.name for p in sorted(folder.rglob("*"))] == ["out.onnx", "parts", "w.bin"]
    onnx.checker.check_model(str(path))
    np.testing.assert_array_equal(computed(path), computed(external))


def test_other_external_data_is_not_overwritten(external: Path, tmp_path: Path) -> None:
    other = tmp_path / "there" / "parts" / "w.bin"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"of another model")
    with pytest.raises(ResultError, match=r"w\.bin: is there already and is not the external data"):
        annotate_file(external, tmp_path / "there" / "out.onnx", {"Relu_1": NOTE}, {})
    assert other.read_bytes() == b"of another model"
    assert not (tmp_path / "there" / "out.onnx").exists()


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("../../secret", "its external data is at '../../secret', outside of its folder"),
        ("/etc/passwd", "its external data is at '/etc/passwd', outside of its folder"),
        ("gone.bin", "its external data 'gone.bin' is missing"),
    ],
)
def test_bad_external_data(external: Path, tmp_path: Path, location: str, message: str) -> None:
    proto = onnx.load(external, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = location
    onnx.save(proto, external)
    with pytest.raises(ModelError) as error:
        annotate_file(external, tmp_path / "out.onnx", {"Relu_1": NOTE}, {})
    assert str(error.value) == f"{external}: {message}"
    assert not (tmp_path / "out.onnx").exists()


def test_another_model_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "net.onnx"
    onnx.save(net(), source)
    with pytest.raises(ModelError) as error:
        annotate_file(source, tmp_path / "out.onnx", {"conv1": NOTE}, {})
    assert str(error.value) == (
        f"{source}: none of its 5 nodes is in the result; give the model that was profiled"
    )
    source.write_bytes(b"\xff\xff no model")
    with pytest.raises(ModelError, match="not an ONNX model, or truncated"):
        annotate_file(source, tmp_path / "out.onnx", {"conv1": NOTE}, {})


def test_nodes_out_of_order_and_calls_of_functions(tmp_path: Path) -> None:
    source, path = tmp_path / "net.onnx", tmp_path / "out.onnx"
    proto = parser.parse_model("""
        <ir_version: 10, opset_import: ["" : 21, "own" : 1]>
        net (float[2] x) => (float[2] y) {
          h = Exp (x)
          [call] r = own.twice (h)
          y = Abs (r)
        }
        <opset_import: ["" : 21], domain: "own">
        twice (a) => (b) { b = Add (a, a) }
    """)
    proto.graph.node.insert(0, proto.graph.node.pop())
    onnx.save(proto, source)
    names = [node.name for node in load_model(source).proto.graph.node]
    count = annotate_file(source, path, dict.fromkeys([names[0], names[-1]], NOTE), {})
    assert (count.noted, count.all) == (2, 3)
    noted = [node.op_type for node in onnx.load(path).graph.node if node.doc_string]
    assert noted == ["Abs", "Exp"]


def test_a_loaded_model_is_left_as_it_is(tmp_path: Path) -> None:
    model = load_model(net())
    before = model.proto.SerializeToString()
    annotate_model(model, tmp_path / "out.onnx", {"Relu_1": NOTE}, {})
    assert model.proto.SerializeToString() == before
    assert onnx.load(tmp_path / "out.onnx").graph.node[1].name == "Relu_1"


@given(st.lists(st.text(), min_size=1, max_size=4), st.text())
def test_any_text_is_kept_apart_from_the_doc_string(lines: list[str], doc: str) -> None:
    from trtcore.models.onnx.annotation import _document

    node = helper.make_node("Relu", ["x"], ["y"], doc_string=doc)
    original = [line for line in node.doc_string.split("\n") if not line.startswith("[trtcore] ")]
    _document(node, lines)
    assert node.doc_string.split("\n")[: len(lines)] == [
        "[trtcore] " + " ".join(line.split()) for line in lines
    ]
    _document(node, ())
    assert node.doc_string == "\n".join(original)
