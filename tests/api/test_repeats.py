"""Fresh processes and several builds, for real under ONNX Runtime."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest
from onnx import ModelProto, parser

import trtcore
from trtcore.api.options.values import Options
from trtcore.api.repeats import build_repeatedly
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.errors import OptionError, ResultError
from trtcore.models.load import load_model
from trtcore.report.terminal.profile import render_table
from trtcore.result.records.build import CacheUse
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile

NET = """
<ir_version: 9, opset_import: ["": 17]>
net (float[2, 64] x) => (float[2, 64] y)
{
    [relu] r = Relu (x)
    [tanh] t = Tanh (r)
    [add] y = Add (t, r)
}
"""


@pytest.fixture(scope="module")
def net() -> ModelProto:
    return parser.parse_model(NET)


@pytest.fixture(scope="module")
def in_processes(net: ModelProto) -> Profile:
    profile = trtcore.profile_model(net, backend="onnxruntime", iterations=20, processes=2)
    return parse_profile(dump_profile(profile))


def test_each_process_has_its_medians_in_the_result(in_processes: Profile) -> None:
    processes = in_processes.processes
    assert processes is not None
    assert processes.layer_ms.shape == (2, 3)
    wall_ms, shown = processes.of("wall_ms"), processes.shown
    assert wall_ms is not None
    # The rest of the profile is of one of them.
    assert wall_ms[shown] == pytest.approx(float(np.median(in_processes.samples.wall_ms)))
    assert processes.layer_ms[shown] == pytest.approx(np.median(in_processes.samples.layer_ms, 0))
    assert "2 fresh ones: latency" in render_table(in_processes)


def test_the_interval_of_the_latency_is_over_processes(in_processes: Profile) -> None:
    low, high = trtcore.Analysis(in_processes).intervals["wall_ms"]
    wall_ms = in_processes.processes.of("wall_ms")  # type: ignore[union-attr]
    assert low <= min(wall_ms) <= max(wall_ms) <= high


def test_host_memory_is_recorded(in_processes: Profile) -> None:
    assert in_processes.memory is not None
    assert in_processes.memory.host_peak_bytes > 10 << 20
    assert re.search(r"Memory +inputs and outputs 0\.0 MB; host peak", render_table(in_processes))


def test_builds_are_measured_interleaved(net: ModelProto) -> None:
    profile = trtcore.profile_model(net, backend="onnxruntime", iterations=20, builds=3)
    variance = trtcore.Analysis(parse_profile(dump_profile(profile))).build_variance
    assert variance is not None
    assert (variance.series, len(variance.total_ms), len(variance.groups)) == ("wall_ms", 3, 3)
    assert variance.with_other_tactics == 0  # ONNX Runtime has none
    assert profile.processes is None


def test_both_at_once_are_refused(net: ModelProto) -> None:
    with pytest.raises(OptionError, match="cannot be combined: builds are compared within one"):
        trtcore.profile_model(net, backend="onnxruntime", builds=2, processes=2)


@pytest.mark.parametrize("name", ["builds", "processes"])
def test_none_at_all_are_refused(net: ModelProto, name: str) -> None:
    with pytest.raises(OptionError, match="is 0, must be 1 or more"):
        trtcore.profile_model(net, backend="onnxruntime", **{name: 0})


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ('"shown": ', '"shown": 7', "process 7"),
        ('"name": "wall_ms",\n    "medians_ms": {\n     "dtype": "float64",', "", "medians_ms"),
    ],
)
def test_a_damaged_result_is_refused(
    in_processes: Profile, good: str, bad: str, reason: str
) -> None:
    text = dump_profile(in_processes)
    assert good in text
    with pytest.raises(ResultError, match=reason):
        parse_profile(text.replace(good, bad or good.replace("float64", "float32")))


def test_builds_of_an_engine_read_no_timing_cache(net: ModelProto) -> None:
    pytest.importorskip("tensorrt_rtx")
    build = partial(build_as_requested, load_bindings("tensorrt_rtx"), load_model(net))
    plans = build_repeatedly(build, Options(precision="fp32"), 2)
    assert [plan.build.cache for plan in plans] == [CacheUse.NONE] * 2
    assert all(plan.content for plan in plans)
