"""Which calibrations are kept, when another one is made, and engines built once for all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.errors import BuildError, TrtcoreError
from trtcore.measure.event_cost import calibrate
from trtcore.result.records.profile import EventCost
from trtcore.system.records import Environment

BINDINGS: Any = SimpleNamespace(label="RTX")


@pytest.fixture
def calibrating(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """A machine with a GPU whose calibrations give these slopes, one after the other."""
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    here = Environment("now", "0", "3", "Linux", "cpu", "a GPU", "580", "9.0", "RTX 1.6.1")
    monkeypatch.setattr(calibrate, "capture_environment", lambda _: here)
    monkeypatch.setattr(calibrate, "_measured_here", set())
    slopes: list[float] = []

    def measure_points(_: Any, counts: Any, *__: Any, **___: Any) -> list[tuple[int, float]]:
        slope = slopes.pop(0)
        if not slope:
            raise BuildError("no memory for the chain")
        return [(n, slope * n) for n in counts]

    monkeypatch.setattr(calibrate, "measure_points", measure_points)
    return slopes


def cost_in_a_new_process(monkeypatch: pytest.MonkeyPatch, **options: Any) -> EventCost | None:
    monkeypatch.setattr(calibrate, "_measured_here", set())
    return calibrate.event_cost(BINDINGS, **options)


def test_later_processes_add_their_points_until_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float]
) -> None:
    calibrating += [0.0028, 0.0030, 0.0029]
    costs = [cost_in_a_new_process(monkeypatch) for _ in range(4)]
    assert [cost and cost.runs for cost in costs] == [1, 2, 3, 3]
    assert calibrating == []
    # The first runs five engines, the others the shortest and the longest.
    assert [cost and cost.points for cost in costs] == [5, 7, 9, 9]
    widths = [cost.high_ms - cost.low_ms for cost in costs if cost]
    assert widths[0] > widths[1] > widths[2] == widths[3]
    assert costs[3] is not None
    assert costs[3].cost_ms == pytest.approx(0.0029)


def test_a_process_measures_once(monkeypatch: pytest.MonkeyPatch, calibrating: list[float]) -> None:
    calibrating += [0.0028]
    first = cost_in_a_new_process(monkeypatch)
    again = calibrate.event_cost(BINDINGS)
    assert first == again
    assert again is not None
    assert again.runs == 1


def test_without_a_cache_each_call_measures(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float]
) -> None:
    calibrating += [0.0028, 0.0030]
    costs = [cost_in_a_new_process(monkeypatch, use_cache=False) for _ in range(2)]
    assert [cost and cost.runs for cost in costs] == [1, 1]
    assert [cost and round(cost.cost_ms, 6) for cost in costs] == [0.0028, 0.003]


@pytest.mark.parametrize("bad", [0.0, -0.001])
def test_a_calibration_that_fails_leaves_those_before_it(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float], bad: float
) -> None:
    calibrating += [bad, 0.0028, bad, 0.0030]
    with pytest.raises(TrtcoreError):
        cost_in_a_new_process(monkeypatch)
    costs = [cost_in_a_new_process(monkeypatch) for _ in range(3)]
    assert [cost and cost.runs for cost in costs] == [1, 1, 2]


def test_plans_are_kept_by_their_layers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU")
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    bindings, built = load_bindings("tensorrt_rtx"), []
    build_plan = calibrate.build_plan
    monkeypatch.setattr(
        calibrate, "build_plan", lambda *given: built.append(given[1].name) or build_plan(*given)
    )
    first = [calibrate.chain_plan(bindings, count) for count in (1, 2)]
    assert built == ["chain of 1", "chain of 2"]
    assert first[0] != first[1]
    assert [calibrate.chain_plan(bindings, count) for count in (1, 2)] == first
    assert built == ["chain of 1", "chain of 2"]
    calibrate.chain_plan(bindings, 1, use_cache=False)
    assert built[2:] == ["chain of 1"]
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    with pytest.warns(RuntimeWarning, match="is damaged: it is ignored and made again"):
        calibrate.chain_plan(bindings, 1)
    assert built[3:] == ["chain of 1"]
