"""Layers as columns: the figures of the report, for pandas and notebooks."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import make_profile
from networks import measured

import trtcore
from trtcore.errors import ResultError
from trtcore.result.layer_table import HTML_ROWS, layer_table
from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import Samples
from trtcore.stats.histogram import fold


def test_the_figures_are_those_of_the_rows() -> None:
    profile = measured("swin_t")
    table, rows = layer_table(profile.layers, profile.samples), trtcore.Analysis(profile).rows
    for column in ("median_ms", "mean_ms", "min_ms"):
        np.testing.assert_allclose(table[column], [getattr(row, column) for row in rows], rtol=1e-6)
    assert table["layer"] == [layer.name for layer in profile.layers]
    assert sum(table["share"]) == pytest.approx(1.0)


def test_streamed_times_and_none_at_all() -> None:
    times = np.float32([[1.0, 3.0]] * 50)
    layers = (Layer("a"), Layer("b"))
    streamed = Samples(times[:1], times[:1, 0], layer_histograms=fold(times))
    assert layer_table(layers, streamed)["median_ms"] == pytest.approx([1.0, 3.0], rel=0.005)
    nothing = Samples(np.empty((0, 2), np.float32), np.empty(0, np.float32))
    assert np.isnan(layer_table(layers, nothing)["median_ms"]).all()


def test_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = measured("resnet50").to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns[:3]) == ["layer", "kind", "nodes"]
    assert len(frame) == len(measured("resnet50").layers)


def test_without_pandas_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ResultError, match=r"^to_dataframe needs pandas: pip install pandas$"):
        measured("resnet50").to_dataframe()


def test_a_notebook_shows_the_longest_layers() -> None:
    html = measured("swin_t")._repr_html_()
    assert html.count("<tr>") == HTML_ROWS + 2
    assert html.startswith("<table><caption>swin_t TensorRT-RTX fp16</caption>")
    assert f"{len(measured('swin_t').layers) - HTML_ROWS} further layers" in html


def test_names_are_text_in_a_notebook() -> None:
    profile = make_profile((Layer("</td><script>\udcff"),), np.ones((3, 1), np.float32), ())
    html = replace(profile, precision="<b>")._repr_html_()
    assert "<script" not in html
    assert "&lt;/td&gt;&lt;script&gt;\\udcff" in html
    assert "<b>" not in html
