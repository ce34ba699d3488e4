"""trtexec's files: whole texts of a small profile, and a real trtexec file made again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from paths import DATA

from trtcore.report.export.trtexec import export_layer_info, export_profile, export_times
from trtcore.result.records.build import Build
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelRecord, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

DATA_IN = TensorInfo("data", (1, 3, 8, 8), "Half", "(Linear) Row major linear format")
CONV_OUT = TensorInfo("relu1", (1, 4, 8, 8), "Half", "(NHWC) Channel major format")


def floats(*values) -> np.ndarray:
    return np.array(values, dtype=np.float32)


PROFILE = Profile(
    model=ModelRecord("small", "small.onnx"),
    backend="tensorrt_rtx",
    precision="fp16",
    batch=1,
    method=Method(note="by hand"),
    io=(
        IOTensor("data", (1, 3, 8, 8), "Half", "kLINEAR", "input"),
        IOTensor("prob", (1, 4), "Half", "kLINEAR", "output"),
    ),
    layers=(
        Layer("conv1", "correlation", ("conv1", "relu1"), "k1", 0, (DATA_IN,), (CONV_OUT,)),
        Layer("wait", "wait", stream=1),
        Layer('fc"1\\', "gemm", ("fc1",), "k2", 1, (CONV_OUT,)),
    ),
    samples=Samples(
        layer_ms=floats([0.5, 0, 0.25], [0.5, 0, 0.125], [0.75, 0, 0.125]),
        wall_ms=floats(1.0, 2.0),
        enqueue_ms=floats(0.25, 0.5),
        gpu_ms=floats(0.5, 1.0),
    ),
    counts=Counts(asked=3, warmed_up=1, measured=3),
    environment=Environment("now", "0.1", "3.11", "Linux", "cpu", "NVIDIA H200"),
    build=Build("tensorrt_rtx 1.6.1", 1.0, 1000, layers=3),
)


def test_profile_whole() -> None:
    assert export_profile(PROFILE) == (
        "[\n"
        '  { "count" : 3 }\n'
        ', { "name" : "conv1", "timeMs" : 1.75, "averageMs" : 0.583333, "medianMs" : 0.5, '
        '"percentage" : 77.7778 }\n'
        ', { "name" : "wait", "timeMs" : 0.0, "averageMs" : 0.0, "medianMs" : 0.0, '
        '"percentage" : 0.0 }\n'
        ', { "name" : "fc\\"1\\\\", "timeMs" : 0.5, "averageMs" : 0.166667, "medianMs" : 0.125, '
        '"percentage" : 22.2222 }\n'
        "]\n"
    )


def test_times_whole() -> None:
    assert export_times(PROFILE) == (
        "[\n"
        '  { "startEnqMs" : 0.0, "endEnqMs" : 0.25, "startH2dMs" : 0.5, "endH2dMs" : 0.5, '
        '"startComputeMs" : 0.5, "endComputeMs" : 1.0, "startD2hMs" : 1.0, "endD2hMs" : 1.0, '
        '"h2dMs" : 0.0, "computeMs" : 0.5, "d2hMs" : 0.0, "latencyMs" : 0.5 }\n'
        ', { "startEnqMs" : 1.0, "endEnqMs" : 1.5, "startH2dMs" : 2.0, "endH2dMs" : 2.0, '
        '"startComputeMs" : 2.0, "endComputeMs" : 3.0, "startD2hMs" : 3.0, "endD2hMs" : 3.0, '
        '"h2dMs" : 0.0, "computeMs" : 1.0, "d2hMs" : 0.0, "latencyMs" : 1.0 }\n'
        "]\n"
    )


def test_times_without_gpu_events_compute_all_the_time() -> None:
    cpu = replace(PROFILE, samples=Samples(PROFILE.samples.layer_ms, floats(4.0)))
    (record,) = json.loads(export_times(cpu))
    assert (record["startEnqMs"], record["endEnqMs"]) == (0.0, 0.0)
    assert (record["startComputeMs"], record["endComputeMs"]) == (0.0, 4.0)
    assert record["latencyMs"] == 4.0


def test_no_record_computes_before_it_is_enqueued() -> None:
    random = np.random.default_rng(0)
    wall, gpu = random.lognormal(0, 0.1, 2000), random.lognormal(0, 0.1, 2000)
    samples = replace(
        PROFILE.samples,
        wall_ms=wall.astype(np.float32),
        enqueue_ms=(0.3 * wall).astype(np.float32),
        gpu_ms=gpu.astype(np.float32),
    )
    records = json.loads(export_times(replace(PROFILE, samples=samples)))
    assert len(records) == 2000
    # Six significant digits of times that add up to some 2000 ms.
    rounding, end = 0.01, 0.0
    for i, record in enumerate(records):
        assert record["startEnqMs"] == pytest.approx(end, abs=rounding)
        assert record["startEnqMs"] <= record["startComputeMs"] <= record["endComputeMs"]
        assert record["startEnqMs"] <= record["endEnqMs"] <= record["endComputeMs"]
        assert record["computeMs"] == record["latencyMs"] == pytest.approx(gpu[i], rel=1e-5)
        length = max(wall[i], gpu[i])
        assert record["endComputeMs"] - end == pytest.approx(length, abs=2 * rounding)
        end = record["endComputeMs"]


def test_negative_gpu_times_count_as_none() -> None:
    samples = replace(PROFILE.samples, gpu_ms=floats(-0.5, 1.0))
    first = json.loads(export_times(replace(PROFILE, samples=samples)))[0]
    assert (first["startComputeMs"], first["endComputeMs"], first["computeMs"]) == (1.0, 1.0, 0.0)


def test_fewer_gpu_times_after_an_interruption() -> None:
    samples = replace(PROFILE.samples, gpu_ms=floats(0.5))
    assert len(json.loads(export_times(replace(PROFILE, samples=samples)))) == 1


def test_layer_info_whole() -> None:
    data = {
        "Name": "data",
        "Dimensions": [1, 3, 8, 8],
        "Format/Datatype": "Half",
        "Datatype": "Half",
        "Format": "(Linear) Row major linear format",
    }
    relu = {
        "Name": "relu1",
        "Dimensions": [1, 4, 8, 8],
        "Format/Datatype": "Half",
        "Datatype": "Half",
        "Format": "(NHWC) Channel major format",
    }
    layers = [
        {
            "Name": "conv1",
            "LayerType": "correlation",
            "Inputs": [data],
            "Outputs": [relu],
            "TacticName": "k1",
            "StreamId": 0,
            "Metadata": "[ONNX Layer: conv1]\x1f[ONNX Layer: relu1]",
        },
        {
            "Name": "wait",
            "LayerType": "wait",
            "Inputs": [],
            "Outputs": [],
            "TacticName": "",
            "StreamId": 1,
            "Metadata": "",
        },
        {
            "Name": 'fc"1\\',
            "LayerType": "gemm",
            "Inputs": [relu],
            "Outputs": [],
            "TacticName": "k2",
            "StreamId": 1,
            "Metadata": "[ONNX Layer: fc1]",
        },
    ]
    assert json.loads(export_layer_info(PROFILE)) == {
        "ProfilingVerbosity": "DETAILED",
        "Layers": layers,
        "Bindings": ["data", "prob"],
        "I/O Tensors": [
            {
                "Name": "data",
                "IOMode": "Input",
                "DataType": "Half",
                "Dimensions": [1, 3, 8, 8],
                "ProfileInfo": [{"Format": "kLINEAR"}],
            },
            {
                "Name": "prob",
                "IOMode": "Output",
                "DataType": "Half",
                "Dimensions": [1, 4],
                "ProfileInfo": [{"Format": "kLINEAR"}],
            },
        ],
    }
    assert json.loads(export_layer_info(PROFILE, as_list=True)) == layers
    assert "\x1f" not in export_layer_info(PROFILE), "control characters are escaped"


def test_plan_that_tells_names_only() -> None:
    build = Build("tensorrt 10.16", 0.0, 1000, verbosity="LAYER_NAMES_ONLY")
    info = json.loads(export_layer_info(replace(PROFILE, build=build)))
    assert info["ProfilingVerbosity"] == "LAYER_NAMES_ONLY"
    assert info["Layers"] == ["conv1", "wait", 'fc"1\\']


def test_repeated_names_become_unique_and_the_same_in_both_files() -> None:
    names = ("a", "a_2", "a", "a", "b")
    samples = Samples(np.ones((1, 5), dtype=np.float32), floats(1.0))
    profile = replace(PROFILE, layers=tuple(map(Layer, names)), samples=samples)
    rows = [row["name"] for row in json.loads(export_profile(profile))[1:]]
    assert rows == ["a", "a_2", "a_3", "a_4", "b"]
    assert [layer["Name"] for layer in json.loads(export_layer_info(profile, True))] == rows


@pytest.mark.parametrize("iterations", [0, 2])
def test_no_time_at_all_is_valid_json(iterations: int) -> None:
    samples = Samples(np.zeros((iterations, 3), dtype=np.float32), floats())
    profile = replace(PROFILE, samples=samples)
    header, *rows = json.loads(export_profile(profile))
    assert header == {"count": iterations}
    assert [row["percentage"] for row in rows] == [0.0, 0.0, 0.0]
    assert json.loads(export_times(profile)) == []


def test_real_trtexec_profile_is_made_again() -> None:
    header, *rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())
    layer_ms = np.array([[row["timeMs"] for row in rows]], dtype=np.float32)
    layers = tuple(Layer(row["name"]) for row in rows)
    profile = replace(PROFILE, layers=layers, samples=Samples(layer_ms, floats()))
    ours = json.loads(export_profile(profile))
    assert ours[0] == header
    for our, their in zip(ours[1:], rows, strict=True):
        assert list(our) == list(their)
        assert our == {**their, "percentage": pytest.approx(their["percentage"], rel=1e-5)}


def test_layer_info_speaks_as_the_real_inspector() -> None:
    real = json.loads((DATA / "inspector_googlenet_fp16_b4.json").read_text())
    ours = json.loads(export_layer_info(PROFILE))
    older = {"ProfilingVerbosity", "Bindings"}
    assert set(ours) - older <= set(real)
    assert set(ours["Layers"][0]) <= set(real["Layers"][0])
    tensor = set(ours["Layers"][0]["Inputs"][0])
    assert tensor - {"Format/Datatype"} <= set(real["Layers"][0]["Inputs"][0])
    assert set(ours["I/O Tensors"][0]) <= set(real["I/O Tensors"][0])


def test_types_are_spelt_as_trtexec_spells_them():
    io = (
        IOTensor("x", (1, 3), "float32", "linear", "input"),
        IOTensor("n", (1,), "int64", "linear", "input"),
        IOTensor("y", (1, 3), "Half", "linear", "output"),
    )
    layer = Layer("fc", "Gemm", ("fc",), inputs=(TensorInfo("x", (1, 3), "float16"),))
    samples = Samples(np.ones((1, 1), np.float32), floats(1.0))
    told = json.loads(export_layer_info(replace(PROFILE, io=io, layers=(layer,), samples=samples)))
    assert [tensor["DataType"] for tensor in told["I/O Tensors"]] == ["Float", "Int64", "Half"]
    assert told["Layers"][0]["Inputs"][0]["Datatype"] == "Half"
    assert told["Layers"][0]["Inputs"][0]["Format/Datatype"] == "Half"
