"""What is exported can be read again, whatever layers are called."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made_profiles import make_profile
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import DATA

from trtcore.report.export.trtexec import (
    export_layer_info,
    export_layer_list,
    export_profile,
)
from trtcore.report.formats import FORMATS
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.trtexec import parse_trtexec_profile
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile

# Spaces at the ends, quotes, line ends, what TensorRT's metadata separates nodes by.
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.sampled_from(
        ['"', "\\", "a + b", "</script>", "}, {", "\x1e", "{ForeignNode[a...b]}", "a_2"]
    ),
)
TIMES = st.floats(2**-13, 1024.0, width=32)
ROWS = st.lists(st.tuples(NAMES, TIMES), min_size=1, max_size=8)


def profile_of(rows: list[tuple[str, float]]) -> Profile:
    layers = [Layer(name, "kgen", tactic=name, stream=0) for name, _ in rows]
    return make_profile(layers, np.float32([[ms for _, ms in rows]] * 3), ())


@settings(deadline=None)
@given(ROWS)
def test_trtexec_profiles_and_layers(rows: list[tuple[str, float]]) -> None:
    profile = profile_of(rows)
    known = parse_engine_information(export_layer_info(profile))
    again = parse_trtexec_profile(export_profile(profile), "p", known)
    assert [layer.tactic for layer in again.layers] == [name for name, _ in rows]
    np.testing.assert_allclose(
        again.samples.layer_ms[0], np.float32([ms for _, ms in rows]), rtol=1e-5
    )


@settings(deadline=None)
@given(ROWS)
def test_the_rules_of_trt_perf_analysis(rows: list[tuple[str, float]]) -> None:
    """A header of one key, rows of five, each name once, and the same names in both files."""
    profile = profile_of(rows)
    header, *times = json.loads(export_profile(profile))
    layers = json.loads(export_layer_list(profile))
    assert set(header) == {"count"}
    keys = {"name", "timeMs", "averageMs", "medianMs", "percentage"}
    assert all(set(row) == keys for row in times)
    names = [row["name"] for row in times]
    assert len(set(names)) == len(names)
    assert [layer["Name"] for layer in layers] == names


@settings(deadline=None)
@given(ROWS)
def test_saved_results(rows: list[tuple[str, float]]) -> None:
    profile = profile_of(rows)
    again = parse_profile(dump_profile(profile))
    assert again.layers == profile.layers
    np.testing.assert_array_equal(again.samples.layer_ms, profile.samples.layer_ms)


@pytest.fixture(scope="module")
def from_trtexec() -> Profile:
    return load_baseline(
        DATA / "trtexec_profile_googlenet_fp16_b4.json",
        layer_info=DATA / "inspector_googlenet_fp16_b4.json",
    )


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "svg"])
def test_files_of_trtexec_become_every_report(form: str, from_trtexec: Profile) -> None:
    content = FORMATS[form].render(from_trtexec)
    assert len(content) > (1 if form == "trtexec-times" else 1000)
    if isinstance(content, str) and form not in ("trtexec-times", "perfetto"):
        assert "inception_4e" in content.replace("\\", "")


def test_a_chrome_trace_of_ours_is_whole(from_trtexec: Profile, tmp_path: Path) -> None:
    events = json.loads(str(FORMATS["perfetto"].render(replace(from_trtexec))))["traceEvents"]
    assert {event["ph"] for event in events} <= {"X", "M", "C"}
    complete = [event for event in events if event["ph"] == "X"]
    assert len(complete) >= len(from_trtexec.layers)
    assert all(event["dur"] >= 0 and event["ts"] >= 0 for event in complete)
