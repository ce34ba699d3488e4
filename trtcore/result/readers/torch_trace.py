"""The Chrome trace of PyTorch's profiler: its operators, with the kernels they launched.

Source: ``torch.profiler`` of PyTorch 1.8 to 2.9: ``cpu_op`` for operators, ``kernel`` and
``gpu_mem*`` for the GPU's work, ``user_annotation`` for ``record_function`` and steps.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from trtcore.errors import ResultError
from trtcore.result.readers.chrome_trace import Event, TracedRun, profile_of_runs, read_events
from trtcore.result.readers.foreign import HEAD_CHARACTERS
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_OWN = re.compile(r'"(?:schemaVersion|deviceProperties)"\s*:|"name"\s*:\s*"aten::')
_TRACE = re.compile(r'"traceEvents"\s*:|"ph"\s*:')
_OPERATORS = frozenset({"cpu_op", "Operator"})  # the second before PyTorch 1.11
_GPU_WORK = frozenset({"kernel", "gpu_memcpy", "gpu_memset", "Kernel", "Memcpy", "Memset"})
_ANNOTATIONS = frozenset({"user_annotation"})
_STEP = "ProfilerStep"
_IDS = ("External id", "external id")
_US_PER_MS = 1000

_Key = tuple[object, ...]


def is_torch_trace(text: str) -> bool:
    """Whether a text is a trace with what PyTorch's profiler alone writes."""
    head = text[:HEAD_CHARACTERS]
    is_json = head.lstrip()[:1] in ("{", "[")
    return is_json and _OWN.search(head) is not None and _TRACE.search(text) is not None


def parse_torch_trace(text: str, source: str = "PyTorch trace") -> Profile:
    """Reads the outermost operators of each ``ProfilerStep``, or of the whole trace without steps.

    Where the trace has kernels, an operator has the time of those that it launched, else its time
    on the host. Operators within a ``record_function`` are mapped to the node or module of its
    name; others to none, as a trace names none: they count for the total.

    Raises:
        ResultError: damaged, no operators, or steps of different operators.
    """
    events = read_events(text, source)
    operators = [event for event in events if event.category in _OPERATORS]
    if not operators:
        raise ResultError(
            f"{source}: the trace of PyTorch holds no operators; record it with "
            "activities=[ProfilerActivity.CPU, ...]"
        )
    gpu_ms = _gpu_times(events, operators)
    notes = [e for e in events if e.category in _ANNOTATIONS and not e.name.startswith(_STEP)]
    steps: list[Event | None] = [*_steps(events)]
    runs = [
        _run(part, gpu_ms, notes, step)
        for step in steps or [None]
        if (part := _outermost(o for o in operators if step is None or step.holds(o)))
    ]
    mapped = sum(bool(layer.nodes) for layer in runs[0].layers) if runs else 0
    count = len(runs[0].layers) if runs else 0
    warnings: tuple[RunWarning, ...] = ()
    if mapped < count:
        warnings = (RunWarning(WarningKind.OPERATORS_UNMAPPED, (count - mapped, count)),)
    return profile_of_runs(
        runs,
        source=source,
        source_tool="torch-profile",
        method=Method(Timer.TORCH_PROFILE, device="GPU" if gpu_ms else "CPU"),
        warnings=warnings,
    )


def _steps(events: Iterable[Event]) -> list[Event]:
    # The GPU has steps of the same names, in a category of their own.
    return [
        e
        for e in events
        if e.category not in _GPU_WORK | {"gpu_user_annotation"} and e.name.startswith(_STEP)
    ]


def _run(
    operators: Sequence[Event],
    gpu_ms: dict[_Key, float],
    notes: Sequence[Event],
    step: Event | None,
) -> TracedRun:
    layers = tuple(Layer(op.name, op.name, _node(op, notes)) for op in operators)
    times = tuple(
        gpu_ms.get(_key(op), 0.0) if gpu_ms else op.duration / _US_PER_MS for op in operators
    )
    return TracedRun(layers, times, None if step is None else step.duration / _US_PER_MS)


def _key(event: Event) -> _Key:
    return (event.thread, event.start, event.duration, event.name)


def _node(operator: Event, notes: Sequence[Event]) -> tuple[str, ...]:
    """The name of the innermost annotation around an operator."""
    around = [note for note in notes if note.holds(operator)]
    return (min(around, key=lambda note: note.duration).name,) if around else ()


def _outermost(operators: Iterable[Event]) -> list[Event]:
    """The operators that no other one called, in order of time."""
    kept: list[Event] = []
    ends: dict[tuple[object, object], float] = {}
    for event in sorted(operators, key=lambda event: (event.start, -event.duration)):
        if event.start >= ends.get(event.thread, float("-inf")):
            kept.append(event)
            ends[event.thread] = event.end
    return kept


def _gpu_times(events: Iterable[Event], operators: Sequence[Event]) -> dict[_Key, float]:
    """The time of the kernels of each outermost operator, in ms; empty without kernels."""
    outer = _outermost(operators)
    threads: dict[tuple[object, object], list[Event]] = defaultdict(list)
    for event in outer:
        threads[event.thread].append(event)
    starts = {thread: [event.start for event in own] for thread, own in threads.items()}
    home: dict[object, Event] = {}
    for event in operators:
        number = _external_id(event)
        place = bisect_right(starts[event.thread], event.start) - 1
        if number is not None and place >= 0:
            home[number] = threads[event.thread][place]
    times: dict[_Key, float] = defaultdict(float)
    for event in events:
        if event.category in _GPU_WORK and (owner := home.get(_external_id(event))) is not None:
            times[_key(owner)] += event.duration / _US_PER_MS
    return dict(times)


def _external_id(event: Event) -> object:
    found = next((event.args[name] for name in _IDS if name in event.args), None)
    return found if isinstance(found, (int, str)) else None
