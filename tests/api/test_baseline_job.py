"""Baselines on the spot: which runtime, the profile it gives, and that profiles compare."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from onnx import parser

import trtcore
from trtcore.errors import BackendError, ModelError, OptionError
from trtcore.measure.nodes.choice import check_baseline, choose_baseline
from trtcore.report.terminal.profile import render_table
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.device import gpu_problem

NET = """
<ir_version: 9, opset_import: ["": 17]>
net (float[2, 3, 8, 8] x) => (float[2, 4] y)
<float[4, 3, 3, 3] w, float[4] b = {1, 2, 3, 4}>
{
    [conv] c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
    [relu] r = Relu (c)
    [pool] p = GlobalAveragePool (r)
    [flat] y = Flatten (p)
}
"""

no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")
# Without PyTorch too; with it, all of them have to hold in its environment.
pytestmark = pytest.mark.torch

has_torch = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not has_torch, reason="PyTorch is not installed")


@pytest.fixture(scope="module")
def net():
    from onnx import numpy_helper

    proto = parser.parse_model(NET)
    weights = np.random.default_rng(0).standard_normal((4, 3, 3, 3), dtype=np.float32)
    for tensor in list(proto.graph.initializer):
        if tensor.name == "w":
            proto.graph.initializer.remove(tensor)
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    return proto


@pytest.fixture
def shrinking(net):
    """The same with an operator that is not run in PyTorch."""
    proto = type(net)()
    proto.CopyFrom(net)
    proto.graph.node[1].op_type = "Shrink"
    return proto


class TestChoice:
    def test_onnxruntime_is_always_there(self):
        assert choose_baseline("onnxruntime") == ("onnxruntime", "")

    @no_gpu
    def test_auto_without_a_gpu_says_why(self):
        name, reason = choose_baseline("auto")
        assert name == "onnxruntime"
        assert reason == gpu_problem()

    def test_torch_by_name_where_it_is_not_installed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        for action in (check_baseline, choose_baseline):
            with pytest.raises(BackendError, match=r"^baseline torch: PyTorch is not installed;"):
                action("torch")

    def test_torch_by_name_where_it_is_broken(self, monkeypatch, tmp_path):
        (tmp_path / "torch.py").write_text("raise OSError('libcudart.so.13: no such file')")
        monkeypatch.delitem(sys.modules, "torch", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
        check_baseline("torch")
        with pytest.raises(BackendError) as caught:
            choose_baseline("torch")
        assert str(caught.value) == (
            "baseline torch: PyTorch cannot be imported (libcudart.so.13: no such file); "
            "pip install 'trtcore[torch]'"
        )

    def test_the_check_does_not_import_pytorch(self):
        code = (
            "import sys\nfrom trtcore.measure.nodes.choice import check_baseline\n"
            "check_baseline('auto')\nprint('torch' in sys.modules)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert ran.stdout == "False\n"

    def test_unknown(self):
        with pytest.raises(OptionError, match="baseline is 'caffe', must be one of auto, onnxr"):
            choose_baseline("caffe")


@pytest.mark.parametrize("kind", ["onnxruntime", pytest.param("torch", marks=needs_torch)])
class TestProfile:
    def test_rows_are_the_nodes(self, net, kind):
        profile = trtcore.profile_baseline(net, kind, iterations=8)
        assert (profile.backend, profile.precision, profile.batch) == (kind, "fp32", 2)
        assert [layer.name for layer in profile.layers] == ["conv", "relu", "pool", "flat"]
        assert profile.samples.layer_ms.shape == (8, 4)
        assert profile.counts.asked == 8
        assert [(t.name, t.mode) for t in profile.io] == [("x", "input"), ("y", "output")]
        assert profile.build is None

    def test_saved_and_shown(self, net, kind, tmp_path):
        profile = trtcore.profile_baseline(net, kind, iterations=8)
        trtcore.save_profile(profile, tmp_path / "base.json")
        loaded = trtcore.load_baseline(tmp_path / "base.json")
        np.testing.assert_array_equal(loaded.samples.layer_ms, profile.samples.layer_ms)
        assert loaded.method == profile.method
        text = render_table(loaded)
        assert "un-fused model" in text
        assert "requested 8, warm-up 4, measured 8 un-profiled and 8 profiled" in text
        assert "\nFusion" not in text

    def test_a_precision_leads_back_to_the_nodes_of_the_model(self, net, kind):
        profile = trtcore.profile_baseline(net, kind, precision="fp16", iterations=2)
        assert profile.precision == "fp16"
        nodes = {node.name for node in profile.model.nodes}
        assert nodes == {"conv", "relu", "pool", "flat"}
        base = trtcore.profile_baseline(net, kind, iterations=2)
        rows = trtcore.compare_profiles(base, profile).rows
        assert nodes <= {node for row in rows for node in row.nodes}


@needs_torch
class TestPyTorchBeside:
    def test_every_node_is_compared_with_onnx_runtime(self, net):
        base = trtcore.profile_baseline(net, "torch", iterations=16)
        new = trtcore.profile_baseline(net, "onnxruntime", iterations=16)
        rows = trtcore.compare_profiles(base, new).rows
        assert sorted(row.name for row in rows) == ["conv", "flat", "pool", "relu"]
        assert {row.kind for row in rows} == {"same"}

    @no_gpu
    def test_what_ran_on_the_cpu_names_no_gpu(self, net):
        profile = trtcore.profile_baseline(net, "torch", iterations=2)
        assert profile.environment.device == ""
        assert profile.environment.runtime.startswith("PyTorch ")

    def test_by_name_a_model_that_it_does_not_run_is_an_error(self, shrinking):
        with pytest.raises(ModelError, match=r"Shrink \('relu'\); ONNX Runtime does"):
            trtcore.profile_baseline(shrinking, "torch")

    def test_auto_goes_on_with_onnx_runtime_and_says_why(self, shrinking, monkeypatch):
        # As on a machine with a GPU, where auto is PyTorch.
        monkeypatch.setattr("trtcore.api.baseline_job.choose_baseline", lambda kind: ("torch", ""))
        told = []
        profile = trtcore.profile_baseline(shrinking, "auto", iterations=2, notify=told.append)
        assert profile.backend == "onnxruntime"
        assert told == [
            "net: PyTorch eager does not run these operators here: Shrink ('relu'); ONNX Runtime "
            "does: the baseline is ONNX Runtime on the CPU"
        ]


def test_inputs_are_those_asked_for(net, tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.zeros((2, 3, 8, 9), np.float32))
    with pytest.raises(OptionError, match="'x' is 2x3x8x9, the model expects 2x3x8x8"):
        trtcore.profile_baseline(net, "onnxruntime", inputs=path)


@pytest.mark.parametrize("kind", ["onnxruntime", pytest.param("torch", marks=needs_torch)])
def test_precisions_that_are_not_here_are_said(net, kind):
    profile = trtcore.profile_baseline(net, kind, precision="half2", iterations=2)
    assert RunWarning(WarningKind.BASELINE_HALF2) in profile.warnings
