"""Calibration: exact lines, noise, a bad point, too few points, and the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trtcore.errors import OptionError, RunError
from trtcore.measure.event_cost.fit import (
    USUAL_SPREAD,
    fit_event_cost,
    load_event_cost,
    save_event_cost,
)
from trtcore.result.records import EventCost
from trtcore.system.cache import write_entry
from trtcore.system.records import Environment

COUNTS = (20, 40, 80, 160, 320)
HERE = Environment("now", "0", "3", "Linux", "cpu", "NVIDIA H200", "580.95", "9.0", "RTX 1.6.1")


def line(layers: int, cost: float = 0.0028, offset: float = 0.004) -> float:
    return offset + cost * layers


def test_exact_line_is_found() -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    assert cost.cost_ms == pytest.approx(0.0028)
    # Repeats that agree leave what is usual: 2.365 * 3.5 %.
    assert cost.interval == pytest.approx(
        (0.0028 * (1 - 0.08276), 0.0028 * (1 + 0.08276)), rel=1e-4
    )
    assert cost.offset_ms == pytest.approx(0.004)
    assert cost.residual_ms == pytest.approx(0, abs=1e-12)
    assert cost.points == 10


def test_one_bad_point_does_not_bend_the_line() -> None:
    points = [(n, line(n)) for n in COUNTS * 3]
    points[-1] = (320, 10.0)
    cost = fit_event_cost(points)
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.high_ms < 0.0031


def test_repeats_have_levels_of_their_own() -> None:
    cost = fit_event_cost([(n, line(n, offset=level)) for level in (0, 0.5, -0.2) for n in COUNTS])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.high_ms < 0.0031


@pytest.mark.parametrize("repeats", [2, 3, 5])
@pytest.mark.parametrize("own", [0.0, 0.01])
def test_interval_holds_the_truth_as_often_as_it_says(repeats: int, own: float) -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        # Repeats are of one process, which has a cost of its own.
        here = 1 + random.normal(0, USUAL_SPREAD)
        slopes = 0.0028 * (here + random.normal(0, own, repeats))
        points = [(n, line(n, b) + random.normal(0, 0.001)) for b in slopes for n in COUNTS]
        cost = fit_event_cost(points)
        held += cost.low_ms <= 0.0028 <= cost.high_ms
    assert 0.95 <= held / 400 <= 0.995


def test_repeats_that_disagree_widen_the_interval() -> None:
    widths = [
        np.ptp(fit_event_cost([(n, line(n, b)) for b in slopes for n in COUNTS]).interval)
        for slopes in ((0.0028, 0.0028), (0.0026, 0.0030), (0.0023, 0.0033))
    ]
    assert widths[1] > 1.2 * widths[0]
    assert widths[2] > 2.5 * widths[0]


def test_points_that_scatter_widen_the_interval() -> None:
    random = np.random.default_rng(8)
    cost = fit_event_cost([(n, line(n) + random.normal(0, 0.1)) for n in COUNTS * 3])
    assert cost.interval is not None
    assert np.ptp(cost.interval) > 0.0004


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
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("own_cache")
def test_cost_is_kept_per_gpu_driver_and_runtime() -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    assert load_event_cost(HERE) is None
    assert save_event_cost(cost, HERE)
    assert load_event_cost(replace(HERE, date="later", cpu="other")) == cost
    for change in ({"device": "other"}, {"driver": "581"}, {"runtime": "RTX 1.7"}):
        assert load_event_cost(replace(HERE, **change)) is None


@pytest.mark.usefixtures("own_cache")
def test_a_driver_without_a_version_is_told_by_its_cuda() -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    one, other = (replace(HERE, driver="", cuda=version) for version in ("12.8", "13.0"))
    assert save_event_cost(cost, one)
    assert load_event_cost(one) == cost
    assert load_event_cost(other) is None


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("unknown", [{"device": ""}, {"driver": "", "cuda": ""}])
def test_a_cost_of_who_knows_what_is_not_kept(unknown: dict[str, str]) -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    assert not save_event_cost(cost, replace(HERE, **unknown))
    assert load_event_cost(replace(HERE, **unknown)) is None


@pytest.mark.usefixtures("own_cache")
def test_cost_without_interval_is_kept_too() -> None:
    cost = EventCost(0.003, float("nan"), float("nan"), 0.0, 0.0, 3)
    save_event_cost(cost, HERE)
    kept = load_event_cost(HERE)
    assert kept is not None
    assert kept.interval is None
    assert kept.cost_ms == 0.003


def entry_of(cost: str = "NaN", low: str = "0.0029") -> bytes:
    figures = f'"cost_ms": {cost}, "low_ms": {low}, "high_ms": 0.0031'
    return f'{{{figures}, "offset_ms": 0.0, "residual_ms": 0.0, "points": 12}}'.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b'{"cost": 1}',
        b"\xff",
        entry_of(),
        entry_of("-0.003"),
        entry_of("0"),
        entry_of("Infinity"),
        entry_of('"0.003"'),
        entry_of("null"),
        entry_of("[0.003]"),
        entry_of("0.003", '"x"'),
        entry_of("0.003", "0.004"),
        entry_of("0.003", "NaN"),
        entry_of("true", "1"),
    ],
)
def test_entry_of_another_shape_is_ignored(own_cache: Path, content: bytes) -> None:
    cost = fit_event_cost([(n, line(n)) for n in COUNTS * 2])
    save_event_cost(cost, HERE)
    (entry,) = own_cache.iterdir()
    assert load_event_cost(HERE) == cost
    write_entry(entry, content)
    assert load_event_cost(HERE) is None
