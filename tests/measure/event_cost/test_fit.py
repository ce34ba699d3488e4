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
    load_runs,
    save_runs,
)
from trtcore.system.cache import write_entry
from trtcore.system.records import Environment

COUNTS = (20, 40, 80, 160, 320)
HERE = Environment("now", "0", "3", "Linux", "cpu", "NVIDIA H200", "580.95", "9.0", "RTX 1.6.1")


def line(layers: int, cost: float = 0.0028, offset: float = 0.004) -> float:
    return offset + cost * layers


def run(slope: float = 0.0028, offset: float = 0.004) -> list[tuple[int, float]]:
    """The points of one calibration without noise."""
    return [(n, line(n, slope, offset)) for n in COUNTS]


@pytest.mark.parametrize(
    ("runs", "part"),
    # Student's quantiles of 7, 8 and 9 degrees of freedom, by 3.5 % over the root of the runs; runs
    # that agree to the last digit leave of the pooled variance what is usual.
    [
        (1, 2.3646 * 0.035),
        (2, 2.3060 * 0.035 * (7 / 8) ** 0.5 / 2**0.5),
        (3, 2.2622 * 0.035 * (7 / 9) ** 0.5 / 3**0.5),
    ],
)
def test_exact_line_is_found_and_runs_narrow_its_interval(runs: int, part: float) -> None:
    cost = fit_event_cost([run()] * runs)
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.interval == pytest.approx((0.0028 * (1 - part), 0.0028 * (1 + part)), rel=1e-4)
    assert cost.offset_ms == pytest.approx(0.004)
    assert cost.residual_ms == pytest.approx(0, abs=1e-12)
    assert (cost.points, cost.runs) == (5 * runs, runs)


def test_one_bad_point_does_not_bend_the_line() -> None:
    bad = run()
    bad[-1] = (320, 10.0)
    cost = fit_event_cost([run(), run(), bad])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert fit_event_cost([bad]).cost_ms == pytest.approx(0.0028)
    # A single run of five points cannot tell that it is the point: the interval says so.
    assert fit_event_cost([bad]).high_ms > 0.03


def test_runs_have_levels_of_their_own() -> None:
    cost = fit_event_cost([run(offset=level) for level in (0, 0.5, -0.2)])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.high_ms < 0.0030


def test_runs_count_alike_however_many_points_they_have() -> None:
    ends = [run(slope)[:: len(COUNTS) - 1] for slope in (0.0030, 0.0032)]
    assert [len(points) for points in ends] == [2, 2]
    cost = fit_event_cost([run(0.0028), *ends])
    assert cost.cost_ms == pytest.approx(0.0030)
    assert (cost.points, cost.runs) == (9, 3)


@pytest.mark.parametrize("later", [slice(None), slice(None, None, len(COUNTS) - 1)])
@pytest.mark.parametrize("runs", [1, 2, 3, 5])
@pytest.mark.parametrize("noise", [0.0, 0.001])
def test_interval_holds_the_truth_as_often_as_it_says(
    runs: int, noise: float, later: slice
) -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        slopes = 0.0028 * (1 + random.normal(0, USUAL_SPREAD, runs))
        points = [[(n, line(n, b) + random.normal(0, noise)) for n in COUNTS] for b in slopes]
        cost = fit_event_cost([points[0], *(one[later] for one in points[1:])])
        held += cost.low_ms <= 0.0028 <= cost.high_ms
    assert 0.93 <= held / 400 <= 1.0


def test_runs_that_disagree_widen_the_interval() -> None:
    widths = [
        np.ptp(fit_event_cost([run(slope) for slope in slopes]).interval)
        for slopes in ((0.0028, 0.0028), (0.0024, 0.0032), (0.0018, 0.0038))
    ]
    assert widths[1] > 1.3 * widths[0]
    assert widths[2] > 2.5 * widths[0]


def test_points_that_scatter_widen_the_interval() -> None:
    random = np.random.default_rng(8)
    noisy = [[(n, line(n) + random.normal(0, 0.1)) for n in COUNTS] for _ in range(3)]
    cost = fit_event_cost(noisy)
    assert cost.interval is not None
    assert np.ptp(cost.interval) > np.ptp(fit_event_cost([run()] * 3).interval)
    assert np.ptp(fit_event_cost(noisy[:1]).interval) > np.ptp(cost.interval)


def test_too_few_points_have_no_interval() -> None:
    cost = fit_event_cost([[(20, line(20)), (40, line(40)), (80, line(80))]])
    assert cost.cost_ms == pytest.approx(0.0028)
    assert cost.interval is None


@given(st.floats(0.01, 100), st.floats(-1, 1))
def test_fit_follows_unit_and_offset(unit: float, offset: float) -> None:
    cost = fit_event_cost([[(n, (line(n) + offset) * unit) for n in COUNTS]])
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
        fit_event_cost([points])


def test_no_run_is_no_calibration() -> None:
    with pytest.raises(OptionError, match="at least two different layer counts"):
        fit_event_cost([])


def test_slope_that_is_no_cost_is_refused() -> None:
    with pytest.raises(RunError, match=r"gave an event cost of -1\.000 us per layer"):
        fit_event_cost([[(10, 0.02), (20, 0.01)]])


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("own_cache")
def test_points_are_kept_per_gpu_driver_and_runtime() -> None:
    runs = [run(), run(0.0029)]
    assert load_runs(HERE) == []
    assert save_runs(runs, HERE)
    assert load_runs(replace(HERE, date="later", cpu="other")) == runs
    for change in ({"device": "other"}, {"driver": "581"}, {"runtime": "RTX 1.7"}):
        assert load_runs(replace(HERE, **change)) == []


@pytest.mark.usefixtures("own_cache")
def test_a_driver_without_a_version_is_told_by_its_cuda() -> None:
    one, other = (replace(HERE, driver="", cuda=version) for version in ("12.8", "13.0"))
    assert save_runs([run()], one)
    assert load_runs(one) == [run()]
    assert load_runs(other) == []


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("unknown", [{"device": ""}, {"driver": "", "cuda": ""}])
def test_points_of_who_knows_what_are_not_kept(unknown: dict[str, str]) -> None:
    assert not save_runs([run()], replace(HERE, **unknown))
    assert load_runs(replace(HERE, **unknown)) == []


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"not JSON",
        b"{}",
        b'{"cost_ms": 1}',
        b"[[]]",
        b"[[[16]]]",
        b'[[["a", 1], ["b", 2]]]',
        b"[[[16, NaN], [32, 1.0]]]",
        b"[[[16, 0.1], [32, 0.05]]]",
        b"[[[16, 0.1], [32, 0.2]], [[16, 0.1]]]",
    ],
)
def test_what_makes_no_cost_is_measured_again(own_cache: Path, stored: bytes) -> None:
    assert save_runs([run()], HERE)
    (entry,) = own_cache.iterdir()
    assert write_entry(entry, stored)
    assert load_runs(HERE) == []
