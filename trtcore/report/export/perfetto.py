"""A profile as a Chrome trace, for https://ui.perfetto.dev and chrome://tracing.

Source: the Trace Event Format (complete events ``X`` and metadata events ``M``, times in
microseconds).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from trtcore.report.content.facts.method import method_text
from trtcore.report.content.rows.labels import layer_labels
from trtcore.report.export.timeline import iterations_left_out, unprofiled_iterations
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.summary import profiled_iterations
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples

ITERATIONS = 10
"""Default number of single iterations in a trace: enough to see jitter, and still a small file."""

# Process and thread ids of the trace, which the viewer sorts by.
_MEDIANS, _PROFILED, _UNPROFILED = 1, 2, 3
_HOST, _GPU = 0, 1
_NOTE = (
    "The profiler gives durations only: layers are laid end to end in execution order, "
    "and their sum is not the latency."
)
_TWO_PASSES = (
    "Host and GPU times of un-profiled iterations come from different iterations, paired in order: "
    "each lasts as long as the longer of both."
)

Event = dict[str, Any]


def render_trace(result: Profile | Analysis, iterations: int = ITERATIONS) -> str:
    """Returns a trace of the median iteration and of the first iterations as they were.

    A streamed run keeps its last iterations only, of which the first are shown; their numbers and a
    note say so. Un-profiled ones combine two, see `trtcore.report.export.timeline`; another note
    says that.

    Each CUDA stream of the engine is a track. Layers are named after the model's nodes; the
    engine's own name, the tactic and the rest are among an event's arguments.

    Args:
        result: the profile, or its analysis.
        iterations: how many iterations to show one by iteration.
    """
    analysis = Analysis.of(result)
    profile = analysis.profile
    events = [
        *_median_iteration(analysis),
        *_profiled_iterations(profile, iterations),
        *_unprofiled_iterations(profile, iterations),
    ]
    # One event per line, for diffs and grep; a viewer does not mind.
    lines = ",\n".join(json.dumps(event) for event in events)
    about = json.dumps(_about(profile))
    return f'{{"displayTimeUnit": "ns",\n"otherData": {about},\n"traceEvents": [\n{lines}\n]}}\n'


def _about(profile: Profile) -> dict[str, str]:
    return {
        "model": profile.model.name,
        "backend": profile.backend,
        "precision": profile.precision,
        "batch": str(profile.batch),
        "device": profile.environment.device or profile.environment.cpu,
        "method": method_text(profile),
        "note": _note(profile.samples),
    }


def _note(samples: Samples) -> str:
    notes = [_NOTE]
    if samples.gpu_ms.size:
        notes.append(_TWO_PASSES)
    if samples.layer_histograms is not None:
        notes.append(
            f"The run was streamed: of {samples.layer_histograms.count} profiled iterations the "
            f"last {len(samples.layer_ms)} were kept, and the first of those are shown."
        )
    return " ".join(notes)


def trace_left_out(result: Profile | Analysis) -> str:
    """Returns which iterations of a streamed run `render_trace` shows; ``""`` for other runs."""
    return iterations_left_out(Analysis.of(result).profile.samples, ITERATIONS)


def _median_iteration(analysis: Analysis) -> Iterator[Event]:
    profile = analysis.profile
    if profiled_iterations(profile) == 0:
        return
    medians = np.array([layer.median_ms for layer in analysis.rows])
    yield from _names(_MEDIANS, "median iteration", _streams(profile.layers))
    yield from _layers(profile, _MEDIANS, _borders(0.0, medians))


def _profiled_iterations(profile: Profile, iterations: int) -> Iterator[Event]:
    # float64, as sums of a float32 drift by nanoseconds over a long track.
    shown = profile.samples.layer_ms[:iterations].astype(np.float64)
    if len(shown) == 0:
        return
    first = profiled_iterations(profile) - len(profile.samples.layer_ms)
    name = f"profiled iterations, from iteration {first}" if first else "profiled iterations"
    yield from _names(_PROFILED, name, _streams(profile.layers))
    start_ms = 0.0
    for layer_ms in shown:
        borders = _borders(start_ms, layer_ms)
        yield from _layers(profile, _PROFILED, borders)
        start_ms = borders[-1]


def _unprofiled_iterations(profile: Profile, iterations: int) -> Iterator[Event]:
    samples = profile.samples
    if iterations < 1 or samples.wall_ms.size == 0:
        return
    tracks = {_HOST: "host", _GPU: "GPU"} if samples.gpu_ms.size else {_HOST: "host"}
    yield from _names(_UNPROFILED, "un-profiled iterations", tracks)
    for iteration in islice(unprofiled_iterations(samples), iterations):
        name, enqueued_ms = (
            f"iteration {iteration.number}",
            iteration.start_ms + iteration.enqueue_ms,
        )
        # Before its enqueue call, with which it starts: viewers nest the later of the two.
        yield _complete(name, _UNPROFILED, _HOST, iteration.start_ms, iteration.end_ms)
        if samples.enqueue_ms.size:
            yield _complete("enqueue", _UNPROFILED, _HOST, iteration.start_ms, enqueued_ms)
        if samples.gpu_ms.size:
            yield _complete(name, _UNPROFILED, _GPU, iteration.compute_start_ms, iteration.end_ms)


def _borders(start_ms: float, layer_ms: np.ndarray[Any, Any]) -> list[float]:
    """The L starts of layers laid end to end, and the end of the last one, in ms."""
    # A negative time (Confidential Computing) would put an event before the one it follows.
    lengths = layer_ms.clip(min=0.0)
    return [start_ms, *(start_ms + np.cumsum(lengths, dtype=np.float64)).tolist()]


def _layers(profile: Profile, process: int, borders: Sequence[float]) -> Iterator[Event]:
    labels = layer_labels(profile.layers)
    for i, (layer, label) in enumerate(zip(profile.layers, labels, strict=True)):
        event = _complete(label, process, max(layer.stream, 0), *borders[i : i + 2])
        yield {**event, "cat": layer.kind or "layer", "args": _arguments(layer, i)}


def _arguments(layer: Layer, index: int) -> dict[str, Any]:
    return {
        "position": index,
        "layer": layer.name,
        "tactic": layer.tactic,
        "nodes": list(layer.nodes),
        "inputs": [f"{t.name} {list(t.shape)} {t.dtype}" for t in layer.inputs],
        "outputs": [f"{t.name} {list(t.shape)} {t.dtype}" for t in layer.outputs],
    }


def _complete(name: str, process: int, track: int, start_ms: float, end_ms: float) -> Event:
    """A complete event (``X``) from start to end."""
    # The duration of rounded ends: rounded on its own, it could overlap the next event by 1 ns,
    # which viewers show as nested.
    start_us, end_us = round(start_ms * 1000, 3), round(end_ms * 1000, 3)
    return {
        "name": name,
        "ph": "X",
        "pid": process,
        "tid": track,
        "ts": start_us,
        "dur": round(end_us - start_us, 3),
    }


def _streams(layers: Sequence[Layer]) -> dict[int, str]:
    return {stream: f"stream {stream}" for stream in sorted({max(x.stream, 0) for x in layers})}


def _names(process: int, name: str, tracks: dict[int, str]) -> Iterator[Event]:
    yield {"name": "process_name", "ph": "M", "pid": process, "args": {"name": name}}
    yield {"name": "process_sort_index", "ph": "M", "pid": process, "args": {"sort_index": process}}
    for track, title in tracks.items():
        args = {"name": title}
        yield {"name": "thread_name", "ph": "M", "pid": process, "tid": track, "args": args}
