"""Rolling up: every level adds up to the same total."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from paths import DATA

from trtcore.errors import OptionError
from trtcore.report.content.rows.blocks import block_namer
from trtcore.report.content.rows.hierarchy import Bucket, roll_up
from trtcore.report.content.rows.levels import LEVELS, Level, parse_level
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.naming.short_names import ShortNames
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.layers import Layer, ModelNode, ModelRecord
from trtcore.result.records.profile import EventCost
from trtcore.result.records.samples import Samples


@pytest.fixture
def googlenet(gpu_profile):
    engine = parse_engine_information((DATA / "inspector_googlenet_fp16_b4.json").read_text())
    rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())[1:]
    graph = json.loads((DATA / "googlenet_graph.json").read_text())["nodes"]
    nodes = tuple(
        ModelNode(n["name"], n["op"], tuple(n["inputs"]), tuple(n["outputs"])) for n in graph
    )
    times = np.array([[row["medianMs"] for row in rows]], dtype=np.float32)
    return replace(
        gpu_profile,
        model=ModelRecord("googlenet", "built-in", nodes=nodes),
        layers=engine.layers,
        io=engine.io,
        samples=Samples(times, np.empty(0, np.float32)),
    )


@pytest.mark.parametrize("level", LEVELS)
def test_no_time_and_no_layer_is_left_out(googlenet, level):
    buckets = roll_up(Analysis(googlenet), level)
    assert sum(bucket.share for bucket in buckets) == pytest.approx(1.0)
    assert sorted(i for bucket in buckets for i in bucket.layers) == list(range(206))
    assert len({bucket.name for bucket in buckets}) == len(buckets) or level == "layer"


def test_blocks_of_googlenet(googlenet):
    buckets = roll_up(Analysis(googlenet), "block")
    assert [bucket.name for bucket in buckets] == [
        "conv1",
        "pool1",
        "conv2",
        "pool2",
        "inception_3a",
        "inception_3b",
        "pool3",
        *(f"inception_4{x}" for x in "abcde"),
        "pool4",
        "inception_5a",
        "inception_5b",
        "pool5",
        "loss3 + prob",
        "stream sync layers",
    ]
    assert len(buckets[4].layers) == 7


def test_types_of_googlenet(googlenet):
    buckets = roll_up(Analysis(googlenet), "type")
    assert [(bucket.name, len(bucket.layers)) for bucket in buckets] == [
        ("reformat", 1),
        ("convolution", 57),
        ("pooling", 14),
        ("normalization", 6),
        ("matmul", 1),
        ("softmax", 1),
        ("stream sync layers", 126),
    ]


def test_layers_that_nothing_is_known_of(gpu_profile):
    profile = replace(
        gpu_profile,
        model=ModelRecord("net", "x", nodes=(ModelNode("a", "Conv", ("x",), ("a",)),)),
        layers=(Layer("k", "kgen", ("a",)), Layer("?", "kgen")),
        samples=Samples(np.array([[3.0, 1.0]], np.float32), np.empty(0, np.float32)),
    )
    assert roll_up(Analysis(profile), "node") == (
        Bucket("a", 3.0, 0.75, (0,), ("a",)),
        Bucket("unattributed", 1.0, 0.25, (1,)),
    )


@pytest.mark.parametrize(
    ("names", "blocks"),
    [
        (["a/x", "a/y", "b/x", "c/x", "prob"], ["a", "a", "b", "c", "prob"]),
        (["/m/a/x", "/m/a/y", "/m/b/x", "/m/c/z"], ["a", "a", "b", "c"]),
        (["n0", "n1", "n2"], ["n0", "n1", "n2"]),
        (["/only"], ["only"]),
        (["/"], ["/"]),
    ],
)
def test_blocks(names, blocks):
    graph = ModelGraph([ModelNode(name, "Conv", ("x",), (name,)) for name in names], ["x"])
    name = block_namer(ShortNames(graph), graph, names, None)
    assert [name((one,)) for one in names] == blocks


def test_table_by_block(googlenet):
    lines = render_table(googlenet, group_by="block", sort="time", top=2).splitlines()
    assert [line.split() for line in lines[3:9]] == [
        ["Block", "median", "ms", "reformat", "ms", "share"],
        ["conv1", "0.1939", "0.0304", "10.2%"],
        ["inception_4b", "0.1741", "9.1%"],
        ["15", "further", "blocks", "1.5355", "80.7%"],
        ["126", "stream", "sync", "layers", "0.0000", "0.0%"],
        ["Time", "over", "all", "layers", "1.9036", "0.0304", "100.0%"],
    ]
    assert lines[10] == "reformat ms: time in reformat, cast and copy layers (included in median)."


def test_without_tax_there_is_no_column_for_it(googlenet):
    times = googlenet.samples.layer_ms.copy()
    times[:, 0] = 0
    samples = Samples(times, np.empty(0, np.float32))
    text = render_table(replace(googlenet, samples=samples), group_by="type")
    assert "reformat ms" not in text


@pytest.mark.parametrize("level", LEVELS[1:])
def test_tax_is_marked_on_every_level(googlenet, level):
    reformats = [bucket.reformat_ms for bucket in roll_up(Analysis(googlenet), level)]
    assert reformats[0] == pytest.approx(googlenet.samples.layer_ms[0, 0])
    assert not any(reformats[1:])


def test_a_bucket_of_short_layers_is_below_the_resolution(gpu_profile):
    profile = replace(
        gpu_profile,
        layers=(Layer("k", "kgen", ("conv1/7x7_s2",)), Layer("?", "kgen"), Layer("?", "kgen")),
        samples=Samples(
            np.array([[0.010, 0.003, 0.003]], np.float32),
            np.empty(0, np.float32),
            gated_ms=np.array([0.010], np.float32),
        ),
        build=None,
    )
    found = [
        (bucket.name, bucket.is_below_resolution) for bucket in roll_up(Analysis(profile), "node")
    ]
    assert found == [("conv1/7x7_s2", False), ("unattributed", True)]


@pytest.mark.parametrize(
    ("level", "footnote"),
    [
        (
            "type",
            "~ Corrected times of all layers below 0.002 ms: below timer resolution; indicative "
            "only.",
        ),
        ("layer", "~ Corrected time below 0.002 ms: below timer resolution; indicative only."),
    ],
)
def test_the_footnote_is_true_of_groups_that_are_long_in_all(gpu_profile, level, footnote):
    names = [f"n{i}" for i in range(11)]
    profile = replace(
        gpu_profile,
        model=ModelRecord(
            "net",
            "x",
            nodes=tuple(
                ModelNode(name, "Conv" if name == "n0" else "LRN", (f"x{name}",), (f"y{name}",))
                for name in names
            ),
        ),
        layers=tuple(Layer(name, "kgen", (name,)) for name in names),
        samples=Samples(
            np.array([[0.020] + [0.0115] * 10], np.float32),
            np.empty(0, np.float32),
            gated_ms=np.array([0.025], np.float32),
        ),
        build=None,
        event_cost=EventCost(0.010, 0.010, 0.010, 0.0, 0.0, 5),
    )
    lines = render_table(profile, group_by=level, sort="order").splitlines()
    assert footnote in lines
    if level == "type":
        assert [line.split()[:3] for line in lines if line.startswith(("conv", "norm"))] == [
            ["convolution", "0.0200", "0.0100"],
            ["normalization", "0.1150", "~0.0150"],
        ]


def test_unknown_level(gpu_profile):
    words = "group_by is 'color', must be one of layer, node, block, type"
    with pytest.raises(OptionError, match=words):
        roll_up(Analysis(gpu_profile), "color")
    with pytest.raises(OptionError, match=words):
        render_table(gpu_profile, group_by="color")


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("layer", Level("layer")),
        ("block", Level("block")),
        ("block:3", Level("block", 3)),
        ("type:2", Level("type", 2)),
    ],
)
def test_levels(text, level):
    assert parse_level(text) == level


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("block:0", "group_by is 'block:0', its depth must be a whole number of 1 or more"),
        ("block:", "group_by is 'block:', its depth must be a whole number of 1 or more"),
        ("block:-1", "group_by is 'block:-1', its depth must be a whole number of 1 or more"),
        ("type:x", "group_by is 'type:x', its depth must be a whole number of 1 or more"),
        ("layer:2", "group_by is 'layer:2': only block and type have a depth"),
        ("", "group_by is '', must be one of layer, node, block, type"),
    ],
)
def test_levels_that_make_no_sense(text, words):
    with pytest.raises(OptionError) as raised:
        parse_level(text)
    assert str(raised.value) == words
