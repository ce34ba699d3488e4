"""Hand-made profiles that reports are compared with in full."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.result.records.build import Build, CacheUse
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Clocks, Environment


def times(*medians: float, count: int = 200) -> np.ndarray:
    """(count, L) samples that lie evenly within 1 % about each median, in no order."""
    spread = np.random.default_rng(0).permutation(np.linspace(0.99, 1.01, count))
    return (spread[:, None] * np.array(medians)).astype(np.float32)


@pytest.fixture
def gpu_profile() -> Profile:
    data = TensorInfo("data", (4, 3, 224, 224), "Half", "linear")
    conv = TensorInfo("pool1/3x3_s2.1_3_myl0", (4, 64, 112, 112), "Half", "nhwc")
    layers = (
        Layer(
            "__myl_MoveConc_myl0_0",
            "kgen",
            ("conv1/7x7_s2", "conv1/relu_7x7"),
            "__myl_MoveConc_0xc074",
            0,
            (data,),
            (),
        ),
        Layer(
            "conv1/7x7_s2_U3_myl0_1",
            "correlation",
            ("conv1/7x7_s2", "conv1/relu_7x7"),
            "__myelin_CASK_STUB",
            0,
            (),
            (conv,),
        ),
        Layer("__mye1_myl0_2", "signal", stream=0),
        Layer("__mye1_myl0_3", "wait", stream=1),
        Layer(
            "inception_3a/3x3_U7_myl0_4",
            "correlation",
            (
                "inception_3a/3x3_reduce",
                "inception_3a/relu_3x3_reduce",
                "inception_3a/3x3",
                "inception_3a/relu_3x3",
            ),
            stream=1,
        ),
        Layer("__myl_Move_myl0_5", "kgen", stream=0),
    )
    return Profile(
        model=ModelRecord(
            "googlenet",
            "built-in",
            "He-normal, seed 0",
            (
                ModelNode("conv1/7x7_s2", "Conv", ("data",), ("conv1/7x7_s2",)),
                ModelNode("conv1/relu_7x7", "Relu", ("conv1/7x7_s2",), ("conv1/relu_7x7",)),
            ),
        ),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=4,
        method=Method(note="native IProfiler, reported after each synchronise"),
        io=(
            IOTensor("data", (4, 3, 224, 224), "Half", "linear", "input"),
            IOTensor("prob", (4, 1000), "Half", "linear", "output"),
        ),
        layers=layers,
        samples=Samples(
            layer_ms=times(0.0304, 0.1636, 0.0, 0.001, 0.0125, 0.0025),
            wall_ms=times(0.25, count=700)[:, 0],
            enqueue_ms=times(0.06, count=700)[:, 0],
            gpu_ms=times(0.205, count=700)[:, 0],
        ),
        counts=Counts(asked=700, warmed_up=64, measured=200, interrupted=True),
        environment=Environment(
            date="2025-06-01T12:00:00+00:00",
            trtcore="0.1.0",
            python="3.11.7",
            system="Linux-6.1",
            cpu="Xeon",
            device="NVIDIA H200",
            driver="580.65",
            compute_capability="9.0",
            runtime="TensorRT-RTX 1.6.1",
            clocks=Clocks(1980, 1950, 2619, 45, ("SW power cap",), 1905, 1980, 312.0, 40),
            memory_bytes=139 << 30,
            persistence="on",
            cpu_count=16,
            load_average=3.25,
        ),
        build=Build("TensorRT-RTX 1.6.1", 1.24, 14_100_000, 6, 1, cache=CacheUse.TIMING_REUSED),
        warnings=(RunWarning(WarningKind.OTHER, note="the input was zeros"),),
    )


@pytest.fixture
def cpu_profile() -> Profile:
    return Profile(
        model=ModelRecord("net", "net.onnx", "file", notes=("3 nodes had no name",)),
        backend="onnxruntime",
        precision="fp32",
        batch=1,
        method=Method(note="un-fused model on the CPU, 2 threads"),
        io=(
            IOTensor("x", (1, 8), "float32", "", "input"),
            IOTensor("y", (1, 8), "float32", "", "output"),
        ),
        layers=(
            Layer("swish (HardSigmoid)", "HardSigmoid", ("swish",)),
            Layer("swish (Mul)", "Mul", ("swish",)),
            Layer("fc", "Gemm", ("fc",)),
        ),
        samples=Samples(
            layer_ms=times(1.5, 0.5, 18.0, count=11), wall_ms=times(20.0, count=11)[:, 0]
        ),
        counts=Counts(asked=0, warmed_up=2, measured=11),
        environment=Environment(
            date="2025-06-01T12:00:00+00:00",
            trtcore="0.1.0",
            python="3.11.7",
            system="Linux-6.1",
            cpu="Intel Xeon",
            device="",
            runtime="ONNX Runtime 1.31.1",
        ),
        build=Build("TensorRT-RTX 1.7.1", 0.9, 2_000_000, 3),
        warnings=(),
    )
