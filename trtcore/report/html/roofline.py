"""The roofline of a result: each group of nodes beside the peaks of the device."""

from __future__ import annotations

from math import isnan
from typing import Any

from trtcore.report.content.facts.cost import cost_facts
from trtcore.report.content.rows.labels import shorten
from trtcore.report.html.embed import figure
from trtcore.report.html.tables import Section, Table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.roofline import GroupCost

_NAME_WIDTH = 80
"""As in the findings: two nodes with their paths; of more the first and the last are named."""
_UNKNOWN = "-"
_HEADINGS = ("Nodes", "ms", "GFLOP", "MB", "TFLOP/s", "GB/s", "% of peak", "bound by")


def cost_section(analysis: Analysis) -> Section | None:
    """Returns work, peaks and the cost of each group; None where no work was counted."""
    facts = cost_facts(analysis)
    cost = analysis.cost
    if cost is None or not facts:
        return None
    rows = tuple(
        (name, *_cells(group)) for name, group in zip(_names(analysis), cost.groups, strict=True)
    )
    return Section("cost", "Cost and roofline", facts, Table(_HEADINGS, rows), "roofline")


def roofline_data(analysis: Analysis) -> dict[str, Any] | None:
    """Returns peaks and points for the script; None where work or peaks are not known."""
    cost = analysis.cost
    if cost is None or cost.peaks is None or isnan(cost.peaks.bandwidth_gbs):
        return None
    points = [
        (
            name,
            figure(group.work.flops / group.work.moved_bytes),
            figure(group.tflops),
            figure(group.ms),
            group.bound.value,
        )
        for name, group in zip(_names(analysis), cost.groups, strict=True)
        # A logarithmic axis has no place for groups without operations or bytes.
        if group.work.flops and group.work.moved_bytes and group.ms > 0
    ]
    return {
        "peaks": [(peak.dtype, figure(peak.tflops)) for peak in cost.peaks.products],
        "bandwidth": figure(cost.peaks.bandwidth_gbs),
        "points": points,
    }


def _names(analysis: Analysis) -> tuple[str, ...]:
    groups = analysis.cost.groups if analysis.cost else ()
    nodes = [group.work.nodes for group in groups]
    short = analysis.short_names.names(nodes)
    pairs = zip(short, nodes, strict=True)
    return tuple(name or shorten(" + ".join(own), _NAME_WIDTH) for name, own in pairs)


def _cells(group: GroupCost) -> tuple[str, ...]:
    return (
        f"{group.ms:.4f}",
        f"{group.work.flops / 1e9:.3f}",
        f"{group.work.moved_bytes / 1e6:.3f}",
        _text(group.tflops, 1),
        _text(group.bandwidth_gbs, 0),
        _text(100 * group.share_of_peak, 0),
        group.bound.value,
    )


def _text(value: float, digits: int) -> str:
    return _UNKNOWN if isnan(value) else f"{value:.{digits}f}"
