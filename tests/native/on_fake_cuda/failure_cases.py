"""Errors of CUDA and TensorRT in every phase of a run: what is kept, and what is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from cuda.bindings import runtime
from planted_errors import (
    ENQUEUE,
    IDS,
    LEFT,
    NAME,
    PASSES,
    ROUND,
    SYNC,
    WHOLE,
    Pass,
    Plant,
    line_of,
    sizes,
)
from scripted_engines import Engines

import trtcore
from trtcore.errors import ResultError, RunError
from trtcore.measure.device.cuda import check
from trtcore.measure.device.tensors import BoundTensor
from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.event_cost import calibrate
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.layers import IOTensor, Layer
from trtcore.result.records.profile import Profile

pytestmark = pytest.mark.usefixtures("brief_warm_up", "engines")


def profile(plan: Path, **options: Any) -> Profile:
    given = {"iterations": 10 * ROUND, "use_cache": False, "calibrate": False, "peak": "none"}
    return trtcore.profile_plan(plan, **{**given, **options})


def failed(plan: Path, **options: Any) -> tuple[Profile, str]:
    with pytest.raises(RunError) as raised:
        profile(plan, **options)
    assert isinstance(raised.value.result, Profile)
    return raised.value.result, str(raised.value)


@pytest.mark.parametrize("sticky", [True, False], ids=["sticky", "not sticky"])
@pytest.mark.parametrize("one", PASSES, ids=IDS)
def test_every_iteration_before_an_error_of_cuda_is_kept(
    plan: Path, plant: Plant, one: Pass, sticky: bool
) -> None:
    plant.of_cuda(one.method, 5, sticky=sticky)
    left, said = failed(plan)
    assert sizes(left) == LEFT[one.phase]
    assert left.counts.interrupted
    assert left.counts.failure == RunFailure(
        one.phase, one.error, WHOLE + 5, 700, NAME, "nothing was logged"
    )
    assert said == line_of(one, left.counts.measured)


@pytest.mark.parametrize("sticky", [True, False], ids=["sticky", "not sticky"])
@pytest.mark.parametrize("one", [PASSES[1], PASSES[3]], ids=[IDS[1], IDS[3]])
def test_what_tensorrt_refuses_has_the_number_that_cuda_tells(
    plan: Path, plant: Plant, one: Pass, sticky: bool
) -> None:
    plant.of_tensorrt(one, 5, sticky=sticky)
    left, said = failed(plan)
    assert sizes(left) == LEFT[one.phase]
    known = (700, NAME) if sticky else (0, "")
    assert left.counts.failure == RunFailure(
        one.phase, ENQUEUE, WHOLE + 5, *known, "nothing was logged"
    )
    number = f" (CUDA error 700, {NAME})" if sticky else ""
    place = f"iteration 65 of the {one.phase.value}"
    assert said.startswith(f"the run failed in {place}: {ENQUEUE}{number}: nothing was logged; ")


def test_the_iterations_with_events_fail_apart_from_those_without(plan: Path, plant: Plant) -> None:
    plant.of_cuda("time_inference", ROUND + 5)
    left, _ = failed(plan)
    assert sizes(left) == [80, 65, 60, 60, 60]


def test_distributions_are_kept_too(plan: Path, plant: Plant) -> None:
    plant.of_cuda("time_layers", 5)
    left, _ = failed(plan, stream=True)
    assert left.samples.layer_histograms is not None
    assert left.samples.layer_histograms.count == left.counts.measured == 65


def test_a_run_that_goes_on_until_it_is_precise_ends_as_well(plan: Path, plant: Plant) -> None:
    plant.of_cuda("time_gated", 5)
    left, said = failed(plan, precision_target=1e-6, max_seconds=60)
    assert sizes(left)[2] == 65
    assert left.counts.stopped is None
    assert "profiled iterations were measured before it" in said


@pytest.mark.parametrize("calls", [0, 3, 50])
def test_an_error_before_the_first_round_is_the_error_alone(
    plan: Path, driver: Any, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    attach = NativeLoops.attach

    def planted(loops: NativeLoops, recorder: Any) -> None:
        attach(loops, recorder)
        driver.fail("*", calls)

    monkeypatch.setattr(NativeLoops, "attach", planted)
    with pytest.raises(RunError, match=r"cu\w+ failed: made up \(CUDA error 700\): noth") as raised:
        profile(plan)
    assert raised.value.result is None


def test_an_error_in_the_first_iteration_is_the_error_alone(
    plan: Path, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planted_errors.WHOLE_ROUNDS", 0)
    plant.of_cuda("time_inference", 0)
    with pytest.raises(RunError) as raised:
        profile(plan)
    assert str(raised.value) == f"{SYNC} (CUDA error 700): nothing was logged"
    assert raised.value.result is None


def test_a_graph_that_cannot_be_captured_costs_nothing_else(
    plan: Path, driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = NativeLoops.capture_graph

    def planted(loops: NativeLoops, stream: int) -> None:
        driver.fail("cuGraphInstantiate")
        capture(loops, stream)
        driver.fail("")

    monkeypatch.setattr(NativeLoops, "capture_graph", planted)
    whole = profile(plan)
    assert sizes(whole) == [200, 200, 200, 0, 200]
    assert whole.counts.failure is None


def test_an_error_in_the_calibration_costs_the_calibration_alone(
    plan: Path, driver: Any, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none of its times is taken for a cost."""
    run = calibrate.run_engines

    def planted(*arguments: Any) -> Any:
        loops_of = NativeLoops.time_gated

        def gated(loops: NativeLoops, *more: Any) -> Any:
            if loops is engines.loops.get(64):
                driver.fail("*", 8)
            return loops_of(loops, *more)

        monkeypatch.setattr(NativeLoops, "time_gated", gated)
        return run(*arguments)

    monkeypatch.setattr(calibrate, "run_engines", planted)
    whole = profile(plan, calibrate=True)
    assert sizes(whole) == [200] * 5
    assert whole.event_cost is None
    (warning,) = whole.warnings
    assert warning.note.startswith("the run failed in iteration ")
    assert "of the gated pass: " in warning.note


