"""Errors of CUDA and TensorRT in every phase of a run: what is kept, and what is told."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from cuda.bindings import runtime
from scripted_engines import BINDINGS, Engines

import trtcore
from trtcore.cli import main
from trtcore.errors import ResultError, RunError
from trtcore.measure.device.cuda import check
from trtcore.measure.device.tensors import BoundTensor
from trtcore.measure.event_cost import calibrate
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.layers import IOTensor, Layer
from trtcore.result.records.profile import Profile
from trtcore.result.saved import load_profile

pytestmark = pytest.mark.usefixtures("brief_warm_up", "engines")

# Ten rounds of 20, which is more than a chunk of the warm-up has: so they are told apart.
ITERATIONS, ROUND = 200, 20
WHOLE_ROUNDS = 3
WHOLE = WHOLE_ROUNDS * ROUND
SYNC = "cuStreamSynchronize failed: made up"
ENQUEUE = "enqueueV3 failed"
NAME = "cudaErrorIllegalAddress"


class Pass(NamedTuple):
    """A pass, the method that runs it, and whether it is of the profiled context."""

    phase: Phase
    method: str
    is_profiled: bool = False


PASSES = (
    Pass(Phase.ENQUEUED, "time_inference"),
    Pass(Phase.GATED, "time_gated"),
    Pass(Phase.GRAPH, "time_graph"),
    Pass(Phase.LAYERS, "time_layers", is_profiled=True),
)
IDS = [one.phase.value for one in PASSES]


class Plant:
    """Makes a pass fail after so many iterations of its fourth round."""

    def __init__(self, patch: pytest.MonkeyPatch, driver: Any, engines: Engines) -> None:
        self.patch, self.driver, self.engines = patch, driver, engines

    def fault(self, method: str, before: Callable[[], None], *, sticky: bool) -> None:
        run, rounds = getattr(NativeLoops, method), []

        def planted(loops: NativeLoops, *arguments: Any) -> Any:
            is_measured = ROUND in arguments
            rounds.extend([ROUND] * is_measured)
            if not is_measured or len(rounds) != WHOLE_ROUNDS + 1:
                return run(loops, *arguments)
            before()
            times = run(loops, *arguments)
            # From now on CUDA answers nothing else; or it is as if nothing had been.
            self.driver.fail("*" if sticky else "")
            return times

        self.patch.setattr(NativeLoops, method, planted)

    def of_cuda(self, method: str, whole: int, *, sticky: bool = True) -> None:
        self.fault(method, lambda: self.driver.fail("cuStreamSynchronize", whole), sticky=sticky)

    def of_tensorrt(self, one: Pass, whole: int, *, sticky: bool) -> None:
        """What TensorRT refuses; CUDA tells the reason when it is asked next, or knows of none."""

        def before() -> None:
            loops = self.engines.loops[2]
            contexts = self.engines.profiled if one.is_profiled else self.engines.contexts
            contexts[2].fail_at = contexts[2].runs + whole
            assert loops is not None
            if sticky:
                self.driver.fail("cuStreamSynchronize", whole)

        self.fault(one.method, before, sticky=sticky)


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch, driver: Any, engines: Engines) -> Plant:
    return Plant(monkeypatch, driver, engines)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan of two layers."""
    monkeypatch.setattr("trtcore.api.calls.plan_runner", lambda *_: BINDINGS)
    monkeypatch.setattr("trtcore.api.calls.load_plugins", lambda *_: None)
    path = tmp_path / "net.plan"
    monkeypatch.setattr("trtcore.api.calls.read_plan", lambda _: (b"2", str(path)))
    return path


def profile(plan: Path, **options: Any) -> Profile:
    given = {"iterations": ITERATIONS, "use_cache": False, "calibrate": False, "peak": "none"}
    return trtcore.profile_plan(plan, **{**given, **options})


def failed(plan: Path, **options: Any) -> tuple[Profile, str]:
    with pytest.raises(RunError) as raised:
        profile(plan, **options)
    assert isinstance(raised.value.result, Profile)
    return raised.value.result, str(raised.value)


def sizes(profile: Profile) -> list[int]:
    samples = profile.samples
    times = (samples.wall_ms, samples.gpu_ms, samples.gated_ms, samples.graph_ms)
    assert len(samples.profiled_wall_ms) == len(samples.layer_ms) == profile.counts.measured
    return [*map(len, times), len(samples.layer_ms)]


