"""The picture of an engine: the whole text of a small one, and what Graphviz makes of real ones."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import measured
from paths import DATA

from trtcore.errors import ResultError
from trtcore.report.export.dot import render_dot, render_svg
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.readers.load import load_baseline
from trtcore.result.records.layers import is_marker
from trtcore.result.records.profile import Profile

HAS_GRAPHVIZ = pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
HOSTILE = ('a"b', "\\", "</svg><script>x</script>", "\n\0\x1b[31m", "\\N{name}", "层", "x\udcff")


def googlenet() -> Profile:
    return load_baseline(
        DATA / "trtexec_profile_googlenet_fp16_b4.json",
        layer_info=DATA / "inspector_googlenet_fp16_b4.json",
    )


def test_whole_text(gpu_profile: Profile) -> None:
    body = render_dot(gpu_profile).partition(" label=")[2]
    assert body == (
        '"googlenet TensorRT-RTX fp16: 4 layers, 0.2100 ms\\l'
        "border red: reformat; blue: convolution; grey: unattributed\\l"
        "fill white to red: 0 to 10% of the time and more\\l"
        'dashed arrows: order of execution, as no tensors are known\\l"\n'
        " subgraph cluster_0 {\n"
        '  label="conv1  0.1940 ms"; style=rounded; color="#b0b0b0"\n'
        '  n0 [label="conv1/7x7_s2 +\\nconv1/relu_7x7 [MoveConc]\\n0.0304 ms, 14.5% Half", '
        'tooltip="__myl_MoveConc_myl0_0\\n__myl_MoveConc_0xc074\\nconv1/7x7_s2, conv1/relu_7x7", '
        'fillcolor="#ff7a5c", color="#d55e00"]\n'
        '  n1 [label="conv1/7x7_s2 +\\nconv1/relu_7x7\\n[correlation]\\n0.1636 ms, 77.9% Half", '
        'tooltip="conv1/7x7_s2_U3_myl0_1\\n__myelin_CASK_STUB\\nconv1/7x7_s2, conv1/relu_7x7", '
        'fillcolor="#ff7a5c", color="#0072b2"]\n'
        " }\n"
        " subgraph cluster_1 {\n"
        '  label="unattributed  0.0150 ms"; style=rounded; color="#b0b0b0"\n'
        '  n4 [label="inception_3a/3x3_reduce +\\ninception_3a/relu_3x3_reduce\\n'
        '... inception_3a/relu_3x3\\n0.0125 ms, 6.0%", tooltip="inception_3a/3x3_U7_myl0_4\\n'
        "inception_3a/3x3_reduce, inception_3a/relu_3x3_reduce, inception_3a/3x3, "
        'inception_3a/relu_3x3", fillcolor="#ffb09e", color="#999999"]\n'
        '  n5 [label="__myl_Move_myl0_5\\n0.0025 ms, 1.2%", tooltip="__myl_Move_myl0_5", '
        'fillcolor="#ffefec", color="#999999"]\n'
        " }\n"
        ' n0 -> n1 [tooltip="", style=dashed]\n'
        ' n1 -> n4 [tooltip="", style=dashed]\n'
        ' n4 -> n5 [tooltip="", style=dashed]\n'
        "}\n"
    )


def test_colours_follow_the_share() -> None:
    fills = re.findall(r'^  n\d+ .*fillcolor="(#\w+)"', render_dot(googlenet()), re.M)
    rows = Analysis(googlenet()).rows
    shares = [row.share for row in rows if not is_marker(row.layer)]
    # Less green and blue, the more time.
    ranked = [fill for _, fill in sorted(zip(shares, fills, strict=True), reverse=True)]
    assert ranked == sorted(ranked)
    assert len(set(ranked)) > 20


@HAS_GRAPHVIZ
@pytest.mark.parametrize("name", ["googlenet", "swin_t"])
def test_every_layer_is_a_box_in_a_frame(name: str) -> None:
    profile = googlenet() if name == "googlenet" else measured(name)
    picture = ElementTree.fromstring(render_svg(profile))
    kinds = [g.get("class") for g in picture.iter("{http://www.w3.org/2000/svg}g")]
    assert kinds.count("node") == sum(not is_marker(layer) for layer in profile.layers)
    assert kinds.count("cluster") > 4
    assert kinds.count("edge") >= kinds.count("node") - 1


def test_without_graphviz_one_line_says_how(
    gpu_profile: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ResultError) as error:
        render_svg(gpu_profile)
    assert str(error.value) == (
        "format svg needs Graphviz's program dot, which is not on PATH: install the package "
        "graphviz, or take format dot"
    )


@HAS_GRAPHVIZ
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), min_size=6, max_size=6))
def test_names_are_text_whatever_they_hold(gpu_profile: Profile, names: list[str]) -> None:
    layers = tuple(
        replace(layer, name=name, nodes=(name,) if layer.nodes else (), tactic=name)
        for layer, name in zip(gpu_profile.layers, names, strict=True)
    )
    model = replace(gpu_profile.model, name=names[0], nodes=())
    text = render_dot(replace(gpu_profile, layers=layers, model=model))
    ran = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    tags = {element.tag.partition("}")[2] for element in ElementTree.fromstring(ran.stdout).iter()}
    assert "script" not in tags


def test_the_longest_layer_has_the_full_colour_where_all_are_short() -> None:
    """A transformer's layers have a hundredth of the time each: against a tenth all are white."""
    analysis = Analysis(measured("t5_encoder"))
    longest = max(row.share for row in analysis.rows)
    assert longest < 0.1
    text = render_dot(analysis)
    assert f"fill white to red: 0 to {longest:.1%} of the time, the longest layer's" in text
    assert text.count("#ff7a5c") >= 1
