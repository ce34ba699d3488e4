"""The energy loop of an engine that was measured, over a board that is made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trtcore.errors import RunError
from trtcore.measure.energy import loop
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.measure.engine_runs.energy import with_energy
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.loops.failure import LoopFailure
from trtcore.measure.loops.times import Times
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.counts import Counts
from trtcore.result.records.energy import EnergyGap
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.samples import Samples

WALL_MS, WATTS = 10.0, 300.0


class Board:
    """Draws 300 W; each iteration takes 10 ms of its own clock."""

    def __init__(self, ctrl_c: bool = False) -> None:
        self.time_s, self.ctrl_c, self.asked = 0.0, ctrl_c, 0
        self.failure: LoopFailure | None = None

    def warm_up(self, count: int) -> Any:
        self.asked += count
        self.time_s += count * WALL_MS / 1000
        empty = np.empty(0, np.float32)
        times = np.empty(count, np.float32)
        return Times(times, empty, empty, self.ctrl_c, failure=self.failure)

    def meter(self) -> EnergyMeter:
        return EnergyMeter(
            lambda: 1000 + int(self.time_s * WATTS * 1000), lambda: WATTS, lambda: self.time_s
        )


def measured(board: Board, wall_ms: Any = (9.0, WALL_MS, 12.0), **counts: Any) -> Run:
    samples = Samples(np.ones((3, 1), np.float32), np.array(wall_ms, np.float32))
    run = Run(("a",), samples, Counts(3, 1, 3, **counts), ())
    watch = Stopwatch()
    found = with_energy(board, run, board.meter(), watch, None, lambda: "logged")  # type: ignore[arg-type]
    is_timed = [phase.phase for phase in watch.times] == [Phase.ENERGY]
    assert is_timed is (board.asked > 0)
    return found


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "IDLE_S", 0.0)
    monkeypatch.setattr(loop, "_SETTLE_S", 0.0)


def test_the_energy_of_an_iteration() -> None:
    energy = measured(Board()).energy
    assert energy is not None
    assert energy.millijoules == pytest.approx(WATTS * WALL_MS)
    assert energy.seconds >= loop.LOOP_S


def test_ctrl_c_marks_the_run() -> None:
    run = measured(Board(ctrl_c=True))
    assert run.counts.interrupted
    assert run.energy is not None
    assert run.energy.gap is EnergyGap.INTERRUPTED


def test_an_error_marks_the_run_and_leaves_what_was_measured() -> None:
    board, error = Board(), RuntimeError("cuStreamSynchronize failed: gone (CUDA error 700)")
    board.failure = LoopFailure(error, "cuStreamSynchronize failed: gone", 3, 700)
    run = measured(board)
    assert run.counts.interrupted
    assert run.counts.failure == RunFailure(
        Phase.ENERGY,
        "cuStreamSynchronize failed: gone",
        None,
        700,
        "cudaErrorIllegalAddress",
        "logged",
    )
    assert run.samples.wall_ms.tolist() == [9.0, WALL_MS, 12.0]
    with pytest.raises(RunError, match="the run failed while energy was measured: cuStreamSync"):
        run.whole()


@pytest.mark.parametrize("changes", [{"interrupted": True}, {"wall_ms": ()}])
def test_a_run_that_was_cut_short_has_no_loop(changes: dict[str, Any]) -> None:
    board = Board()
    assert measured(board, **changes).energy is None
    assert board.asked == 0
