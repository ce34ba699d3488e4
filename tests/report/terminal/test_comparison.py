"""Comparisons on paper: whole texts of a hand-made one."""

from __future__ import annotations

import json
from dataclasses import replace
from math import nan

import pytest

from trtcore.compare.comparison import Change, Comparison
from trtcore.compare.limits import Broken, LimitVerdict, parse_limit
from trtcore.report.export.comparison_json import comparison_json, comparison_tree, render_trees
from trtcore.report.export.comparison_markdown import comparison_markdown
from trtcore.report.terminal.comparison import render_baseline, render_comparison

ROWS = (
    Change("a + b", 6.0, 3.0, (0.49, 0.51), False, "re-fused", ("a", "b"), ("1", "2"), ("x",), 1),
    Change("d", 1.0, 1.5, (1.4, 1.6), False, nodes=("d",), order=0, relative_ratio=1.45),
    Change("gone", 0.4, 0.0, kind="vanished", nodes=("gone",)),
    Change("c", 0.5, 0.51, (0.98, 1.06), True, nodes=("c",), order=2),
    Change("cat", 0.1, 0.0, kind="eliminated", nodes=("cat",)),
    Change("here|now", 0.0, 0.05, kind="appeared", nodes=("here|now",)),
)

NOTES = (
    "look out",
    "base: the input was zeros",
    "base: the run was interrupted: 200 of 700 profiled iterations were measured",
    "base: unstable clock: the SM clock went from 1905 to 1980 MHz; throttled: SW power cap",
    "base: layers run on 2 streams, so their times overlap and do not add up to the latency; an "
    "engine built without auxiliary streams (serial=True) does not overlap",
)
NOTE_LINES = """\
Note: look out
Note: base: the input was zeros
Note: base: the run was interrupted: 200 of 700 profiled iterations were measured
Note: base: unstable clock: the SM clock went from 1905 to 1980 MHz; throttled: SW power cap
Note: base: layers run on 2 streams, so their times overlap and do not add up to the latency; an engine built without
    auxiliary streams (serial=True) does not overlap"""  # noqa: E501

TEXT = """\
Base: googlenet, tensorrt_rtx, fp16, batch 4, NVIDIA H200, TensorRT-RTX 1.6.1 (native IProfiler, reported after each
    synchronise)
New:  net, tensorrt, fp16, batch 1, ONNX Runtime 1.31.1 (un-fused model on the CPU, 2 threads)

Nodes                     base ms  new ms  change ms   ratio                       95 % interval
a + b                      6.0000  3.0000    -3.0000  0.500x                      0.490 to 0.510
d                          1.0000  1.5000    +0.5000  1.500x  1.400 to 1.600, 1.450x relative to all other layers
c                          0.5000  0.5100    +0.0100  1.020x                0.980 to 1.060 noise
cat                        0.1000  0.0000    -0.1000  0.000x
markers and unattributed   0.0100  0.0200    +0.0100  2.000x
time over all layers       8.0100  5.0800    -2.9300  0.634x
un-profiled GPU time       7.0000  4.0000    -3.0000  0.571x                      0.560 to 0.580

Where the change of the time over all layers came from, in ms
  base                                                               8.0100
  a + b (re-fused)                                                  -3.0000  ------------------------
  d                                                                 +0.5000  ++++
  gone (vanished)                                                   -0.4000  ---
  c                                                                 +0.0100
  cat (eliminated)                                                  -0.1000  -
  here|now (appeared)                                               +0.0500
  markers and unattributed                                          +0.0100
  new                                                                5.0800

Re-fused: a + b
  base 1
  base 2
  new  x

Only in base, 0.4000 ms: gone
Only in new, 0.0500 ms: here|now

"""  # noqa: E501
TEXT += f"{NOTE_LINES}\n"

