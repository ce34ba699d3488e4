"""Traces of PyTorch's profiler: outermost operators, their kernels, and the names around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile

import trtcore
from trtcore.errors import ResultError
from trtcore.report.content.warnings import profile_warnings
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.own_result import is_result
from trtcore.result.readers.torch_trace import is_torch_trace, parse_torch_trace
from trtcore.result.records.layers import Layer


def event(
    name: str, start: float, duration: float, category: str = "cpu_op", tid: int = 1, **args: Any
) -> dict[str, Any]:
    row = {"ph": "X", "cat": category, "name": name, "pid": 9, "tid": tid}
    return {**row, "ts": start, "dur": duration, "args": args}


def step(number: int, start: float, *, named: bool, gpu: bool) -> list[dict[str, Any]]:
    """A convolution that calls another operator, and a rectifier."""
    first = 10 * number
    events = [
        event(f"ProfilerStep#{number}", start, 100, "user_annotation"),
        event("aten::conv2d", start + 10, 40, **{"External id": first + 1}),
        event("aten::cudnn_convolution", start + 15, 30, **{"External id": first + 2}),
        event("aten::relu", start + 60, 20, **{"External id": first + 3}),
    ]
    if named:
        events.append(event("conv", start + 9, 42, "user_annotation"))
        events.append(event("relu", start + 55, 30, "user_annotation"))
    if gpu:
        events += [
            event("k1", start + 200, 7, "kernel", 7, **{"External id": first + 2}),
            event("k2", start + 210, 4, "kernel", 7, **{"External id": first + 2}),
            event("k3", start + 220, 2, "kernel", 7, **{"External id": first + 3}),
            event("lost", start + 230, 50, "kernel", 7, **{"External id": 99999}),
        ]
    return events


def trace(*, named: bool = False, gpu: bool = False, steps: int = 2) -> str:
    events = [e for n in range(steps) for e in step(n, 1000.5 * n, named=named, gpu=gpu)]
    return json.dumps({"schemaVersion": 1, "deviceProperties": [], "traceEvents": events})


def test_host_times_of_outermost_operators() -> None:
    profile = parse_torch_trace(trace())
    assert [(layer.name, layer.nodes) for layer in profile.layers] == [
        ("aten::conv2d", ()),
        ("aten::relu", ()),
    ]
    np.testing.assert_allclose(profile.samples.layer_ms, [[0.04, 0.02]] * 2, rtol=1e-6)
    np.testing.assert_allclose(profile.samples.wall_ms, [0.1, 0.1], rtol=1e-6)
    assert profile_warnings(Analysis(profile))[0] == (
        "2 of 2 operators map to no model node, as a trace of PyTorch names none: they count for "
        "the total only; torch.profiler.record_function around them gives them names"
    )


def test_kernels_count_for_the_operator_that_launched_them() -> None:
    profile = parse_torch_trace(trace(gpu=True))
    np.testing.assert_allclose(profile.samples.layer_ms, [[0.011, 0.002]] * 2, rtol=1e-6)
    assert profile.method.device == "GPU"


def test_names_around_operators_map_them_to_nodes(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text(trace(named=True, gpu=True))
    base = load_baseline(path)
    assert [layer.nodes for layer in base.layers] == [("conv",), ("relu",)]
    fused = [Layer("conv + relu", nodes=("conv", "relu"))]
    new = make_profile(fused, np.full((8, 1), 0.0065, np.float32), chain("conv", "relu"))
    (row,) = trtcore.compare_profiles(base, new).rows
    assert row.ratio == pytest.approx(0.5, rel=1e-5)


def test_without_steps_the_trace_is_one_run() -> None:
    events = json.loads(trace(steps=1))["traceEvents"][1:]
    profile = parse_torch_trace(json.dumps(events))
    assert profile.counts.measured == 1
    assert profile.samples.wall_ms.size == 0


def test_it_is_told_from_other_files() -> None:
    assert is_torch_trace(trace())
    assert not is_result(trace())
    # Torch-TensorRT's rows can have such names.
    assert not is_torch_trace('[{"name": "aten::relu", "timeMs": 1}]')
    saved = '{"schema": "trtcore/profile", "version": 2, "model": {"name": "aten::relu"}}'
    assert not is_torch_trace(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"schemaVersion": 1, "traceEvents": []}',
            "t: the trace of PyTorch holds no operators; record it with "
            "activities=[ProfilerActivity.CPU, ...]",
        ),
        (
            json.dumps(
                [
                    event("ProfilerStep#0", 0, 10, "user_annotation"),
                    event("aten::relu", 1, 2),
                    event("ProfilerStep#1", 20, 10, "user_annotation"),
                    event("aten::exp", 21, 2),
                ]
            ),
            "t: run 1 has other layers than the first, so their times cannot be combined; trace "
            "runs of one shape",
        ),
    ],
)
def test_bad_traces(text: str, message: str) -> None:
    with pytest.raises(ResultError) as error:
        parse_torch_trace(text, "t")
    assert str(error.value) == message
