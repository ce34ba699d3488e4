"""The main job on a GPU: a thousand iterations, right outputs, rows that lead back to the model."""

from __future__ import annotations

import gc
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from terminals import read_until

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import Plan
from trtcore.errors import EngineLoadError, RunError
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs

pytestmark = pytest.mark.gpu


def run_plan(bindings: Bindings, plan: Plan, iterations: int, **options: Any) -> Any:
    from trtcore.measure.engine_runs.engines import run_engine
    from trtcore.measure.engine_runs.records import RunOptions
    from trtcore.measure.engine_runs.rounds import RunLength
    from trtcore.system.clocks import ClockMonitor

    chosen = RunOptions(length=RunLength(iterations), **options)
    with ClockMonitor() as monitor:
        return run_engine(bindings, plan.content, "plan", chosen, monitor)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_thousand_iterations_of_googlenet(precision: str) -> None:
    profile = trtcore.profile_model("googlenet", precision=precision)
    samples = profile.samples
    assert profile.backend in {"tensorrt", "tensorrt_rtx"}
    assert profile.counts.measured == 1000
    assert samples.layer_ms.shape == (1000, len(profile.layers))
    for times in (
        samples.wall_ms,
        samples.enqueue_ms,
        samples.gpu_ms,
        samples.gated_ms,
        samples.graph_ms,
        samples.profiled_wall_ms,
    ):
        assert times.shape == (1000,)
        assert np.all(times > 0)
    assert np.all(samples.layer_ms >= 0)
    # They are of different iterations, which take turns in ten rounds: what disturbs the host hits
    # some rounds of either, so that the middle one of their ratios is told. Events add to the host.
    ratios = np.median(samples.gpu_ms.reshape(10, -1), axis=1) / np.median(
        samples.wall_ms.reshape(10, -1), axis=1
    )
    print(f"GPU time over latency by round: {np.sort(ratios).round(3).tolist()}")
    assert np.median(ratios) <= 1.03
    # Events between layers cost time: the sum lies above the latency, but in its neighbourhood.
    assert 0.8 < np.median(samples.layer_ms.sum(axis=1)) / np.median(samples.gpu_ms) < 4
    nodes = {node.name for node in profile.model.nodes}
    assert {name for layer in profile.layers for name in layer.nodes} <= nodes
    timed = [layer for layer in profile.layers if layer.kind not in ("signal", "wait")]
    assert sum(bool(layer.nodes) for layer in timed) > 0.9 * len(timed)
    assert profile.environment.device
    assert profile.environment.clocks.sm_mhz_after > 0


# TensorRT-RTX computes FP32 convolutions in TF32 whatever its flag says: 1e-3 on an H200.
@pytest.mark.usefixtures("short_warm_up")
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 2e-3), ("fp16", 2e-2)])
@pytest.mark.parametrize("sync", ["enqueue", "execute"])
def test_outputs_equal_those_of_onnx_runtime(
    bindings: Bindings, plans: dict[str, Plan], precision: str, tolerance: float, sync: str
) -> None:
    from trtcore.measure.nodes.onnxruntime.profile import run_model

    ran = run_plan(bindings, plans[precision], 3, sync=sync, seed=7)
    model = load_model("googlenet", batch=4)
    expected = run_model(model, make_inputs(model_inputs(model), "random", 7))["prob"]
    found = ran.outputs["prob"].astype(np.float64)
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < tolerance


@pytest.mark.usefixtures("short_warm_up")
@pytest.mark.parametrize("sync", ["enqueue", "execute"])
@pytest.mark.parametrize("callbacks", ["native", "python"])
def test_native_and_python_callbacks_see_the_same_layers(
    bindings: Bindings, plans: dict[str, Plan], callbacks: str, sync: str
) -> None:
    ran = run_plan(bindings, plans["fp16"], 50, callbacks=callbacks, sync=sync)
    assert ran.in_python == (callbacks == "python")
    assert ran.run.layer_names == tuple(layer.name for layer in ran.information.layers)
    assert ran.run.samples.layer_ms.shape == (50, len(ran.run.layer_names))
    assert ran.run.samples.layer_ms.sum() > 0


