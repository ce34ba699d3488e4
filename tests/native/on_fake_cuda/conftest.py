"""A CUDA driver whose one stream runs on the host, and engines that run on it.

`test_cuda.py` runs what is here in a process whose loader finds that driver.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planted_errors import Plant
from scripted_engines import BINDINGS, Engines

from trtcore.measure import _core
from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.event_cost import calibrate
from trtcore.measure.loops.native import NativeLoops

STREAM = 1


class Driver:
    """What the fake driver is told to do, and what is left in it."""

    def __init__(self) -> None:
        self.calls = ctypes.CDLL("libcuda.so.1")
        self.calls.fake_cuda_is_held.restype = ctypes.c_bool
        self.fail("")
        self.synchronize_at(-1)
        self.work(0)

    def fail(self, call: str, succeed_before: int = 0) -> None:
        """The call fails after so many; with ``*`` every call, as with a GPU that is lost."""
        self.calls.fake_cuda_fail(call.encode(), succeed_before)

    def synchronize_at(self, run: int) -> None:
        """In which run, counted from now on, a context with `run_address` waits for the stream."""
        self.calls.fake_cuda_synchronize_at(ctypes.c_long(run))

    def work(self, us: int, forked_us: int = 0) -> None:
        """How long each run of a context with `run_address` keeps the stream busy.

        With ``forked_us`` it forks to a second stream, keeps that busy too, and joins it.
        """
        self.calls.fake_cuda_work(ctypes.c_long(us), ctypes.c_long(forked_us))

    def take_log(self) -> str:
        """The calls since the last time, a letter each; see `fake_cuda_take_log`."""
        text = ctypes.create_string_buffer(1 << 16)
        self.calls.fake_cuda_take_log(text, ctypes.c_size_t(len(text)))
        return text.value.decode()

    @property
    def run_address(self) -> int:
        return ctypes.cast(self.calls.fake_cuda_run, ctypes.c_void_p).value or 0

    @property
    def is_held(self) -> bool:
        return bool(self.calls.fake_cuda_is_held())


@pytest.fixture(autouse=True)
def driver() -> Iterator[Driver]:
    """Nothing is left behind in it, and no word is freed that the stream still looks at."""
    driver = Driver()
    yield driver
    driver.fail("")
    gc.collect(1)  # what this test made; where some of it is older, all there is
    if driver.calls.fake_cuda_alive():
        gc.collect()
    assert driver.calls.fake_cuda_alive() == 0
    assert driver.calls.fake_cuda_freed_in_use() == 0


class Pair:
    """Two contexts of an engine, as a run has them; an iteration takes 50 us of the host."""

    def __init__(self, rig_of: Any, layout: int = 10) -> None:
        self.plain, self.profiled = rig_of(layout), rig_of(layout)
        for rig in (self.plain, self.profiled):
            rig.context.busy_us = 50

    def loops(self, bindings: tuple[int, ...] = ()) -> NativeLoops:
        views = self.plain.view, self.profiled.view
        bare, timer = _core.StreamTimer(STREAM), _core.EventTimer(STREAM)
        return NativeLoops(*views, timer, bindings, bare)

    def gated(self) -> NativeLoops:
        loops = self.loops()
        loops.open_gate(STREAM)
        assert loops.problems == ()
        return loops


@pytest.fixture
def pair(rig_of: Any) -> Pair:
    return Pair(rig_of)


@pytest.fixture
def engines(rig_of: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    made = Engines(rig_of)
    monkeypatch.setattr(engine_run, "_ready", made.ready)
    monkeypatch.setattr(calibrate, "chain_plan", made.build)
    monkeypatch.setattr(calibrate, "_measured_here", set())
    monkeypatch.setattr(calibrate, "_ITERATIONS", 60)  # ten rounds of six show the same
    yield made
    made.loops.clear()  # with their gates, before the driver is asked what is left


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
