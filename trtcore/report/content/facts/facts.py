"""The facts under a table: un-profiled times, method, model, engine and machine.

Each fact is a label and a text, so that every report can lay them out in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from trtcore.report.content.facts.method import method_text
from trtcore.report.content.facts.run_ends import stop_text, warm_up_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.groups import describe_fusion
from trtcore.result.analysis.steadiness import outlier_text
from trtcore.result.analysis.summary import Latency
from trtcore.result.records.build import Build, CacheUse, EngineMemory
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor
from trtcore.result.records.profile import Profile
from trtcore.result.types.shapes import Specialization, shape_text
from trtcore.stats.histogram import ACCURACY
from trtcore.stats.intervals import Interval, TimeSummary
from trtcore.system.records import Clocks, Environment

Fact = tuple[str, str]

_HIGH_MEAN = 1.1
"""Mean over median above which the throughput, which is of the mean, gets a note: ordinary tails
raise it by a few per cent, and a note on every report would not be read."""


def io_lines(io: Sequence[IOTensor]) -> tuple[str, ...]:
    """Returns the inputs and outputs, such as ``Input data (4, 3, 224, 224) Half linear``."""
    return tuple(_io_line(tensor) for tensor in io)


def _io_line(tensor: IOTensor) -> str:
    # () is a scalar where the type is known, and an unknown shape where it is not.
    shape = str(tensor.shape) if tensor.shape or tensor.dtype else ""
    parts = (tensor.mode.capitalize(), tensor.name, shape, tensor.dtype, tensor.format)
    return " ".join(filter(None, parts))


def timing_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns the un-profiled latency, GPU and enqueue time, throughput and iterations."""
    profile, latency, intervals = analysis.profile, analysis.latency, analysis.intervals
    ends = "of a run" if profile.timed_by.on_cpu else "from enqueue to synchronised"
    how = f"host time {ends}"
    facts = [("Latency", _series(latency.wall, intervals["wall_ms"], how))]
    if latency.gpu:
        how = "between CUDA events around an iteration"
        facts.append(("GPU time", _series(latency.gpu, intervals["gpu_ms"], how)))
    if latency.enqueue:
        how = "host time of the enqueue call alone"
        facts.append(("Enqueue", _series(latency.enqueue, intervals["enqueue_ms"], how)))
    if latency.wall and not isnan(latency.items_per_s):
        basis = f"items per second: batch {profile.batch} over the mean latency"
        basis += _high_mean(latency.wall)
        facts.append(("Throughput", f"{_throughput(latency.items_per_s)} {basis}"))
    if not profile.source_tool:  # other tools' files do not say how many were warm-up
        facts.append(("Iterations", _iterations(profile, latency)))
    if outliers := outlier_text(analysis.steadiness):
        facts.append(("Samples", outliers))
    if profile.samples.layer_histograms is not None:
        facts.append(("Streamed", _streamed(profile)))
    return (*facts, ("Method", method_text(profile)))


def place_facts(analysis: Analysis) -> tuple[Fact, ...]:
    """Returns model, fusion, engine, GPU, clocks, CPU, runtime and host."""
    profile = analysis.profile
    where = profile.environment
    facts = [("Model", _model(profile))]
    facts.append(("Fusion", _fusion(analysis)))
    if profile.build:
        was_run = not profile.timed_by.is_unfused
        facts.append(("Engine", engine_text(profile.build) + ("" if was_run else ", not run here")))
        facts.append(("Shapes", shapes_text(profile.build, profile.io)))
    if where.device and not profile.timed_by.on_cpu:
        facts += [("GPU", _gpu(where)), ("Clocks", _clocks(where.clocks))]
    facts.append(("CPU", _cpu(where)))
    facts += [("Runtime", where.runtime), ("Host", _host(where))]
    return tuple((label, text) for label, text in facts if text)


def _throughput(items_per_s: float) -> str:
    """Of a slow network the second decimal is a whole per cent."""
    return format(items_per_s, ".2f" if items_per_s < 10 else ".1f")


def _series(series: TimeSummary | None, interval: Interval, how: str) -> str:
    if series is None:
        return "not measured"
    if series.count == 1:
        return f"{series.median_ms:.4f} ms, a single figure"
    # NaN where the samples are too few for the percentile; see `SAMPLES_NEEDED`.
    tails = (("p90", series.p90_ms), ("p95", series.p95_ms), ("p99", series.p99_ms))
    return "".join(
        (
            f"{series.median_ms:.4f} ms, median of {series.count} un-profiled iterations",
            _interval(interval),
            f", {how}",
            *(f"; {name} {value:.4f}" for name, value in tails if not isnan(value)),
        )
    )


def _high_mean(wall: TimeSummary) -> str:
    ratio = wall.mean_ms / wall.median_ms if wall.median_ms > 0 else 1.0
    return f", which slow iterations raise to {ratio:.1f}x the median" if ratio > _HIGH_MEAN else ""


def _interval(interval: Interval) -> str:
    low, high = interval
    return "" if isnan(low) else f" (95 % interval {low:.4f} to {high:.4f})"


def _iterations(profile: Profile, latency: Latency) -> str:
    counts = profile.counts
    unprofiled = latency.wall.count if latency.wall else 0
    requested = str(counts.asked) if counts.asked else "as many as fit the time"
    return (
        f"requested {requested}, warm-up {counts.warmed_up}, measured {unprofiled} un-profiled "
        f"and {counts.measured} profiled{_cut(counts)}"
        f"{'; ' + stop_text(counts.stopped) if counts.stopped else ''}"
        f"{'; warm-up ended ' + warm_up_text(counts.warm_up) if counts.warm_up else ''}"
    )


