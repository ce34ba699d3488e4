"""Traces of ONNX Runtime's TensorRT-RTX provider, in the form that its profiler writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile

from trtcore.compare.profiles import compare_profiles
from trtcore.errors import ResultError
from trtcore.report.terminal.profile import render_table
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.rtx_provider_trace import parse_rtx_provider_trace
from trtcore.result.records.layers import Layer

NODES = {"conv_relu": "conv, relu", "fc": "fc"}


def trace(
    runs: int, us: dict[str, float], engines: int = 1, nodes: dict[str, str] = NODES
) -> list[dict[str, Any]]:
    """What the provider writes: starts are sums of exact times, and both are rounded down."""
    events: list[dict[str, Any]] = []
    for run in range(runs):
        for engine in range(engines):
            name = {"name": f"fused_{engine}"}
            events.append({"name": "process_name", "ph": "M", "pid": engine, "args": name})
            start = 0.0
            for layer, time in us.items():
                event = {
                    "name": layer if engine == 0 else f"{layer}_{engine}",
                    "ph": "X",
                    "cat": "nv::trt::layer",
                    "ts": int(start),
                    "dur": int(time),
                    "pid": engine,
                    "tid": run,
                }
                if layer in nodes and engine == 0:
                    event["args"] = {"onnx_nodes": nodes[layer]}
                events.append(event)
                start += time
    return events


def test_every_run_with_the_nodes_of_its_layers(tmp_path: Path) -> None:
    path = tmp_path / "trt_rtx_profile_20261128_120000_7.json"
    path.write_text(json.dumps(trace(3, {"conv_relu": 20.6, "reformat": 1.2, "fc": 8.7}), indent=1))
    profile = load_baseline(path)
    assert profile.layers == (
        Layer("conv_relu", "", ("conv", "relu")),
        Layer("reformat"),
        Layer("fc", "", ("fc",)),
    )
    # Between starts: 0, 20.6 and 21.8 rounded down; the last layer has its own time.
    np.testing.assert_allclose(profile.samples.layer_ms, [[0.020, 0.001, 0.008]] * 3, rtol=1e-6)
    assert (profile.source_tool, profile.counts.measured) == ("tensorrt-rtx-provider", 3)
    assert (
        "ONNX Runtime's TensorRT-RTX provider: TensorRT's profiler in whole microseconds, median "
        "of 3 runs"
    ) in " ".join(render_table(profile).split())


def test_rounding_down_does_not_add_up_over_many_layers() -> None:
    us = {f"layer {i}": 2.7 for i in range(100)}
    profile = parse_rtx_provider_trace(json.dumps(trace(2, us)))
    # The start of the last layer and its own time are rounded down, and nothing else.
    assert profile.samples.layer_ms.sum(axis=1) == pytest.approx([0.269] * 2, abs=0.001)


def test_subgraphs_follow_one_another_within_a_run() -> None:
    profile = parse_rtx_provider_trace(json.dumps(trace(2, {"a": 5.0, "b": 3.0}, engines=2)))
    assert [layer.name for layer in profile.layers] == ["a", "b", "a_1", "b_1"]
    np.testing.assert_allclose(profile.samples.layer_ms, [[0.005, 0.003] * 2] * 2, rtol=1e-6)


@pytest.mark.parametrize("between", ["]\x1f[ONNX Layer: ", r"]\u001f[ONNX Layer: ", ", "])
def test_nodes_however_they_are_joined(between: str) -> None:
    nodes = {"layer": f"/conv1/Conv{between}/relu/Relu"}
    profile = parse_rtx_provider_trace(json.dumps(trace(1, {"layer": 5.0}, nodes=nodes)))
    assert profile.layers[0].nodes == ("/conv1/Conv", "/relu/Relu")


def test_compared_with_a_result_of_the_same_model() -> None:
    base = parse_rtx_provider_trace(json.dumps(trace(40, {"conv_relu": 20.0, "fc": 10.0})))
    layers = [Layer("c", "", ("conv", "relu")), Layer("f", "", ("fc",))]
    new = make_profile(layers, np.tile([0.04, 0.01], (40, 1)), chain("conv", "relu", "fc"))
    rows = {row.name: row.ratio for row in compare_profiles(base, new).rows}
    assert rows == {"conv + relu": pytest.approx(2.0), "fc": pytest.approx(1.0)}


def test_what_cannot_be_put_together_is_refused() -> None:
    uneven = trace(2, {"a": 5.0}, engines=2)[:-2]
    with pytest.raises(ResultError) as error:
        parse_rtx_provider_trace(json.dumps(uneven), "t.json")
    assert str(error.value) == (
        "t.json: subgraphs of the session ran 1 to 2 times, so that their runs cannot be put "
        "together; trace a session without loops or branches"
    )
    other = trace(1, {"a": 5.0}) + [
        {**event, "tid": 1} for event in trace(1, {"b": 5.0}) if event["ph"] == "X"
    ]
    with pytest.raises(ResultError, match="run 1 has other layers than the first"):
        parse_rtx_provider_trace(json.dumps(other))
    with pytest.raises(ResultError, match="cut off or damaged"):
        parse_rtx_provider_trace(json.dumps(trace(1, {"a": 5.0}))[:-5])
