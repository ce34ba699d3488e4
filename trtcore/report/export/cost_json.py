"""Cost, memory, energy and findings for other programs; what is not known is null."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

from trtcore.report.content.facts.findings import finding_text, whole_ms
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.roofline import Bound, GroupCost, NetworkCost
from trtcore.result.analysis.cost.work import GroupWork
from trtcore.result.analysis.findings.finding import Finding
from trtcore.result.analysis.memory import memory_needs
from trtcore.result.records.peaks import Peaks

_MEASURED = (Bound.COMPUTE, Bound.MEMORY, Bound.LATENCY)


def cost_tree(analysis: Analysis) -> dict[str, Any] | None:
    """Returns the work of the network and of its groups, beside the peaks; None without work.

    Times are corrected, where the event cost is known; sizes are bytes of an iteration.
    """
    cost = analysis.cost
    if cost is None:
        return None
    return {
        **_work(cost),
        "latency_ms": number(cost.latency_ms),
        "dtype": cost.main_dtype,
        "bound_shares": {one.value: number(cost.bound_share(one)) for one in _MEASURED},
        "peaks": None if cost.peaks is None else _peaks(cost.peaks),
        "groups": [_group(analysis, group) for group in cost.groups],
    }


def _work(cost: NetworkCost | GroupCost) -> dict[str, Any]:
    """What the network and a group of it have in common."""
    work: GroupWork | NetworkCost = cost.work if isinstance(cost, GroupCost) else cost
    ms = cost.ms if isinstance(cost, GroupCost) else cost.total_ms
    return {
        "ms": number(ms),
        "macs": work.macs,
        "flops": work.flops,
        "weight_bytes": number(work.weight_bytes),
        "moved_bytes": number(work.moved_bytes),
        "intensity": _over(work.flops, work.moved_bytes),
        "tflops": _over(work.flops, 1e9 * ms),
        "bandwidth_gbs": _over(work.moved_bytes, 1e6 * ms),
        "least_ms": number(cost.least_ms),
        "share_of_peak": number(cost.share_of_peak),
        "is_at_least": work.is_at_least,
        "is_assumed": work.is_assumed,
    }


def _group(analysis: Analysis, group: GroupCost) -> dict[str, Any]:
    layers, own = analysis.profile.layers, set(group.work.layers)
    return {
        "nodes": list(group.work.nodes),
        "layers": [layers[i].name for i in group.work.layers],
        **_work(group),
        "read_bytes": number(group.work.read_bytes),
        "written_bytes": number(group.work.written_bytes),
        "dtype": group.work.dtype,
        "bound": group.bound.value,
        "findings": [one.kind.value for one in analysis.findings if own & set(one.layers)],
    }


def _peaks(peaks: Peaks) -> dict[str, Any]:
    return {
        "source": peaks.source.value,
        "device": peaks.device,
        "sm_mhz": peaks.sm_mhz,
        "bandwidth_gbs": number(peaks.bandwidth_gbs),
        "tflops": {peak.dtype: number(peak.tflops) for peak in peaks.products},
    }


def memory_tree(analysis: Analysis) -> dict[str, Any] | None:
    """Returns what the run needed, in bytes, and the batch that would fit; None if not recorded."""
    needs = memory_needs(analysis.profile)
    if needs is None:
        return None
    sizes = asdict(needs)
    limit = sizes.pop("batch_limit")
    # 0 stands for what is not known.
    return {f"{name}_bytes": size or None for name, size in sizes.items()} | {
        "batch_limit": limit or None
    }


def energy_tree(analysis: Analysis) -> dict[str, Any] | None:
    """Returns what an inference took, of it the idle board's part; None if not asked for."""
    energy = analysis.profile.energy
    if energy is None:
        return None
    batch = analysis.profile.batch
    return {
        "source": energy.source.value,
        "millijoules": number(energy.millijoules),
        "millijoules_per_item": _over(energy.millijoules, batch),
        "idle_millijoules": number(energy.idle_millijoules),
        "graph_millijoules": number(energy.graph_millijoules),
        "watts": number(energy.watts),
        "idle_watts": number(energy.idle_w),
        "seconds": energy.seconds,
        "iterations": energy.iterations,
        "gap": energy.gap.value,
    }


def finding_tree(analysis: Analysis, finding: Finding) -> dict[str, Any]:
    """Returns a finding with its figures, which `FindingKind` documents, and its sentence."""
    layers = analysis.profile.layers
    latency_ms = whole_ms(analysis)
    return {
        "kind": finding.kind.value,
        "saves_ms": number(finding.saves_ms),
        "saves_share": _over(finding.saves_ms, latency_ms),
        "of": finding.part.value,
        "is_measured": finding.is_measured,
        "numbers": [number(value) for value in finding.numbers],
        "names": list(finding.names),
        "layers": [layers[i].name for i in finding.layers],
        "text": finding_text(finding, latency_ms),
    }


def number(value: float | None) -> float | None:
    """Returns a figure as JSON has it: no NaN and no infinity."""
    return float(value) if value is not None and isfinite(value) else None


def _over(value: float, total: float) -> float | None:
    return number(value / total) if total > 0 else None