def test_the_inspector_and_the_build_log_agree(bindings: Bindings, plans: dict[str, Plan]) -> None:
    from trtcore.engine.tensorrt.runtime import load_engine

    plan = plans["fp16"]
    assert plan.information == load_engine(bindings, plan.content, "plan").information()


def test_a_plan_saved_and_profiled_in_another_process(
    plans: dict[str, Plan], tmp_path: Path
) -> None:
    path, result = tmp_path / "net.plan", tmp_path / "result.json"
    path.write_bytes(plans["fp16"].content)
    command = [sys.executable, "-m", "trtcore.profile", path, "--iterations", "100"]
    ran = subprocess.run([*command, "--save", result], capture_output=True, text=True, check=True)
    assert "conv1/7x7_s2 + conv1/relu_7x7" in ran.stdout
    profile = trtcore.load_profile(result)
    assert profile.samples.layer_ms.shape[0] == 100
    inspected = subprocess.run(
        [sys.executable, "-m", "trtcore", "inspect", path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Input data (4, 3, 224, 224) Half linear" in inspected.stdout


@pytest.mark.parametrize("content", [b"ftrt" * 1000, b"\0"], ids=["foreign", "short"])
def test_what_is_no_plan_is_refused_with_tensorrts_words(content: bytes) -> None:
    with pytest.raises(EngineLoadError, match="cannot load it"):
        trtcore.profile_plan(content)


def test_a_truncated_plan_is_refused(plans: dict[str, Plan]) -> None:
    content = plans["fp16"].content
    with pytest.raises(EngineLoadError, match="cannot load it"):
        trtcore.profile_plan(content[: len(content) // 2])


@pytest.mark.usefixtures("short_warm_up")
def test_too_little_device_memory_says_how_much_was_needed(
    bindings: Bindings, plans: dict[str, Plan]
) -> None:
    from trtcore.measure.device.cuda import DeviceBuffer

    with pytest.raises(RunError, match=r"allocating \d+.0 MiB for tensor 'x' \(\d+.\d MiB free\)"):
        DeviceBuffer(1 << 50, "tensor 'x'")
    ballast = []
    size = 64 << 30
    while size >= 1 << 20:
        try:
            ballast.append(DeviceBuffer(size, "ballast"))
        except RunError:
            size //= 2
    try:
        with pytest.raises((RunError, EngineLoadError), match=r"MiB|memory"):
            trtcore.profile_plan(plans["fp16"].content, iterations=10)
    finally:
        for buffer in ballast:
            buffer.free()
    profile = trtcore.profile_plan(plans["fp16"].content, iterations=10, calibrate=False)
    assert profile.counts.measured == 10


@pytest.mark.skipif("TRTCORE_GPU_SHARED" in os.environ, reason="others take memory meanwhile")
@pytest.mark.usefixtures("short_warm_up")
def test_memory_returns_to_its_start(plans: dict[str, Plan]) -> None:
    from trtcore.measure.device.cuda import free_memory_bytes

    free = []
    for _ in range(4):
        trtcore.profile_plan(plans["fp16"].content, iterations=10, calibrate=False)
        gc.collect()
        free.append(free_memory_bytes())
    assert free[1] == free[2] == free[3]


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    command = [sys.executable, "-m", "trtcore.profile", "googlenet", "--fp16"]
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*command, "--iterations", "1000000", "--save", path], stdout=subprocess.PIPE, stderr=child
    )
    os.close(child)
    # The progress bar tells when there is something to keep.
    shown = read_until(parent, b"measuring")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    shown += read_until(parent, b"")
    assert process.returncode == 130, shown
    assert b"Time over all layers" in out
    assert trtcore.load_profile(path).counts.interrupted
