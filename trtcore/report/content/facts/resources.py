"""The facts on memory, energy and repeated runs."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.builds import BuildVariance
from trtcore.result.analysis.memory import MemoryNeeds, memory_needs
from trtcore.result.analysis.repeats import apart
from trtcore.result.records.energy import Energy, EnergyGap, EnergySource
from trtcore.result.records.repeats import ProcessMedians

Fact = tuple[str, str]

# Of the groups of several builds, those that differ most: what a reader looks at first.
_GROUPS_SHOWN = 3
_TITLES = {"gated_ms": "gated GPU time", "gpu_ms": "GPU time", "wall_ms": "latency"}


def resource_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns memory, energy, and how far processes and builds lie apart, where they are known."""
    profile = analysis.profile
    facts: list[Fact] = []
    needs = memory_needs(profile)
    if needs is not None:
        facts.append(("Memory", memory_text(needs)))
    if profile.energy is not None:
        facts += energy_facts(profile.energy, profile.batch)
    if profile.processes is not None:
        facts.append(("Processes", processes_text(profile.processes)))
    variance = analysis.build_variance
    if variance is not None:
        facts.append(("Builds", builds_text(variance)))
        facts += _groups(variance)
    return tuple(facts)


def memory_text(needs: MemoryNeeds) -> str:
    """Returns what a run needed of device and host, in one line."""
    parts = (
        _megabytes("weights", needs.weights),
        _megabytes("activations of a context", needs.activations),
        _megabytes("inputs and outputs", needs.io),
        _megabytes("device peak of the process", needs.peak),
        _host(needs),
        _limit(needs),
    )
    return "; ".join(filter(None, parts))


def _megabytes(name: str, size: int) -> str:
    return f"{name} {size / 1e6:.1f} MB" if size else ""


def _host(needs: MemoryNeeds) -> str:
    if not needs.host:
        return ""
    start = f"{needs.host_start / 1e6:.1f} MB of it before the run" if needs.host_start else ""
    contexts = f"{needs.host_contexts / 1e6:.1f} MB for contexts" if needs.host_contexts else ""
    peak = f"host peak of the process {needs.host / 1e6:.1f} MB"
    return ", ".join(filter(None, (peak, start, contexts)))


def _limit(needs: MemoryNeeds) -> str:
    if not needs.batch_limit:
        return ""
    return (
        f"one context would fit up to about batch {needs.batch_limit}, extrapolated from "
        "activations, inputs and outputs per item"
    )


def energy_facts(energy: Energy, batch: int) -> list[Fact]:
    """Returns the energy of an inference and of an item, and the idle board's part in it."""
    if not energy.is_known:
        return [("Energy", f"not measured: {_gap(energy)}")]
    item = f", {energy.millijoules / batch:.3f} mJ an item" if batch > 1 else ""
    how = "NVML's energy counter" if energy.source is EnergySource.COUNTER else "NVML's power"
    facts = [
        (
            "Energy",
            f"{energy.millijoules:.3f} mJ an inference{item}, {energy.watts:.1f} W, by {how} over "
            f"{energy.iterations} un-profiled iterations in {energy.seconds:.1f} s",
        )
    ]
    if not isnan(energy.idle_w):
        rest = energy.millijoules - energy.idle_millijoules
        facts.append(
            (
                "Idle power",
                f"{energy.idle_w:.1f} W with the engine loaded: {energy.idle_millijoules:.3f} mJ "
                f"of an inference, which leaves {rest:.3f} mJ",
            )
        )
    if energy.graph_iterations:
        item = f", {energy.graph_millijoules / batch:.3f} mJ an item" if batch > 1 else ""
        launched = f"over {energy.graph_iterations} launches"
        text = f"{energy.graph_millijoules:.3f} mJ an inference{item}, {launched}"
        facts.append(("CUDA graph", text))
    return facts


def _gap(energy: Energy) -> str:
    if energy.gap is EnergyGap.TOO_SHORT:
        return f"the longest un-profiled loop took {energy.seconds:.2f} s, 1 s is needed"
    if energy.gap is EnergyGap.INTERRUPTED:
        return "interrupted"
    return "NVML reports neither energy nor power"


def processes_text(processes: ProcessMedians) -> str:
    """Returns how far the medians of fresh processes lie apart."""
    parts = [
        f"{title} {min(found):.4f} to {max(found):.4f} ms ({apart(found):.2%} apart)"
        for name, title in _TITLES.items()
        if (found := processes.of(name)) is not None
    ]
    return (
        f"{processes.count} fresh ones: {', '.join(parts)}; shown is number "
        f"{processes.shown + 1}, in the middle; intervals of the latency are over all of them"
    )


def builds_text(variance: BuildVariance) -> str:
    """Returns how far the builds of a model lie apart."""
    total = variance.total_ms
    title = _TITLES.get(variance.series, "sum over layers")
    fused = sum(not group.is_fused_alike for group in variance.groups)
    return (
        f"{len(total)}, interleaved: {title} {total.min():.4f} to {total.max():.4f} ms "
        f"({variance.apart:.2%} apart{_known(variance)}); {variance.with_other_tactics} of "
        f"{len(variance.groups)} groups have other tactics, {fused} are fused otherwise; "
        "shown is the first"
    )


def _known(variance: BuildVariance) -> str:
    width = variance.half_width
    return "" if isnan(width) else f", each known to {width:.2%} within this process"


def _groups(variance: BuildVariance) -> Iterator[Fact]:
    for group in variance.groups[:_GROUPS_SHOWN]:
        tactics = ", other tactics" if group.has_other_tactics else ""
        low, high = group.median_ms.min(), group.median_ms.max()
        yield (
            "",
            f"{_name(group.nodes)}: {low:.4f} to {high:.4f} ms ({group.apart:.1%} apart){tactics}",
        )


def _name(nodes: tuple[str, ...]) -> str:
    if len(nodes) < 3:
        return " + ".join(nodes)
    return f"{nodes[0]} ... {nodes[-1]} ({len(nodes)} nodes)"