def _cut(counts: Counts) -> str:
    if counts.failure is not None:
        return ", ended by an error"
    return ", interrupted" if counts.interrupted else ""


def _streamed(profile: Profile) -> str:
    kept = len(profile.samples.layer_ms)
    return (
        f"counts, means and minima are exact, medians and percentiles within {ACCURACY:.1%}; "
        f"single iterations are there for the last {kept} only"
    )


def _fusion(analysis: Analysis) -> str:
    if analysis.profile.timed_by.is_unfused:
        return ""
    times = ((row.median_ms, row.corrected_ms) for row in analysis.rows)
    # Corrected where it is known: raw times weigh short layers up by the cost of their events.
    layer_ms = [median if isnan(corrected) else corrected for median, corrected in times]
    return describe_fusion(analysis.profile, analysis.fusion, layer_ms)


def _model(profile: Profile) -> str:
    model = profile.model
    return ", ".join(
        filter(
            None,
            (
                f"{model.name} ({model.source})",
                f"{len(model.nodes)} nodes" if model.nodes else "",
                f"weights {model.weights}" if model.weights else "",
                f"precision {profile.precision}" if profile.precision else "",
                f"batch {profile.batch}" if profile.batch else "",
            ),
        )
    )


def engine_text(build: Build) -> str:
    """Returns how an engine was built, and its size."""
    made = f"built in {build.seconds:.1f} s" if build.seconds else "loaded"
    parts = (
        f"{made} by {build.backend}",
        f"{build.plan_bytes / 1e6:.1f} MB",
        _count(build.layers, "layer"),
        _count(build.auxiliary_streams, "auxiliary stream"),
        f"verbosity {build.verbosity}",
        "" if build.cache is CacheUse.NONE else build.cache.value,
        build.note,
        f"hardware compatibility {build.hardware_compatibility}"
        if build.hardware_compatibility
        else "",
        *memory_parts(build.memory),
    )
    return ", ".join(filter(None, parts))


def memory_parts(memory: EngineMemory | None) -> tuple[str, ...]:
    """Returns what an engine needs of the device, a text for each thing that is known."""
    memory = memory or EngineMemory()
    context, stripped = memory.context_bytes, memory.stripped_weights_bytes
    missing = f"{stripped / 1e6:.1f} MB of weights stripped, outputs are wrong until it is refitted"
    return (
        f"{context / 1e6:.1f} MB of device memory a context" if context else "",
        _weight_streaming(memory),
        missing if stripped else "",
    )


def _weight_streaming(memory: EngineMemory) -> str:
    streamable, budget = memory.streamable_weights_bytes, memory.weight_streaming_budget_bytes
    if not streamable:
        return ""
    # A budget of all of them, or more, turns weight streaming off.
    kept = "unknown" if budget is None else f"{min(budget, streamable) / 1e6:.1f} MB"
    return f"weight streaming: budget {kept} of {streamable / 1e6:.1f} MB"


_COMPILED = {
    Specialization.EAGER: "kernels compiled for these shapes before anything was timed",
    Specialization.LAZY: (
        "these bindings compile kernels for the shapes while it runs: the warm-up went on until "
        "times and layers were steady"
    ),
}


def shapes_text(build: Build, io: Sequence[IOTensor] = ()) -> str:
    """Returns the shapes an engine takes and those that ran, where it takes more than one."""
    ran = {tensor.name: shape_text(tensor.shape) for tensor in io}
    inputs = (
        one.text + (f", ran {ran[one.name]}" if one.name in ran else "")
        for one in build.shape_ranges
    )
    return "; ".join(filter(None, (*inputs, _COMPILED.get(build.specialization, ""))))


def _gpu(where: Environment) -> str:
    parts = (
        where.device,
        where.compute_capability and f"compute capability {where.compute_capability}",
        where.driver and f"driver {where.driver}",
        where.cuda and f"CUDA {where.cuda}",
        where.memory_bytes and f"{where.memory_bytes / 2**30:.0f} GiB",
        where.ecc and f"ECC {where.ecc}",
        where.mig == "on" and "MIG on",
        where.persistence and f"persistence mode {where.persistence}",
        where.confidential_computing == "on" and "confidential computing on",
    )
    return ", ".join(part for part in parts if part)


def _clocks(clocks: Clocks) -> str:
    if not clocks.sm_mhz_after:
        return "unknown"
    slow, fast = clocks.sm_mhz_min, clocks.sm_mhz_max
    range_ = f" ({slow} to {fast} while measuring)" if fast else ""
    parts = (
        f"SM {clocks.sm_mhz_before} MHz before, {clocks.sm_mhz_after} MHz after{range_}",
        clocks.memory_mhz and f"memory {clocks.memory_mhz} MHz",
        clocks.temperature_c and f"{clocks.temperature_c} C",
        clocks.power_w and f"{clocks.power_w:.0f} W",
        _throttling(clocks),
    )
    return ", ".join(part for part in parts if part)


def _throttling(clocks: Clocks) -> str:
    reasons = ", ".join(clocks.throttle_reasons)
    return f"throttled: {reasons}" if reasons else "not throttled"


def _cpu(where: Environment) -> str:
    parts = (
        where.cpu,
        _count(where.cpu_count, "processor"),
        where.load_average and f"load average {where.load_average:.1f}",
    )
    return ", ".join(part for part in parts if part)


def _host(where: Environment) -> str:
    parts: Iterator[str] = filter(
        None, (where.date, where.system, where.python and f"Python {where.python}")
    )
    trtcore = where.trtcore and f"trtcore {where.trtcore}"
    return ", ".join(filter(None, (*parts, trtcore)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""