# How far each pass is in the fourth round when one of them fails after five iterations.
LEFT = {
    Phase.ENQUEUED: [65, 60, 60, 60, 60],
    Phase.GATED: [80, 80, 65, 60, 60],
    Phase.GRAPH: [80, 80, 80, 65, 60],
    Phase.LAYERS: [80, 80, 80, 80, 65],
}


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
        one.phase, SYNC, WHOLE + 5, 700, NAME, "nothing was logged"
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
    monkeypatch.setattr(f"{__name__}.WHOLE_ROUNDS", 0)
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


def line_of(one: Pass, measured: int) -> str:
    return (
        f"the run failed in iteration 65 of the {one.phase.value}: {SYNC} (CUDA error 700, "
        f"{NAME}): nothing was logged; {measured} of 200 profiled iterations were measured "
        "before it"
    )


class Command(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Command]:
    """Runs ``trtcore``; what libraries write to the streams themselves is heard too."""

    def run_main(*arguments: object) -> Command:
        code = main([str(argument) for argument in arguments])
        gc.collect()  # what is cleaned up may have something to say
        return Command(code, *capfd.readouterr())

    return run_main


def command(plan: Path, *more: object) -> list[object]:
    options = ["--iterations", ITERATIONS, "--no-cache", "--no-calibration", "--peak", "none"]
    return ["profile", plan, *options, *more]


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["report", "quiet"])
@pytest.mark.parametrize("sticky", [True, False], ids=["sticky", "not sticky"])
@pytest.mark.parametrize("one", PASSES, ids=IDS)
def test_a_command_saves_what_it_has_and_tells_the_error_once(
    plan: Path, tmp_path: Path, plant: Plant, run: Any, one: Pass, sticky: bool, quiet: list[str]
) -> None:
    plant.of_cuda(one.method, 5, sticky=sticky)
    saved = tmp_path / "result.json"
    ran = run(*command(plan, "--save", saved, *quiet))
    left = load_profile(saved)
    assert sizes(left) == LEFT[one.phase]
    said = line_of(one, left.counts.measured)
    warnings = [line for line in ran.err.splitlines() if "warning: " in line]
    assert ran.code == 1
    assert ran.err.splitlines() == [*warnings, f"trtcore: error: {said}"]
    assert not [line for line in warnings if "failed" in line]
    words = " ".join(ran.out.split())
    assert [text in words for text in ("ended by an error", said)] == [not quiet] * 2


def test_an_error_before_the_first_round_is_one_line_and_no_file(
    plan: Path, tmp_path: Path, driver: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = NativeLoops.attach

    def planted(loops: NativeLoops, recorder: Any) -> None:
        attach(loops, recorder)
        driver.fail("*")

    monkeypatch.setattr(NativeLoops, "attach", planted)
    saved = tmp_path / "result.json"
    ran = run(*command(plan, "--save", saved))
    said = f"trtcore: error: {SYNC} (CUDA error 700): nothing was logged\n"
    assert ran == (1, "", said)
    assert not saved.exists()


def test_every_form_of_a_failed_run_is_written(
    plan: Path, tmp_path: Path, plant: Plant, run: Any
) -> None:
    plant.of_cuda("time_gated", 5)
    page, table = tmp_path / "page.html", tmp_path / "rows.csv"
    ran = run(*command(plan, "--html", page, "--csv", table, "--format", "json"))
    assert ran.code == 1
    assert ran.err == f"trtcore: error: {line_of(PASSES[1], 60)}\n"
    assert json.loads(ran.out)
    assert "the run failed in iteration 65 of the gated pass" in page.read_text()
    assert len(table.read_text().splitlines()) == 3


def test_a_saved_result_says_that_it_is_partial_wherever_it_is_used(
    plan: Path, tmp_path: Path, plant: Plant, run: Any
) -> None:
    """As one that Ctrl-C has cut, it can be shown, compared and kept; and nothing hides it."""
    whole, cut = tmp_path / "whole.json", tmp_path / "cut.json"
    assert run(*command(plan, "--save", whole, "--quiet")).code == 0
    plant.of_cuda("time_layers", 5)
    assert run(*command(plan, "--save", cut, "--quiet")).code == 1
    said = line_of(PASSES[3], 65)
    for asked in (("report", cut), ("compare", whole, cut), ("compare", cut, whole)):
        ran = run(*asked)
        assert ran.code == 0
        assert said in " ".join(ran.out.split())
    database = tmp_path / "history.sqlite"
    assert run("history", "add", cut, "--db", database).code == 0
