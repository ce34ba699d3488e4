"""Files of other tools that hold no layer times: each is named, and none is taken for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_texts import GLOG

from trtcore.errors import ResultError
from trtcore.result.readers.foreign import foreign_file
from trtcore.result.readers.load import load_baseline

REPORT = """\
[TRT]    Timing Report net.caffemodel
[TRT]    Pre-Process   CPU   0.05000ms  CUDA   0.04000ms
[TRT]    Total         CPU   4.45000ms  CUDA   4.84000ms
"""
OPTIONS = """\
&&&& RUNNING TensorRT.trtexec [TensorRT v101601] [b11] # trtexec --loadEngine=net.plan
[01/02/2026-03:04:05] [I] === Inference Options ===
[01/02/2026-03:04:05] [I] Sleep time: 0ms
[01/02/2026-03:04:05] [I] Idle time: 0ms
"""
NSYS = "Time (%),Total Time (ns),Instances,Avg (ns)\n50.0,1000,2,500\n"
SIMPLE = "========== GoogleNet profile ==========\n"
LAYERS = '{"Layers": [{"Name": "conv1"}], "Bindings": ["x"]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            REPORT,
            "is a timing report of jetson-inference, which is no profile: it holds times of whole "
            "passes, not of layers",
        ),
        (
            OPTIONS,
            "is a log of trtexec without layer times, which is no profile: run trtexec with "
            "--dumpProfile, or give what its --exportProfile writes",
        ),
        (
            "[01/02/2026-03:04:05] [I] === Performance summary ===\n"
            "[01/02/2026-03:04:05] [I] Throughput: 1000 qps\n",
            "is a log of trtexec without layer times, which is no profile: run trtexec with "
            "--dumpProfile, or give what its --exportProfile writes",
        ),
        (
            "<!doctype html>\n<html><body>Not found</body></html>",
            "is an HTML page, which is no profile: give the file itself: a link may lead to a page "
            "about it",
        ),
        (
            "Node Name        Ops       Time(us)  Time(%)\nfused_nn_conv2d  conv2d  1.5 50\n",
            "is a table of TVM's debug executor, which is no profile: layers of TVM are not read; "
            "profile the model with trtcore",
        ),
        (
            "[I] trt-runner  | Completed 10 iteration(s) in 12 ms | Average inference time: 1 ms.",
            "is a log of Polygraphy, which is no profile: it holds times of whole passes, not of "
            "layers",
        ),
        (
            "**PERF:  FPS 0 (Avg)\n**PERF:  30.00 (30.01)\n",
            "is a log of DeepStream, which is no profile: it holds frames per second, not times of "
            "layers",
        ),
        (
            '{"traceEvents": []}',
            "is a Chrome trace, which is no profile: a trace holds no times of one network's "
            "layers",
        ),
        (
            NSYS,
            "is another summary of Nsight Systems than cuda_gpu_kern_sum, which is no profile: "
            "give the CSV of its report cuda_gpu_kern_sum",
        ),
        (
            SIMPLE,
            "is the table of TensorRT's later samples (SimpleProfiler), which is no profile: "
            "profile the engine with trtcore or with trtexec --exportProfile",
        ),
        (
            LAYERS,
            "is what trtexec --exportLayerInfo wrote, which is no profile: it belongs to "
            "layer_info, beside the profile that trtexec --exportProfile writes",
        ),
    ],
)
def test_each_is_named_for_what_it_is(tmp_path, text, message):
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ResultError) as caught:
        load_baseline(path)
    assert str(caught.value) == f"{path}: {message}"
    assert len(str(caught.value).removeprefix(f"{path}: ")) <= 300


@pytest.mark.parametrize(
    "text", ["some text 1.0ms\n", "build took 12.345ms\nand then\nmore\n", "[I] total 1.000ms\n"]
)
def test_a_line_that_ends_in_a_time_is_no_table(tmp_path, text):
    path: Path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ResultError, match="is not a saved trtcore result, a profile exported by"):
        load_baseline(path)


def test_a_table_whose_first_name_begins_with_a_brace(tmp_path):
    path = tmp_path / "table"
    path.write_text("{ForeignNode[a...b]}                     0.128ms\nconv 0.100ms\n")
    assert [layer.name for layer in load_baseline(path).layers] == ["{ForeignNode[a...b]}", "conv"]


def test_a_profile_is_none_of_them():
    assert foreign_file(GLOG) is None
