"""The Chrome trace of a small profile, whole."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np

from trtcore.report.export.perfetto import render_trace
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, ModelRecord, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples, StreamedSeries
from trtcore.stats.histogram import fold
from trtcore.system.records import Environment

DATA_IN = TensorInfo("data", (1, 3, 8, 8), "Half")
CONV_OUT = TensorInfo("relu1", (1, 4, 8, 8), "Half")


def floats(*values) -> np.ndarray:
    return np.array(values, dtype=np.float32)


PROFILE = Profile(
    model=ModelRecord("small", "small.onnx"),
    backend="tensorrt_rtx",
    precision="fp16",
    batch=1,
    method=Method(note="by hand"),
    io=(),
    layers=(
        Layer("__myl_conv", "correlation", ("conv1", "relu1"), "k1", 0, (DATA_IN,), (CONV_OUT,)),
        Layer("__myl_fc", "", ("fc1",), "k2", 1),
    ),
    samples=Samples(
        layer_ms=floats([0.5, 0.25], [0.5, 0.125], [0.75, 0.125]),
        wall_ms=floats(1.0, 2.0, 4.0),
        enqueue_ms=floats(0.25, 0.5, 0.5),
        gpu_ms=floats(0.5, 1.0, 3.0),
    ),
    counts=Counts(asked=3, warmed_up=1, measured=3),
    environment=Environment("now", "0.1", "3.11", "Linux", "cpu", "NVIDIA H200"),
)


def head(pid: int, name: str, tracks: dict[int, str]) -> list[dict]:
    return [
        {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}},
        {"name": "process_sort_index", "ph": "M", "pid": pid, "args": {"sort_index": pid}},
        *(
            {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": track}}
            for tid, track in tracks.items()
        ),
    ]


def bar(name: str, pid: int, tid: int, ts: float, dur: float) -> dict:
    return {"name": name, "ph": "X", "pid": pid, "tid": tid, "ts": ts, "dur": dur}


def conv(pid: int, ts: float, dur: float) -> dict:
    args = {
        "position": 0,
        "layer": "__myl_conv",
        "tactic": "k1",
        "nodes": ["conv1", "relu1"],
        "inputs": ["data [1, 3, 8, 8] Half"],
        "outputs": ["relu1 [1, 4, 8, 8] Half"],
    }
    return {**bar("conv1 + relu1", pid, 0, ts, dur), "cat": "correlation", "args": args}


def fc(pid: int, ts: float, dur: float) -> dict:
    args = {
        "position": 1,
        "layer": "__myl_fc",
        "tactic": "k2",
        "nodes": ["fc1"],
        "inputs": [],
        "outputs": [],
    }
    return {**bar("fc1", pid, 1, ts, dur), "cat": "layer", "args": args}


STREAMS = {0: "stream 0", 1: "stream 1"}


def test_trace_whole() -> None:
    assert json.loads(render_trace(PROFILE, iterations=2)) == {
        "displayTimeUnit": "ns",
        "otherData": {
            "model": "small",
            "backend": "tensorrt_rtx",
            "precision": "fp16",
            "batch": "1",
            "device": "NVIDIA H200",
            "method": "by hand",
            "note": "The profiler gives durations only: layers are laid end to end in execution "
            "order, and their sum is not the latency. Host and GPU times of un-profiled iterations "
            "come from different iterations, paired in order: each lasts as long as the longer of "
            "both.",
        },
        "traceEvents": [
            *head(1, "median iteration", STREAMS),
            conv(1, 0.0, 500.0),
            fc(1, 500.0, 125.0),
            *head(2, "profiled iterations", STREAMS),
            conv(2, 0.0, 500.0),
            fc(2, 500.0, 250.0),
            conv(2, 750.0, 500.0),
            fc(2, 1250.0, 125.0),
            *head(3, "un-profiled iterations", {0: "host", 1: "GPU"}),
            bar("iteration 0", 3, 0, 0.0, 1000.0),
            bar("enqueue", 3, 0, 0.0, 250.0),
            bar("iteration 0", 3, 1, 500.0, 500.0),
            bar("iteration 1", 3, 0, 1000.0, 2000.0),
            bar("enqueue", 3, 0, 1000.0, 500.0),
            bar("iteration 1", 3, 1, 2000.0, 1000.0),
        ],
    }


def test_run_on_a_cpu_has_no_gpu_track() -> None:
    layers = (Layer("conv1", "Conv", ("conv1",)),)
    samples = Samples(floats([2.0]), floats(3.0))
    environment = replace(PROFILE.environment, device="")
    cpu = replace(PROFILE, layers=layers, samples=samples, environment=environment)
    trace = json.loads(render_trace(cpu))
    assert trace["otherData"]["device"] == "cpu"
    assert trace["otherData"]["note"].endswith("and their sum is not the latency.")
    events = trace["traceEvents"]
    tracks = [event["args"]["name"] for event in events if event["name"] == "thread_name"]
    assert tracks == ["stream 0", "stream 0", "host"]
    assert events[-1] == bar("iteration 0", 3, 0, 0.0, 3000.0)


def test_nothing_is_computed_before_it_is_enqueued() -> None:
    samples = replace(PROFILE.samples, gpu_ms=floats(1.5, 1.0, -3.0))
    events = json.loads(render_trace(replace(PROFILE, samples=samples)))["traceEvents"]
    bars = [event for event in events if event["pid"] == 3 and event["ph"] == "X"]
    assert [event for event in bars if event["name"] != "enqueue"] == [
        bar("iteration 0", 3, 0, 0.0, 1500.0),
        bar("iteration 0", 3, 1, 0.0, 1500.0),
        bar("iteration 1", 3, 0, 1500.0, 2000.0),
        bar("iteration 1", 3, 1, 2500.0, 1000.0),
        bar("iteration 2", 3, 0, 3500.0, 4000.0),
        bar("iteration 2", 3, 1, 7500.0, 0.0),
    ]


def test_streamed_run_says_what_it_shows() -> None:
    whole = PROFILE.samples
    streamed = replace(
        whole,
        layer_ms=whole.layer_ms[-2:],
        wall_ms=whole.wall_ms[-2:],
        enqueue_ms=whole.enqueue_ms[-2:],
        gpu_ms=whole.gpu_ms[-2:],
        layer_histograms=fold(whole.layer_ms),
        streamed=(StreamedSeries("wall_ms", fold(whole.wall_ms[:, None])),),
    )
    trace = json.loads(render_trace(replace(PROFILE, samples=streamed), iterations=1))
    assert trace["otherData"]["note"].endswith(
        "The run was streamed: of 3 profiled iterations the last 2 were kept, and the first of "
        "those are shown."
    )
    events = trace["traceEvents"]
    names = [event["args"]["name"] for event in events if event["name"] == "process_name"]
    assert names[1:] == ["profiled iterations, from iteration 1", "un-profiled iterations"]
    assert [event["name"] for event in events if event["pid"] == 3 and event["ph"] == "X"] == [
        "iteration 1",
        "enqueue",
        "iteration 1",
    ]


def test_negative_times_do_not_run_backwards() -> None:
    samples = Samples(floats([-0.5, 0.25]), floats())
    events = json.loads(render_trace(replace(PROFILE, samples=samples)))["traceEvents"]
    bars = [(event["ts"], event["dur"]) for event in events if event["ph"] == "X"]
    assert bars == [(0.0, 0.0), (0.0, 250.0)] * 2


def test_run_without_samples_is_an_empty_trace() -> None:
    samples = Samples(np.empty((0, 2), dtype=np.float32), floats())
    assert json.loads(render_trace(replace(PROFILE, samples=samples)))["traceEvents"] == []


def test_neighbours_touch_and_do_not_overlap_however_they_are_rounded():
    rng = np.random.default_rng(0)
    layers = tuple(Layer(f"l{i}", "Conv", (f"n{i}",), stream=0) for i in range(200))
    times = rng.uniform(0.0001, 0.05, (5, 200)).astype(np.float32)
    samples = Samples(times, floats(*times.sum(1)), gpu_ms=floats(*(0.9 * times.sum(1))))
    profile = replace(PROFILE, layers=layers, samples=samples)
    events = [event for event in json.loads(render_trace(profile))["traceEvents"] if "dur" in event]
    for process, count in ((1, 200), (2, 1000)):
        own = [event for event in events if event["pid"] == process]
        assert len(own) == count
        for one, following in itertools.pairwise(own):
            assert round(one["ts"] + one["dur"], 3) == following["ts"]
    gpu = [event for event in events if (event["pid"], event["tid"]) == (3, 1)]
    host = [event for event in events if (event["pid"], event["tid"]) == (3, 0)]
    for one, other in zip(host, gpu, strict=True):
        assert round(one["ts"] + one["dur"], 3) == round(other["ts"] + other["dur"], 3)
