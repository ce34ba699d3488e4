"""What is said of a profile of another tool that is damaged or of another kind: in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from trtcore.errors import ResultError
from trtcore.result.readers.load import load_baseline

CAFFE = "I0101 12:00:00.000000  1 caffe.cpp:1] "
TWO_RUNS = "\n".join(
    [CAFFE + "Average time per layer: ", *[f"{CAFFE}     conv1\tforward: 1.5 ms."] * 2]
)
NSYS = "Time (%),Total Time (ns),Instances,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO_RUNS, "layer 'conv1' is there twice; keep the log of one run"),
        (
            '{"schemaVersion": 1, "traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::add"',
            "the trace is cut off or damaged (Expecting ',' delimiter: line 1 column 86 (char 85))"
            "; record it again",
        ),
        (
            NSYS + "99.0,12,1,1,1,1,1,0.0",
            "kernel '' has no whole row of figures; export it again",
        ),
        (
            '{"Layers": ["conv1 + relu1"], "Bindings": ["x"]}',
            "is what trtexec --exportLayerInfo wrote, which is no profile: it belongs to "
            "layer_info, beside the profile that trtexec --exportProfile writes",
        ),
    ],
)
def test_a_profile(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "profile.txt"
    path.write_text(text)
    with pytest.raises(ResultError) as error:
        load_baseline(path)
    assert str(error.value) == f"{path}: {message}"


def test_layer_information_that_is_cut_off(tmp_path: Path) -> None:
    profile, information = tmp_path / "profile.json", tmp_path / "layers.json"
    profile.write_text(
        '[{"count": 1}, {"name": "a", "timeMs": 1, "averageMs": 1, "medianMs": 1, '
        '"percentage": 100}]'
    )
    information.write_text('{"Layers": ["conv1')
    with pytest.raises(ResultError) as error:
        load_baseline(profile, layer_info=information)
    assert str(error.value) == (
        f"{information}: engine information is not JSON (Unterminated string starting at: line 1 "
        "column 13 (char 12))"
    )
