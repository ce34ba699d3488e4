"""The rule about products that lag behind the others of their kind."""

from __future__ import annotations

from statistics import median

import pytest
from findings_evidence import convolution, found, profile_of

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.analysis.reconciliation.reconcile import RESOLUTION_MS


def test_a_layer_far_below_the_others_of_its_type() -> None:
    parts = [convolution(i) for i in range(6)]  # 0.2 ms each at the peak
    finding = found(profile_of(parts, [0.4] * 5 + [4.0]), FindingKind.SLOW)
    assert finding is not None
    assert finding.numbers == pytest.approx((1, 4.0, 0.05, 0.5, 5))
    assert finding.saves_ms == pytest.approx(3.6)
    assert finding.names == ("c5",)
    assert found(profile_of(parts, [0.4] * 5 + [1.0]), FindingKind.SLOW) is None
    two = found(profile_of(parts, [0.4] * 4 + [2.0, 4.0]), FindingKind.SLOW)
    assert two is not None
    assert (two.layers, two.names) == ((4, 5), ("c5",))
    assert two.saves_ms == pytest.approx(1.6 + 3.6)
    assert found(profile_of(parts[:4], [0.4] * 3 + [4.0]), FindingKind.SLOW) is None, "too few"


@pytest.mark.parametrize("times", [[0.4, 0.5, 0.8, 1.0, 9.0], [0.4, 0.5, 0.8, 1.0, 1.2, 9.0]])
def test_the_others_are_told_by_their_median(times: list[float]) -> None:
    finding = found(
        profile_of([convolution(i) for i in range(len(times))], times), FindingKind.SLOW
    )
    assert finding is not None
    usual = median(0.2 / ms for ms in times[:-1])
    assert finding.numbers == pytest.approx((1, 9.0, 0.2 / 9.0, usual, len(times) - 1))


def test_no_layer_becomes_shorter_than_its_start() -> None:
    # Next to no work: at the rate of the others it would end in 10 ns.
    parts = [*(convolution(i) for i in range(5)), convolution(5, (8, 8), macs=10**6)]
    finding = found(profile_of(parts, [0.4] * 5 + [0.1]), FindingKind.SLOW)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(0.1 - RESOLUTION_MS, rel=1e-3)


def test_depthwise_convolutions_are_not_measured_by_products() -> None:
    """49 multiply-adds for each of 64 x 64 values of 64 channels, as in ConvNeXt: fewer than 64."""
    depthwise = 49 * 64 * 64
    parts = [convolution(i) for i in range(6)]
    parts += [convolution(i, macs=depthwise) for i in range(6, 12)]
    assert found(profile_of(parts, [0.4] * 6 + [0.1] * 6), FindingKind.SLOW) is None
    # But by each other.
    finding = found(profile_of(parts, [0.4] * 6 + [0.1] * 5 + [0.5]), FindingKind.SLOW)
    assert finding is not None
    assert (finding.names, finding.numbers[4]) == (("c11",), 5)
