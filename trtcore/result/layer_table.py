"""The layers of a result as columns, for pandas and for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from trtcore.errors import ResultError
from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import Samples
from trtcore.stats.arrays import Floats
from trtcore.stats.histogram import medians

HTML_ROWS = 20
"""Rows of the table in a notebook: what shows the longest layers without scrolling."""


def layer_table(layers: Sequence[Layer], samples: Samples) -> dict[str, list[Any]]:
    """Returns the columns of one row per layer, in order of execution.

    Times are as the profiler measured them, in ms; ``share`` is the part of the sum of the medians,
    0 to 1. What is corrected for the cost of the profiler's events is in `trtcore.Analysis`.
    """
    median, mean, least = _figures(samples, len(layers))
    total = float(median.sum())
    share = median / total if total else median * 0.0
    return {
        "layer": [layer.name for layer in layers],
        "kind": [layer.kind for layer in layers],
        "nodes": [layer.nodes for layer in layers],
        "tactic": [layer.tactic for layer in layers],
        "stream": [layer.stream for layer in layers],
        "median_ms": median.tolist(),
        "mean_ms": mean.tolist(),
        "min_ms": least.tolist(),
        "share": share.tolist(),
    }


def layer_frame(layers: Sequence[Layer], samples: Samples) -> Any:
    """Returns `layer_table` as a ``pandas.DataFrame``.

    Raises:
        ResultError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise ResultError("to_dataframe needs pandas: pip install pandas") from None
    return pandas.DataFrame(layer_table(layers, samples))


def layer_html(title: str, layers: Sequence[Layer], samples: Samples) -> str:
    """Returns the longest layers as a small table without script, for a notebook."""
    columns = layer_table(layers, samples)
    order = sorted(range(len(layers)), key=lambda i: -columns["median_ms"][i])
    rows = [_html_row(columns, i) for i in order[:HTML_ROWS]]
    if len(order) > HTML_ROWS:
        rows.append(f"<tr><td colspan=4>{len(order) - HTML_ROWS} further layers</td></tr>")
    head = "".join(f"<th>{word}</th>" for word in ("layer", "kind", "median ms", "share"))
    return (
        f"<table><caption>{_text(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _figures(samples: Samples, count: int) -> tuple[Floats, Floats, Floats]:
    """The (L,) medians, means and shortest times; NaN without iterations."""
    streamed = samples.layer_histograms
    if streamed is not None:
        return medians(streamed), streamed.mean_ms, streamed.min_ms.astype(np.float64)
    times = samples.layer_ms
    if not len(times):
        unknown = np.full(count, np.nan)
        return unknown, unknown, unknown
    return (
        np.median(times, axis=0).astype(np.float64),
        times.mean(axis=0, dtype=np.float64),
        times.min(axis=0).astype(np.float64),
    )


def _html_row(columns: dict[str, list[Any]], i: int) -> str:
    name = " + ".join(columns["nodes"][i]) or columns["layer"][i]
    cells = (
        name,
        columns["kind"][i],
        f"{columns['median_ms'][i]:.4f}",
        f"{columns['share'][i]:.1%}",
    )
    return "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"


def _text(name: str) -> str:
    # Lone surrogates, possible in names from files, cannot be sent to a notebook.
    return escape(name.encode(errors="backslashreplace").decode())
