"""The facts about cost: the work of an iteration, the peaks, and how near to them it is done."""

from __future__ import annotations

from math import isnan

from trtcore.errors import argument
from trtcore.report.content.facts.facts import Fact
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import MEASURE
from trtcore.result.analysis.cost.roofline import Bound, NetworkCost
from trtcore.result.records.peaks import Peaks, PeakSource

_HOW_TO_MEASURE = "not measured; for percent of peak profile with {option}: some seconds, once"
_UNKNOWN_WORK = (
    "not known, so that there is no percent of peak: a result has it of a model that was profiled "
    "from its file, by trtcore 0.2 or later"
)
_BOUNDS = (Bound.COMPUTE, Bound.MEMORY, Bound.LATENCY)


def cost_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns the work, the peaks and the network's sentence; why not where no work is known."""
    cost = analysis.cost
    peaks = analysis.profile.peaks
    # Who gives peaks asks for what is done of them; cached ones come with every run.
    if cost is None and peaks is not None and peaks.source is PeakSource.GIVEN:
        return (("Work", _UNKNOWN_WORK),)
    if cost is None or not cost.flops:
        return ()
    facts = (("Work", _work(cost, analysis.profile.batch)),)
    if cost.peaks is None:
        return (*facts, ("Peaks", _HOW_TO_MEASURE.format(option=argument("peak", MEASURE))))
    return (*facts, ("Peaks", peaks_text(cost.peaks)), ("Cost", cost_sentence(cost)))


def _work(cost: NetworkCost, batch: int) -> str:
    at_least = "at least " if cost.is_at_least else ""
    parts = [
        f"{at_least}{_scaled(cost.macs, 'MAC')} and {_scaled(cost.flops, 'FLOP')} an iteration"
        f"{f' of batch {batch}' if batch else ''}",
        f"{_scaled(cost.weight_bytes, 'B')} of weights and "
        f"{_scaled(cost.moved_bytes - cost.weight_bytes, 'B')} of tensors read and written",
    ]
    if cost.is_assumed:
        parts.append("where a type is not told, that of the network's precision")
    return "; ".join(parts)


def peaks_text(peaks: Peaks) -> str:
    """Returns such as ``fp16 750 TFLOP/s, fp32 60.1, 4200 GB/s, measured on NVIDIA H200``."""
    rates = [f"{peak.dtype} {_rate(peak.tflops)}" for peak in peaks.products]
    rates[:1] = [f"{rate} TFLOP/s" for rate in rates[:1]]
    if not isnan(peaks.bandwidth_gbs):
        rates.append(f"{_rate(peaks.bandwidth_gbs)} GB/s")
    if peaks.source is PeakSource.GIVEN:
        return f"{', '.join(rates)}, as given"
    clock = f" at {peaks.sm_mhz} MHz" if peaks.sm_mhz else ""
    return f"{', '.join(rates)}, measured on {peaks.device}{clock}"


def cost_sentence(cost: NetworkCost) -> str:
    """Returns the one sentence about the network."""
    if not cost.total_ms > 0:
        return "no layer times to compare with the peaks"
    tflops = cost.flops / 1e9 / cost.total_ms
    gbs = cost.moved_bytes / 1e6 / cost.total_ms
    rates = f"{_rate(tflops)} TFLOP/s and {_rate(gbs)} GB/s over the layer time"
    if isnan(cost.least_ms):
        return f"{rates}; the peak of a type or the bandwidth is not known"
    bounds = ", ".join(
        f"{cost.bound_share(bound):.0%} {bound.value}-bound"
        for bound in sorted(_BOUNDS, key=cost.bound_share, reverse=True)
    )
    return f"{cost.share_of_peak:.0%} of the peaks: {rates}; of that time {bounds}"


def _rate(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _scaled(value: float, unit: str) -> str:
    """A count with a decimal prefix: ``4.09 GMAC``."""
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.2f} {prefix}{unit}"
    return f"{value:.0f} {unit}"
