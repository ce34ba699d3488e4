"""The scripted execution context the native half is driven with."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path
from typing import Any

import pytest
from kernel_bench import KERNELS, Bench

from trtcore.measure import _core
from trtcore.measure.kernels import cupti
from trtcore.measure.length.warmup import WarmUp, WarmUpRule

trtcore_fake = pytest.importorskip(
    "trtcore_fake", reason="built without TRTCORE_TESTS=ON, which `make test` sets"
)

LAYERS = [("conv1", 0.5), ("relu1", 0.25), ("conv1", 1.5)]


class Rig:
    """A fake context, the native view of it, and a host timer."""

    def __init__(self, layout: int, layers: list[tuple[str, float]] = LAYERS) -> None:
        self.layout = layout
        self.context = trtcore_fake.Context(layout)
        self.context.layers = layers
        self.context.enqueue_emits_profile = False
        self.view = _core.Context(self.context, layout)
        self.timer = _core.HostTimer()

    def record(self, recorder: _core.LayerRecorder, iterations: int, **more: Any) -> Any:
        return _core.time_layers(self.view, recorder, self.timer, iterations, **more)


@pytest.fixture(params=[10, 11], ids=["layout10", "layout11"])
def rig(request: pytest.FixtureRequest) -> Rig:
    return Rig(request.param)


@pytest.fixture
def rig_of() -> type[Rig]:
    """Makes a rig of a layout."""
    return Rig


@pytest.fixture
def recorder(rig: Rig) -> _core.LayerRecorder:
    """A recorder attached to the rig that knows the layers and has room for 100 iterations."""
    recorder = _core.LayerRecorder()
    recorder.attach(rig.view)
    rig.record(recorder, 1)
    recorder.reserve(100)
    return recorder


class FakeCupti:
    """A libcupti of one's own: a script of kernels, recorded whenever its context runs."""

    def __init__(self, path: Path, version: int = 130001) -> None:
        self.path = str(path)
        self.calls = ctypes.CDLL(self.path)
        self.calls.fake_cupti_reset(version)

    def script(self, *kernels: tuple[str, int, int, int]) -> None:
        """Kernels of an iteration: name, gap before it and length in ns, stream."""
        for name, gap_ns, length_ns, stream in kernels:
            self.calls.fake_cupti_add(
                name.encode(),
                ctypes.c_uint64(gap_ns),
                ctypes.c_uint64(length_ns),
                ctypes.c_uint32(stream),
            )

    def fail(self, call: str, status: int) -> None:
        self.calls.fake_cupti_fail(call.encode(), status)

    @property
    def run_address(self) -> int:
        return ctypes.cast(self.calls.fake_cupti_run, ctypes.c_void_p).value or 0

    @property
    def is_idle(self) -> bool:
        return not (self.calls.fake_cupti_is_subscribed() or self.calls.fake_cupti_is_enabled())


@pytest.fixture
def fake_cupti_path(tmp_path: Path) -> Path:
    """A copy, so that the loader gives every test a library in its first state."""
    path = tmp_path / "libcupti-fake.so"
    shutil.copy(Path(trtcore_fake.__file__).parent / "trtcore_fake_cupti.so", path)
    return path


@pytest.fixture
def fake_cupti(fake_cupti_path: Path) -> FakeCupti:
    return FakeCupti(fake_cupti_path)


@pytest.fixture
def brief_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warm-ups of a few iterations, where many engines have to be warm and none is slow.

    On a busy machine times never stay within 1 %: here they may double.
    """
    rule = WarmUpRule(0.1, least_iterations=4, window=4, window_ms=0.05, tolerance=1, at_most_ms=5)
    monkeypatch.setattr("trtcore.measure.length.warming.WarmUp", lambda _: WarmUp(rule))


@pytest.fixture
def bench(rig_of: Any, fake_cupti: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(cupti, "cupti_candidates", lambda: (fake_cupti.path,))
    bench = Bench(rig_of, fake_cupti)
    bench.launch(*KERNELS)
    bench.layers_take(0.023, 0.063, 0.033)
    return bench
