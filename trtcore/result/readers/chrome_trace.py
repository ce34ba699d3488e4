"""Events of a Chrome trace, and the runs of a network in it as a profile.

Source: the Trace Event Format: complete events ``X`` with ``ts`` and ``dur`` in microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from trtcore.errors import ResultError
from trtcore.result.readers.single_figures import make_profile
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Method, Statistic
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warnings import RunWarning
from trtcore.system.json_text import read_json


class Event(NamedTuple):
    """A complete event; times in microseconds."""

    name: str
    category: str
    thread: tuple[Any, Any]
    start: float
    duration: float
    args: dict[str, Any]

    @property
    def end(self) -> float:
        """When it ended."""
        return self.start + self.duration

    def holds(self, other: Event) -> bool:
        """Whether another event of its thread lies within it."""
        return self.thread == other.thread and (
            self.start <= other.start and other.end <= self.end and other is not self
        )


class TracedRun(NamedTuple):
    """One run of the network: its layers with their times, and the time of the whole, in ms."""

    layers: tuple[Layer, ...]
    layer_ms: tuple[float, ...]
    whole_ms: float | None


def read_events(text: str, source: str) -> list[Event]:
    """Returns the complete events in the order of the file.

    Raises:
        ResultError: no JSON, or an event whose times are no numbers.
    """
    try:
        tree = read_json(text)
    except ValueError as error:
        raise ResultError(
            f"{source}: the trace is cut off or damaged ({error}); record it again"
        ) from None
    rows = tree.get("traceEvents") if isinstance(tree, dict) else tree
    if not isinstance(rows, list):
        raise ResultError(f"{source}: the trace has no list of events")
    return [_event(row, source) for row in rows if isinstance(row, dict) and row.get("ph") == "X"]


def profile_of_runs(
    runs: Sequence[TracedRun],
    *,
    source: str,
    source_tool: str,
    method: Method,
    warnings: tuple[RunWarning, ...] = (),
) -> Profile:
    """Makes a profile of runs that all have the same layers.

    Raises:
        ResultError: no run, a run without layers, or one with other layers than the first.
    """
    if not runs or not runs[0].layers:
        raise ResultError(f"{source}: the trace holds no run of a network")
    first = runs[0]
    for number, run in enumerate(runs):
        if [layer.name for layer in run.layers] != [layer.name for layer in first.layers]:
            raise ResultError(
                f"{source}: run {number} has other layers than the first, so their times cannot be "
                "combined; trace runs of one shape"
            )
    known = method if method.iterations else replace(method, iterations=len(runs))
    rows = list(zip(first.layers, first.layer_ms, strict=True))
    profile = make_profile(
        rows,
        source=source,
        source_tool=source_tool,
        method=replace(known, statistic=Statistic.MEDIAN),
        warnings=warnings,
    )
    wholes = [run.whole_ms for run in runs if run.whole_ms is not None]
    samples = Samples(
        layer_ms=np.array([run.layer_ms for run in runs], dtype=np.float32),
        wall_ms=np.array(wholes, dtype=np.float32),
    )
    counts = Counts(asked=len(runs), warmed_up=0, measured=len(runs))
    return replace(profile, samples=samples, counts=counts)


def _event(row: dict[str, Any], source: str) -> Event:
    name = str(row.get("name", ""))
    try:
        start, duration = float(row["ts"]), float(row["dur"])
    except (KeyError, TypeError, ValueError, OverflowError):
        start = duration = float("nan")
    if not (isfinite(start) and isfinite(duration)):
        raise ResultError(f"{source}: event '{name[:60]}' has no times that are numbers")
    args = row.get("args")
    thread = (str(row.get("pid")), str(row.get("tid")))
    category = str(row.get("cat", ""))
    return Event(name, category, thread, start, duration, args if isinstance(args, dict) else {})
