"""What the un-profiled series are called in pictures."""

from __future__ import annotations

from trtcore.result.records.samples import PASSES

SERIES_TITLES = {one.series: one.title for one in PASSES} | {"enqueue_ms": "enqueue"}
"""Titles by their names in `trtcore.result.records.samples.Samples`."""
