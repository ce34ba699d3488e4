"""The energy loop over a board whose counter moves in steps, as NVML's does."""

from __future__ import annotations

import pytest

from trtcore.measure.energy.loop import EnergyLoop
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.result.records.energy import EnergyGap, EnergySource

STEP_S, BUSY_W, IDLE_W, ITERATION_MS = 0.1, 300.0, 70.0, 0.65


class Board:
    """Draws more while it runs; its counter shows the energy of the last full step of time."""

    def __init__(self, has_counter: bool = True, start_s: float = 0.037) -> None:
        self.time_s, self.joules, self.has_counter = start_s, 5000.0, has_counter
        self.shown = 5000.0
        self.ran = 0

    def pass_time(self, seconds: float, watts: float) -> None:
        end = self.time_s + seconds
        while self.time_s < end:
            border = (int(self.time_s / STEP_S + 1e-9) + 1) * STEP_S
            part = min(border, end) - self.time_s
            self.joules += part * watts
            self.time_s += part
            if self.time_s == border:
                self.shown = self.joules

    def run(self, count: int) -> tuple[int, bool]:
        self.pass_time(count * ITERATION_MS / 1000, BUSY_W)
        self.ran += count
        return count, False

    def meter(self) -> EnergyMeter:
        return EnergyMeter(
            lambda: int(self.shown * 1000) if self.has_counter else 0,
            lambda: BUSY_W,
            lambda: self.time_s,
        )

    def loop(self) -> EnergyLoop:
        return EnergyLoop(
            self.run, ITERATION_MS, self.meter(), lambda seconds: self.pass_time(seconds, IDLE_W)
        )


@pytest.mark.parametrize("start_s", [0.0, 0.037, 0.06, 0.099])
def test_the_energy_is_that_of_the_board_whenever_the_loop_begins(start_s: float) -> None:
    energy = Board(start_s=start_s).loop().measure()
    assert energy.source is EnergySource.COUNTER
    assert energy.millijoules == pytest.approx(BUSY_W * ITERATION_MS, rel=0.01)
    # Its two seconds begin and end anywhere between two steps.
    assert energy.idle_w == pytest.approx(IDLE_W, rel=0.06)


def test_a_board_that_tells_nothing_has_no_energy() -> None:
    board = Board(has_counter=False)
    loop = board.loop()
    loop.meter = EnergyMeter(lambda: 0, lambda: 0.0, lambda: board.time_s)
    energy = loop.measure()
    assert (energy.gap, energy.is_known) == (EnergyGap.NO_SENSOR, False)
    # The edges end by themselves although no counter moves.
    assert 5.0 <= board.ran * ITERATION_MS / 1000 <= 10.0


def test_ctrl_c_leaves_a_record_that_says_so() -> None:
    board = Board()
    loop = board.loop()
    loop.run = lambda count: (count, True)
    assert loop.measure().gap is EnergyGap.INTERRUPTED

    def press(seconds: float) -> None:
        raise KeyboardInterrupt

    loop.sleep = press
    assert loop.measure().gap is EnergyGap.INTERRUPTED
