"""The layers as CSV: every layer and column, at the precision of the samples."""

from __future__ import annotations

import csv
import io
from math import isnan
from pathlib import Path

import numpy as np

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.memory import output_bytes
from trtcore.result.records.layers import LayerProfile
from trtcore.result.records.profile import Profile
from trtcore.system.files import write_file

COLUMNS = (
    "index",
    "name",
    "kind",
    "nodes",
    "tactic",
    "stream",
    "median_ms",
    "share",
    "p95_ms",
    "min_ms",
    "mean_ms",
    "low_ms",
    "high_ms",
    "corrected_ms",
    "below_resolution",
    "group",
    "macs",
    "flops",
    "weight_bytes",
    "read_bytes",
    "written_bytes",
    "peak_share",
    "bound_by",
    "output_bytes",
)
"""``low_ms`` and ``high_ms`` are the 95 % interval of the median of iterations that are taken as
independent, ``corrected_ms`` is the median without the cost of the profiler's events, ``share`` is
the part of the sum of that column, or of ``median_ms`` where it is empty, and ``below_resolution``
is 1 where ``corrected_ms`` is below the timer resolution and indicative only, else 0. ``group``
counts the fusion groups from 0; the columns after it are of the whole group, on the line of its
first layer: ``peak_share`` is its time at the device's peaks as a part of its own. Last,
``output_bytes`` is what the layer itself writes, without padding of vectorized formats. Figures
have the digits that make them the same float32, as samples are; unknown ones are left empty."""


def render_csv(profile: Profile | Analysis) -> str:
    """Returns a header and one line per layer, stream sync layers too, in order of execution."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    analysis = Analysis.of(profile)
    costs = _costs(analysis)
    for row in analysis.rows:
        written = _or_empty(output_bytes(row.layer.outputs))
        writer.writerow((*_line(row), *costs.get(row.index, _NO_COST), written))
    return text.getvalue()


_NO_COST: tuple[object, ...] = ("",) * 8


def _costs(analysis: Analysis) -> dict[int, tuple[object, ...]]:
    """The columns of cost, by layer."""
    found: dict[int, tuple[object, ...]] = {}
    for number, group in enumerate(analysis.cost.groups if analysis.cost else ()):
        first, *others = group.work.layers
        work, share = group.work, group.share_of_peak
        counts = (work.macs, work.flops, work.weight_bytes, work.read_bytes, work.written_bytes)
        rate = ("", "") if isnan(share) else (f"{share:.4g}", group.bound.value)
        found[first] = (number, *(f"{count:.0f}" for count in counts), *rate)
        found.update(dict.fromkeys(others, (number, *_NO_COST[1:])))
    return found


def write_csv(profile: Profile | Analysis, path: str | Path) -> None:
    """Writes `render_csv` to a file.

    Raises:
        ResultError: the path cannot be written.
    """
    write_file(path, render_csv(profile).encode())


def _line(row: LayerProfile) -> tuple[object, ...]:
    layer = row.layer
    ordinary = (row.median_ms, row.share, row.p95_ms, row.min_ms, row.mean_ms)
    figures = (*ordinary, *row.interval, row.corrected_ms)
    return (
        row.index,
        layer.name,
        layer.kind,
        " + ".join(layer.nodes),
        layer.tactic,
        layer.stream if layer.stream >= 0 else "",
        # The shortest text of a float32: a float64's digits would claim what no timer measured.
        *("" if isnan(figure) else str(np.float32(figure)) for figure in figures),
        "" if isnan(row.corrected_ms) else int(row.is_below_resolution),
    )


def _or_empty(size: int | None) -> object:
    return "" if size is None else size
