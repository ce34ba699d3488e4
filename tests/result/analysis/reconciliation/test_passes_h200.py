"""Swin at batch 1 on an H200, FP32: the GPU became 5 % faster before the pass with CUPTI.

The clock stayed at 1980 MHz; every launch of a graph, however long its kernel, took 0.4 us less.
"""

from __future__ import annotations

import numpy as np
import pytest
from networks import measured

from trtcore.result.analysis.reconciliation.bridge import PartKind
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation, reconcile_profile
from trtcore.result.records.profile import Profile


@pytest.fixture(scope="module")
def swin() -> Profile:
    return measured("swin_t_changed")


@pytest.fixture(scope="module")
def found(swin: Profile) -> Reconciliation:
    result = reconcile_profile(swin)
    assert result is not None
    return result


def test_the_run_has_both_states_and_the_traced_pass_one(swin: Profile) -> None:
    run, graph = swin.samples.gated_ms, swin.samples.graph_ms
    assert swin.kernels is not None
    traced = swin.kernels.plain_gated_ms
    # The last fifth of the run is in the state of the traced pass.
    assert np.median(run[-5:]) == pytest.approx(np.median(traced), rel=0.01)
    assert np.median(run[:15]) > 1.04 * np.median(traced)
    assert np.median(graph[:15]) > 1.1 * np.median(graph[-5:])


def test_a_change_between_passes_is_no_unexplained_time(found: Reconciliation) -> None:
    (change,) = (part for part in found.parts if part.kind is PartKind.PASSES)
    assert change.ms / found.span_ms > 0.04
    assert abs(found.unexplained_share) <= 0.02  # the goal of docs/method_details.md


def test_the_other_parts_lead_to_the_span_of_the_traced_pass(
    swin: Profile, found: Reconciliation
) -> None:
    assert swin.kernels is not None
    others = sum(part.ms for part in found.parts if part.kind is not PartKind.PASSES)
    traced_ms = float(np.median(swin.kernels.plain_gated_ms))
    assert found.corrected_sum_ms + others == pytest.approx(traced_ms, rel=0.02)
