"""Where the time of a call goes: a clock by hand, and a real call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from quantized_models import CONVOLUTIONS, with_weights

import trtcore
from trtcore.result.phases import Phase, PhaseTime, Stopwatch


def watch(*ticks: float) -> Stopwatch:
    times: Iterator[float] = iter(ticks)
    return Stopwatch(lambda: next(times))


def test_phases_add_up_in_the_order_of_the_list() -> None:
    clock = watch(0, 2, 5, 6, 10, 11)
    for phase in (Phase.BUILD, Phase.LOAD, Phase.BUILD):
        with clock.phase(phase):
            pass
    assert clock.times == (PhaseTime(Phase.LOAD, 1), PhaseTime(Phase.BUILD, 3))


def test_what_is_inside_counts_once() -> None:
    clock = watch(0, 1, 2, 3, 4, 10)
    with clock.phase(Phase.CONTEXTS):  # 0 to 10
        with clock.phase(Phase.WARM_UP):  # 1 to 2
            pass
        with clock.phase(Phase.LAYERS):  # 3 to 4
            pass
    assert clock.times == (
        PhaseTime(Phase.CONTEXTS, 8),
        PhaseTime(Phase.WARM_UP, 1),
        PhaseTime(Phase.LAYERS, 1),
    )


def test_what_fails_has_taken_its_time() -> None:
    clock = watch(0, 7)
    with pytest.raises(KeyboardInterrupt), clock.phase(Phase.BUILD):
        raise KeyboardInterrupt
    assert clock.times == (PhaseTime(Phase.BUILD, 7),)


def test_a_call_records_its_phases_and_the_result_keeps_them(tmp_path: Path) -> None:
    profile = trtcore.profile_model(
        with_weights(CONVOLUTIONS), backend="onnxruntime", iterations=3, accuracy=True
    )
    phases = {one.phase for one in profile.phases}
    assert phases == {
        Phase.START,
        Phase.LOAD,
        Phase.REFERENCE,
        Phase.NODES,
        Phase.PEAKS,
        Phase.ACCURACY,
    }
    assert all(one.seconds > 0 for one in profile.phases)
    trtcore.save_profile(profile, tmp_path / "result.json")
    assert trtcore.load_profile(tmp_path / "result.json").phases == profile.phases
