"""Reports of networks that people deploy: read at a glance, and never wider than requested."""

from __future__ import annotations

import io
import re
from functools import cache

import pytest
from networks import MEASURED, measured
from rich.console import Console

from trtcore.report.terminal.profile import print_table, render_table
from trtcore.result.analysis.analysis import Analysis

VIT_80 = """\
Input x (4, 3, 224, 224) Half linear
Output y (4, 1000) Half linear

Layer                               median ms  corrected   share  p95 ms  min ms
conv_proj: Conv                        0.1359     0.1328   12.1%       -  0.1352
encoder_layer_0/mlp: MatMul + Add      0.0280     0.0249    2.3%       -  0.0268
+ Gelu
encoder_layer_1/mlp: MatMul + Add      0.0265     0.0234    2.1%       -  0.0258
+ Gelu
encoder_layer_2/mlp: MatMul + Add      0.0280     0.0249    2.3%       -  0.0271
+ Gelu
encoder_layer_3/mlp: MatMul + Add      0.0279     0.0248    2.3%       -  0.0268
+ Gelu
encoder_layer_4/mlp: MatMul + Add      0.0277     0.0247    2.3%       -  0.0266
+ Gelu
encoder_layer_5/mlp: MatMul + Add      0.0280     0.0250    2.3%       -  0.0272
+ Gelu
encoder_layer_6/mlp: MatMul + Add      0.0265     0.0234    2.1%       -  0.0259
+ Gelu
encoder_layer_7/mlp: MatMul + Add      0.0271     0.0240    2.2%       -  0.0259
+ Gelu
encoder_layer_8/mlp: MatMul + Add      0.0283     0.0252    2.3%       -  0.0276
+ Gelu
encoder_layer_10/mlp: MatMul + Add     0.0269     0.0238    2.2%       -  0.0260
+ Gelu
encoder_layer_11/mlp: MatMul + Add     0.0272     0.0241    2.2%       -  0.0266
+ Gelu
125 further layers                     1.0793     0.6927   63.3%
Time over all layers                   1.5173     1.0936  100.0%
Medians of 40 profiled iterations; the total is of the medians, the shares are
of the corrected times. A p95 needs 130 iterations.
~ Corrected time below 0.002 ms: below timer resolution; indicative only.
"""

VIT_120 = """\
Input x (4, 3, 224, 224) Half linear
Output y (4, 1000) Half linear

Layer                                      median ms  corrected   share  p95 ms  min ms
conv_proj: Conv                               0.1359     0.1328   12.1%       -  0.1352
encoder_layer_0/mlp: MatMul + Add + Gelu      0.0280     0.0249    2.3%       -  0.0268
encoder_layer_1/mlp: MatMul + Add + Gelu      0.0265     0.0234    2.1%       -  0.0258
encoder_layer_2/mlp: MatMul + Add + Gelu      0.0280     0.0249    2.3%       -  0.0271
encoder_layer_3/mlp: MatMul + Add + Gelu      0.0279     0.0248    2.3%       -  0.0268
encoder_layer_4/mlp: MatMul + Add + Gelu      0.0277     0.0247    2.3%       -  0.0266
encoder_layer_5/mlp: MatMul + Add + Gelu      0.0280     0.0250    2.3%       -  0.0272
encoder_layer_6/mlp: MatMul + Add + Gelu      0.0265     0.0234    2.1%       -  0.0259
encoder_layer_7/mlp: MatMul + Add + Gelu      0.0271     0.0240    2.2%       -  0.0259
encoder_layer_8/mlp: MatMul + Add + Gelu      0.0283     0.0252    2.3%       -  0.0276
encoder_layer_10/mlp: MatMul + Add + Gelu     0.0269     0.0238    2.2%       -  0.0260
encoder_layer_11/mlp: MatMul + Add + Gelu     0.0272     0.0241    2.2%       -  0.0266
125 further layers                            1.0793     0.6927   63.3%
Time over all layers                          1.5173     1.0936  100.0%
Medians of 40 profiled iterations; the total is of the medians, the shares are of the corrected times. A p95 needs 130
iterations.
~ Corrected time below 0.002 ms: below timer resolution; indicative only.
"""  # noqa: E501


@cache
def analysed(name: str) -> Analysis:
    """A measured network whose figures all tables share."""
    return Analysis(measured(name))


def head(text: str) -> str:
    """The table and its footnotes: what stands before the kernels."""
    return "\n\n".join(text.split("\n\n")[:2]) + "\n"


def printed(*, is_terminal: bool, width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=is_terminal, color_system=None)
    print_table(measured("vit_b_16"), console, top=12)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def test_vit_at_80_columns():
    assert head(printed(is_terminal=True, width=80)) == VIT_80


def test_vit_at_120_columns():
    text = head(printed(is_terminal=True, width=120))
    # test_bert has a whole text with the bars.
    assert re.sub(r" +[█▉-▏]+$", "", text, flags=re.MULTILINE) == VIT_120


def test_vit_in_a_pipe():
    assert head(printed(is_terminal=False, width=30)) == VIT_120


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("level", ["layer", "node", "block", "block:4", "type", "type:2"])
@pytest.mark.parametrize("name", MEASURED)
def test_no_line_is_wider(name, level, width):
    text = render_table(analysed(name), group_by=level, width=width)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", MEASURED)
def test_without_a_width_no_line_is_wider_than_120(name):
    assert max(map(len, render_table(analysed(name)).splitlines())) <= 120


def test_full_names_are_all_there():
    profile = measured("vit_b_16")
    text = render_table(profile, full_names=True)
    for layer in profile.layers:
        assert " + ".join(layer.nodes) in text


def test_blocks_of_vit():
    lines = render_table(measured("vit_b_16"), group_by="block").splitlines()
    table = lines[lines.index("") + 2 :]
    names = [line.split("  ")[0] for line in table[: table.index("") - 4]]
    layers = [f"encoder_layer_{i}" for i in range(12)]
    assert names == ["conv_proj", "Concat", *layers, "Gather", "head"]


def test_kinds_of_vit():
    lines = render_table(measured("vit_b_16"), group_by="type").splitlines()
    assert [line.split("  ")[0] for line in lines[4:11]] == [
        "reformat",
        "convolution",
        "normalization",
        "matmul",
        "elementwise",
        "data movement",
        "attention",
    ]
