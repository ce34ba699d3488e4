"""Kernel times by CUPTI: their sum, gaps, mapping, and agreement with the layer times."""

from __future__ import annotations

from math import isnan

import numpy as np

from trtcore.errors import few
from trtcore.report.content.facts.facts import Fact
from trtcore.report.content.times.mapping import mapping_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.kernels import KernelAgreement, KernelTotals
from trtcore.result.records.kernel_pass import KernelPass

# Less is not worth a line: it is below the tolerance of `KernelAgreement`, 1 us.
_LEAST_OVERLAP_MS = 0.001


def kernel_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns the facts about the kernels of a profile; empty if none were traced."""
    kernels, totals = analysis.profile.kernels, analysis.kernel_totals
    if kernels is None or totals is None:
        return ()
    facts = (
        ("Kernels", _sum_text(kernels, totals)),
        ("Gaps", _gap_text(kernels, totals)),
        ("Overlap", _overlap_text(totals)),
        ("Mapping", mapping_text(kernels.mapping)),
        ("Unmapped", _unmapped_text(kernels, totals)),
        ("Agreement", _agreement_text(analysis.agreement)),
        ("Alone", _alone_text(analysis.agreement_alone)),
        ("Slow-down", _slow_down_text(kernels, totals)),
    )
    return tuple((label, text) for label, text in facts if text)


def _sum_text(kernels: KernelPass, totals: KernelTotals) -> str:
    gated = "gated" if kernels.is_gated else "not gated"
    left_out = f"; {kernels.discarded} were not whole" if kernels.discarded else ""
    return (
        f"{totals.kernel_ms:.4f} ms in {totals.count} kernels, median sum of "
        f"{len(kernels.kernel_ms)} un-profiled iterations by {kernels.source}, {gated}{left_out}"
    )


def _gap_text(kernels: KernelPass, totals: KernelTotals) -> str:
    causes = "" if kernels.is_gated else ", including launch overhead of the host"
    return (
        f"{totals.gap_ms:.4f} ms in which no kernel ran, of {totals.span_ms:.4f} ms from the first "
        f"start to the last end{causes}"
    )


def _overlap_text(totals: KernelTotals) -> str:
    overlap = totals.kernel_ms - totals.busy_ms
    if not overlap > _LEAST_OVERLAP_MS:  # not `<=`: a NaN says nothing either
        return ""
    return f"{overlap:.4f} ms of the sum ran beside other kernels"


def _unmapped_text(kernels: KernelPass, totals: KernelTotals) -> str:
    if not totals.unmapped:
        return ""
    pairs = zip(kernels.names, kernels.layers, strict=True)
    names = few(dict.fromkeys(name for name, owner in pairs if owner < 0))
    return f"{totals.unmapped} of {totals.count} kernels, {totals.unmapped_ms:.4f} ms: {names}"


def _agreement_text(agreement: KernelAgreement | None) -> str:
    if agreement is None:
        return ""
    return (
        f"corrected times are within 10 % or 1 us of the kernels for {agreement.close} of "
        f"{agreement.layers} layers, which hold {agreement.close_share:.1%} of their time; median "
        f"difference {1000 * agreement.median_error_ms:.2f} us; {agreement.common} of the "
        f"{agreement.longest} longest layers are the same"
    )


def _alone_text(agreement: KernelAgreement | None) -> str:
    if agreement is None:
        return ""
    return (
        "in profiled iterations, where events keep kernels apart, the same holds for "
        f"{agreement.close} of {agreement.layers} layers, {agreement.close_share:.1%} of their "
        f"time; median difference {1000 * agreement.median_error_ms:.2f} us"
    )


def _slow_down_text(kernels: KernelPass, totals: KernelTotals) -> str:
    if isnan(totals.slow_down):
        return ""
    walls = (float(np.median(kernels.wall_ms)), float(np.median(kernels.plain_wall_ms)))
    return (
        f"{totals.slow_down:.2f}x: host time {walls[0]:.4f} ms with CUPTI, {walls[1]:.4f} ms "
        "without, rounds interleaved"
    )
