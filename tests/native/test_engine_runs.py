"""Engines measured and traced one after the other, on scripted contexts: what Ctrl-C leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import trtcore_fake
from scripted_engines import engine_of

from trtcore.measure import _core
from trtcore.measure.energy import loop, meter
from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.engine_runs.engines import run_engines
from trtcore.measure.engine_runs.records import EngineRun, PlanToRun, RunOptions
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.measure.kernels import cupti
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.records.memory import MemoryPoint
from trtcore.result.records.warnings import RunWarning, WarningKind
from trtcore.system.clocks import ClockMonitor

pytestmark = pytest.mark.usefixtures("brief_warm_up")

NAMES = ("A", "B", "C")
Progress = Callable[[str, int, int], None]
Runner = Callable[[Progress], tuple[EngineRun, ...]]


@pytest.fixture
def run(rig_of: Any, fake_cupti: Any, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Measures three engines for 20 iterations, and traces their kernels."""
    fake_cupti.script(("conv", 1000, 5000, 7))
    monkeypatch.setattr(cupti, "cupti_candidates", lambda: (fake_cupti.path,))

    @contextmanager
    def ready(*_: Any) -> Iterator[engine_run._Ready]:
        plain, profiled = rig_of(11), rig_of(11, [("conv", 0.006)])
        for rig in (plain, profiled):
            rig.context.on_run = fake_cupti.run_address
        contexts: Any = SimpleNamespace(specialization="", keep_more=lambda: None)
        loops = NativeLoops(plain.view, profiled.view, _core.HostTimer())
        yield engine_run._Ready(engine_of(), contexts, plain.context, (), (), loops)

    monkeypatch.setattr(engine_run, "_ready", ready)
    bindings: Any = SimpleNamespace(log=SimpleNamespace(last_error=lambda: "nothing was logged"))
    plans = [PlanToRun(b"", name, ClockMonitor(), name) for name in NAMES]
    options = RunOptions(RunLength(20), kernels=True)
    return lambda progress: run_engines(bindings, plans, options, progress)


@pytest.mark.parametrize("newer_than", ["", "10.98"])
def test_a_version_newer_than_the_newest_proved_is_in_the_record(
    rig_of: Any, monkeypatch: pytest.MonkeyPatch, newer_than: str
) -> None:
    plain, profiled = rig_of(10), rig_of(10)
    made = NativeLoops(plain.view, profiled.view, _core.HostTimer())
    monkeypatch.setattr(engine_run, "_native_loops", lambda *_: made)
    bindings: Any = SimpleNamespace(
        name="tensorrt",
        layout=10,
        label="TensorRT 10.99",
        module=SimpleNamespace(Profiler=trtcore_fake.Profiler10),
        newer_than=newer_than,
    )
    loops = engine_run._loops(
        bindings, plain.context, profiled.context, 0, (), RunOptions(RunLength(1))
    )
    newer = RunWarning(WarningKind.NEWER_TENSORRT, names=("TensorRT 10.99", "10.98"))
    assert loops.problems == ((newer,) if newer_than else ())


class Told:
    """Hears the progress, and presses Ctrl-C when kernels are being traced for the n-th time."""

    def __init__(self, press_at: int = -1) -> None:
        self.press_at, self.tracing = press_at, 0

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != "tracing kernels":
            return
        self.tracing += 1
        if self.tracing - 1 == self.press_at:
            raise KeyboardInterrupt


def marks(runs: tuple[EngineRun, ...]) -> list[bool]:
    assert [len(ran.run.samples.layer_ms) for ran in runs] == [20, 20, 20]
    return [ran.run.counts.interrupted for ran in runs]


def traced(runs: tuple[EngineRun, ...]) -> list[int]:
    return [len(ran.kernels.kernel_ms) if ran.kernels else 0 for ran in runs]


def test_every_engine_is_traced(run: Runner) -> None:
    told = Told()
    runs = run(told)
    assert marks(runs) == [False, False, False]
    assert traced(runs) == [20, 20, 20]
    assert [ran.kernel_problem for ran in runs] == ["", "", ""]
    assert told.tracing == 15
    # Of engines that share the GPU neither memory nor energy can be told.
    assert {(ran.energy, ran.used_memory) for ran in runs} == {(None, None)}


@pytest.mark.parametrize(
    ("press_at", "marked", "kernels"),
    [
        (0, [True, True, True], [0, 0, 0]),
        (3, [True, True, True], [12, 0, 0]),
        (5, [False, True, True], [20, 0, 0]),
        (12, [False, False, True], [20, 20, 8]),
    ],
)
def test_ctrl_c_keeps_what_is_finished_and_goes_on_to_no_other_engine(
    run: Runner, press_at: int, marked: list[bool], kernels: list[int]
) -> None:
    told = Told(press_at)
    runs = run(told)
    assert marks(runs) == marked
    assert traced(runs) == kernels
    assert [bool(ran.kernel_problem) for ran in runs] == [count == 0 for count in kernels]
    assert told.tracing == press_at + 1


def test_ctrl_c_outside_the_passes_is_marked_too(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine_run, "trace_kernels", press)
    runs = run(Told())
    assert marks(runs) == [True, True, True]
    assert [ran.kernel_problem for ran in runs] == ["interrupted"] * 3


@pytest.mark.usefixtures("run")  # scripts the engines
def test_an_engine_alone_has_its_memory_and_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOOP_S", 0.05)
    monkeypatch.setattr(loop, "IDLE_S", 0.01)
    monkeypatch.setattr(loop, "_SETTLE_S", 0.0)
    monkeypatch.setattr(meter, "LEAST_SECONDS", 0.02)
    # A board of 300 W whose counter always moves.
    board = meter.EnergyMeter(lambda: int(time.monotonic() * 300_000), lambda: 300.0)
    monkeypatch.setattr(engine_run, "EnergyMeter", lambda: board)
    bindings: Any = SimpleNamespace(log=SimpleNamespace(last_error=lambda: "nothing was logged"))
    options = RunOptions(RunLength(20), energy=True)
    (ran,) = run_engines(bindings, [PlanToRun(b"", "A", ClockMonitor(), "A")], options)
    assert ran.energy is not None
    assert ran.energy.watts == pytest.approx(300, rel=0.05)
    assert ran.energy.idle_w == pytest.approx(300, rel=0.05)
    assert ran.energy.iterations > 20
    assert ran.used_memory is not None
    # Those between are of the scripted engine, which has none.
    assert [r.point for r in ran.used_memory.readings] == [MemoryPoint.BEFORE, MemoryPoint.AFTER]
    assert ran.used_memory.contexts == 2
