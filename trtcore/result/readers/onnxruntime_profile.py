"""The profile that ONNX Runtime writes with ``SessionOptions.enable_profiling``.

Source: files of ONNX Runtime 1.20 to 1.31: an event ``<node>_kernel_time`` for each node, and
``model_run`` after those of a run.
"""

from __future__ import annotations

import re
from itertools import groupby

from trtcore.errors import ResultError
from trtcore.result.readers.chrome_trace import Event, TracedRun, profile_of_runs, read_events
from trtcore.result.readers.foreign import HEAD_CHARACTERS
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile

_SUFFIX = "_kernel_time"
_RUN = "model_run"
_EVENT = re.compile(r'"cat"\s*:\s*"(?:Session|Node)"')
_US_PER_MS = 1000


def is_onnxruntime_profile(text: str) -> bool:
    """Whether a text is a list of ONNX Runtime's events."""
    return text.lstrip().startswith("[") and _EVENT.search(text[:HEAD_CHARACTERS]) is not None


def parse_onnxruntime_profile(text: str, source: str = "ONNX Runtime profile") -> Profile:
    """Reads every run. A node that ONNX Runtime fused or added has a name that no model has.

    Raises:
        ResultError: damaged, no run, or runs of different nodes.
    """
    events = read_events(_closed(text), source)
    runs, nodes = [], list[Event]()
    for event in events:
        if event.name == _RUN:
            runs.append(_run(nodes, event))
            nodes = []
        elif event.category == "Node" and event.name.endswith(_SUFFIX):
            nodes.append(event)
    if not runs:
        raise ResultError(f"{source}: the profile of ONNX Runtime holds no run of the model")
    providers = dict.fromkeys(str(event.args.get("provider", "")) for event in events)
    return profile_of_runs(
        runs,
        source=source,
        source_tool="onnxruntime-profile",
        method=Method(Timer.ONNXRUNTIME_PROFILE, device=", ".join(filter(None, providers))),
    )


def _closed(text: str) -> str:
    """The text of a session that ended without `end_profiling`, whose list is left open."""
    bare = text.rstrip()
    return bare if bare.endswith("]") or not bare.endswith(("}", "},")) else bare.rstrip(",") + "]"


def _run(events: list[Event], whole: Event) -> TracedRun:
    """One run; the nodes inside a control-flow node are left out, as its own time holds them."""
    outer = [
        event
        for _, group in groupby(events, key=lambda event: event.thread)
        for event in _outermost(list(group))
    ]
    layers = tuple(_layer(event) for event in outer)
    times = tuple(event.duration / _US_PER_MS for event in outer)
    return TracedRun(layers, times, whole.duration / _US_PER_MS)


def _outermost(events: list[Event]) -> list[Event]:
    # An event is written when it ends, so what it holds comes right before it.
    kept: list[Event] = []
    for event in events:
        while kept and event.holds(kept[-1]) and event.start < kept[-1].start:
            kept.pop()
        kept.append(event)
    return kept


def _layer(event: Event) -> Layer:
    name, op = event.name.removesuffix(_SUFFIX), str(event.args.get("op_name", ""))
    if name:
        return Layer(name, op, (name,))
    # An unnamed node: its index is of the optimised graph, which need not be that of the model.
    return Layer(f"{op}_{event.args.get('node_index', '')}", op)
