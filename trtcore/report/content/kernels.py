"""Kernel times by CUPTI beside the layer times of the profiler, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from trtcore.errors import few
from trtcore.report.content.facts import Fact
from trtcore.report.content.labels import layer_labels, shorten
from trtcore.report.content.mapping import mapping_text
from trtcore.report.content.rows import View
from trtcore.report.terminal.tables import corrected_text
from trtcore.result.analysis.kernels import (
    KernelTotals,
    LayerKernels,
    kernel_totals,
    layer_kernels,
    profile_agreement,
)
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.layers import LayerProfile, is_marker
from trtcore.result.records import KernelPass, Profile

if TYPE_CHECKING:
    from rich.table import Table

_FIGURES_WIDTH = 49
_LEAST_TEXT = 20
_UNLIMITED = 10_000
_LEAST_OVERLAP_MS = 0.001


def kernel_facts(profile: Profile) -> tuple[Fact, ...]:
    """Returns what the kernels of a profile add up to; nothing if none were traced."""
    kernels = profile.kernels
    if kernels is None:
        return ()
    totals = kernel_totals(kernels)
    facts = (
        ("Kernels", _sum_text(kernels, totals)),
        ("Gaps", _gap_text(kernels, totals)),
        ("Overlap", _overlap_text(totals)),
        ("Mapping", mapping_text(kernels.mapping)),
        ("Unmapped", _unmapped_text(kernels, totals)),
        ("Agreement", _agreement_text(profile)),
        ("Slow-down", _slow_down_text(kernels, totals)),
    )
    return tuple((label, text) for label, text in facts if text)


def kernel_table(profile: Profile, view: View, width: int | None = None) -> Table | None:
    """Returns kernel times, kernels and gaps of each layer beside its raw and corrected time.

    Args:
        profile: the profile.
        view: in which order, and how many rows; grouping has no meaning here.
        width: columns to keep within; None for names in full.

    Returns:
        None if no kernel was traced, or none could be led to a layer.
    """
    from rich.text import Text

    kernels = profile.kernels
    if kernels is None or not any(owner >= 0 for owner in kernels.layers):
        return None
    found = layer_kernels(kernels, len(profile.layers))
    times = summarise_layers(profile)
    labels = _labels(profile)
    room = max((width or _UNLIMITED) - _FIGURES_WIDTH, _LEAST_TEXT)
    table = _empty_table()
    for i in _chosen(list(labels), found, view):
        cells = _cells(times[i], found, i)
        table.add_row(Text(shorten(labels[i], room)), *cells)
    table.add_row(*_sums(times, kernel_totals(kernels)), style="bold")
    return table


def _empty_table() -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Layer", overflow="fold")
    for heading in ("median ms", "corrected", "kernel ms", "kernels", "gap ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _labels(profile: Profile) -> dict[int, str]:
    """What the layers are called, by position; markers run no kernel and are not among them."""
    timed = [i for i, layer in enumerate(profile.layers) if not is_marker(layer)]
    return dict(zip(timed, layer_labels([profile.layers[i] for i in timed]), strict=True))


def _cells(layer: LayerProfile, found: LayerKernels, i: int) -> tuple[str, ...]:
    corrected = corrected_text(layer.corrected_ms, layer.is_below_resolution)
    count = str(found.count[i]) if found.count[i] else "-"
    return _ms(layer.median_ms), corrected, _ms(found.kernel_ms[i]), count, _ms(found.gap_ms[i])


def _sums(layers: Sequence[LayerProfile], totals: KernelTotals) -> tuple[str, ...]:
    raw = sum(layer.median_ms for layer in layers)
    corrected = sum(layer.corrected_ms for layer in layers)
    times = map(_ms, (raw, corrected, totals.kernel_ms))
    label = "Sum of all layers, and of all kernels"
    return label, *times, str(totals.count), _ms(totals.gap_ms)


def _chosen(layers: Sequence[int], found: LayerKernels, view: View) -> Sequence[int]:
    by_time = sorted(layers, key=lambda i: -np.nan_to_num(found.kernel_ms[i]))
    shown = by_time[: view.top]
    return sorted(shown) if view.sort == "order" else shown


def _sum_text(kernels: KernelPass, totals: KernelTotals) -> str:
    gated = "gated" if kernels.is_gated else "not gated"
    left_out = f"; {kernels.discarded} were not whole" if kernels.discarded else ""
    return (
        f"{totals.kernel_ms:.4f} ms in {totals.count} kernels, median sum of "
        f"{len(kernels.kernel_ms)} un-profiled iterations by {kernels.source}, {gated}{left_out}"
    )


def _gap_text(kernels: KernelPass, totals: KernelTotals) -> str:
    causes = "" if kernels.is_gated else ", launch gaps of the host among them"
    return (
        f"{totals.gap_ms:.4f} ms in which no kernel ran, of {totals.span_ms:.4f} ms from the first "
        f"start to the last end{causes}"
    )


def _overlap_text(totals: KernelTotals) -> str:
    overlap = totals.kernel_ms - totals.busy_ms
    if not overlap > _LEAST_OVERLAP_MS:
        return ""
    return f"{overlap:.4f} ms of the sum ran beside other kernels"


def _unmapped_text(kernels: KernelPass, totals: KernelTotals) -> str:
    if not totals.unmapped:
        return ""
    pairs = zip(kernels.names, kernels.layers, strict=True)
    names = few(dict.fromkeys(name for name, owner in pairs if owner < 0))
    return f"{totals.unmapped} of {totals.count} kernels, {totals.unmapped_ms:.4f} ms: {names}"


def _agreement_text(profile: Profile) -> str:
    found = profile_agreement(profile)
    if found is None:
        return ""
    return (
        f"corrected times are within 10 % or 1 us of the kernels for {found.close} of "
        f"{found.layers} layers, which hold {found.close_share:.1%} of their time; median "
        f"difference {1000 * found.median_error_ms:.2f} us; {found.common} of the {found.longest} "
        "longest layers are the same"
    )


def _slow_down_text(kernels: KernelPass, totals: KernelTotals) -> str:
    if isnan(totals.slow_down):
        return ""
    walls = (float(np.median(kernels.wall_ms)), float(np.median(kernels.plain_wall_ms)))
    return (
        f"{totals.slow_down:.2f}x: host time {walls[0]:.4f} ms with CUPTI, {walls[1]:.4f} ms "
        "without, taken in turn"
    )


def _ms(value: float) -> str:
    return "-" if isnan(value) else f"{value:.4f}"
