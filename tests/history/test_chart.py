"""Charts of text, whole."""

from __future__ import annotations

from math import nan

from trtcore.history.chart import Point, draw


def test_a_chart_has_a_mark_and_an_interval_for_each_time() -> None:
    points = [Point("1 main", 1.0, 0.0), Point("2", 2.0, 0.2551), Point("3", 1.5, nan)]
    assert draw(points, 40) == [
        "1 main  1.0000  o",
        "2       2.0000          -------o--------",
        "3       1.5000          o",
    ]


def test_equal_times_and_no_times() -> None:
    assert draw([Point("1", 1.0, nan), Point("2", 1.0, nan)], 5) == ["1  1.0000  o", "2  1.0000  o"]
    assert draw([], 80) == []
