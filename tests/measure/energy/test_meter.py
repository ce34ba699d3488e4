"""Energy of a stretch, from a counter, from power readings, or none."""

from __future__ import annotations

import time

import pytest

from trtcore.measure.energy.meter import (
    EnergyMeter,
    Mark,
    PowerLog,
    energy_between,
    mean_power,
)
from trtcore.result.records.energy import Energy, EnergyGap, EnergySource


def test_the_counter_gives_the_energy_of_an_inference() -> None:
    energy = energy_between(Mark(10.0, 1_000_000), Mark(12.0, 1_600_000), 4000)
    # By text, as NaN is no longer equal in a dataclass from Python 3.13 on.
    assert repr(energy) == repr(Energy(EnergySource.COUNTER, 600.0, 2.0, 4000))
    assert (energy.millijoules, energy.watts) == pytest.approx((150.0, 300.0))


def test_idle_power_has_a_line_of_its_own() -> None:
    energy = Energy(EnergySource.COUNTER, 600.0, 2.0, 4000, idle_w=70.0)
    assert energy.idle_millijoules == pytest.approx(70 * 2 / 4000 * 1000)


def test_a_loop_below_a_second_is_not_measured() -> None:
    energy = energy_between(Mark(10.0, 1_000_000), Mark(10.999, 1_300_000), 2000)
    assert (energy.gap, energy.is_known) == (EnergyGap.TOO_SHORT, False)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (5_000, 5_000), (9_000, 100)])
def test_a_counter_that_is_missing_or_was_reset_is_none(first: int, last: int) -> None:
    marks = Mark(0.0, first), Mark(2.0, last)
    assert energy_between(*marks, 100).gap is EnergyGap.NO_SENSOR
    by_power = energy_between(*marks, 100, PowerLog([200.0, 300.0]))
    assert (by_power.source, by_power.joules) == (EnergySource.POWER, pytest.approx(500.0))


def test_mean_power() -> None:
    assert mean_power(Mark(0.0, 1000), Mark(2.0, 141_000), PowerLog()) == pytest.approx(70.0)
    assert mean_power(Mark(0.0, 0), Mark(2.0, 0), PowerLog([60.0, 80.0])) == pytest.approx(70.0)


def test_power_is_read_on_a_thread_only_where_there_is_no_counter() -> None:
    with EnergyMeter(lambda: 5, lambda: 250.0).power() as log:
        pass
    assert log.watts == []
    with EnergyMeter(lambda: 0, lambda: 250.0).power() as log:
        for _ in range(1000):  # until the thread has had its turn, however slow the machine
            if log.watts:
                break
            time.sleep(0.01)
    assert set(log.watts) == {250.0}
