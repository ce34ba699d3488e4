"""A profile for other programs: the rows of the table with every figure, and those of the run."""

from __future__ import annotations

import json
from typing import Any

from trtcore.report.content.facts.method import method_text
from trtcore.report.content.rows.rows import Row, View, make_rows
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.export.cost_json import (
    cost_tree,
    energy_tree,
    finding_tree,
    memory_tree,
    number,
)
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile
from trtcore.stats.intervals import TimeSummary

SCHEMA = "trtcore/report"
SCHEMA_VERSION = 1


def profile_json(
    profile: Profile | Analysis,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    full_names: bool = False,
    cost: bool = False,
    findings: bool = False,
) -> str:
    """Returns the rows that the table shows, with unknown figures as null.

    Unlike a saved result it holds no samples, and cannot be read as a profile.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    view = View(sort, top, group_by, full_names, cost, findings)
    analysis = Analysis.of(profile)
    known, rows = analysis.profile, make_rows(analysis, view)
    tree = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "model": known.model.name,
        "backend": known.backend,
        "precision": known.precision,
        "batch": known.batch,
        "device": known.environment.device,
        "date": known.environment.date,
        "method": method_text(known),
        "group_by": group_by,
        "rows": [_row(analysis, row) for row in rows.shown],
        "stream_sync": None if rows.markers is None else _row(analysis, rows.markers),
        "total": _row(analysis, rows.total),
        "latency": {name: _series(series) for name, series in analysis.series.items()},
        "items_per_s": number(analysis.latency.items_per_s),
        "cost": cost_tree(analysis),
        "memory": memory_tree(analysis),
        "energy": energy_tree(analysis),
        "findings": [finding_tree(analysis, finding) for finding in analysis.findings],
        "warnings": list(profile_warnings(analysis)),
    }
    return json.dumps(tree, indent=1, allow_nan=False) + "\n"


def _row(analysis: Analysis, row: Row) -> dict[str, Any]:
    layers = analysis.profile.layers
    return {
        "name": row.label,
        "median_ms": number(row.median_ms),
        "corrected_ms": number(row.corrected_ms),
        "share": number(row.share),
        "p95_ms": number(row.p95_ms),
        "min_ms": number(row.min_ms),
        "reformat_ms": number(row.reformat_ms),
        "least_ms": number(row.least_ms),
        "share_of_peak": number(row.share_of_peak),
        "bound": row.bound,
        "is_below_resolution": row.is_below_resolution,
        "layers": [layers[i].name for i in row.layers],
        "nodes": list(dict.fromkeys(node for i in row.layers for node in layers[i].nodes)),
    }


def _series(series: TimeSummary | None) -> dict[str, Any] | None:
    if series is None:
        return None
    figures = ("median_ms", "mean_ms", "min_ms", "p90_ms", "p95_ms", "p99_ms")
    return {"count": series.count, **{name: number(getattr(series, name)) for name in figures}}
