"""The closing block, whole, for each way a run can turn out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trtcore.report.content.times.reconciliation import explain
from trtcore.report.content.times.span_parts import Line, rounded
from trtcore.result.analysis.reconciliation.reconcile import reconcile
from trtcore.result.records.layers import Layer


def figures(lines: tuple[Line, ...]) -> list[tuple[str, float, str]]:
    return [(line.label, round(line.ms, 6), line.words) for line in lines]


def remainder(lines: tuple[Line, ...]) -> Line:
    (found,) = (line for line in lines if line.label.startswith("unexplained"))
    return found


def test_serial_engine_without_calibration() -> None:
    result = reconcile([0.0100, 0.0050, 0.0032], 0.0122)
    assert figures(explain(replace(result, graph_ms=0.0110), 0.0130)) == [
        ("layer times as measured", 0.0182, "3 layers"),
        (
            "events between layers",
            -0.006,
            "3 layers x 2.00 us, chosen so that the sum fits this run; not calibrated",
        ),
        ("layer times corrected", 0.0122, "1 layer below the resolution"),
        (
            "unexplained",
            0.0,
            "+0.0% of the un-profiled 0.0122 ms; no test, as the event cost was taken from "
            "this run",
        ),
        ("un-profiled, gated", 0.0122, ""),
        (
            "waiting for the host",
            0.0008,
            "latency less gated span: launches the GPU waited for, and the synchronise",
        ),
        ("un-profiled, latency", 0.0130, "host time from enqueue to synchronised"),
        (
            "un-profiled, CUDA graph",
            0.0110,
            "a CUDA graph saves 0.0012 ms of the gated span (9.8%)",
        ),
    ]


def test_serial_engine_with_calibration() -> None:
    result = reconcile([0.010, 0.010], 0.0170, event_cost_ms=0.002)
    assert figures(explain(result, event_cost_interval=(0.0019, 0.0021))) == [
        ("layer times as measured", 0.020, "2 layers"),
        (
            "events between layers",
            -0.004,
            "2 layers x 2.00 us, calibrated apart from this run, 95 % within 1.90 us to 2.10 us; "
            "this run alone would give 1.50 us",
        ),
        ("layer times corrected", 0.016, ""),
        (
            "unexplained",
            0.001,
            "+5.9% of the un-profiled 0.0170 ms; the interval of the event cost alone allows "
            "0.0002 ms either way",
        ),
        ("un-profiled, gated", 0.017, ""),
    ]


def test_streams_and_markers_have_their_lines() -> None:
    layers = (
        Layer("a", "conv", stream=0),
        Layer("w", "wait", stream=1),
        Layer("b", "conv", stream=1),
    )
    result = reconcile([0.010, 0.0, 0.008], 0.009, event_cost_ms=0.002, layers=layers)
    lines = figures(explain(result))
    assert lines == [
        ("layer times as measured", 0.018, "2 layers"),
        ("of it, markers", 0.0, "1 signal or wait, in the sum above"),
        (
            "events between layers",
            -0.004,
            "2 layers x 2.00 us, calibrated apart from this run; this run alone would give at "
            "least 1.00 us",
        ),
        ("layer times corrected", 0.014, ""),
        ("of it, stream 0", 0.008, ""),
        ("of it, stream 1", 0.006, ""),
        (
            "overlap of streams",
            -0.005,
            "layers ran beside each other; serial=True builds an engine whose layers add up",
        ),
        ("unexplained", 0.0, "+0.0% of the un-profiled 0.0090 ms"),
        ("un-profiled, gated", 0.009, ""),
    ]


def test_streams_without_calibration_say_what_the_cost_is() -> None:
    layers = (Layer("a", "conv", stream=0), Layer("b", "conv", stream=1))
    words = [line.words for line in explain(reconcile([0.010, 0.008], 0.009, layers=layers))]
    assert words[1] == "2 layers x 1.00 us, the least that fits the longest stream; not calibrated"


def test_negative_times_are_named() -> None:
    first = explain(reconcile([0.010, -0.004], 0.008))[0]
    assert first.words == "2 layers; 1 below zero: the device's event times cannot be trusted"


def test_layers_that_end_at_zero_are_counted() -> None:
    layers = (*(Layer("a", "conv") for _ in range(3)), Layer("s", "signal"))
    result = reconcile([0.0020, 0.0025, 0.0100, 0.0], 0.005, 0.003, layers=layers)
    assert figures(explain(result))[2][1:] == (
        -0.0075,
        "3 layers x 3.00 us (2 shorter, cut to zero), calibrated apart from this run; this run "
        "alone would give 5.00 us",
    )


def test_times_below_zero_do_not_turn_the_line_around_in_silence() -> None:
    assert figures(explain(reconcile([-0.020, 0.004, 0.001], 0.001, 0.002)))[1][1:] == (
        0.017,
        "3 layers x 2.00 us (1 shorter, cut to zero; 1 below zero, raised to zero), calibrated "
        "apart from this run; this run alone would give 3.00 us",
    )


@pytest.mark.parametrize(
    ("span", "half_width"),
    [(0.010, "0.0002"), (0.020, ""), (0.040, "0.0003")],
    ids=["the longest stream", "between", "all after each other"],
)
def test_interval_is_of_the_layers_that_are_compared(span: float, half_width: str) -> None:
    layers = tuple(Layer(name, "conv", stream=s) for name, s in (("a", 0), ("b", 0), ("c", 1)))
    result = reconcile([0.010, 0.010, 0.010], span, 0.002, layers=layers, auxiliary_streams=1)
    words = remainder(explain(result, event_cost_interval=(0.0019, 0.0021))).words
    assert words.endswith(f"alone allows {half_width} ms either way") == bool(half_width)
    assert ("alone allows" in words) == bool(half_width)


def test_a_span_of_nothing_has_no_shares() -> None:
    assert remainder(explain(reconcile([0.010], 0.0, 0.001))).words == (
        "no share of an un-profiled time of 0 ms"
    )


@pytest.mark.parametrize(("event_cost", "share"), [(0.0, "-25.0%"), (0.004, "+75.0%")])
def test_remainder_keeps_its_sign(event_cost: float, share: str) -> None:
    last = remainder(explain(reconcile([0.005, 0.005], 0.008, event_cost)))
    assert last.words.startswith(share)


OPAQUE = tuple(Layer(f"layer {i}") for i in range(2))


def test_unknown_streams_without_calibration_are_not_corrected() -> None:
    result = reconcile([0.010, 0.008], 0.012, layers=OPAQUE, auxiliary_streams=3)
    assert figures(explain(result)) == [
        ("layer times as measured", 0.018, "2 layers"),
        (
            "events between layers",
            0.0,
            "nothing taken off: not calibrated, and in this run overlap hides what events cost",
        ),
        (
            "unexplained or overlap",
            -0.006,
            "-50.0% of the un-profiled 0.0120 ms; the plan does not tell which layers run beside "
            "each other, so that remainder, overlap and events cannot be told apart; serial=True "
            "builds an engine whose layers add up",
        ),
        ("un-profiled, gated", 0.012, ""),
    ]


def test_unknown_streams_with_calibration_have_no_remainder_of_their_own() -> None:
    result = reconcile([0.010, 0.008], 0.012, 0.002, layers=OPAQUE, auxiliary_streams=3)
    assert figures(explain(result, event_cost_interval=(0.0019, 0.0021))) == [
        ("layer times as measured", 0.018, "2 layers"),
        (
            "events between layers",
            -0.004,
            "2 layers x 2.00 us, calibrated apart from this run, 95 % within 1.90 us to 2.10 us",
        ),
        ("layer times corrected", 0.014, ""),
        (
            "unexplained or overlap",
            -0.002,
            "-16.7% of the un-profiled 0.0120 ms; the plan does not tell which layers run beside "
            "each other, so that remainder and overlap cannot be told apart; serial=True builds an "
            "engine whose layers add up",
        ),
        ("un-profiled, gated", 0.012, ""),
    ]


def test_no_remainder_has_no_sign_of_its_own() -> None:
    last = remainder(explain(reconcile([0.005, 0.005], 0.010 - 1e-9, 0.0)))
    assert last.ms < 0
    assert last.words.startswith("+0.0% of")


def test_rounding_leaves_no_negative_zero() -> None:
    assert [f"{rounded(x, 3):+.3f}" for x in (-0.0004, -0.0006, 0.0004, -0.0)] == [
        "+0.000",
        "-0.001",
        "+0.000",
        "+0.000",
    ]
