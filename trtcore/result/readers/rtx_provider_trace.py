"""The Chrome trace that ONNX Runtime's TensorRT-RTX provider writes with ``nv_enable_profiling``.

Source: src/trt_rtx_profiler.h of NVIDIA/TensorRT-RTX-EP-ABI (2026): an event ``nv::trt::layer`` for
each layer that TensorRT's profiler reports; ``pid`` is the subgraph, ``tid`` counts its runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from trtcore.errors import ResultError
from trtcore.result.readers.chrome_trace import Event, TracedRun, profile_of_runs, read_events
from trtcore.result.readers.foreign import HEAD_CHARACTERS
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile

_CATEGORY = "nv::trt::layer"
_MARK = re.compile(rf'"cat"\s*:\s*"{_CATEGORY}"')
# Nodes are joined by commas; where the plan's metadata has its separators escaped, as from TensorRT
# 10.16 on, the provider leaves them in, with the brackets around each name.
_BETWEEN = re.compile(r", |\](?:[\x1e\x1f]|\\u001[ef])\[ONNX Layer: ")
_US_PER_MS = 1000


def is_rtx_provider_trace(text: str) -> bool:
    """Whether a text is a trace with layers of TensorRT."""
    is_json = text.lstrip()[:1] in ("{", "[")
    return is_json and _MARK.search(text[:HEAD_CHARACTERS]) is not None


def parse_rtx_provider_trace(text: str, source: str = "TensorRT-RTX provider trace") -> Profile:
    """Reads every run; of several subgraphs one after the other, as each is an engine of its own.

    Raises:
        ResultError: damaged, runs of other layers, or subgraphs that did not run equally often.
    """
    sections: dict[tuple[str, str], list[Event]] = {}
    for event in read_events(text, source):
        if event.category == _CATEGORY:
            sections.setdefault(event.thread, []).append(event)
    engines: dict[str, list[list[Event]]] = {}
    for (engine, _), events in sections.items():
        engines.setdefault(engine, []).append(events)
    _check_counts(engines, source)
    return profile_of_runs(
        [_run(parts) for parts in zip(*engines.values(), strict=True)],
        source=source,
        source_tool="tensorrt-rtx-provider",
        method=Method(Timer.RTX_PROVIDER),
    )


def _check_counts(engines: dict[str, list[list[Event]]], source: str) -> None:
    counts = {len(sections) for sections in engines.values()}
    if len(counts) > 1:
        raise ResultError(
            f"{source}: subgraphs of the session ran {min(counts)} to {max(counts)} times, so that "
            "their runs cannot be put together; trace a session without loops or branches"
        )


def _run(parts: Iterable[Sequence[Event]]) -> TracedRun:
    events = [event for part in parts for event in part]
    layers = tuple(Layer(event.name, "", _nodes(event)) for event in events)
    return TracedRun(layers, tuple(_times(events)), None)


def _times(events: Sequence[Event]) -> Iterable[float]:
    """Times in ms: what lies between two starts, which unlike ``dur`` is not always rounded down.

    Both are whole microseconds, but starts are rounded sums: errors do not add up.
    """
    for event, following in pairwise(events):
        is_next = event.thread == following.thread
        yield (following.start - event.start if is_next else event.duration) / _US_PER_MS
    yield events[-1].duration / _US_PER_MS


def _nodes(event: Event) -> tuple[str, ...]:
    nodes = str(event.args.get("onnx_nodes", ""))
    return tuple(dict.fromkeys(filter(None, _BETWEEN.split(nodes))))
