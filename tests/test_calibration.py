"""Calibration: exact lines, noise, a bad point, too few points, and the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trtcore.cache import cache_entry, write_entry
from trtcore.calibration import (
    EventCost,
    fit_event_cost,
    load_event_cost,
    save_event_cost,
)
from trtcore.errors import OptionError, RunError
from trtcore.result import Environment

COUNTS = (20, 40, 80, 160, 320)
HERE = Environment("now", "0", "3", "Linux", "cpu", "NVIDIA H200", "580.95", "9.0", "RTX 1.6.1")


def line(layers: int, cost: float = 0.0028, offset: float = 0.004) -> float:
    return offset + cost * layers


def test_exact_line_is_found() -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.interval == pytest.approx((0.0028, 0.0028))
    assert cost.offset_ms == pytest.approx(0.004)
    assert cost.residual_ms == pytest.approx(0, abs=1e-12)
    assert cost.points == 10


def test_one_bad_point_does_not_bend_the_line() -> None:
    points = [(n, line(n)) for n in COUNTS for _ in range(3)]
    points[-1] = (320, 10.0)
    cost = fit_event_cost(points)
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.high_ms < 0.003


def test_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        cost = fit_event_cost([(n, line(n) + random.normal(0, 0.003)) for n in COUNTS * 5])
        held += cost.low_ms <= 0.0028 <= cost.high_ms
    assert 0.92 <= held / 300 <= 0.99


def test_too_few_points_have_no_interval() -> None:
    cost = fit_event_cost([(20, line(20)), (40, line(40)), (80, line(80))])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.interval is None


@given(st.floats(0.01, 100), st.floats(-1, 1))
def test_fit_follows_unit_and_offset(unit: float, offset: float) -> None:
    cost = fit_event_cost([(n, (line(n) + offset) * unit) for n in COUNTS])
    assert cost.cost_ms == pytest.approx(0.0028 * unit)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "expected pairs of numbers"),
        ([(1, 2, 3)], "expected pairs of numbers"),
        ([(1, float("nan")), (2, 1.0)], "expected pairs of numbers"),
        ([(80, 0.1), (80, 0.2)], "at least two different layer counts"),
    ],
)
def test_bad_points_are_one_line(points, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit_event_cost(points)


def test_slope_that_is_no_cost_is_refused() -> None:
    with pytest.raises(RunError, match=r"gave an event cost of -1\.000 us per layer"):
        fit_event_cost([(10, 0.02), (20, 0.01)])


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))


@pytest.mark.usefixtures("own_cache")
def test_cost_is_kept_per_gpu_driver_and_runtime() -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    assert load_event_cost(HERE) is None
    assert save_event_cost(cost, HERE)
    assert load_event_cost(replace(HERE, date="later", cpu="other")) == cost
    for change in ({"device": "other"}, {"driver": "581"}, {"runtime": "RTX 1.7"}):
        assert load_event_cost(replace(HERE, **change)) is None


@pytest.mark.usefixtures("own_cache")
def test_cost_without_interval_is_kept_too() -> None:
    cost = EventCost(0.003, float("nan"), float("nan"), 0.0, 0.0, 3)
    save_event_cost(cost, HERE)
    kept = load_event_cost(HERE)
    assert kept is not None
    assert kept.interval is None
    assert kept.cost_ms == 0.003


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("content", [b"", b"[1]", b'{"cost": 1}', b"\xff"])
def test_entry_of_another_shape_is_ignored(content: bytes) -> None:
    entry = cache_entry("event-cost", HERE.device, HERE.driver, HERE.runtime)
    write_entry(entry, content)
    assert load_event_cost(HERE) is None
