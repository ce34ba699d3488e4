"""Engines made ready, measured and traced with a gate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trtcore_fake
from words import texts

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.engine_runs.records import RunOptions
from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
from trtcore.measure.kernels import cupti
from trtcore.measure.kernels.trace import trace_kernels
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import ignore
from trtcore.report.content.times.mapping import mapping_text
from trtcore.result.records.layers import Layer
from trtcore.system.clocks import ClockMonitor

STREAM = 1
HELD = "GPU times include launch overhead, as the stream was not gated: "


def ready(pair: Any, sync: str = "enqueue") -> NativeLoops:
    """As a run makes them."""
    bindings = SimpleNamespace(
        name="tensorrt",
        layout=10,
        label="TensorRT",
        newer_than="",
        module=SimpleNamespace(Profiler=trtcore_fake.Profiler10),
        log=SimpleNamespace(last_error=lambda: "nothing was logged"),
    )
    tensors = [SimpleNamespace(buffer=SimpleNamespace(address=64))]
    contexts = pair.plain.context, pair.profiled.context
    options = RunOptions(RunLength(10), sync=sync)
    loops = engine_run._loops(bindings, *contexts, STREAM, tensors, options)  # type: ignore[arg-type]
    assert isinstance(loops, NativeLoops)
    return loops


def test_the_first_enqueue_of_either_context_may_synchronise(pair: Any, driver: Any) -> None:
    pair.profiled.context.on_run = driver.run_address
    driver.synchronize_at(0)
    loops, recorder = ready(pair), _core.LayerRecorder()
    loops.attach(recorder)
    assert len(loops.time_layers(recorder, 10, ignore).gpu_ms) == 10
    loops.detach(recorder)
    assert loops.problems == ()
    assert recorder.names == ["conv1", "relu1", "conv1"]


def test_a_whole_run_has_all_passes(pair: Any) -> None:
    loops = ready(pair)
    assert not pair.profiled.context.enqueue_emits_profile
    with ClockMonitor() as monitor:
        (run,) = measure([Subject(loops, monitor)], RunLength(20), lambda: "nothing was logged")
    samples = run.samples
    assert samples.layer_ms.shape == (20, 3)
    for times in (samples.wall_ms, samples.gpu_ms, samples.gated_ms, samples.graph_ms):
        assert times.shape == (20,)
        assert np.all(np.isfinite(times))
    assert np.median(samples.gated_ms) < 0.05 < np.median(samples.gpu_ms)
    assert run.problems == ()


def test_execute_v2_is_run_once_before_it_is_timed(pair: Any) -> None:
    loops = ready(pair, "execute")
    assert len(loops.problems) == 2
    assert pair.profiled.context.enqueue_emits_profile
    assert (pair.plain.context.runs, pair.profiled.context.runs) == (2, 1)


@pytest.mark.parametrize("profiled", [False, True])
def test_a_failing_first_enqueue_is_one_line(pair: Any, profiled: bool) -> None:
    rig = pair.profiled if profiled else pair.plain
    rig.context.fail_at = 0
    with pytest.raises(RunError, match="enqueueV3 failed in iteration 0: nothing was logged"):
        ready(pair)


@pytest.mark.parametrize("run", [0, 1, 2, 3, 4], ids=["bare", "events", *("probe",) * 3])
def test_ctrl_c_before_the_run_is_not_lost(pair: Any, run: int) -> None:
    pair.plain.context.interrupt_at = run
    with pytest.raises(KeyboardInterrupt):
        ready(pair)
    assert pair.plain.context.runs == (run + 1 if run < 2 else 5)


def test_ctrl_c_in_the_first_profiled_enqueue_is_not_lost(pair: Any) -> None:
    pair.profiled.context.interrupt_at = 0
    with pytest.raises(KeyboardInterrupt):
        ready(pair)
    assert pair.plain.context.runs == 2, "no gate was tried"


def lost_after(driver: Any, calls: int, loops: NativeLoops) -> str:
    """What a run says whose GPU answers nothing but errors after so many calls."""
    driver.fail("*", calls)
    with ClockMonitor() as monitor, pytest.raises(RunError) as raised:
        measure([Subject(loops, monitor)], RunLength(20), lambda: "nothing was logged")
    driver.fail("")
    return str(raised.value)


@pytest.mark.parametrize("calls", [0, 1, 2, 3, 11, 50, 200, 500])
def test_a_gpu_that_is_lost_anywhere_in_the_run_is_one_line(
    pair: Any, driver: Any, calls: int
) -> None:
    loops = ready(pair)
    said = lost_after(driver, calls, loops)
    assert said.endswith("failed: made up (CUDA error 700): nothing was logged")
    assert "\n" not in said
    another = _core.LayerRecorder()
    loops.attach(another)  # nothing was left attached
    loops.detach(another)


def test_what_was_recorded_before_the_gpu_was_lost_stays(pair: Any, driver: Any) -> None:
    loops, recorder = ready(pair), _core.LayerRecorder()
    loops.attach(recorder)
    loops.time_layers(recorder, 1, ignore)
    recorder.reserve(30)
    loops.time_layers(recorder, 10, ignore)
    driver.fail("*", 20)
    for _ in range(2):
        times = loops.time_layers(recorder, 10, ignore)
        with pytest.raises(RuntimeError, match="failed: made up"):
            times.whole()
    loops.detach(recorder)
    assert 10 <= len(recorder.samples()) < 20
    assert (recorder.samples() == [0.5, 0.25, 1.5]).all()


LAYERS = (Layer("conv1", "conv", stream=0), Layer("relu1", "relu", stream=0))


@pytest.fixture
def tracing(pair: Any, fake_cupti: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Launches three kernels for two layers, so that they have to be mapped by times."""
    monkeypatch.setattr(cupti, "cupti_candidates", lambda: (fake_cupti.path,))
    fake_cupti.script(*((name, 1000, 5000, 7) for name in ("conv", "splitk", "relu")))
    pair.plain.context.on_run = fake_cupti.run_address
    return pair


def test_a_gate_that_trips_while_mapping_costs_the_mapping_alone(tracing: Any, driver: Any) -> None:
    loops = tracing.gated()
    tracing.profiled.context.on_run = driver.run_address
    driver.synchronize_at(5)
    found, interrupted = trace_kernels(loops, LAYERS, 10)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (10, False)
    words = "no profiled iterations: the stream was held for 100 ms while kernels were traced"
    assert mapping_text(found.mapping).endswith(f"{words})")
    assert loops.gated is None


def test_a_first_profiled_iteration_that_trips_costs_the_mapping_alone(tracing: Any) -> None:
    loops = tracing.gated()
    tracing.profiled.context.busy_us = 150_000
    found, _ = trace_kernels(loops, LAYERS, 10)
    assert found is not None
    assert "the first profiled iteration was not finished" in mapping_text(found.mapping)


def test_a_gate_that_trips_while_tracing_is_given_up(tracing: Any) -> None:
    loops = tracing.gated()
    tracing.plain.context.busy_us = 120_000
    found, _ = trace_kernels(loops, LAYERS, 1)
    assert found is not None
    assert not found.is_gated
    assert texts(loops.problems) == (
        f"{HELD}the stream was held for 100 ms while kernels were traced",
    )
