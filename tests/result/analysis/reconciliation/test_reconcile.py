"""Reconciliation: real H200 times against CUPTI, exact small cases, and laws."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import DATA

from trtcore.errors import OptionError
from trtcore.result.analysis.reconciliation.reconcile import reconcile, same_run_cost
from trtcore.result.records.layers import Layer

H200 = DATA / "layer_times_googlenet_fp16_serial_h200.json"

times = st.floats(0.0, 1.0)
layer_times = st.lists(times, min_size=1, max_size=40)


@pytest.fixture(scope="module")
def h200() -> dict:
    return json.loads(H200.read_text())


def column(h200: dict, name: str) -> np.ndarray:
    return np.array([layer[name] for layer in h200["layers"]]) / 1000


def test_h200_layers_agree_with_kernel_times(h200: dict) -> None:
    gated, kernel = column(h200, "iprofiler_gated_us"), column(h200, "cupti_us")
    result = reconcile(gated, h200["gated_unprofiled_span_us"] / 1000)
    error = np.abs(result.corrected_ms - kernel)
    assert (error <= np.maximum(0.1 * kernel, 0.001)).sum() >= 76
    assert np.median(error) <= 0.0004
    assert result.event_cost_ms == pytest.approx(0.00278, abs=1e-6)
    assert result.corrected_sum_ms == pytest.approx(0.6523)
    assert result.unexplained_ms == pytest.approx(0, abs=1e-9)


def test_h200_raw_times_do_not_agree_with_kernel_times(h200: dict) -> None:
    gated, kernel = column(h200, "iprofiler_gated_us"), column(h200, "cupti_us")
    assert (np.abs(gated - kernel) <= np.maximum(0.1 * kernel, 0.001)).sum() < 10


def test_h200_calibrated_cost_is_compared_with_the_run(h200: dict) -> None:
    # The cost that the FP32 engine of the same network gave: (1123.6 - 887.1) us / 80.
    gated, span = column(h200, "iprofiler_gated_us"), h200["gated_unprofiled_span_us"] / 1000
    result = reconcile(gated, span, event_cost_ms=0.00296)
    assert result.event_cost_source == "calibrated"
    assert result.same_run_cost_ms == pytest.approx(0.00278, abs=1e-6)
    assert result.unexplained_ms == pytest.approx(span - (gated.sum() - 80 * 0.00296))
    assert 0 < result.unexplained_share < 0.03


def test_one_stream_by_hand() -> None:
    result = reconcile([0.010, 0.005, 0.006], 0.015)
    assert result.event_cost_ms == pytest.approx(0.002)
    assert result.event_cost_source == "same-run"
    assert result.corrected_ms == pytest.approx([0.008, 0.003, 0.004])
    assert result.raw_ms.tolist() == [0.010, 0.005, 0.006]
    assert result.raw_sum_ms == pytest.approx(0.021)
    assert result.event_sum_ms == pytest.approx(0.006)
    assert result.stream_ms == pytest.approx({0: 0.015})
    assert result.overlap_ms == 0
    assert result.layer_count == 3
    assert not result.is_below_resolution.any()


def test_no_layers_have_no_streams_that_are_not_known() -> None:
    result = reconcile([[]], 0.015)
    assert result.are_streams_known
    assert result.stream_ms == {}
    assert result.unexplained_ms == 0.015


def test_layer_shorter_than_the_cost_stops_at_zero() -> None:
    # The plain (0.023 - 0.014) / 3 = 0.003 would put the last layer at -0.002.
    result = reconcile([0.012, 0.010, 0.001], 0.014)
    assert result.event_cost_ms == pytest.approx(0.004)
    assert result.corrected_ms == pytest.approx([0.008, 0.006, 0.0])
    assert result.is_below_resolution.tolist() == [False, False, True]
    assert result.raw_ms[2] == 0.001


def test_layers_below_the_span_are_not_raised() -> None:
    result = reconcile([0.010, 0.005], 0.020)
    assert result.event_cost_ms == 0
    assert result.corrected_ms.tolist() == [0.010, 0.005]
    assert result.unexplained_ms == pytest.approx(0.005)


def test_calibrated_cost_may_explain_too_much() -> None:
    result = reconcile([0.010, 0.010], 0.012, event_cost_ms=0.002)
    assert result.unexplained_ms == pytest.approx(-0.004)
    assert result.overlap_ms == 0


def test_the_cost_by_cupti_goes_before_the_calibrated_one() -> None:
    result = reconcile([0.010, 0.010], 0.012, 0.002, traced_cost_ms=0.003)
    assert (result.event_cost_source, result.event_cost_ms) == ("traced", 0.003)
    assert result.calibrated_cost_ms == 0.002
    assert result.corrected_ms == pytest.approx([0.007, 0.007])
    assert np.isnan(reconcile([0.010], 0.008, traced_cost_ms=0.002).calibrated_cost_ms)


@pytest.mark.parametrize("cost", [-0.001, float("nan"), float("inf")])
def test_a_cost_by_cupti_that_is_none_is_refused(cost: float) -> None:
    with pytest.raises(OptionError, match=r"traced_cost_ms is .*, expected a finite time"):
        reconcile([0.010], 0.008, traced_cost_ms=cost)


def test_samples_become_medians() -> None:
    samples = np.array([[1, 10], [2, 20], [9, 90]], dtype=np.float32)
    result = reconcile(samples, [18.0, 20.0, 99.0], event_cost_ms=0.5)
    assert result.raw_ms.tolist() == [2, 20]
    assert result.span_ms == 20
    assert result.corrected_ms.tolist() == [1.5, 19.5]


LAYERS = (
    Layer("conv1", "correlation", stream=0),
    Layer("signal", "signal", stream=0),
    Layer("branch", "correlation", stream=1),
    Layer("wait", "wait", stream=1),
    Layer("concat", "kgen", stream=0),
)


def test_markers_pay_no_event_and_keep_their_time() -> None:
    layers = tuple(Layer(layer.name, layer.kind) for layer in LAYERS)
    result = reconcile([0.008, 0.0005, 0.006, 0.0, 0.006], 0.0145, layers=layers)
    assert result.is_marker.tolist() == [False, True, False, True, False]
    assert result.event_cost_ms == pytest.approx(0.002)
    assert result.corrected_ms == pytest.approx([0.006, 0.0005, 0.004, 0.0, 0.004])
    assert result.marker_ms == 0.0005
    assert result.layer_count == 3
    assert result.unexplained_ms == pytest.approx(0)
    assert not result.is_below_resolution.any()


@pytest.mark.parametrize(
    ("span", "overlap", "unexplained"),
    [
        (0.012, 0.003, 0.0),  # between the longest stream (0.010) and the sum (0.015)
        (0.017, 0.0, 0.002),  # longer than all layers one after the other
        (0.009, 0.005, -0.001),  # shorter than the longest stream
    ],
)
def test_streams_overlap_within_their_bounds(span, overlap, unexplained) -> None:
    raw = [0.008, 0.0, 0.007, 0.0, 0.006]
    result = reconcile(raw, span, event_cost_ms=0.002, layers=LAYERS)
    assert result.stream_ms == pytest.approx({0: 0.010, 1: 0.005})
    assert result.overlap_ms == pytest.approx(overlap)
    assert result.unexplained_ms == pytest.approx(unexplained)


def test_uncalibrated_streams_get_the_least_cost_that_fits() -> None:
    raw = [0.008, 0.0, 0.007, 0.0, 0.006]
    result = reconcile(raw, 0.012, layers=LAYERS)
    assert result.event_cost_ms == pytest.approx(0.001)
    assert result.stream_ms == pytest.approx({0: 0.012, 1: 0.006})
    assert result.unexplained_ms == pytest.approx(0)


def test_negative_event_times_are_kept_raw_and_end_at_zero() -> None:
    result = reconcile([0.010, -0.004], 0.008)
    assert result.raw_ms.tolist() == [0.010, -0.004]
    assert result.corrected_ms == pytest.approx([0.008, 0.0])


@pytest.mark.parametrize(
    ("layer_ms", "span", "cost", "message"),
    [
        ([], 1.0, None, "layer_ms has shape (0,), expected (L,) or (N, L) with N > 0"),
        ([[[1.0]]], 1.0, None, "layer_ms has shape (1, 1, 1)"),
        ([1.0, float("nan")], 1.0, None, "layer_ms holds a time that is not finite"),
        (["a"], 1.0, None, "layer_ms is ['a'], expected times in ms"),
        ([1 + 1j], 1.0, None, "layer_ms is [(1+1j)], expected times in ms"),
        ([1.0], "long", None, "span_ms is 'long', expected times in ms"),
        ([1.0], [], None, "span_ms is empty"),
        ([1.0], -1.0, None, "span_ms is -1.0, expected a finite time of at least 0 ms"),
        ([1.0], float("inf"), None, "span_ms is inf"),
        ([1.0], 1.0, -0.1, "event_cost_ms is -0.1"),
        ([1.0], 1.0, float("nan"), "event_cost_ms is nan"),
    ],
)
def test_bad_input_is_one_line(layer_ms, span, cost, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        reconcile(layer_ms, span, cost)
    assert message in str(caught.value)


def test_layers_have_to_match_the_columns() -> None:
    with pytest.raises(OptionError, match="layer_ms has 2 columns, but there are 5 layers"):
        reconcile([1.0, 2.0], 1.0, layers=LAYERS)


@given(layer_times, times)
def test_same_run_sum_fits_whenever_it_can(raw: list[float], span: float) -> None:
    result = reconcile(raw, span)
    assert result.corrected_sum_ms == pytest.approx(min(span, sum(raw)), abs=1e-9)
    assert (result.corrected_ms >= 0).all()
    assert (result.corrected_ms <= result.raw_ms).all()


@given(layer_times, times)
def test_same_run_cost_is_the_plain_one_unless_a_layer_is_shorter(raw, span) -> None:
    plain = max(0.0, (sum(raw) - span) / len(raw))
    cost = same_run_cost(raw, span)
    assert cost >= plain - 1e-12
    if min(raw) > plain + 1e-9:
        assert cost == pytest.approx(plain, abs=1e-12)


@given(layer_times, times, times, times)
def test_dearer_events_leave_less(raw, span, one, other) -> None:
    less, more = sorted((one, other))
    cheap, dear = reconcile(raw, span, less), reconcile(raw, span, more)
    assert (dear.corrected_ms <= cheap.corrected_ms).all()
    assert dear.unexplained_ms >= cheap.unexplained_ms - 1e-12


@given(layer_times, times, times, st.lists(st.integers(0, 2), min_size=40, max_size=40))
def test_figures_add_up_on_any_streams(raw, span, cost, streams) -> None:
    layers = tuple(Layer(f"l{i}", "conv", stream=streams[i]) for i in range(len(raw)))
    result = reconcile(raw, span, cost, layers=layers)
    accounted = result.corrected_sum_ms - result.overlap_ms + result.unexplained_ms
    assert accounted == pytest.approx(span, abs=1e-9)
    assert sum(result.stream_ms.values()) == pytest.approx(result.corrected_sum_ms)
    assert 0 <= result.overlap_ms <= result.corrected_sum_ms + 1e-9
    assert result.raw_sum_ms - result.event_sum_ms == pytest.approx(result.corrected_sum_ms)


@given(layer_times, times, st.sampled_from([1e-3, 1e3]))
def test_unit_of_time_does_not_matter(raw, span, unit) -> None:
    one = reconcile(raw, span)
    other = reconcile(np.array(raw) * unit, span * unit)
    assert other.event_cost_ms == pytest.approx(one.event_cost_ms * unit, rel=1e-6, abs=1e-12)
    assert other.corrected_ms == pytest.approx(one.corrected_ms * unit, rel=1e-6, abs=1e-12)


@given(st.lists(times, min_size=2, max_size=40), times, st.randoms())
def test_order_of_layers_does_not_matter(raw, span, random) -> None:
    order = list(range(len(raw)))
    random.shuffle(order)
    one, other = reconcile(raw, span), reconcile([raw[i] for i in order], span)
    assert other.corrected_ms == pytest.approx(one.corrected_ms[order], abs=1e-12)


OPAQUE = tuple(Layer(f"layer {i}") for i in range(4))


def test_unknown_streams_with_a_calibrated_cost_leave_the_overlap_open() -> None:
    result = reconcile(
        [0.010, 0.010, 0.010, 0.010], 0.014, 0.003, layers=OPAQUE, auxiliary_streams=3
    )
    assert result.event_cost_source == "calibrated"
    assert result.corrected_ms == pytest.approx([0.007] * 4)
    assert not result.are_streams_known
    assert result.stream_ms == {}
    assert np.isnan([result.same_run_cost_ms, result.overlap_ms, result.unexplained_ms]).all()
    assert result.remainder_ms == pytest.approx(-0.014)


def test_unknown_streams_without_a_calibrated_cost_are_not_corrected() -> None:
    raw = [0.010, 0.001, 0.010, 0.010]
    result = reconcile(raw, 0.014, layers=OPAQUE, auxiliary_streams=3)
    assert result.event_cost_source == "not corrected"
    assert not result.is_corrected
    assert result.event_cost_ms == result.event_sum_ms == 0
    assert result.corrected_ms.tolist() == raw
    assert not result.is_below_resolution.any()
    assert np.isnan(result.unexplained_share)
    negative = reconcile([0.010, -0.001, 0.010, 0.010], 0.014, layers=OPAQUE, auxiliary_streams=3)
    assert negative.event_sum_ms == 0, "nothing is taken off"


@pytest.mark.parametrize(("streams", "auxiliary"), [((-1, -1), 0), ((0, 0), 3), ((0, -1), 0)])
def test_layers_of_one_stream_are_one_stream(streams: tuple[int, int], auxiliary: int) -> None:
    layers = tuple(Layer(f"l{s}", "conv", stream=s) for s in streams)
    result = reconcile([0.006, 0.006], 0.008, layers=layers, auxiliary_streams=auxiliary)
    assert result.event_cost_ms == pytest.approx(0.002)
    assert result.stream_ms == pytest.approx({0: 0.008})


def test_markers_without_a_stream_do_not_hide_the_layers_streams() -> None:
    layers = (Layer("a", "conv", stream=0), Layer("w", "wait"), Layer("b", "conv", stream=1))
    result = reconcile([0.008, 0.0, 0.006], 0.007, 0.001, layers=layers, auxiliary_streams=1)
    assert result.stream_ms == pytest.approx({0: 0.007, 1: 0.005})