@pytest.mark.parametrize("answers", [0, 1])
def test_an_inspector_that_an_error_took_along_costs_no_time(
    plan: Path, plant: Plant, engines: Engines, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    """It is asked with the context, which has the shapes of the run, and then without."""
    asked: list[Any] = []

    def information(context: Any) -> EngineInformation:
        asked.append(context)
        if context is not None or not answers:
            raise ResultError("it answers nothing")
        return EngineInformation((Layer("conv0", "kgen"), Layer("conv1", "kgen")), (), "DETAILED")

    monkeypatch.setattr(engines, "information", information)
    plant.of_cuda("time_gated", 5)
    left, _ = failed(plan)
    assert sizes(left) == LEFT[Phase.GATED]
    assert asked == [engines.contexts[2], None]
    assert [layer.kind for layer in left.layers] == ["kgen" if answers else ""] * 2


def lose_outputs(engines: Engines) -> None:
    """Nothing can be copied from the device any more."""

    def copy_to(_: Any) -> None:
        check((runtime.cudaError_t.cudaErrorIllegalAddress,), "copying out")

    output = IOTensor("y", (1, 2), "Float", mode="output")
    buffer: Any = SimpleNamespace(copy_to=copy_to)
    engines.tensors = (BoundTensor(output, "float32", buffer),)


def test_outputs_that_cannot_be_read_cost_no_time(plan: Path, engines: Engines) -> None:
    lose_outputs(engines)
    left, said = failed(plan)
    assert sizes(left) == [200] * 5
    assert said == (
        "the run failed while its outputs were read: copying out failed: an illegal memory access "
        f"was encountered (CUDA error 700, {NAME}): nothing was logged; 200 of 200 profiled "
        "iterations were measured before it"
    )


def test_an_error_while_kernels_are_traced_is_told_once(
    plan: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stays comes up again where outputs are read; any other costs the kernels alone."""

    def fail(*_: Any) -> NoReturn:
        raise RunError(f"{SYNC} (CUDA error 700)")

    monkeypatch.setattr(engine_run, "trace_kernels", fail)
    monkeypatch.setattr("trtcore.api.calls.check_timing", lambda *_: None)
    whole = profile(plan, timing="cupti")
    assert [warning.note for warning in whole.warnings] == [f"{SYNC} (CUDA error 700)"]
    lose_outputs(engines)
    left, said = failed(plan, timing="cupti")
    assert sizes(left) == [200] * 5
    assert [warning.note for warning in left.warnings] == ["the run failed"]
    assert said.startswith("the run failed while kernels were traced: copying out failed: an illeg")
