"""trtexec's exported times as one side of a comparison: of whole inferences, and told so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from findings_evidence import convolution, profile_of

import trtcore
from trtcore.compare.profiles import compare_profiles
from trtcore.compare.same_model import check_same_model
from trtcore.errors import ResultError
from trtcore.report.export.trtexec import export_times
from trtcore.report.html.page import render_html
from trtcore.report.terminal.comparison import render_comparison
from trtcore.report.terminal.profile import render_table
from trtcore.result.readers.trtexec_times import is_trtexec_times, parse_trtexec_times
from trtcore.result.records.samples import Samples

# Source: the form that NVIDIA/TensorRT 8.4 to 11.1 write, with two inferences.
TIMES = """\
[
  { "startEnqMs" : 2.67333, "endEnqMs" : 2.70722, "startH2dMs" : 2.57741, "endH2dMs" : 2.57741, \
"startComputeMs" : 2.7, "endComputeMs" : 3.57, "startD2hMs" : 3.6, "endD2hMs" : 3.6, "h2dMs" : 0, \
"computeMs" : 0.873472, "d2hMs" : 0, "latencyMs" : 0.873472 }
, { "startEnqMs" : 3.7, "endEnqMs" : 3.74, "computeMs" : 0.875, "latencyMs" : 0.875 }
]
"""
OLD = TIMES.replace("H2d", "In").replace("h2d", "in").replace("D2h", "Out").replace("d2h", "out")


@pytest.mark.parametrize("text", [TIMES, OLD], ids=["8.4", "7.2"])
def test_the_times_of_every_inference(text: str) -> None:
    assert is_trtexec_times(text)
    profile = parse_trtexec_times(text, "times.json")
    np.testing.assert_allclose(profile.samples.gpu_ms, [0.873472, 0.875], rtol=1e-6)
    np.testing.assert_allclose(profile.samples.enqueue_ms, [0.03389, 0.04], rtol=1e-4)
    assert (profile.model.name, profile.source_tool, profile.counts.measured) == (
        "times",
        "trtexec",
        2,
    )
    assert "trtexec: GPU Compute Time of 2 inferences, without layers" in render_table(profile)


def measured(scale: float, count: int = 400) -> trtcore.Profile:
    """A profile of two layers and whole iterations."""
    made = profile_of([convolution(0), convolution(1)], [0.4, 0.5])
    whole = scale * np.random.default_rng(0).normal(1, 0.002, count).astype(np.float32)
    layers = np.tile(np.float32([[0.4, 0.5]]) * scale, (count, 1))
    return replace(made, samples=Samples(layers, whole, gpu_ms=whole))


@pytest.mark.parametrize("is_base", [True, False])
def test_whole_inferences_beside_a_result_with_layers(is_base: bool) -> None:
    times = parse_trtexec_times(export_times(measured(1.0)))
    pair = (times, measured(1.03)) if is_base else (measured(1.03), times)
    found = compare_profiles(*pair)
    assert found.rows == ()
    assert found.total.name == "un-profiled GPU time"
    assert found.total.ratio == pytest.approx(1.03 if is_base else 1 / 1.03, rel=2e-3)
    assert found.total.is_noise is False
    word = "base" if is_base else "new"
    assert (
        f"{word} has times of whole inferences only: no layers are compared, and that it is of the "
        "same model was not checked"
    ) in found.notes
    table = render_comparison(found)
    assert table.count("un-profiled GPU time") == 1
    for words in ("time over all layers", "Where the change", "unattributed", "sum over layers"):
        assert words not in table
    page = render_html(list(pair), names=("a", "b"))
    assert "un-profiled GPU time" in page


def test_two_files_of_times_and_a_model_that_cannot_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "times.json"
    path.write_text(export_times(measured(1.0)))
    found = compare_profiles(*(trtcore.load_baseline(path) for _ in range(2)))
    assert found.total.ratio == 1
    check_same_model(trtcore.load_baseline(path), measured(1.0).model)


CUT = "the times of trtexec are cut off or damaged ({}); export them again"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TIMES[:-20], CUT.format("Unterminated string starting at: line 3 column 65 (char 322)")),
        (TIMES.replace("0.875,", "[" * 100_000), CUT.format("nested too deeply")),
        (
            TIMES.replace('"computeMs"', '"compute"'),
            "an inference has no 'computeMs' that is a number",
        ),
        (TIMES.replace(": 0.875,", ": null,"), "an inference has no 'computeMs' that is a number"),
        (TIMES.replace("0.875,", "1e999,"), "an inference has no 'computeMs' that is a number"),
        (TIMES.replace(", {", ", 7, {"), "the times of trtexec hold a row that is no inference"),
    ],
)
def test_damaged_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(ResultError) as error:
        parse_trtexec_times(text, "t.json")
    assert str(error.value) == f"t.json: {message}"


def test_a_profile_is_no_file_of_times() -> None:
    assert not is_trtexec_times(json.dumps([{"name": "startEnqMs", "timeMs": 1}]))