BASELINE = """\
Before: googlenet, tensorrt_rtx, fp16, batch 4, NVIDIA H200, TensorRT-RTX 1.6.1 (native IProfiler, reported after each
    synchronise)
After:  net, tensorrt, fp16, batch 1, ONNX Runtime 1.31.1 (un-fused model on the CPU, 2 threads)

Layer group           before ms  after ms  speed-up
d                        1.0000    1.5000      0.7x
a + b                    6.0000    3.0000      2.0x
c                        0.5000    0.5100      1.0x
un-profiled GPU time     7.0000    4.0000      1.8x
Eliminated, 0.1000 ms: cat
Only before, 0.4000 ms: gone
Only after, 0.0500 ms: here|now
One forward pass of batch 1 takes 57.1% of what one of batch 4 takes with tensorrt_rtx: 4.0000 of 7.0000 ms.

"""  # noqa: E501
BASELINE += NOTE_LINES

MARKDOWN = """\
### net: tensorrt fp16 against tensorrt_rtx fp16

| | base ms | new ms | change ms | ratio | 95 % interval |
|---|--:|--:|--:|--:|--:|
| markers and unattributed | 0.0100 | 0.0200 | +0.0100 | 2.000x |  |
| time over all layers | 8.0100 | 5.0800 | -2.9300 | 0.634x |  |
| un-profiled GPU time | 7.0000 | 4.0000 | -3.0000 | 0.571x | 0.560 to 0.580 |
| a + b | 6.0000 | 3.0000 | -3.0000 | 0.500x | 0.490 to 0.510 |
| d | 1.0000 | 1.5000 | +0.5000 | 1.500x | 1.400 to 1.600, 1.450x relative to all other layers |
| gone | 0.4000 | 0.0000 | -0.4000 | 0.000x |  |
| c | 0.5000 | 0.5100 | +0.0100 | 1.020x | 0.980 to 1.060 noise |
| cat | 0.1000 | 0.0000 | -0.1000 | 0.000x |  |
| here\\|now | 0.0000 | 0.0500 | +0.0500 | - |  |

- Only in base, 0.4000 ms: gone
- Only in new, 0.0500 ms: here\\|now

<details><summary>Re-fused groups: 1</summary>

- a + b: base `1`, `2`; new `x`

</details>

"""
MARKDOWN += "".join(f"- {note}\n" for note in NOTES)


@pytest.fixture
def comparison(gpu_profile, cpu_profile) -> Comparison:
    return Comparison(
        base=gpu_profile,
        new=replace(cpu_profile, backend="tensorrt", precision="fp16"),
        rows=ROWS,
        total=Change("un-profiled GPU time", 7.0, 4.0, (0.56, 0.58), False),
        layers=Change("time over all layers", 8.01, 5.08),
        rest=Change("markers and unattributed", 0.01, 0.02),
        notes=("look out",),
    )


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_text(comparison):
    assert words(render_comparison(comparison)) == words(TEXT)


def test_columns_line_up(comparison):
    lines = render_comparison(comparison).splitlines()[4:11]
    assert len({line.index(".") for line in lines[1:]}) == 1


def test_top_and_width(comparison):
    text = render_comparison(comparison, top=1, width=100)
    table = text.split("\n\n")[1].splitlines()
    assert [line.split("  ")[0] for line in table] == [
        "Nodes",
        "a + b",
        "3 further rows",
        "markers and unattributed",
        "time over all layers",
        "un-profiled GPU time",
    ]
    assert "1.6000  2.0100" in table[2]
    assert max(map(len, table)) <= 100


def test_top_cuts_the_refused_groups_too(comparison):
    other = Change("e + f", 1.0, 0.5, kind="re-fused", base_layers=("8", "9"), new_layers=("y",))
    both = replace(comparison, rows=(*ROWS, other, replace(other, name="g + h")))
    text = render_comparison(both, top=1)
    assert text.count("Re-fused: ") == 2
    assert "\n\nRe-fused: 2 more groups\n\n" in text
    assert "\n\nRe-fused: 1 more group\n\n" in render_comparison(both, top=2)
    assert "more group" not in render_comparison(both, top=3)


