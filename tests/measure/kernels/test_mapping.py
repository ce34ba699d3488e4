"""From kernels to layers: the H200's own names, engines of several streams, and contradictions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from paths import DATA
from words import map_words

from trtcore.measure.kernels.mapping import (
    KernelMap,
    contradiction,
    map_by_name,
    map_by_order,
    map_by_streams,
    names_match,
)
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.kernel_pass import MappingObstacle, ObstacleKind
from trtcore.result.records.layers import Layer, is_marker

STUB = "__myelin_CASK_STUB"


@pytest.fixture(scope="module")
def h200() -> list[dict]:
    """Layers and kernels of a serial engine, as recorded."""
    file = DATA / "layer_times_googlenet_fp16_serial_h200.json"
    return json.loads(file.read_text())["layers"]


@pytest.fixture(scope="module")
def default_engine() -> tuple[Layer, ...]:
    """The same network on four streams: 80 layers and 126 markers."""
    text = (DATA / "inspector_googlenet_fp16_b4.json").read_text()
    return parse_engine_information(text).layers


def detailed(h200: list[dict]) -> list[Layer]:
    """The layers as a DETAILED plan tells them: generated kernels by name, the others as stubs."""
    return [
        Layer(row["name"], tactic=row["kernel"] if "_0x" in row["kernel"] else STUB, stream=0)
        for row in h200
    ]


def opaque(h200: list[dict]) -> list[Layer]:
    return [Layer(row["name"]) for row in h200]


def kernels_of(rows: Sequence[dict]) -> list[str]:
    return [row["kernel"] for row in rows]


@pytest.mark.parametrize("plan", [detailed, opaque])
def test_kernels_of_the_serial_engine_are_in_the_order_of_its_layers(h200, plan) -> None:
    kernels = kernels_of(h200)
    mapped = map_by_order(plan(h200), kernels, [7] * 80)
    assert mapped.layers == tuple(range(80))
    assert mapped.is_complete
    assert map_words(mapped) == "by order: 80 kernels for as many layers, 6 of them by name too"


@pytest.mark.parametrize("plan", [detailed, opaque])
def test_a_kernel_out_of_place_is_noticed_by_its_name(h200, plan) -> None:
    kernels = kernels_of(h200)
    kernels[3], kernels[4] = kernels[4], kernels[3]
    mapped = map_by_order(plan(h200), kernels, [7] * 80)
    assert mapped.layers == (-1,) * 80
    assert not mapped.is_complete
    assert map_words(mapped).startswith("not by order: kernel 'cudnn_generated_resampleFwd_cutlass")
    assert "is in the place of layer '__myl_CastMul_myl0_3'" in map_words(mapped)


def test_a_generated_kernel_in_a_stubs_place_is_noticed(h200) -> None:
    layers = detailed(h200)
    mapped = map_by_order(layers[1:] + layers[:1], kernels_of(h200), [7] * 80)
    assert map_words(mapped) == (
        f"not by order: kernel '{h200[0]['kernel']}' of layer '__myl_MoveConc_myl0_0' is in the "
        "place of layer 'conv1/7x7_s2_U3_myl0_1'"
    )


def test_another_number_of_kernels_is_no_order(h200) -> None:
    mapped = map_by_order(detailed(h200), kernels_of(h200)[1:], [7] * 79)
    assert mapped.layers == (-1,) * 79
    assert map_words(mapped) == "not by order: 79 kernels for 80 layers"


def launched(layers: Sequence[Layer]) -> tuple[list[str], list[int]]:
    """Kernels and streams of the layers, as they would be launched."""
    timed = [layer for layer in layers if not is_marker(layer)]
    names = [f"kernel {i}" if t.tactic == STUB else t.tactic for i, t in enumerate(timed)]
    return names, [{0: 7, 1: 13, 2: 14, 3: 15}[layer.stream] for layer in timed]


def test_markers_have_no_kernels_and_streams_fit(default_engine) -> None:
    kernels, streams = launched(default_engine)
    mapped = map_by_order(default_engine, kernels, streams)
    places = [i for i, layer in enumerate(default_engine) if not is_marker(layer)]
    assert mapped.layers == tuple(places)


def test_kernels_sorted_by_start_contradict_the_streams(default_engine) -> None:
    kernels, streams = launched(default_engine)
    at = next(i for i, pair in enumerate(pairwise(streams)) if len({*pair}) > 1)
    for column in (kernels, streams):
        column[at], column[at + 1] = column[at + 1], column[at]
    mapped = map_by_order(default_engine, kernels, streams)
    assert map_words(mapped) == (
        "not by order: kernels of one engine stream would be on several of 4 CUDA streams"
    )


def test_without_an_order_between_them_streams_are_paired(default_engine) -> None:
    kernels, streams = launched(default_engine)
    # Stream after stream: the order within each is all that is left.
    order = sorted(range(len(kernels)), key=lambda k: -streams[k])
    kernels, streams = ([column[k] for k in order] for column in (kernels, streams))
    mapped = map_by_streams(default_engine, kernels, streams)
    places = [i for i, layer in enumerate(default_engine) if not is_marker(layer)]
    assert mapped.layers == tuple(places[k] for k in order)
    assert map_words(mapped) == "by order within each of 4 streams"


def test_streams_are_paired_in_one_way_or_not_at_all() -> None:
    named = [Layer("a", tactic="__myl_One_0x1", stream=0), Layer("b", stream=1)]
    assert map_by_streams(named, ["other", "__myl_One_0x1"], [5, 6]).layers == (1, 0)
    bare = [Layer("a", stream=0), Layer("b", stream=1)]
    mapped = map_by_streams(bare, ["x", "y"], [5, 6])
    assert mapped == KernelMap.unknown(2, MappingObstacle(ObstacleKind.STREAMS_AMBIGUOUS))
    mapped = map_by_streams(bare, ["x", "y", "z"], [5, 6, 6])
    assert mapped == KernelMap.unknown(3, MappingObstacle(ObstacleKind.STREAMS_CONTRADICT))
    mapped = map_by_streams(bare, ["x", "y"], [5, 5])
    assert mapped == KernelMap.unknown(
        2, MappingObstacle(ObstacleKind.STREAM_COUNTS_DIFFER, (1, 2))
    )
    assert not map_by_streams([Layer("a"), Layer("b")], ["x", "y"], [0, 0]).is_complete
    assert map_by_streams([], [], []).layers == ()


def test_streams_the_plan_does_not_tell_are_no_contradiction() -> None:
    layers = [Layer("a"), Layer("b")]
    assert map_by_order(layers, ["x", "y"], [1, 2]).layers == (0, 1)
    assert map_words(map_by_order(layers, ["x", "y"], [1, 2])).endswith("no name tells more")


@pytest.mark.parametrize(
    ("layer", "kernel", "match"),
    [
        (Layer("l", tactic="__myl_Cast_0xab12"), "__myl_Cast_0xab12", True),
        (Layer("l", tactic="__myl_Cast_0xab12"), "__myl_Cast_0xab13", False),
        (Layer("l", tactic="sm80_xmma_fprop_t1"), "sm80_xmma_fprop_t1_kernel_trt", True),
        (Layer("l", tactic="sm80_xmma_fprop_t1 0x12"), "sm80_xmma_fprop_t1", True),
        (Layer("l", tactic="gemm"), "gemm_kernel", False),
        (Layer("l", tactic=STUB), STUB, False),
        (Layer("l"), "anything", False),
        (Layer("__myl_CastMul_myl0_3"), "__myl_CastMul_0x329042", True),
        (Layer("__myl_CastMul_myl0_3"), "__myl_Cast_0x329042", False),
        (Layer("__myl_CastMul_myl0_3", tactic=STUB), "__myl_CastMul_0x329042", True),
        (Layer("__myl_CastMul_myl0_3"), "__myl_CastMul", False),
    ],
)
def test_names(layer: Layer, kernel: str, match: bool) -> None:
    assert names_match(layer, kernel) is match


def test_by_name_only_what_is_certain() -> None:
    layers = [
        Layer("a", tactic="__myl_One_0x1"),
        Layer("b", tactic="sm80_conv_kernel"),
        Layer("c", tactic="sm80_conv_kernel"),
        Layer("d", tactic="sm90_twice_kernel"),
        Layer("e", tactic=STUB),
    ]
    kernels = ["__myl_One_0x1", "sm80_conv_kernel", "sm80_conv_kernel", *["sm90_twice_kernel"] * 2]
    mapped = map_by_name(layers, kernels, (MappingObstacle(ObstacleKind.INTERRUPTED),))
    assert mapped.layers == (0, -1, -1, -1, -1)
    assert map_words(mapped) == "1 of 5 kernels by name alone (interrupted)"
    assert map_words(map_by_name(layers, [])) == "0 of 0 kernels by name alone"


def test_no_kernels_and_no_layers() -> None:
    assert map_by_order([], [], []).layers == ()
    assert map_words(map_by_order([], ["a"], [0])) == "not by order: 1 kernels for 0 layers"
    assert contradiction([], [], []) is None
