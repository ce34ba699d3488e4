"""Rules about single layers: each fires on one case, and on none beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_evidence import convolution, found, profile_of

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.records.layers import Layer


def test_channels_that_fill_a_tile_in_part_only() -> None:
    parts = [convolution(0), convolution(1, (60, 64))]
    finding = found(profile_of(parts, [1.0, 1.0]), FindingKind.CHANNELS)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(1 - 60 / 64)
    assert finding.numbers == pytest.approx((1, 1.0, 8, 60, 64))
    assert finding.names == ("c1",)


@pytest.mark.parametrize("channels", [(64, 64), (8, 24), (3, 64), (4, 64)])
def test_full_tiles_and_images_are_no_finding(channels: tuple[int, int]) -> None:
    profile = profile_of([convolution(0, channels)], [1.0])
    assert found(profile, FindingKind.CHANNELS) is None


def test_products_of_fp32_have_no_tiles_to_fill() -> None:
    layer, node = convolution(0, (60, 60))
    wide = [replace(tensors[0], dtype="Float") for tensors in (layer.inputs, layer.outputs)]
    layer = replace(layer, inputs=(wide[0],), outputs=(wide[1],))
    assert found(profile_of([(layer, node)], [1.0]), FindingKind.CHANNELS) is None


def test_weights_that_dominate_what_a_memory_bound_layer_moves() -> None:
    # 2 GB of weights take 2 ms at the peak, 2e10 operations 0.2 ms.
    profile = profile_of([convolution(0, weights=10**9)], [4.0])
    finding = found(profile, FindingKind.WEIGHTS)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(2.0, rel=1e-3)
    assert finding.numbers == pytest.approx((1, 4.0, 2e9, 2e9 + 2 * 64 * 64 * 2))
    compute = profile_of([convolution(0, macs=10**12, weights=10**9)], [40.0])
    assert found(compute, FindingKind.WEIGHTS) is None
    assert found(profile_of([convolution(0)], [4.0]), FindingKind.WEIGHTS) is None


def test_a_layer_that_lags_behind_the_others_does_not_wait_for_its_weights() -> None:
    parts = [convolution(i, weights=10**9) for i in range(6)]  # 2 ms each at the peak
    finding = found(profile_of(parts, [4.0] * 5 + [40.0]), FindingKind.WEIGHTS)
    assert finding is not None
    assert finding.layers == (0, 1, 2, 3, 4)
    usual = found(profile_of(parts, [4.0] * 6), FindingKind.WEIGHTS)
    assert usual is not None
    assert len(usual.layers) == 6


def test_opaque_layers_say_what_the_other_figures_leave_out() -> None:
    first, second, third = (convolution(i) for i in range(3))
    opaque = Layer(
        "{ForeignNode[c0...c1]}", "Myelin", inputs=first[0].inputs, outputs=second[0].outputs
    )
    nodes = profile_of([first, second, third], [1.0] * 3).model
    parts = [(opaque, first[1]), third]
    finding = found(replace(profile_of(parts, [1.0, 1.0]), model=nodes), FindingKind.OPAQUE)
    assert finding is not None
    assert (finding.saves_ms, finding.layers) == (0.0, (0,))
    assert finding.numbers == pytest.approx((1, 1.0, 0.5))
    short = replace(profile_of(parts, [0.05, 1.0]), model=nodes)
    assert found(short, FindingKind.OPAQUE) is None
