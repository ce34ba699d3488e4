"""Kernel times by CUPTI beside the layer times of the profiler, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from trtcore.report.content.rows.labels import row_labels, shorten
from trtcore.report.content.rows.rows import View
from trtcore.report.terminal.layout import figure_table, text_room
from trtcore.report.terminal.tables import corrected_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.kernels import KernelTotals, LayerKernels
from trtcore.result.records.layers import LayerProfile, is_marker

if TYPE_CHECKING:
    from rich.table import Table

_HEADINGS = ("median ms", "corrected", "kernel ms", "kernels", "gap ms")
# Of the columns under them with their gaps.
_FIGURES_WIDTH = 49


def kernel_table(analysis: Analysis, view: View, width: int | None = None) -> Table | None:
    """Returns kernel time, number of kernels and gap of each layer beside its layer times.

    Args:
        analysis: of the profile.
        view: in which order, and how many rows; grouping has no meaning here.
        width: columns to keep within; None for names in full.

    Returns:
        None if no kernel was traced, or none could be mapped to a layer.
    """
    from rich.text import Text

    kernels, totals, times = analysis.kernels, analysis.kernel_totals, analysis.rows
    if kernels is None or totals is None or not kernels.count.any():
        return None
    labels = _labels(analysis, view)
    room = text_room(_FIGURES_WIDTH, width)
    table = figure_table("Layer", _HEADINGS)
    for i in _chosen(list(labels), kernels, view):
        cells = _cells(times[i], kernels, i)
        table.add_row(Text(shorten(labels[i], room)), *cells)
    table.add_row(*_sums(times, totals), style="bold")
    return table


def _labels(analysis: Analysis, view: View) -> dict[int, str]:
    """Labels of the layers by position, without stream sync layers, which run no kernel."""
    layers = analysis.profile.layers
    timed = [i for i, layer in enumerate(layers) if not is_marker(layer)]
    labels = row_labels(analysis, timed, full_names=view.full_names)
    return dict(zip(timed, labels, strict=True))


def _cells(layer: LayerProfile, kernels: LayerKernels, i: int) -> tuple[str, ...]:
    corrected = corrected_text(layer.corrected_ms, layer.is_below_resolution)
    count = str(kernels.count[i]) if kernels.count[i] else "-"
    return _ms(layer.median_ms), corrected, _ms(kernels.kernel_ms[i]), count, _ms(kernels.gap_ms[i])


def _sums(layers: Sequence[LayerProfile], totals: KernelTotals) -> tuple[str, ...]:
    raw = sum(layer.median_ms for layer in layers)
    corrected = sum(layer.corrected_ms for layer in layers)
    times = map(_ms, (raw, corrected, totals.kernel_ms))
    label = "Sum of all layers, and of all kernels"
    return label, *times, str(totals.count), _ms(totals.gap_ms)


def _chosen(layers: Sequence[int], kernels: LayerKernels, view: View) -> Sequence[int]:
    # NaN, of layers without a kernel, would make the order arbitrary.
    by_time = sorted(layers, key=lambda i: -np.nan_to_num(kernels.kernel_ms[i]))
    shown = by_time[: view.top]
    return sorted(shown) if view.sort == "order" else shown


def _ms(value: float) -> str:
    return "-" if isnan(value) else f"{value:.4f}"
