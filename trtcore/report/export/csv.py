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
    "output_bytes",
)
"""``low_ms`` and ``high_ms`` are the 95 % interval of the median of iterations that are taken as
independent, ``corrected_ms`` is the median without the cost of the profiler's events, ``share`` is
the part of the sum of that column, or of ``median_ms`` where it is empty, and ``below_resolution``
is 1 where ``corrected_ms`` is below the timer resolution and indicative only, else 0;
``output_bytes`` is what the layer writes, without padding of vectorized formats. Figures have
the digits that make them the same float32, as samples are; unknown ones are left empty."""


def render_csv(profile: Profile | Analysis) -> str:
    """Returns a header and one line per layer, stream sync layers too, in order of execution."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_line(row) for row in Analysis.of(profile).rows)
    return text.getvalue()


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
        _or_empty(output_bytes(layer.outputs)),
    )


def _or_empty(size: int | None) -> object:
    return "" if size is None else size