def test_the_gated_time_is_a_row_below_the_total(comparison):
    gated = replace(comparison, gated=Change("un-profiled GPU time, gated", 6.0, 3.0))
    assert [
        "un-profiled",
        "GPU",
        "time,",
        "gated",
        "6.0000",
        "3.0000",
        "-3.0000",
        "0.500x",
    ] in words(render_comparison(gated))
    assert (
        "| un-profiled GPU time, gated | 6.0000 | 3.0000 | -3.0000 | 0.500x |  |\n"
        in comparison_markdown(gated)
    )
    assert json.loads(comparison_json(gated))["gated"]["ratio"] == 0.5


def test_refused_groups_of_an_unfused_baseline_are_no_news(comparison):
    text = render_comparison(replace(comparison, base=replace(comparison.base, backend="caffe")))
    assert "Re-fused" not in text


def test_baseline(comparison):
    assert words(render_baseline(comparison)) == words(BASELINE)


def test_baseline_keeps_rows_that_the_clock_gave_no_time(comparison):
    short = (
        Change("e", 0.0, 0.1, nodes=("e",), order=4),
        Change("f", 0.2, 0.0, kind="re-fused", nodes=("f",), order=3),
        Change("g", 0.0, 0.0, nodes=("g",), order=5),
    )
    lines = render_baseline(replace(comparison, rows=(*ROWS, *short))).splitlines()
    assert words("\n".join(lines[7:12])) == [
        ["c", "0.5000", "0.5100", "1.0x"],
        ["f", "0.2000", "0.0000", "-"],
        ["e", "0.0000", "0.1000", "-"],
        ["g", "0.0000", "0.0000", "-"],
        ["un-profiled", "GPU", "time", "7.0000", "4.0000", "1.8x"],
    ]
    assert words("\n".join(lines[12:])) == words(BASELINE)[9:]


def test_markdown(comparison):
    assert comparison_markdown(comparison) == MARKDOWN


def test_markdown_with_files_and_a_gate_that_passed(comparison):
    verdict = LimitVerdict((parse_limit("total > 3%"), parse_limit("layer a* > 1 ms")))
    text = comparison_markdown(comparison, files=("a.json", "b.json"), verdict=verdict)
    assert text == MARKDOWN.replace(
        "fp16\n\n|",
        "fp16\n\nBase `a.json`, new `b.json`\n\n"
        "**Limits: passed** (`total > 3%`, `layer a* > 1 ms`)\n\n|",
    )


def test_markdown_with_a_gate_that_is_broken(comparison):
    total, layer, other = map(parse_limit, ("total > 3%", "layer > 10%", "layer d > 1%"))
    doubtful = (Broken(other, ROWS[1], is_sure=False),)
    verdict = LimitVerdict((total, layer, other), (Broken(layer, ROWS[1]),), doubtful)
    row = (
        "  - `d: 1.0000 -> 1.5000 ms (+0.5000 ms, +50.0%; 95 % interval 1.400 to 1.600; 1.450x "
        "relative to all other layers) "
    )
    doubt = (
        "is beyond 'layer d > 1%' but may be chance, so it breaks nothing: measure both for longer"
    )
    assert (
        "\n\n**Limits: broken**\n\n"
        "- `total > 3%`: held\n"
        f"- `layer > 10%`: broken by 1 row\n{row}breaks 'layer > 10%'`\n"
        f"- `layer d > 1%`: held, 1 beyond it that may be chance\n{row}{doubt}`\n\n| |"
    ) in comparison_markdown(comparison, verdict=verdict)
    verdict = LimitVerdict((other,), (), doubtful)
    assert "\n\n**Limits: passed**\n\n- `layer d > 1%`: held" in comparison_markdown(
        comparison, verdict=verdict
    )


