"""PyTorch eager on the GPU: right outputs, a time for every node, and the engine beside it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import trtcore
from trtcore.measure.nodes.choice import choose_baseline
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = [pytest.mark.gpu, pytest.mark.torch]


@pytest.mark.parametrize(("allow_tf32", "error"), [(False, 1e-4), (True, 2e-3)])
def test_outputs_equal_those_of_onnx_runtime(allow_tf32: bool, error: float) -> None:
    from trtcore.measure.nodes.onnxruntime import profile as onnxruntime
    from trtcore.measure.nodes.torch import eager as torch_eager

    model = load_model("googlenet", batch=4)
    inputs = make_inputs(model_inputs(model))
    expected = onnxruntime.run_model(model, inputs)["prob"]
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=allow_tf32):
        found = torch_eager.run_model(model, inputs)["prob"]
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < error


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_every_node_is_timed_by_events(precision: str) -> None:
    assert choose_baseline("auto") == ("torch", "")
    profile = trtcore.profile_baseline("googlenet", precision=precision, iterations=50)
    samples = profile.samples
    assert profile.backend == "torch"
    assert {layer.nodes[0] for layer in profile.layers} >= {n.name for n in profile.model.nodes}
    assert samples.layer_ms.shape == (50, len(profile.layers))
    assert np.all(samples.layer_ms >= 0)
    for times in (samples.wall_ms, samples.gpu_ms, samples.enqueue_ms, samples.profiled_gpu_ms):
        assert times.shape == (50,)
        assert np.all(times > 0)
    # Each pair of events lies inside the pair around the iteration.
    assert np.all(samples.layer_ms.sum(axis=1) <= samples.profiled_gpu_ms * 1.01)
    assert profile.environment.device
    assert profile.environment.clocks.sm_mhz_after > 0
    assert profile.method.tf32_convolutions


def test_the_engine_beside_it_in_one_command() -> None:
    command = [sys.executable, "-m", "trtcore.profile", "googlenet", "--fp16", "--top", "1"]
    ran = subprocess.run(
        [*command, "--iterations", "50", "--baseline", "auto"],
        capture_output=True,
        text=True,
        check=True,
    )
    table = ran.stdout[ran.stdout.index("Before: googlenet, torch, fp32, batch 4") :]
    assert "\nconv1/7x7_s2 + conv1/relu_7x7 " in table
    assert "\nun-profiled GPU time " in table
    assert "of what it takes with torch: " in table
