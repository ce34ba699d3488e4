"""What lies between the layers and the gated span, by hand: kernels, profiled kernels and spans."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hand_made_kernels import BESIDE, OWNERS, RAW, bridged_profile, kernel_pass, repeated

from trtcore.errors import ResultError
from trtcore.result.analysis.reconciliation.bridge import (
    PartKind,
    PartSource,
    SpanPart,
    cupti_parts,
    graph_parts,
    occupancy,
    traced_event_cost,
)
from trtcore.result.analysis.reconciliation.reconcile import reconcile_profile
from trtcore.result.records.build import Build
from trtcore.result.records.kernel_pass import ProfiledKernels
from trtcore.result.records.layers import Layer
from trtcore.result.saved import dump_profile, parse_profile


def us(parts: tuple[SpanPart, ...]) -> dict[str, float]:
    return {part.kind.name: round(1000 * part.ms, 4) for part in parts}


def test_a_layer_of_several_kernels_holds_the_gaps_between_them() -> None:
    found = occupancy([BESIDE[0]], [BESIDE[1]], OWNERS)
    assert (found.layer_ms, found.overlap_ms, found.gap_ms) == (30, 1, 3)


def test_kernels_of_no_known_layer_count_as_layers() -> None:
    found = occupancy([BESIDE[0]], [BESIDE[1]], (-1,) * 4)
    assert (found.layer_ms, found.overlap_ms, found.gap_ms) == (29, 1, 4)


def test_every_part_is_what_was_measured() -> None:
    parts = cupti_parts(kernel_pass(), 0.0335)
    # The run took 33.5 us, 2 more than the traced pass without CUPTI.
    assert us(parts) == {"NEIGHBOURS": 2, "OVERLAP": -1, "GAPS": 3, "TRACING": -1, "PASSES": 2}
    assert [part.source for part in parts] == [
        PartSource.UNPROFILED_LESS_PROFILED_KERNELS,
        PartSource.UNPROFILED_KERNELS,
        PartSource.UNPROFILED_KERNELS,
        PartSource.GATED_SPANS_WITH_CUPTI,
        PartSource.GATED_SPANS_OF_PASSES,
    ]


@pytest.mark.parametrize("missing", ["gated_ms", "plain_gated_ms"])
def test_other_passes_are_no_part_where_they_were_not_measured(missing: str) -> None:
    kernels = kernel_pass(**{missing: np.empty(0, np.float32)})
    assert us(cupti_parts(kernels, 0.0315)) == {"NEIGHBOURS": 2, "OVERLAP": -1, "GAPS": 3}


NOT_TOLD = [
    {"is_gated": False},
    {"profiled": None},
    {"streams": (0, 0, 0, 1)},
    {"kernel_ms": np.empty((0, 4), np.float32), "start_ms": np.empty((0, 4), np.float32)},
]


@pytest.mark.parametrize("changes", NOT_TOLD, ids=[next(iter(c)) for c in NOT_TOLD])
def test_what_cannot_be_told_by_cupti_is_left_to_the_graph(changes: dict) -> None:
    kernels = kernel_pass(**changes)
    assert cupti_parts(kernels, 0.0315) == ()
    assert traced_event_cost(np.array(RAW) / 1000, kernels) is None
    result = reconcile_profile(bridged_profile(kernels))
    assert result is not None
    assert result.event_cost_source == "calibrated"
    assert us(result.parts) == {"GAPS_AND_NEIGHBOURS": 1.5}


def test_the_graph_bounds_the_gaps() -> None:
    source = PartSource.GATED_LESS_GRAPH
    assert graph_parts(3.0, 2.5) == (SpanPart(PartKind.GAPS_AND_NEIGHBOURS, 0.5, source),)
    assert graph_parts(3.0, 3.5)[0].ms == -0.5
    assert graph_parts(3.0, float("nan")) == ()


def test_the_event_cost_is_that_of_layers_with_one_kernel() -> None:
    cost = traced_event_cost(np.array(RAW) / 1000, kernel_pass())
    assert cost == pytest.approx(0.003, abs=1e-7)


def test_without_a_layer_of_one_kernel_there_is_no_traced_cost() -> None:
    kernels = kernel_pass(layers=(0, 0, 1, 1))
    assert traced_event_cost(np.array(RAW) / 1000, kernels) is None


def test_less_than_nothing_is_no_cost() -> None:
    kernels = kernel_pass()
    assert kernels.profiled is not None
    shorter = replace(kernels.profiled, layer_ms=repeated([9, 9, 7], 4))
    raw = np.array([9, 9, 7]) / 1000
    assert traced_event_cost(raw, replace(kernels, profiled=shorter)) is None


def test_the_layers_lead_to_the_span_and_the_rest_is_shown() -> None:
    result = reconcile_profile(bridged_profile(kernel_pass()))
    assert result is not None
    assert result.event_cost_source == "traced"
    assert result.event_cost_ms == pytest.approx(0.003, abs=1e-7)
    assert result.calibrated_cost_ms == 0.0025
    assert result.corrected_ms == pytest.approx([0.010, 0.010, 0.008], abs=1e-6)
    # 28 layers + 2 neighbours - 1 overlap + 3 gaps - 1 tracing + 0 between passes = 31 of 31.5 us.
    assert result.unexplained_ms == pytest.approx(0.0005, abs=1e-6)
    assert result.over_graph == pytest.approx(28 / 30, abs=1e-4)


def test_kernels_can_be_left_out_to_check_the_layers_by_them() -> None:
    result = reconcile_profile(bridged_profile(kernel_pass()), use_kernels=False)
    assert result is not None
    assert (result.event_cost_source, result.event_cost_ms) == ("calibrated", 0.0025)
    assert us(result.parts) == {"GAPS_AND_NEIGHBOURS": 1.5}
    # 29.5 us of layers and 1.5 us that a graph saves, of 31.5 us.
    assert result.unexplained_ms == pytest.approx(0.0005, abs=1e-6)


def test_a_cost_that_makes_the_sum_fit_leaves_no_parts() -> None:
    result = reconcile_profile(bridged_profile(None, event_cost=None))
    assert result is not None
    assert (result.event_cost_source, result.parts) == ("same-run", ())
    assert result.unexplained_ms == pytest.approx(0)


def test_several_streams_are_reconciled_as_without_cupti() -> None:
    layers = tuple(Layer(name, stream=i) for i, name in enumerate("aab"))
    result = reconcile_profile(bridged_profile(kernel_pass(streams=(0, 1, 1, 2)), layers=layers))
    assert result is not None
    assert (result.event_cost_source, result.parts) == ("calibrated", ())


def test_without_a_graph_the_rest_is_unexplained() -> None:
    made = bridged_profile(None)
    samples = replace(made.samples, graph_ms=np.empty(0, np.float32))
    result = reconcile_profile(replace(made, samples=samples))
    assert result is not None
    assert result.parts == ()
    assert np.isnan(result.graph_ms)
    assert np.isnan(result.over_graph)
    assert result.unexplained_ms == pytest.approx(0.002, abs=1e-6)


def test_auxiliary_streams_that_are_not_told_have_no_parts() -> None:
    build = Build("TensorRT-RTX", 1.0, 1, auxiliary_streams=2)
    result = reconcile_profile(bridged_profile(None, build=build))
    assert result is not None
    assert not result.are_streams_known
    assert result.parts == ()


def test_profiled_kernels_are_saved() -> None:
    kernels = kernel_pass()
    found = parse_profile(dump_profile(bridged_profile(kernels))).kernels
    assert found is not None
    assert found.profiled is not None
    assert kernels.profiled is not None
    for name in ("layer_ms", "kernel_ms", "start_ms"):
        assert np.array_equal(getattr(found.profiled, name), getattr(kernels.profiled, name))
    assert np.array_equal(found.gated_ms, kernels.gated_ms)
    assert np.array_equal(found.plain_gated_ms, kernels.plain_gated_ms)


def test_results_from_before_profiled_kernels_are_read() -> None:
    tree = json.loads(dump_profile(bridged_profile(kernel_pass())))
    for name in ("gated_ms", "plain_gated_ms", "profiled"):
        del tree["kernels"][name]
    found = parse_profile(json.dumps(tree)).kernels
    assert found is not None
    assert found.profiled is None
    assert found.gated_ms.size == found.plain_gated_ms.size == 0


def test_arrays_that_do_not_fit_are_refused() -> None:
    layers, kernels, start = (np.ones(shape, np.float32) for shape in ((2, 3), (2, 4), (2, 5)))
    with pytest.raises(ValueError, match=r"have shapes \(\(2, 3\), \(2, 4\), \(2, 5\)\)"):
        ProfiledKernels(layers, kernels, start)
    with pytest.raises(ValueError, match="layers and kernels are of 1 and 2 runs"):
        ProfiledKernels(layers[:1], kernels, kernels)
    with pytest.raises(ValueError, match=r"profiled kernel_ms has shape \(2, 5\), expected"):
        kernel_pass(profiled=ProfiledKernels(layers, start, start))


def test_layers_that_do_not_fit_the_profile_are_refused() -> None:
    kernels = kernel_pass()
    assert kernels.profiled is not None
    wider = replace(kernels.profiled, layer_ms=np.ones((4, 5), np.float32))
    text = dump_profile(bridged_profile(replace(kernels, profiled=wider)))
    with pytest.raises(ResultError, match=r"profiled layer_ms has shape \(4, 5\), but there are 3"):
        parse_profile(text)