def test_markdown_without_a_condition_has_no_gate(comparison):
    assert comparison_markdown(comparison, verdict=LimitVerdict(())) == MARKDOWN


def test_markdown_of_the_largest_changes_only(comparison):
    rows = (*ROWS[:1], replace(ROWS[0], name="e + f"), *ROWS[1:])
    lines = comparison_markdown(replace(comparison, rows=rows), top=1).splitlines()
    assert "| 6 further rows | 8.0000 | 5.0600 | -2.9400 | 0.632x |  |" in lines
    assert "<details><summary>Re-fused groups: 2</summary>" in lines
    assert [line for line in lines if line.startswith(("- a", "- e", "- 1"))] == [
        "- a + b: base `1`, `2`; new `x`",
        "- 1 more",
    ]


def test_files_are_named(comparison):
    lines = render_comparison(comparison, files=("a.json", "b.json")).splitlines()
    assert lines[0].startswith("Base: a.json: googlenet, tensorrt_rtx, fp16")
    assert lines[2].startswith("New:  b.json: net, tensorrt, fp16")
    lines = render_baseline(comparison, base_file="a.log").splitlines()
    assert lines[0].startswith("Before: a.log: googlenet, ")
    assert lines[2].startswith("After:  net, ")


def test_json_of_several(comparison):
    condition = parse_limit("layer > 10%")
    verdict = LimitVerdict((condition,), (Broken(condition, ROWS[1]),))
    trees = [
        comparison_tree(comparison, files=("a.json", name), verdict=verdict)
        for name in ("b.json", "c.json")
    ]
    found = json.loads(render_trees(trees))
    assert [(one["base"]["file"], one["new"]["file"]) for one in found] == [
        ("a.json", "b.json"),
        ("a.json", "c.json"),
    ]
    assert found[0]["limits"]["conditions"] == ["layer > 10%"]
    assert [(b["condition"], b["row"]["name"]) for b in found[0]["limits"]["broken"]] == [
        ("layer > 10%", "d")
    ]
    assert json.loads(render_trees(trees[:1])) == found[0]


def test_json(comparison):
    tree = json.loads(comparison_json(comparison))
    assert (tree["schema"], tree["version"]) == ("trtcore/comparison", 2)
    assert tree["base"]["device"] == "NVIDIA H200"
    assert tree["base"]["file"] is None
    assert tree["limits"] is None
    assert tree["notes"] == list(NOTES)
    assert tree["rows"][0] == {
        "name": "a + b",
        "kind": "re-fused",
        "base_ms": 6.0,
        "new_ms": 3.0,
        "difference_ms": -3.0,
        "ratio": 0.5,
        "interval": [0.49, 0.51],
        "is_noise": False,
        "relative_ratio": None,
        "is_conclusive": True,
        "unmapped_ms": 0.0,
        "nodes": ["a", "b"],
        "base_layers": ["1", "2"],
        "new_layers": ["x"],
    }
    assert tree["rows"][5]["ratio"] is None
    assert tree["layers"]["interval"] is None


def test_a_row_that_nothing_is_claimed_of(comparison):
    row = replace(ROWS[3], interval=(nan, nan), unmapped_ms=0.2)
    one = replace(comparison, rows=(row,))
    assert (
        "| c | 0.5000 | 0.5100 | +0.0100 | 1.020x | inconclusive (attribution) |"
        in comparison_markdown(one)
    )
    (found,) = json.loads(comparison_json(one))["rows"]
    assert (found["is_conclusive"], found["unmapped_ms"], found["is_noise"]) == (False, 0.2, True)


def test_rows_without_any_time(comparison):
    empty = replace(comparison, rows=(), rest=Change("rest", 0.0, 0.0, (nan, nan)))
    assert "markers" not in render_comparison(empty)
    assert render_baseline(empty).splitlines()[5].startswith("un-profiled GPU time")
