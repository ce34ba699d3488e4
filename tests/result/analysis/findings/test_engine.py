"""Rules about the engine: streams that do not help, and copies to the host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_evidence import convolution, found, profile_of, timed

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.records.profile import EventCost, Profile


def on_two_streams(gated_ms: float) -> Profile:
    parts = [
        (replace(layer, stream=i), node)
        for i, (layer, node) in enumerate(convolution(j) for j in range(2))
    ]
    profile = profile_of(parts, [0.5, 0.5], event_cost=EventCost(0.001, 0.001, 0.001, 0.0, 0.0, 5))
    return timed(profile, wall_ms=gated_ms, gated_ms=gated_ms)


def test_streams_that_take_longer_than_one_after_the_other() -> None:
    finding = found(on_two_streams(1.2), FindingKind.STREAMS)
    assert finding is not None
    assert finding.numbers == pytest.approx((2, 1.2, 0.998))
    assert finding.saves_ms == pytest.approx(0.202)
    assert found(on_two_streams(0.6), FindingKind.STREAMS) is None


def test_copies_to_the_host() -> None:
    layer, node = convolution(0)
    copy = (replace(layer, kind="DeviceToShapeHostNode"), node)
    finding = found(profile_of([copy, convolution(1)], [0.2, 0.8]), FindingKind.HOST_COPIES)
    assert finding is not None
    assert finding.numbers == pytest.approx((1, 0.2, 0.2))
    plain = profile_of([convolution(0), convolution(1)], [0.2, 0.8])
    assert found(plain, FindingKind.HOST_COPIES) is None
