"""Profiles of ONNX Runtime itself: real files, compared with a result of trtcore."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper, parser

import trtcore
from trtcore.errors import ResultError
from trtcore.report.terminal.profile import render_table
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.onnxruntime_profile import parse_onnxruntime_profile

MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
small (float[1,3,8,8] x, bool c) => (float[1,4,6,6] y) <float[4,3,3,3] w> {
  [conv] h = Conv (x, w)
  [relu] r = Relu (h)
  [choice] y = If (c) <
    then_branch = yes () => (float[1,4,6,6] a) { [inner] a = Exp (r) },
    else_branch = no () => (float[1,4,6,6] b) { [other] b = Neg (r) }
  >
}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    proto = parser.parse_model(MODEL)
    proto.graph.initializer.append(numpy_helper.from_array(np.ones((4, 3, 3, 3), "f"), "w"))
    proto.graph.ClearField("value_info")
    path = tmp_path_factory.mktemp("ort") / "small.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def profiled(model: Path, *, optimised: bool) -> Path:
    """What a session writes in three runs."""
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(model.with_name("profile"))
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for _ in range(3):
        session.run(None, {"x": np.ones((1, 3, 8, 8), "f"), "c": np.array(True)})
    return Path(session.end_profiling())


def test_a_real_file_node_by_node(model: Path) -> None:
    path = profiled(model, optimised=False)
    profile = load_baseline(path)
    assert [(layer.name, layer.kind, layer.nodes) for layer in profile.layers] == [
        ("conv", "Conv", ("conv",)),
        ("relu", "Relu", ("relu",)),
        ("choice", "If", ("choice",)),
    ]
    events = json.loads(path.read_text())
    conv = [e["dur"] for e in events if e["name"] == "conv_kernel_time"]
    whole = [e["dur"] for e in events if e["name"] == "model_run"]
    np.testing.assert_array_equal(profile.samples.layer_ms[:, 0], np.float32(conv) / 1000)
    np.testing.assert_array_equal(profile.samples.wall_ms, np.float32(whole) / 1000)
    assert (profile.source_tool, profile.counts.measured) == ("onnxruntime-profile", 3)
    assert "ONNX Runtime's profiler with CPUExecutionProvider: median of 3 runs" in " ".join(
        render_table(profile).split()
    )


def test_it_is_a_baseline_by_nodes(model: Path) -> None:
    own = trtcore.profile_baseline(model, "onnxruntime", iterations=8)
    compared = trtcore.compare_profiles(load_baseline(profiled(model, optimised=False)), own)
    names = {name for row in compared.rows for name in row.nodes}
    assert {"conv", "relu"} <= names


def test_names_of_fused_nodes_are_kept(model: Path) -> None:
    profile = load_baseline(profiled(model, optimised=True))
    assert "ReorderOutput" in {layer.kind for layer in profile.layers}


def event(name: str, start: int, duration: int, category: str = "Node", **args: str) -> str:
    row = {"cat": category, "pid": 1, "tid": 1, "dur": duration, "ts": start, "ph": "X"}
    return json.dumps({**row, "name": name, "args": args})


def test_a_session_that_was_never_closed_and_unnamed_nodes() -> None:
    rows = [
        event("_kernel_time", 1, 2, op_name="Exp", node_index="7"),
        event("model_run", 0, 5, "Session"),
    ]
    profile = parse_onnxruntime_profile("[\n" + ",\n".join(rows) + ",\n", "p")
    assert [(layer.name, layer.nodes) for layer in profile.layers] == [("Exp_7", ())]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [event("a_kernel_time", 1, 2)],
            "p: the profile of ONNX Runtime holds no run of the model",
        ),
        ([event("model_run", 0, 5, "Session")], "p: the trace holds no run of a network"),
        (
            [
                event("a_kernel_time", 1, 2),
                event("model_run", 0, 5, "Session"),
                event("b_kernel_time", 11, 2),
                event("model_run", 10, 5, "Session"),
            ],
            "p: run 1 has other layers than the first, so their times cannot be combined; trace "
            "runs of one shape",
        ),
    ],
)
def test_bad_files(rows: list[str], message: str) -> None:
    with pytest.raises(ResultError) as error:
        parse_onnxruntime_profile(f"[{','.join(rows)}]", "p")
    assert str(error.value) == message
