"""The table that trtexec prints, as its versions print it, and logs that are damaged."""

from __future__ import annotations

import json

import pytest
from words import texts

from trtcore.compare.profiles import compare_profiles
from trtcore.errors import ResultError
from trtcore.report.content.facts.method import method_text
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.readers.load import load_baseline
from trtcore.result.readers.trtexec_log import is_trtexec_log, parse_trtexec_log

NEW = """\
=== Profile (1000 iterations ) ===
   Time(ms)     Avg.(ms)   Median(ms)   Time(%)   Layer
     210.00       0.2100       0.2000      67.7   Conv_0 + Relu_1
     100.00       0.1000       0.1000      32.3   {ForeignNode[MatMul_2...Softmax_3]}
     310.00       0.3100       0.3000     100.0   Total

"""
OLD = """\
=== Profile (1000 iterations ) ===
                             Layer   Time (ms)   Avg. Time (ms)   Median Time (ms)   Time %
                   Conv_0 + Relu_1      210.00           0.2100             0.2000     67.7
 {ForeignNode[MatMul_2...Softmax_3]}      100.00           0.1000             0.1000     32.3
                             Total      310.00           0.3100             0.3000    100.0

"""
WITHOUT_MEDIAN = """\
=== Profile (50 iterations ) ===
            Layer   Time (ms)   Avg. Time (ms)   Time %
  Conv_0 + Relu_1       10.50           0.2100     67.7
             Pool        5.00           0.1000     32.3
            Total       15.50           0.3100    100.0
"""


def prefixed(text: str, prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize("table", [NEW, OLD], ids=["8.6 to 11", "8.4 to 8.5"])
@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "[01/02/2026-03:04:09] [I] ",
        "[I] ",
        "2026-01-02T03:04:09Z [01/02/2026-03:04:09] [I] ",
        "2026-01-02T03:04:09.1234567Z ",
        "2026-01-02T03:04:09.123Z stdout F [01/02/2026-03:04:09] [I] ",
    ],
)
def test_the_tables_of_all_versions(table, prefix):
    log = prefixed("=== Inference Options ===\nSleep time: 0ms\n" + table + "done\n", prefix)
    assert is_trtexec_log(log)
    profile = parse_trtexec_log(log)
    assert [layer.name for layer in profile.layers] == [
        "Conv_0 + Relu_1",
        "{ForeignNode[MatMul_2...Softmax_3]}",
    ]
    assert profile.samples.layer_ms.tolist() == [[pytest.approx(0.2), pytest.approx(0.1)]]
    assert method_text(profile) == (
        "trtexec: median of 1000 profiled iterations, each layer between two events"
    )
    assert profile.warnings == ()


def test_a_prefix_of_many_numbers_against_a_line_of_digits_ends():
    """Such a line has countless ways to be cut into numbers: it would take longer than a life."""
    prefix = "1 " * 30 + ": "
    log = prefixed(OLD, prefix) + "1" * 500 + "\n" + prefixed("done\n", prefix)
    assert len(parse_trtexec_log(log).layers) == 2


def test_without_medians_it_is_means():
    profile = parse_trtexec_log(WITHOUT_MEDIAN)
    assert profile.samples.layer_ms.tolist() == [[pytest.approx(0.21), pytest.approx(0.1)]]
    assert method_text(profile).startswith("trtexec: mean of 50 profiled iterations")


def test_a_table_that_lost_rows_is_said_to_have():
    lines = NEW.splitlines()
    no_total = parse_trtexec_log("\n".join(lines[:4]))
    assert texts(no_total.warnings) == (
        "the file has no line 'Total': part of the log may be missing",
    )
    lost = parse_trtexec_log("\n".join([*lines[:3], *lines[4:]]))
    assert texts(lost.warnings) == (
        "its rows add up to 0.21 of 0.31 ms: part of the log is missing",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NEW + NEW, "log: has 2 profile tables; keep the log of one run"),
        (NEW.splitlines()[0], "log: the profile table has no line of headings; log it again"),
        ("\n".join(NEW.splitlines()[:2]), "log: no layer times in it"),
        (
            NEW.replace("100.00       0.1000", "100.00       0.1x00"),
            "log: '100.00       0.1x00       0.1000      32.3   {ForeignNode[Ma' in the profile "
            "table is no row of 5 columns; log it again, or use trtexec --exportProfile",
        ),
    ],
)
def test_damaged_logs(text, message):
    with pytest.raises(ResultError) as caught:
        parse_trtexec_log(text, "log")
    assert str(caught.value) == message


def test_the_engines_own_layer_information_changes_nothing(tmp_path):
    """Plans of before TensorRT 8.6 list tensors, but no metadata."""
    tensor = {"Dimensions": [1, 2], "Format/Datatype": "Row major linear FP32"}
    layers = [
        {
            "Name": name,
            "LayerType": "Convolution",
            "Inputs": [{"Name": f"x{i}", **tensor}],
            "Outputs": [{"Name": f"y{i}", **tensor}],
        }
        for i, name in enumerate(("Conv_0 + Relu_1", "PWN(Sigmoid_2, Mul_3)", "MaxPool_4"))
    ]
    rows = "".join(f"1.00 0.1000 0.1000 33.3 {layer['Name']}\n" for layer in layers)
    log = "=== Profile (10 iterations ) ===\nTime(ms) Avg.(ms) Median(ms) Time(%) Layer\n" + rows
    known = parse_engine_information({"Layers": layers, "Bindings": ["x0", "y2"]})
    comparison = compare_profiles(parse_trtexec_log(log), parse_trtexec_log(log, "info", known))
    assert [(row.name, row.kind, row.ratio) for row in comparison.rows] == [
        ("Conv_0 + Relu_1", "same", 1.0),
        ("Mul_3 + Sigmoid_2", "same", 1.0),
        ("MaxPool_4", "same", 1.0),
    ]
    (tmp_path / "log.txt").write_text(log)
    (tmp_path / "info.json").write_text(json.dumps({"Layers": layers}))
    loaded = load_baseline(tmp_path / "log.txt", layer_info=tmp_path / "info.json")
    assert loaded.layers[0].outputs[0].name == "y0"
